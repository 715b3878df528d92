import { MAIL, peer, type Cause } from './cause';

function startTlsRemedy(): string {
	return (
		'Check port and security in the credential: a server that speaks TLS from the first byte on (SMTP 465, IMAP 993, POP 995) ' +
		'takes "TLS"; STARTTLS belongs to 587, 143 and 110.'
	);
}

/** What servers say that offer no TLS at this port. It stands before what they say to other commands. */
export const STARTTLS_CAUSES: readonly Cause[] = [
	{
		id: 'starttls-missing',
		speakers: MAIL,
		// nodemailer's words, imapflow's, and any refusal for good of the command itself.
		words: /upgrading connection with STARTTLS: 5\d\d|does not support STARTTLS|STARTTLS (?:is )?not (?:supported|available|offered)/i,
		code: 'configuration',
		sentence: (at) => `${peer(at)} offers no STARTTLS, so nothing that is secret is sent to it.`,
		remedy: startTlsRemedy,
	},
	{
		id: 'starttls-refused',
		speakers: MAIL,
		words: /^(?:-ERR|5\d\d|a (?:NO|BAD))\b/m,
		command: /^(?:STARTTLS|STLS)$/,
		code: 'configuration',
		sentence: (at) => `${peer(at)} offers no STARTTLS, so nothing that is secret is sent to it.`,
		remedy: startTlsRemedy,
	},
];
