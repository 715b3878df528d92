import { oneLine, redact } from './redact';

/**
 * What the caller may do next, in one word:
 *
 * - `input`: a field contains something that cannot be used; change the field.
 * - `configuration`: credential, app registration and tenant do not fit together; an admin changes them.
 * - `auth`: the server did not accept the token. A fresh token may help once.
 * - `consent`: a permission is missing; somebody has to grant it.
 * - `interaction`: a person has to sign in again (MFA, Conditional Access, revoked grant).
 * - `forbidden`: the sign-in succeeded, but this mailbox, protocol or sender is not allowed.
 * - `rejected`: the server understood this email or command and refuses it permanently.
 * - `notFound`: the folder or message does not exist.
 * - `tooLarge`: a size limit of the server or of the user is exceeded.
 * - `throttled`: the server asks to wait; `retryAfterMs` has the time, if the server gave one.
 * - `unreachable`: no connection (DNS, connection refused).
 * - `tls`: the connection cannot be trusted.
 * - `lost`: an established connection broke.
 * - `timeout`: no answer within the deadline.
 * - `protocol`: the answer does not follow the standard.
 * - `stopped`: this package ended the work itself.
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

/** The side that spoke: the identity platform, the host that provides its own identity, or the server of an email protocol. */
export type Speaker = 'identity' | 'host' | 'smtp' | 'imap' | 'pop';

export interface MailErrorFacts {
	code: MailErrorCode;
	/** True if trying the same again cannot help. Default: what the code implies. */
	permanent?: boolean;
	/** True if the next email of the mailbox will be refused too, also where the code applies to one email. */
	lasting?: boolean;
	/** One sentence that says what to do. */
	remedy?: string;
	speaker?: Speaker;
	/** Address of the mailbox. */
	mailbox?: string;
	/** Display name of the parameter or credential field that is wrong. */
	field?: string;
	/** The protocol command that was answered, without its arguments if they are secret. */
	command?: string;
	/** The server's own words in one line, without secrets. */
	response?: string;
	/**
	 * The words of the server or the identity platform as a sentence. It is shown after the remedy, because it is long and helps only some
	 * readers.
	 */
	said?: string;
	/** Pause that the server asked for, in ms. */
	retryAfterMs?: number;
	cause?: unknown;
	/** Removes the secrets that the thrower knows from all texts. Whatever looks like a secret is removed in any case. */
	hide?: (text: string) => string;
}

const TRANSIENT: ReadonlySet<MailErrorCode> = new Set(['throttled', 'unreachable', 'lost', 'timeout', 'protocol', 'stopped']);

/** Refusals that meet the next email of the same mailbox, too. */
const LASTING: ReadonlySet<MailErrorCode> = new Set(['auth', 'configuration', 'consent', 'forbidden', 'interaction']);

/** Whether trying the same again may help, as far as the code says. */
export function isTransientCode(code: MailErrorCode): boolean {
	return TRANSIENT.has(code);
}

/** Maximum number of characters of a foreign error's text that are kept. */
const LONGEST_KEPT = 8_192;

/**
 * The only error of this package. `message` says what happened, `remedy` what to do. All its texts pass through {@link redact} and are one
 * line each, so none contains a token or a secret.
 */
export class MailError extends Error {
	override readonly name = 'MailError';
	readonly code: MailErrorCode;
	readonly permanent: boolean;
	readonly lasting: boolean;
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
		this.lasting = this.permanent && (facts.lasting ?? LASTING.has(facts.code));
		// These words are our own, so no pattern of a secret is in them, but they may repeat a secret that was entered in another field.
		this.remedy = facts.remedy === undefined ? undefined : oneLine(hide(facts.remedy));
		this.speaker = facts.speaker;
		this.mailbox = safe(facts.mailbox);
		this.field = facts.field;
		this.command = safe(facts.command);
		this.response = safe(facts.response);
		this.said = safe(facts.said);
		this.retryAfterMs = facts.retryAfterMs;
	}

	/** What happened and what the server said about it, for a log line or for a sentence of another error. */
	get summary(): string {
		return this.said === undefined || this.said === '' ? this.message : `${this.message} ${this.said}`;
	}

	/** Tells the same failure in other words. */
	reworded(message: string): MailError {
		const { code, permanent, speaker, mailbox, command, response, remedy } = this;
		return new MailError(message, { code, permanent, speaker, mailbox, command, response, remedy, cause: this });
	}

	/** The same failure with other advice. */
	advising(remedy: string): MailError {
		return new MailError(this.message, { ...this, remedy, cause: this });
	}

	/** Everything that is shown below the message: what to do, then what was said. */
	get details(): string | undefined {
		const parts = [this.remedy, this.said].filter((part) => part !== undefined && part !== '');
		return parts.length === 0 ? undefined : parts.join(' ');
	}
}

/** Returns the words of whatever was thrown. They may contain secrets: what is shown passes through {@link redact}. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** Whether it is an error of Node with this code, such as ENOENT. */
export function hasCode(error: unknown, code: string): boolean {
	return error instanceof Error && 'code' in error && error.code === code;
}

/** Turns whatever went wrong in an IMAP session into a MailError. */
export function asMailError(error: unknown): MailError {
	if (error instanceof MailError) return error;
	return new MailError(reasonOf(error), { code: 'protocol', speaker: 'imap', cause: error });
}

/**
 * The server asks to wait without saying how long. Exchange answers this way ("Server Unavailable. 15", in POP 21) whatever went wrong,
 * even if it permanently fails at one email.
 */
export function isVague(error: MailError): boolean {
	return error.code === 'throttled' && error.retryAfterMs === undefined;
}

/**
 * Returns the cause without what libraries attach to their errors: imapflow and nodemailer keep the auth string, MSAL the request. Type,
 * message and code are kept.
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

/** Returns the calls of a stack, one a line. Its first lines repeat the message, which may contain line breaks and escape sequences. */
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

/** What a person entered in a field cannot be used. @param message follows the name of the field and a colon */
export function inputError(field: string, message: string, remedy: string): MailError {
	return new MailError(`${field}: ${message}`, { code: 'input', field, remedy });
}
