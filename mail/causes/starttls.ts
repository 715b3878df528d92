import { MAIL, peer, type Cause } from './cause';

function startTlsRemedy(): string {
	return (
		'Check port and security in the credential. Ports 465 (SMTP), 993 (IMAP) and 995 (POP) use "TLS". ' +
		'Ports 587 (SMTP), 143 (IMAP) and 110 (POP) use "STARTTLS".'
	);
}

/** Answers of servers that do not offer STARTTLS at this port. These rows come before those for other commands. */
export const STARTTLS_CAUSES: readonly Cause[] = [
	{
		id: 'starttls-missing',
		speakers: MAIL,
		// Texts of nodemailer and imapflow, and any permanent refusal of the command itself.
		words: /upgrading connection with STARTTLS: 5\d\d|does not support STARTTLS|STARTTLS (?:is )?not (?:supported|available|offered)/i,
		code: 'configuration',
		sentence: (at) => `${peer(at)} does not offer STARTTLS, so no sign-in was attempted.`,
		remedy: startTlsRemedy,
	},
	{
		// RFC 3207, section 4: 454 TLS not available due to temporary reason.
		id: 'starttls-busy',
		speakers: ['smtp'],
		// Texts of nodemailer and of the connection test.
		words: /\bSTARTTLS: 4\d\d\b/,
		code: 'throttled',
		sentence: (at) => `${peer(at)} cannot set up STARTTLS at the moment, so no sign-in was attempted.`,
		remedy: () => 'Try again in a few minutes. If it lasts, ask the operator of the server.',
	},
	{
		id: 'starttls-refused',
		speakers: MAIL,
		words: /^(?:-ERR|5\d\d|a (?:NO|BAD))\b/m,
		command: /^(?:STARTTLS|STLS)$/,
		code: 'configuration',
		sentence: (at) => `${peer(at)} does not offer STARTTLS, so no sign-in was attempted.`,
		remedy: startTlsRemedy,
	},
];
