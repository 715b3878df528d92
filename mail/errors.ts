import { oneLine, redact } from './redact';

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
	/** The words of server or identity platform as a sentence, shown after the remedy: they are long, and say little to most. */
	said?: string;
	/** Milliseconds that the server asked to wait. */
	retryAfterMs?: number;
	cause?: unknown;
	/** Takes out the secrets that whoever throws knows of, from all texts; what looks like one is taken out anyway. */
	hide?: (text: string) => string;
}

const TRANSIENT: ReadonlySet<MailErrorCode> = new Set(['throttled', 'unreachable', 'lost', 'timeout', 'protocol', 'stopped']);

/** Whether trying the same again may help, as far as the code tells. */
export function isTransientCode(code: MailErrorCode): boolean {
	return TRANSIENT.has(code);
}

/** So much of a foreign error's text is kept, in characters. */
const LONGEST_KEPT = 8_192;

/**
 * The one error of this package. `message` says what happened, `remedy` what to do; none of its texts holds a token or a
 * secret: whatever enters is passed through {@link redact}, and stands on one line.
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
	readonly said?: string;
	readonly retryAfterMs?: number;

	constructor(message: string, facts: MailErrorFacts) {
		const { hide = (text) => text } = facts;
		const safe = (text: string | undefined): string | undefined => (text === undefined ? undefined : clean(text, hide));
		super(clean(message, hide), facts.cause === undefined ? undefined : { cause: quiet(facts.cause, hide) });
		this.code = facts.code;
		this.permanent = facts.permanent ?? !isTransientCode(facts.code);
		// Written here, so it has no pattern of a secret in it, but perhaps one that was typed into another field.
		this.remedy = facts.remedy === undefined ? undefined : oneLine(hide(facts.remedy));
		this.speaker = facts.speaker;
		this.mailbox = safe(facts.mailbox);
		this.field = facts.field;
		this.command = safe(facts.command);
		this.response = safe(facts.response);
		this.said = safe(facts.said);
		this.retryAfterMs = facts.retryAfterMs;
	}

	/** What happened and what the server said of it, for a log line or a sentence of another error. */
	get summary(): string {
		return this.said === undefined || this.said === '' ? this.message : `${this.message} ${this.said}`;
	}

	/** What to do, then what was said: all that stands below the message. */
	get details(): string | undefined {
		const parts = [this.remedy, this.said].filter((part) => part !== undefined && part !== '');
		return parts.length === 0 ? undefined : parts.join(' ');
	}
}

/** Whatever went wrong while an IMAP session was used. */
export function asMailError(error: unknown): MailError {
	if (error instanceof MailError) return error;
	return new MailError(error instanceof Error ? error.message : String(error), { code: 'protocol', speaker: 'imap', cause: error });
}

/**
 * The server asks to wait and does not say how long. Exchange answers so ("Server Unavailable. 15", in POP 21) whatever
 * has gone wrong, also where it stumbles over one mail for good.
 */
export function isVague(error: MailError): boolean {
	return error.code === 'throttled' && error.retryAfterMs === undefined;
}

/**
 * The cause without what libraries hang onto their errors (imapflow and nodemailer keep the auth string, MSAL the
 * request): type, message and code stay.
 */
function quiet(cause: unknown, hide: (text: string) => string): unknown {
	if (cause instanceof MailError) return cause;
	if (!(cause instanceof Error)) return clean(String(cause).slice(0, LONGEST_KEPT), hide);
	const copy = new Error(clean(cause.message.slice(0, LONGEST_KEPT), hide));
	copy.name = cause.name;
	copy.stack =
		cause.stack === undefined ? undefined : [`${cause.name}: ${copy.message}`, ...callsIn(cause.stack, cause.message, hide)].join('\n');
	return copy;
}

/** The calls of a stack, a line each. Its first lines repeat the message, which may hold line breaks and escape sequences. */
function callsIn(stack: string, message: string, hide: (text: string) => string): string[] {
	const at = stack.indexOf(message);
	const calls = at < 0 ? stack : stack.slice(at + message.length);
	return calls
		.slice(0, LONGEST_KEPT)
		.split('\n')
		.filter((line) => /^ {4}at /.test(line))
		.map((line) => `    ${clean(line, hide).trim()}`);
}

function clean(text: string, hide: (text: string) => string): string {
	return oneLine(redact(hide(text)));
}

/** What a person has entered in a field cannot be used. @param message follows the name of the field and a colon */
export function inputError(field: string, message: string, remedy: string): MailError {
	return new MailError(`${field}: ${message}`, { code: 'input', field, remedy });
}
