/** The five questions of the guide, for the command and the page alike. */
interface Choice {
	value: string;
	label: string;
	/** What it means, where the label does not say it. */
	note?: string;
}

export interface Question {
	name: 'who' | 'protocols' | 'mailboxes' | 'cloud' | 'tool';
	title: string;
	kind: 'one' | 'some' | 'text';
	choices: readonly Choice[];
	note?: string;
}

export const QUESTIONS: readonly Question[] = [
	{
		name: 'who',
		title: 'Who signs in?',
		kind: 'one',
		choices: [
			{ value: 'person', label: 'A person, with the Connect button', note: 'For your own mailbox, or one that is shared with you.' },
			{ value: 'certificate', label: 'An app, with a certificate', note: 'Nobody is present. The certificate ends after a year.' },
			{ value: 'secret', label: 'An app, with a client secret', note: 'Nobody is present. Quicker to set up, less safe to keep.' },
			{
				value: 'workloadIdentity',
				label: 'An app, by its workload (Kubernetes, GitHub)',
				note: 'Nobody is present and no secret is kept.',
			},
			{
				value: 'managedIdentity',
				label: 'The machine in Azure that n8n runs on',
				note: 'A managed identity. Nobody is present and no secret is kept.',
			},
		],
	},
	{
		name: 'protocols',
		title: 'What should n8n do?',
		kind: 'some',
		choices: [
			{ value: 'smtp', label: 'Send email (SMTP)' },
			{ value: 'imap', label: 'Start on new email, read, move and search (IMAP)' },
			{ value: 'pop', label: 'Collect email (POP)' },
		],
	},
	{
		name: 'mailboxes',
		title: 'Which mailboxes?',
		kind: 'text',
		choices: [],
		note: 'Addresses, separated by commas. If a person signs in, begin with the address of that person; the others are shared mailboxes.',
	},
	{
		name: 'cloud',
		title: 'Which Microsoft cloud?',
		kind: 'one',
		choices: [
			{ value: 'global', label: 'Microsoft 365 (global, also GCC)' },
			{ value: 'personal', label: 'Outlook.com, Hotmail, Live', note: 'Personal accounts. Only a person can sign in.' },
			{ value: 'usGov', label: 'US Government GCC High' },
			{ value: 'usGovDod', label: 'US Government DoD' },
			{ value: 'china', label: 'China (21Vianet)' },
		],
	},
	{
		name: 'tool',
		title: 'How do you want to register the app?',
		kind: 'one',
		choices: [
			{ value: 'portal', label: 'In the browser (Entra admin center)' },
			{ value: 'graph', label: 'With Microsoft Graph PowerShell' },
			{ value: 'azureCli', label: 'With the Azure CLI' },
		],
	},
];

type Protocol = 'smtp' | 'imap' | 'pop';

export interface Answers {
	who: 'person' | 'certificate' | 'secret' | 'workloadIdentity' | 'managedIdentity';
	protocols: Protocol[];
	mailboxes: string[];
	cloud: 'global' | 'personal' | 'usGov' | 'usGovDod' | 'china';
	tool: 'portal' | 'graph' | 'azureCli';
	/** Where they are known already; else the lines have a word in capitals in their place. */
	tenantId?: string;
	clientId?: string;
}

/** What a person typed, as it comes out of a form or of a command line. */
export type Typed = Record<string, string>;

const one = <T extends string>(value: string | undefined, known: readonly T[]): T | undefined => known.find((each) => each === value);
const listed = (text: string | undefined): string[] =>
	(text ?? '')
		.split(/[,;\s]+/)
		.map((part) => part.trim())
		.filter((part) => part !== '');

const WHO = ['person', 'certificate', 'secret', 'workloadIdentity', 'managedIdentity'] as const;
const PROTOCOLS = ['smtp', 'imap', 'pop'] as const;
const CLOUDS = ['global', 'personal', 'usGov', 'usGovDod', 'china'] as const;
const TOOLS = ['portal', 'graph', 'azureCli'] as const;

const ADDRESS = /^[^\s@<>"(),:;\\]+@[A-Za-z0-9][A-Za-z0-9.-]*$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The answers, or a sentence for each one that cannot be used. */
export function readAnswers(typed: Typed): { answers?: Answers; problems: string[] } {
	const problems: string[] = [];
	const must = <T extends string>(name: string, known: readonly T[]): T | undefined => {
		const found = one(typed[name], known);
		if (found === undefined) problems.push(`${titleOf(name)} Choose one of: ${known.join(', ')}.`);
		return found;
	};
	const [who, cloud, tool] = [must('who', WHO), must('cloud', CLOUDS), must('tool', TOOLS)];
	const named = listed(typed.protocols);
	const protocols = PROTOCOLS.filter((protocol) => named.includes(protocol));
	if (protocols.length === 0 || named.some((name) => one(name, PROTOCOLS) === undefined))
		problems.push(`${titleOf('protocols')} Choose one or more of: ${PROTOCOLS.join(', ')}.`);
	const mailboxes = listed(typed.mailboxes);
	if (mailboxes.length === 0) problems.push('Which mailboxes? Enter at least one address.');
	for (const address of mailboxes) if (!ADDRESS.test(address)) problems.push(`"${address}" is not an email address.`);
	const tenantId = (typed.tenantId ?? '').trim();
	if (tenantId !== '' && !TENANT.test(tenantId)) problems.push('The tenant ID is neither an ID nor a domain.');
	const clientId = (typed.clientId ?? '').trim();
	if (clientId !== '' && !GUID.test(clientId)) problems.push('The client ID is not an ID like 00000000-0000-0000-0000-000000000000.');
	if (cloud === 'personal' && who !== undefined && who !== 'person')
		problems.push('Personal accounts have no tenant, so only a person can sign in.');
	if (problems.length > 0 || who === undefined || cloud === undefined || tool === undefined) return { problems };
	return { answers: { who, protocols, mailboxes, cloud, tool, ...(tenantId && { tenantId }), ...(clientId && { clientId }) }, problems };
}

function titleOf(name: string): string {
	return QUESTIONS.find((question) => question.name === name)?.title ?? '';
}
