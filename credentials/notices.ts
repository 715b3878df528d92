import type { INodeProperties } from 'n8n-workflow';

const consent =
	'An admin of your organization has to agree first: since the end of 2025, Microsoft 365 lets people use apps for ' +
	'IMAP and POP only after that. ';

/** In a notice, n8n shows links and lists without numbers, and no other HTML. */
const steps = (first: string, ...texts: string[]): string =>
	`${consent}${first}<ul>${texts.map((text) => `<li>${text}</li>`).join('')}</ul>`;

/**
 * The steps of docs/admin.md above the fields. `serverUrl` is a field that n8n adds to each OAuth2 form for servers that register apps
 * automatically. Microsoft's does not, so the field is unused, and it is the only place above the Client ID.
 */
export const personNotice: INodeProperties = {
	displayName: steps(
		'Personal accounts (Outlook.com, Hotmail) need no admin. In this order:',
		'Open <a href="https://entra.microsoft.com" target="_blank">entra.microsoft.com</a>, App registrations, New registration.',
		'As Redirect URI, choose the platform Web and paste the OAuth Redirect URL from above.',
		'API permissions: add Office 365 Exchange Online (under APIs my organization uses), Delegated: ' +
			'SMTP.Send, IMAP.AccessAsUser.All, POP.AccessAsUser.All, as you need them. ' +
			'Add Microsoft Graph, Delegated: email, offline_access, openid, profile. Then Grant admin consent. ' +
			'Personal accounts: skip this step, and turn on IMAP and POP at outlook.com in the settings, Forwarding and IMAP.',
		'Certificates &amp; secrets: add a client secret and copy its Value into the form below.',
		'Overview: copy the Application (client) ID and the Directory (tenant) ID.',
		'Choose the same protocols below, press Connect and sign in.',
	),
	name: 'serverUrl',
	type: 'notice',
	default: '',
};

export const appNotice: INodeProperties = {
	displayName: steps(
		'In this order:',
		'Open <a href="https://entra.microsoft.com" target="_blank">entra.microsoft.com</a>, App registrations, New ' +
			'registration, without a redirect URI.',
		'API permissions: add Office 365 Exchange Online (under APIs my organization uses), Application: ' +
			'SMTP.SendAsApp, IMAP.AccessAsApp, POP.AccessAsApp, as you need them. ' +
			'Then Grant admin consent.',
		'Certificates &amp; secrets: add a client secret and copy its Value, or upload a certificate.',
		'Overview: copy the Application (client) ID and the Directory (tenant) ID.',
		'In Exchange Online PowerShell: New-ServicePrincipal with the object ID of the Enterprise application, then ' +
			'Add-MailboxPermission for each mailbox, and Add-RecipientPermission to send.',
		'Fill in the form and save. n8n then tests the sign-in.',
	),
	name: 'setupNotice',
	type: 'notice',
	default: '',
	displayOptions: { show: { authentication: ['clientSecret', 'certificate'] } },
};
