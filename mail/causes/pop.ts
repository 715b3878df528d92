import { box, type Cause } from './cause';

/** What POP3 servers alone say: response codes (RFC 2449, section 8; RFC 3206) and refusals of one mail. */
export const POP_CAUSES: readonly Cause[] = [
	{
		// Exchange Online's answer to a line that is too long: https://github.com/jstedfast/MailKit/issues/1948
		id: 'pop-token-too-long',
		speakers: ['pop'],
		words: /^-ERR Protocol error/im,
		code: 'configuration',
		sentence: (at) => `POP did not understand the sign-in of ${box(at)}.`,
		remedy: (at) =>
			`Exchange Online's POP takes tokens of about 4,096 characters at ` +
			`most${at.token === undefined ? '' : `; this one has ${at.token.reveal().length}`}. ` +
			'A longer one is shortened by taking permissions from the app that it does not need (tick POP alone), or IMAP is used.',
	},
	{
		id: 'pop-server-broken',
		speakers: ['pop'],
		words: /^-ERR \[SYS\/PERM\b/m,
		code: 'configuration',
		sentence: (at) => `The server cannot open ${box(at)} until somebody mends it.`,
		remedy: () => 'Its answer says why; an admin of the mail server has to look after the mailbox (RFC 3206, SYS/PERM).',
	},
	{
		id: 'pop-message-missing',
		speakers: ['pop'],
		words:
			/^-ERR[^\n]*(?:no such message|there's no message|message is (?:deleted|out of range)|already deleted|message number [^\n]{0,40} (?:invalid|out of range))/im,
		code: 'notFound',
		sentence: (at) => `The email is not in ${box(at)} any more.`,
		remedy: () => 'It was deleted or moved meanwhile.',
	},
	{
		id: 'mailbox-locked',
		speakers: ['pop'],
		words: /\[IN-USE\b|maildrop (?:already )?locked|mailbox is locked/i,
		code: 'throttled',
		sentence: (at) => `Another POP session holds ${box(at)}.`,
		remedy: () => 'Try again when it has ended; POP allows one session at a time.',
	},
];
