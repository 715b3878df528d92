import type { MailErrorCode, Speaker } from '../errors';
import type { AccessToken } from '../signIn/token';

/** The circumstances of a failure. Sentence and remedy use what is known. */
export interface Circumstances {
	speaker: Speaker;
	/** Address of the mailbox. */
	mailbox?: string;
	/** The XOAUTH2 user, if it is not the mailbox. */
	user?: string;
	/** The From address of the email. */
	from?: string;
	/** The mailbox sends on behalf of that address. */
	onBehalf?: boolean;
	/** The command that was answered, without secrets: `AUTHENTICATE XOAUTH2`, `MAIL FROM`, `RETR 4`. */
	command?: string;
	/** The current token. It is read for the explanation, and removed from everything that the server says. */
	token?: AccessToken;
	/** What else no text may contain: the credential's secrets, and values in other fields that look like secrets. */
	secrets?: ReadonlyArray<string | undefined>;
	/** Host and port at the other end. */
	peer?: string;
	/** The pause that the server announced for everybody, in ms. It applies if a temporary refusal has no pause. */
	retryAfterMs?: number;
	/** HTTP status of the answer to a token request. */
	status?: number;
	/** How the token was requested. */
	way?: Way;
	/** What the identity platform received, without secrets: issuer, subject and audience, or what is wrong with a secret. */
	shown?: string;
}

/** The ways to get a token: a person with the Connect button, or one of the service account. */
type Way = 'person' | 'clientSecret' | 'certificate' | 'workloadIdentity' | 'managedIdentity' | 'usernamePassword';

/**
 * A row of the table of causes. It fits if the speaker is right and one of these matches, the narrowest first over the whole table: a
 * name, a number of Microsoft (AADSTS, some of which have several meanings), an enhanced status code, other words.
 */
export interface Cause {
	/** Unique. Tests use it. */
	id: string;
	speakers: readonly Speaker[];
	/** Compared as a whole. */
	aadsts?: readonly number[];
	/** Names that have one meaning wherever they appear, such as `OutboundSpamException`. */
	names?: RegExp;
	/** Enhanced status codes of SMTP (RFC 3463), compared as a whole, and only at their place in the answer. */
	codes?: readonly string[];
	/**
	 * Compared with the server's text and with the error's code and message. Codes are anchored, because answers contain IP addresses and
	 * IDs.
	 */
	words?: RegExp;
	/** Set if the words count only for some commands. */
	command?: RegExp;
	code: MailErrorCode;
	permanent?: boolean;
	/** The server will refuse the next email of this mailbox too, although the code says that it refuses this one. */
	lasting?: boolean;
	sentence: (at: Circumstances) => string;
	remedy: (at: Circumstances) => string;
}

export const MAIL: readonly Speaker[] = ['smtp', 'imap', 'pop'];
export const ALL: readonly Speaker[] = ['identity', ...MAIL];

export const box = (at: Circumstances): string => at.mailbox ?? 'the mailbox';
export const mailboxArgument = (at: Circumstances): string => (at.mailbox === undefined ? 'MAILBOX' : argument(at.mailbox));
export const peer = (at: Circumstances): string => at.peer ?? 'the server';

/**
 * An address as an argument in a line for PowerShell, in quotes if it contains other signs than usual. A quote within quotes is doubled:
 * https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export function argument(address: string): string {
	return /^\w[\w.@+-]*$/.test(address) ? address : `'${address.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/** Whoever signed in to SMTP: a person, even if the mailbox is a shared one, or the mailbox itself. */
export const sender = (at: Circumstances): string => at.user ?? box(at);
export const senderArgument = (at: Circumstances): string => (at.user === undefined ? mailboxArgument(at) : argument(at.user));

export function label(at: Circumstances): string {
	if (at.speaker === 'identity') return 'The identity platform';
	return at.speaker === 'host' ? "The host's identity endpoint" : at.speaker.toUpperCase();
}
