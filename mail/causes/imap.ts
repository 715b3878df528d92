import { box, type Cause } from './cause';

/** What IMAP servers alone say (RFC 5530 has the response codes). */
export const IMAP_CAUSES: readonly Cause[] = [
	{
		id: 'imap-charset',
		speakers: ['imap'],
		words: /BADCHARSET/,
		code: 'input',
		sentence: () => 'The server searches for plain ASCII text only.',
		remedy: () =>
			'Filter by From, To, Cc, Bcc or Subject, which take text in any script; in BODY, TEXT and HEADER leave other characters out.',
	},
	{
		id: 'folder-missing',
		speakers: ['imap'],
		words: /\[NONEXISTENT\]|\[TRYCREATE\]|doesn.t exist|does not exist|Mailbox not found|Unknown mailbox/i,
		code: 'notFound',
		sentence: (at) => `The folder does not exist in ${box(at)}.`,
		remedy: () => "Choose the folder from the list, or write its full path with the server's separator, for example INBOX/Invoices.",
	},
];
