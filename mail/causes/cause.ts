import type { MailErrorCode, Speaker } from '../errors';
import type { AccessToken } from '../signIn/token';

/** Where a failure happened; what is known goes into sentence and remedy. */
export interface Circumstances {
	speaker: Speaker;
	/** The address of the mailbox at work. */
	mailbox?: string;
	/** The name given as XOAUTH2 user, where it is not the mailbox. */
	user?: string;
	/** The address that the mail is from. */
	from?: string;
	/** The command that was answered, without secrets: `AUTHENTICATE XOAUTH2`, `MAIL FROM`, `RETR 4`. */
	command?: string;
	/** The token in use, read for the explanation; taken out of whatever the server says. */
	token?: AccessToken;
	/** What must stand in no text beside the token: the credential's secrets, and what looks like one in a field of another kind. */
	secrets?: ReadonlyArray<string | undefined>;
	/** Host and port at the other end. */
	peer?: string;
	/** The pause that the server announced for all, in ms; counts where it refuses for now without naming one. */
	retryAfterMs?: number;
	/** HTTP status of the answer to a request for a token. */
	status?: number;
	/** How the token was asked for. */
	way?: Way;
	/** What was shown to the identity platform, as far as it is no secret: issuer, subject and audience, or a peculiar secret. */
	shown?: string;
}

/** The ways to a token: a person with the Connect button, or one of the service account's. */
type Way = 'person' | 'clientSecret' | 'certificate' | 'workloadIdentity' | 'managedIdentity' | 'usernamePassword';

/**
 * A row of the table from cause to answer. It fits where the speaker is right and one of these does, the narrower first
 * over the whole table: a number of Microsoft's (AADSTS), a name of Exchange's, an enhanced status code, other words.
 */
export interface Cause {
	/** Unique; tests name it. */
	id: string;
	speakers: readonly Speaker[];
	/** Compared as a whole. */
	aadsts?: readonly number[];
	/** Names that mean one thing wherever they stand, such as `OutboundSpamException`. */
	names?: RegExp;
	/** Enhanced status codes of SMTP (RFC 3463), compared as a whole, at their place in the answer and nowhere else. */
	codes?: readonly string[];
	/** Against the server's text and the error's code and message. Codes in it are anchored: answers hold IP addresses and ids. */
	words?: RegExp;
	/** Where the words count at some commands only. */
	command?: RegExp;
	code: MailErrorCode;
	permanent?: boolean;
	sentence: (at: Circumstances) => string;
	remedy: (at: Circumstances) => string;
}

export const MAIL: readonly Speaker[] = ['smtp', 'imap', 'pop'];
export const ALL: readonly Speaker[] = ['identity', ...MAIL];

export const box = (at: Circumstances): string => at.mailbox ?? 'the mailbox';
export const mailboxArgument = (at: Circumstances): string => at.mailbox ?? 'MAILBOX';
export const peer = (at: Circumstances): string => at.peer ?? 'the server';

export function label(at: Circumstances): string {
	if (at.speaker === 'identity') return 'The identity platform';
	return at.speaker === 'host' ? "The host's identity endpoint" : at.speaker.toUpperCase();
}
