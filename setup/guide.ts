import { PLACES } from './places';
import type { Answers } from './questions';
import { forPowerShell } from './quoting';
import { permissions, registration } from './registration';
import type { Part, Section } from './section';

const OPERATOR = 'N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY=true';
const PROTOCOL_NAME = { smtp: 'SMTP (Send)', imap: 'IMAP (Trigger)', pop: 'POP (Fetch)' };

/** All steps for these answers, in their order. */
export function guide(answers: Answers): Section[] {
	return [
		first(answers),
		registration(answers),
		...consent(answers),
		...exchange(answers),
		...switches(answers),
		form(answers),
		check(answers),
	];
}

/** Whether the guide has a line that grants an application permission through Microsoft Graph. */
function granting({ who, tool, cloud }: Answers): boolean {
	return (
		who === 'managedIdentity' || (who !== 'person' && (tool === 'graph' || (tool === 'azureCli' && PLACES[cloud].azure === undefined)))
	);
}

function first(answers: Answers): Section {
	const { who, cloud } = answers;
	if (cloud === 'personal') {
		return {
			title: 'Before you begin',
			parts: [
				{ text: 'Personal accounts keep IMAP and POP turned off until their owner turns them on.' },
				{
					text: 'To register an app you need a directory, which a personal account alone does not have: sign up for Azure to get one, or use an app that an organization registered for personal accounts.',
				},
			],
		};
	}
	const host = who === 'workloadIdentity' || who === 'managedIdentity';
	return {
		title: 'Before you begin',
		parts: [
			{
				text: 'Since the end of 2025, an admin has to consent by default before an app may use IMAP or POP in Microsoft 365. Ask an admin to do the next steps, or to press Grant admin consent.',
			},
			{
				text: `Needed roles: Application Administrator for the app and the consent, Exchange Administrator for the lines in Exchange Online PowerShell${granting(answers) ? ', Privileged Role Administrator for the lines with New-MgServicePrincipalAppRoleAssignment' : ''}.`,
			},
			...(host ? [{ text: `Whoever runs n8n has to start it with ${OPERATOR}.` }] : []),
		],
	};
}

function consent({ who, cloud, tenantId, clientId }: Answers): Section[] {
	if (who === 'managedIdentity' || cloud === 'personal') return [];
	const link = `${PLACES[cloud].authority}/${encodeURIComponent(tenantId ?? 'TENANT-ID')}/adminconsent?client_id=${encodeURIComponent(clientId ?? 'CLIENT-ID')}`;
	return [
		{
			title: 'Admin consent',
			parts: [
				{ text: 'If it was not given with the registration, send this link to an admin, who opens it once for the whole organization:' },
				{ link, label: link },
				{
					text:
						who === 'person'
							? 'After the consent, the page of n8n that opens may say that parameters are missing. The consent counts all the same.'
							: 'If the page says that no reply address is registered, use the button Grant admin consent under API permissions instead.',
				},
			],
		},
	];
}

function exchange(answers: Answers): Section[] {
	const { who, mailboxes, protocols, cloud } = answers;
	if (cloud === 'personal') return [];
	const connect = ['Install-Module ExchangeOnlineManagement -Scope CurrentUser   # once on this machine', PLACES[cloud].exchange];
	if (who === 'person') return shared(answers, connect);
	const lines = [
		...connect,
		`$app = ${forPowerShell(answers.clientId ?? 'CLIENT-ID')}`,
		"$object = 'OBJECT-ID'   # of the Enterprise application (managed identity: its own), not of the app registration",
		"New-ServicePrincipal -AppId $app -ObjectId $object -DisplayName 'n8n mail'",
		...mailboxes.flatMap((mailbox) => [
			`Add-MailboxPermission -Identity ${forPowerShell(mailbox)} -User $object -AccessRights FullAccess`,
			...(protocols.includes('smtp')
				? [`Add-RecipientPermission -Identity ${forPowerShell(mailbox)} -Trustee $object -AccessRights SendAs -Confirm:$false`]
				: []),
		]),
	];
	return [
		{
			title: 'Tell Exchange about the app',
			parts: [
				{
					text: 'The app opens only the mailboxes that you give it here. The object ID is that of the Enterprise application: Entra, Enterprise applications, the app, Object ID.',
				},
				{ code: lines.join('\n'), language: 'powershell' },
				{ text: 'It may take half an hour until Exchange acts on this.' },
			],
		},
	];
}

function shared({ mailboxes, protocols }: Answers, connect: string[]): Section[] {
	const [person = '', ...others] = mailboxes;
	if (others.length === 0) return [];
	const lines = others.flatMap((mailbox) => [
		`Add-MailboxPermission -Identity ${forPowerShell(mailbox)} -User ${forPowerShell(person)} -AccessRights FullAccess`,
		...(protocols.includes('smtp')
			? [
					`Add-RecipientPermission -Identity ${forPowerShell(mailbox)} -Trustee ${forPowerShell(person)} -AccessRights SendAs -Confirm:$false`,
					`Set-Mailbox -Identity ${forPowerShell(mailbox)} -MessageCopyForSentAsEnabled $true -MessageCopyForSendOnBehalfEnabled $true`,
				]
			: []),
	]);
	return [
		{
			title: `Give ${person} access to the shared mailboxes`,
			parts: [{ code: [...connect, ...lines].join('\n'), language: 'powershell' }],
		},
	];
}

