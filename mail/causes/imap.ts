import { box, peer, type Cause } from './cause';

/** Gmail says OVERQUOTA also of the traffic, other servers say "quota" of connections and requests, and a folder may be named so. */
const OTHER_QUOTA = /already ?exists|Server Unavailable|\b(?:bandwidth|connections?|requests?|commands?|rate) (?:quota|limit)/;
const FULL = new RegExp(
	`^(?![^]{0,300}(?:${OTHER_QUOTA.source}))[^]{0,300}?(?:` +
		'\\[OVERQUOTA\\]|MapiException(?:Shutoff)?QuotaExceeded|\\bover ?quota\\b|\\bquota (?:(?:is|was|has been) )?(?:exceeded|reached)|' +
		'exceed(?:s|ed|ing)? .{0,40}\\bquota\\b|mailbox (?:is )?full|(?:reached|exceeded) (?:its |the )?maximum (?:mailbox )?size)',
	'i',
);

/** Answers that only IMAP servers give (RFC 5530 has the response codes). */
export const IMAP_CAUSES: readonly Cause[] = [
	{
		id: 'imap-no-oauth',
		speakers: ['imap'],
		// What imapflow says if the server does not list XOAUTH2 among its ways to sign in.
		words: /^Unsupported authentication mechanism/m,
		command: /^AUTHENTICATE\b/,
		code: 'configuration',
		sentence: (at) => `${peer(at)} does not offer XOAUTH2.`,
		remedy: () => 'Check "Cloud" or the IMAP host in the credential. The server has to accept OAuth tokens.',
	},
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
		// The last words are those of Exchange if another client has removed the folder that is open.
		words:
			/\[NONEXISTENT\]|\[TRYCREATE\]|doesn.t exist|does not exist|Mailbox not found|Unknown mailbox|Mailbox has been deleted or moved/i,
		code: 'notFound',
		sentence: (at) => `The folder does not exist in ${box(at)}.`,
		remedy: () => "Choose the folder from the list, or enter its full path with the server's separator, for example INBOX/Invoices.",
	},
	{
		// RFC 5530, section 3 (NOPERM). The other words are those of Exchange for a folder in which the user has no rights.
		id: 'folder-forbidden',
		speakers: ['imap'],
		words: /\[NOPERM\]|\baccess denied\b/i,
		command: /^(?:SELECT|EXAMINE|STATUS)\b/,
		code: 'forbidden',
		sentence: (at) => `The signed-in user or app has no right to open this folder of ${box(at)}.`,
		remedy: () => 'Choose another folder, or ask the owner of the mailbox or an admin to give the right to read this one.',
	},
	{
		// RFC 5530, section 3 (OVERQUOTA). Exchange Online's own words over IMAP are not known: the names are those of its store in answers
		// over SMTP, the sentence about the size is that of Exchange Web Services
		// (https://github.com/ecederstrand/exchangelib/issues/457). Cyrus says "Over quota", Dovecot "Quota exceeded".
		id: 'imap-full',
		speakers: ['imap'],
		words: FULL,
		command: /^(?:APPEND|UID (?:COPY|MOVE|STORE|EXPUNGE)|CREATE|RENAME)\b/,
		code: 'rejected',
		sentence: (at) => `${box(at)} is full.`,
		remedy: () =>
			'Delete emails or move them to the archive, and empty Deleted Items. If this does not help, ask an admin to raise the quota ' +
			'of the mailbox, and to check Recoverable Items, which has a quota of its own.',
	},
];
