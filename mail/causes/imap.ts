import { box, type Cause } from './cause';

/** Answers that only IMAP servers give (RFC 5530 has the response codes). */
export const IMAP_CAUSES: readonly Cause[] = [
	{
		id: 'imap-charset',
		speakers: ['imap'],
		words: /BADCHARSET/,
		code: 'input',
		sentence: () => 'The server can only search for plain ASCII text.',
		remedy: () =>
			'Filter by From, To, Cc, Bcc or Subject, which accept text in any script. In BODY, TEXT and HEADER, use ASCII characters only.',
	},
	{
		id: 'folder-missing',
		speakers: ['imap'],
		words: /\[NONEXISTENT\]|\[TRYCREATE\]|doesn.t exist|does not exist|Mailbox not found|Unknown mailbox/i,
		code: 'notFound',
		sentence: (at) => `The folder does not exist in ${box(at)}.`,
		remedy: () => "Choose the folder from the list, or enter its full path with the server's separator, for example INBOX/Invoices.",
	},
];