function switches({ who, mailboxes, protocols, cloud }: Answers): Section[] {
	if (cloud === 'personal') {
		if (!protocols.includes('imap') && !protocols.includes('pop')) return [];
		const steps = [
			'Open outlook.com, Settings, Mail, Forwarding and IMAP.',
			'Turn on what you use: Let devices and apps use POP, use IMAP.',
		];
		return [{ title: 'Turn the protocols on', parts: [{ steps }] }];
	}
	const reading = [
		...(protocols.includes('imap') ? ['-ImapEnabled $true'] : []),
		...(protocols.includes('pop') ? ['-PopEnabled $true'] : []),
	].join(' ');
	// A person always signs in to SMTP with the own mailbox, also to send from a shared one.
	const sending = !protocols.includes('smtp') ? [] : who === 'person' ? mailboxes.slice(0, 1) : mailboxes;
	const lines = [
		...(reading === '' ? [] : mailboxes.map((mailbox) => `Set-CASMailbox -Identity ${forPowerShell(mailbox)} ${reading}`)),
		...sending.map((mailbox) => `Set-CASMailbox -Identity ${forPowerShell(mailbox)} -SmtpClientAuthenticationDisabled $false`),
	];
	return [
		{
			title: 'Turn the protocols on',
			parts: [
				{ text: 'In many organizations they are off. In Exchange Online PowerShell:' },
				{ code: [PLACES[cloud].exchange, ...lines].join('\n'), language: 'powershell' },
			],
		},
	];
}

const AUTHENTICATION = {
	person: 'Client Secret',
	secret: 'Client Secret',
	certificate: 'Certificate',
	workloadIdentity: 'Workload Identity (Kubernetes, GitHub)',
	managedIdentity: 'Managed Identity (Azure)',
};

function form(answers: Answers): Section {
	const { who, mailboxes, protocols, cloud, tenantId, clientId } = answers;
	const [mailbox = '', ...others] = mailboxes;
	const tenant = cloud === 'personal' ? 'consumers' : (tenantId ?? 'the Directory (tenant) ID');
	const client: Array<[string, string]> = [['Client ID', clientId ?? 'the Application (client) ID']];
	const secret: Array<[string, string]> = [
		['Client Secret', 'the Value of the secret'],
		['Secret Expires On', 'the day on which the secret expires, so that n8n warns you before'],
	];
	const proof: Record<Answers['who'], Array<[string, string]>> = {
		person: secret,
		secret,
		certificate: [
			['Private Key', 'the content of key.pem'],
			['Passphrase', 'the passphrase of the key'],
			['Certificate', 'the content of certificate.pem'],
		],
		workloadIdentity: [['Federated Token File', 'empty for Azure Workload Identity, else the path of the token file']],
		managedIdentity: [],
	};
	const fields: Array<[string, string]> = [
		['Authentication', AUTHENTICATION[who]],
		['Cloud', PLACES[cloud].label],
		...(who === 'managedIdentity' ? [] : [['Tenant ID', tenant] satisfies [string, string]]),
		...(who === 'managedIdentity'
			? [['Client ID', 'empty, or the client ID of a user-assigned identity'] satisfies [string, string]]
			: client),
		...proof[who],
		...(who === 'person'
			? [['Protocols', protocols.map((protocol) => PROTOCOL_NAME[protocol]).join(', ')] satisfies [string, string]]
			: []),
		['Mailbox', who === 'person' ? `empty for ${mailbox}` : mailbox],
	];
	const title = `Microsoft Mail (Outlook, Office 365) ${who === 'person' ? 'OAuth2' : 'Service'} API`;
	const parts: Part[] = [
		{ text: `In n8n: Credentials, Create credential, "${title}".` },
		{ fields },
		...(who === 'person' ? [{ text: `Press Connect and sign in as ${mailbox}.` }] : [{ text: 'Save. n8n tests the sign-in at once.' }]),
		...(others.length > 0
			? [
					{
						text: `For ${others.join(', ')}: enter the address in the option Mailbox Address of the node, or in Mailbox of a second credential.`,
					},
				]
			: []),
	];
	return { title: 'Fill in the form in n8n', parts };
}

function check(answers: Answers): Section {
	const { who, mailboxes, protocols, cloud } = answers;
	const names = protocols.map((protocol) => protocol.toUpperCase()).join(', ');
	const lines =
		cloud === 'personal'
			? []
			: [
					...mailboxes.map(
						(mailbox) =>
							`Get-CASMailbox -Identity ${forPowerShell(mailbox)} | Format-List ImapEnabled, PopEnabled, SmtpClientAuthenticationDisabled`,
					),
					...(who === 'person' ? [] : mailboxes.map((mailbox) => `Get-MailboxPermission -Identity ${forPowerShell(mailbox)}`)),
				];
	return {
		title: 'Check it',
		parts: [
			...(who === 'person'
				? []
				: [{ text: 'In each node, set Authentication to Service Account (No Person). Only then can you choose this credential there.' }]),
			{
				text: `Add the node Office365 SMTP Send, IMAP Mailbox or POP Fetch to a workflow, choose the operation Test Connection, add the option Protocols to Test with ${names}, and execute the step. Each step has to say ok; the first that does not says what to do.`,
			},
			{
				text:
					cloud === 'personal'
						? `The step "claims" says that the token cannot be read. This is normal for personal accounts. The credential asks for these permissions: ${permissions(answers).join(', ')}.`
						: `The step "claims" has to list these permissions: ${permissions(answers).join(', ')}.`,
			},
			...(lines.length > 0 ? [{ code: [PLACES[cloud].exchange, ...lines].join('\n'), language: 'powershell' } satisfies Part] : []),
		],
	};
}
