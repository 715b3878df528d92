import type { INodeProperties } from 'n8n-workflow';

const consent =
	'<b>An admin of your organization has to agree first:</b> since the end of 2025, Microsoft 365 lets people use apps for ' +
	'IMAP and POP only after that.';

const steps = (...texts: string[]): string => [consent, ...texts.map((text, index) => `${index + 1}. ${text}`)].join('<br />');

/**
 * The steps of docs/admin.md above the fields. `serverUrl` is a field that n8n has in each OAuth2 form for servers that register apps by
 * themselves. Microsoft's does not, so the field is not in use here, and its place is the only one above the Client ID.
 */
export const personNotice: INodeProperties = {
	displayName: steps(
		'Open <a href="https://entra.microsoft.com" target="_blank">entra.microsoft.com</a>, <b>App registrations</b>, <b>New ' +
			'registration</b>.',
		'As <b>Redirect URI</b>, choose the platform <b>Web</b> and paste the OAuth Redirect URL from above.',
		'<b>API permissions</b>: add <b>Office 365 Exchange Online</b> (under APIs my organization uses), <b>Delegated</b>: ' +
			'SMTP.Send, IMAP.AccessAsUser.All, POP.AccessAsUser.All, as you need them. ' +
			'Then <b>Grant admin consent</b>.',
		'<b>Certificates &amp; secrets</b>: add a client secret and copy its <b>Value</b> into the form below.',
		'<b>Overview</b>: copy the Application (client) ID and the Directory (tenant) ID.',
		'Choose the same protocols below, press <b>Connect</b> and sign in.',
	),
	name: 'serverUrl',
	type: 'notice',
	default: '',
};

export const appNotice: INodeProperties = {
	displayName: steps(
		'Open <a href="https://entra.microsoft.com" target="_blank">entra.microsoft.com</a>, <b>App registrations</b>, <b>New ' +
			'registration</b>, without a redirect URI.',
		'<b>API permissions</b>: add <b>Office 365 Exchange Online</b> (under APIs my organization uses), <b>Application</b>: ' +
			'SMTP.SendAsApp, IMAP.AccessAsApp, POP.AccessAsApp, as you need them. ' +
			'Then <b>Grant admin consent</b>.',
		'<b>Certificates &amp; secrets</b>: add a client secret and copy its <b>Value</b>, or upload a certificate.',
		'<b>Overview</b>: copy the Application (client) ID and the Directory (tenant) ID.',
		'In Exchange Online PowerShell: New-ServicePrincipal with the object ID of the <b>Enterprise application</b>, then ' +
			'Add-MailboxPermission for each mailbox, and Add-RecipientPermission to send.',
		'Fill in the form and save. n8n then tests the sign-in.',
	),
	name: 'setupNotice',
	type: 'notice',
	default: '',
	displayOptions: { show: { authentication: ['clientSecret', 'certificate'] } },
};
