import { box, type Cause } from './cause';

/** Answers that only POP3 servers give: response codes (RFC 2449, section 8; RFC 3206) and refusals of one email. */
export const POP_CAUSES: readonly Cause[] = [
	{
		// Exchange Online's answer to a line that is too long: https://github.com/jstedfast/MailKit/issues/1948
		id: 'pop-token-too-long',
		speakers: ['pop'],
		words: /^-ERR Protocol error/im,
		command: /^AUTH/,
		code: 'configuration',
		sentence: (at) => `POP did not understand the sign-in of ${box(at)}.`,
		remedy: (at) =>
			`In Exchange Online, POP accepts tokens of at most about 4,096 ` +
			`characters${at.token === undefined ? '' : `, and this one has ${at.token.reveal().length}`}. ` +
			'To get a shorter token, remove permissions that the app does not need (tick only POP), or use IMAP.',
	},
	{
		// Exchange says so after the third command of a session that it cannot carry out, in a line without -ERR.
		id: 'pop-closed',
		speakers: ['pop'],
		words: /^(?:-ERR )?Connection is closed\. \d/m,
		code: 'lost',
		sentence: (at) => `POP ended the session of ${box(at)}.`,
		remedy: () => 'It is retried in a new session if that is safe.',
	},
	{
		id: 'pop-server-broken',
		speakers: ['pop'],
		words: /^-ERR \[SYS\/PERM\b/m,
		code: 'configuration',
		sentence: (at) => `The server cannot open ${box(at)} until an admin repairs it.`,
		remedy: () => 'Its answer says why. Ask an admin of the mail server to repair the mailbox (RFC 3206, SYS/PERM).',
	},
	{
		id: 'mailbox-locked',
		speakers: ['pop'],
		// RFC 1939, section 7 (PASS): "unable to lock maildrop". Dovecot tells with IN-USE of a timeout, so this row is before the next one.
		words: /\[IN-USE\b|maildrop (?:already )?locked|mailbox is locked|unable to lock (?:the )?(?:maildrop|mailbox)/i,
		code: 'throttled',
		sentence: (at) => `Another POP session has locked ${box(at)}.`,
		remedy: () => 'Try again when it has ended. POP allows only one session at a time.',
	},
	{
		id: 'pop-internal-error',
		speakers: ['pop'],
		words: /^-ERR[^\n]*\b(?:internal (?:server )?error|timed out|timeout)\b/im,
		code: 'throttled',
		sentence: (at) => `The server could not carry out a command for ${box(at)} at the moment.`,
		remedy: () => 'It is retried automatically.',
	},
	{
		id: 'pop-message-missing',
		speakers: ['pop'],
		words:
			/^-ERR[^\n]*(?:no such message|there's no message|message is (?:deleted|out of range|no longer available)|already deleted|invalid message number|message (?:number )?(?:\d{1,9} )?(?:does not exist|out of range|has been deleted)|message number [^\n]{0,40} (?:invalid|out of range))/im,
		code: 'notFound',
		sentence: (at) => `The email is no longer in ${box(at)}.`,
		remedy: () => 'It has been deleted or moved.',
	},
];
