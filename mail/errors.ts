/**
 * What the caller may do next, in one word:
 *
 * - `input`: a field holds what cannot be used; change the field.
 * - `configuration`: credential, app registration or tenant do not fit together; an admin changes them.
 * - `auth`: the server did not take the token. A fresh token may help once.
 * - `consent`: a permission is missing; someone has to grant it.
 * - `interaction`: a person has to sign in again (MFA, Conditional Access, revoked grant).
 * - `forbidden`: signed in, but this mailbox, protocol or sender is not allowed.
 * - `rejected`: the server understood and refuses this mail or command for good.
 * - `notFound`: the folder or message is not there.
 * - `tooLarge`: over a size limit, the server's or the user's.
 * - `throttled`: the server asks to wait; `retryAfterMs` says how long where it told.
 * - `unreachable`: no connection (DNS, refused, TLS cannot be trusted is `tls`).
 * - `tls`: the connection cannot be trusted.
 * - `lost`: a connection broke after it had been made.
 * - `timeout`: no answer within the deadline.
 * - `protocol`: an answer that the standard does not know.
 * - `stopped`: we ended it ourselves.
 */
export type MailErrorCode =
	| 'input'
	| 'configuration'
	| 'auth'
	| 'consent'
	| 'interaction'
	| 'forbidden'
	| 'rejected'
	| 'notFound'
	| 'tooLarge'
	| 'throttled'
	| 'unreachable'
	| 'tls'
	| 'lost'
	| 'timeout'
	| 'protocol'
	| 'stopped';

/** Who spoke: the identity platform, the host that hands out its own identity, or one of the mail protocols. */
export type Speaker = 'identity' | 'host' | 'smtp' | 'imap' | 'pop';

export interface MailErrorFacts {
	code: MailErrorCode;
	/** True where trying the same again cannot help. Default: what the code implies. */
	permanent?: boolean;
	/** One sentence that says what to do. */
	remedy?: string;
	speaker?: Speaker;
	/** The mailbox address at work. */
	mailbox?: string;
	/** The parameter or credential field at fault, by its display name. */
	field?: string;
	/** The protocol command that was answered, without its arguments where they are secret. */
	command?: string;
	/** The server's own words, one line, secrets removed. */
	response?: string;
	/** Milliseconds that the server asked to wait. */
	retryAfterMs?: number;
	cause?: unknown;
}

const TRANSIENT: ReadonlySet<MailErrorCode> = new Set(['throttled', 'unreachable', 'lost', 'timeout', 'protocol', 'stopped']);

/**
 * The one error of this package. `message` says what happened, `remedy` what to do; neither holds a token or a
 * secret: whatever enters is passed through {@link redact}.
 */
export class MailError extends Error {
	override readonly name = 'MailError';
	readonly code: MailErrorCode;
	readonly permanent: boolean;
	readonly remedy?: string;
	readonly speaker?: Speaker;
	readonly mailbox?: string;
	readonly field?: string;
	readonly command?: string;
	readonly response?: string;
	readonly retryAfterMs?: number;

	constructor(message: string, facts: MailErrorFacts) {
		super(redact(message), facts.cause === undefined ? undefined : { cause: quiet(facts.cause) });
		this.code = facts.code;
		this.permanent = facts.permanent ?? !TRANSIENT.has(facts.code);
		this.remedy = facts.remedy;
		this.speaker = facts.speaker;
		this.mailbox = facts.mailbox;
		this.field = facts.field;
		this.command = facts.command;
		this.response = facts.response === undefined ? undefined : redact(facts.response);
		this.retryAfterMs = facts.retryAfterMs;
	}
}

/**
 * The server asks to wait and does not say how long. Exchange answers so ("Server Unavailable. 15", in POP 21) whatever
 * has gone wrong, also where it stumbles over one mail for good.
 */
export function isVague(error: MailError): boolean {
	return error.code === 'throttled' && error.retryAfterMs === undefined;
}

const REDACTED = '[secret]';

/**
 * Takes out whatever looks like a credential: JWTs, bearer strings, the base64 line of XOAUTH2 (it begins with
 * `user=`, in base64 `dXNlcj`), client secrets and passwords in form bodies, PEM keys.
 */
export function redact(text: string): string {
	return text
		.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED)
		.replace(/\b[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, (token) => (token.startsWith('eyJ') ? REDACTED : token))
		.replace(/\bdXNlcj[A-Za-z0-9+/=]{8,}/g, REDACTED)
		.replace(/\b(Bearer )\s*[A-Za-z0-9._~+/=-]{8,}/gi, `$1${REDACTED}`)
		// Quoted first, since a password may have blanks.
		.replace(/("(?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password)"\s*:\s*")(?:[^"\\]|\\.)*/gi, `$1${REDACTED}`)
		.replace(/\b(client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password|code)(["']?\s*[=:]\s*["']?)[^&\s"',;}]+/gi, `$1$2${REDACTED}`);
}

/**
 * The cause without what libraries hang onto their errors (imapflow and nodemailer keep the auth string, MSAL the
 * request): type, message and code stay.
 */
function quiet(cause: unknown): unknown {
	if (cause instanceof MailError) return cause;
	if (!(cause instanceof Error)) return redact(String(cause));
	const copy = new Error(redact(cause.message));
	copy.name = cause.name;
	copy.stack = cause.stack === undefined ? undefined : redact(cause.stack);
	return copy;
}
