import { label, type Cause, type Circumstances } from './causes/cause';
import { HOST_CAUSES } from './causes/host';
import { IDENTITY_CAUSES } from './causes/identity';
import { IMAP_CAUSES } from './causes/imap';
import { MAIL_CAUSES } from './causes/mail';
import { NETWORK_CAUSES } from './causes/network';
import { POP_CAUSES } from './causes/pop';
import { SMTP_CAUSES } from './causes/smtp';
import { OTHER_SMTP_CAUSES } from './causes/smtpOther';
import { PROXY_CAUSES } from './causes/proxy';
import { STARTTLS_CAUSES } from './causes/starttls';
import { isTransientCode, MailError } from './errors';
import { oneLine, redact, Secrets } from './redact';

export type { Circumstances } from './causes/cause';
export { sizeLimit } from './causes/highVolume';

/**
 * The only table from the words of servers to sentence and remedy. Words are matched nowhere else. The first row that fits wins, so special
 * rows stand above general ones.
 */
export const CAUSES: readonly Cause[] = [
	...PROXY_CAUSES,
	...STARTTLS_CAUSES,
	...IDENTITY_CAUSES,
	...HOST_CAUSES,
	...SMTP_CAUSES,
	...POP_CAUSES,
	...MAIL_CAUSES,
	...IMAP_CAUSES,
	...OTHER_SMTP_CAUSES,
	...NETWORK_CAUSES,
];

/**
 * Number of characters of each text that are compared with the table. No answer that is worth reading is longer, and each row reads the
 * whole text.
 */
const JUDGED = 4_000;
/** Causes can be nested. They are examined to this depth. */
const DEEPEST = 4;

/**
 * Turns whatever a library or server said into one error with a sentence and a remedy. The text is shortened and secrets are removed before
 * it is compared or quoted. A {@link MailError} passes through unchanged.
 */
export function diagnose(cause: unknown, at: Circumstances): MailError {
	if (cause instanceof MailError) return cause;
	const hide = hider(at);
	const foreign = (text: string): string => redact(hide(text));
	const said = foreign(wordsOf(cause));
	const answered = responseOf(cause);
	const response = answered === undefined ? undefined : foreign(at.speaker === 'imap' ? withoutTag(answered) : answered);
	const row = causeOf(said, at, response !== undefined && response !== '');
	const facts = {
		speaker: at.speaker,
		mailbox: at.mailbox,
		command: at.command,
		response,
		cause,
		retryAfterMs: retryAfterOf(cause, said),
		hide,
	};
	if (row === undefined) {
		return new MailError(
			`${label(at)} failed${at.command ? ` at ${at.command}` : ''}: ` +
				`${withoutBrackets(firstLine(response || (cause instanceof Error && foreign(cause.message)) || said))}`,
			{
				...facts,
				code: 'protocol',
				remedy: "Read the server's answer. If it does not help you, report it as an issue of this package.",
			},
		);
	}
	const answer = response === undefined || response === '' ? undefined : `The server said: ${withoutBrackets(firstLine(response))}`;
	const hint = at.speaker === 'identity' || at.speaker === 'host' ? identityHint(said) : undefined;
	const seen: Circumstances = at.speaker === 'identity' ? { ...at, status: statusOf(cause, said) } : at;
	return new MailError(row.sentence(seen), {
		...facts,
		said: answer ?? hint,
		...(row.code === 'throttled' && { retryAfterMs: facts.retryAfterMs ?? at.retryAfterMs }),
		code: row.code,
		permanent: row.permanent,
		lasting: row.lasting,
		remedy: row.remedy(seen),
	});
}

/** Removes the token and the credential's secrets from a text. */
function hider({ token, secrets }: Circumstances): (text: string) => string {
	const own = new Secrets(secrets ?? []);
	return (text) => own.hide(token?.hide(text) ?? text);
}

/** Whether the server refused a connection because the mailbox has too many. */
export function tellsCrowd(error: unknown): boolean {
	return (
		error instanceof MailError &&
		error.code === 'throttled' &&
		causeOf(error.response ?? '', { speaker: 'smtp', command: error.command })?.id === 'smtp-connections'
	);
}

/** Returns everything that a cause says: code, server texts, message, each shortened to what is compared. */
function wordsOf(cause: unknown, depth = 1): string {
	if (!(cause instanceof Error)) return String(cause).slice(0, JUDGED);
	const parts = [
		responseOf(cause),
		field(cause, 'code'),
		field(cause, 'errorCode'),
		field(cause, 'serverResponseCode'),
		field(cause, 'subError'),
		field(cause, 'suberror'),
		field(cause, 'reason'),
		field(cause, 'byeReason'),
		cause.message.slice(0, JUDGED),
		field(cause, 'errorMessage'),
		field(cause, 'description'),
	];
	const nested = cause.cause instanceof Error && depth < DEEPEST ? wordsOf(cause.cause, depth + 1) : '';
	// n8n's OAuth client tells the status of a page only as a number.
	if (field(cause, 'code') === 'ESTATUS') parts.push(`HTTP ${field(cause, 'status')}`);
	// It replaces Microsoft's words with its own, and keeps Microsoft's in `body`.
	const body: unknown = Reflect.get(cause, 'body');
	if (typeof body === 'object' && body !== null)
		for (const name of ['error', 'error_description']) parts.push(textOf(Reflect.get(body, name)));
	return [...parts.filter((part) => part !== undefined && part !== ''), nested].join('\n');
}

/** Returns the server's own answer, if the library keeps it. */
function responseOf(cause: unknown): string | undefined {
	if (!(cause instanceof Error)) return undefined;
	const text = field(cause, 'responseText');
	// imapflow adds the whole line only when its command ends.
	const status = /^(?:NO|BAD)$/.exec(field(cause, 'responseStatus') ?? '')?.[0];
	return field(cause, 'response') ?? (text === undefined || status === undefined ? text : `${status} ${text}`);
}

/** The tag of an IMAP answer is another one each time: hexadecimal from imapflow, `a` in our connection test (RFC 9051, section 2.2.1). */
function withoutTag(answer: string): string {
	return answer.replace(/^(?:a|[0-9A-F]+) (?=(?:NO|BAD|OK)\b)/, '');
}

function field(cause: Error, name: string): string | undefined {
	return textOf(Reflect.get(cause, name));
}

function textOf(value: unknown): string | undefined {
	return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, JUDGED) : undefined;
}

function statusOf(cause: unknown, said: string): number | undefined {
	const told: unknown = cause instanceof Error ? Reflect.get(cause, 'status') : undefined;
	const status = typeof told === 'number' ? told : Number(/\bHTTP (?:status )?(\d{3})\b/.exec(said)?.[1]);
	return Number.isInteger(status) ? status : undefined;
}

function retryAfterOf(cause: unknown, said: string): number | undefined {
	const backoff = /Suggested Backoff Time:?\s*(\d+)\s*(?:milliseconds|ms)?/i.exec(said)?.[1];
	if (backoff !== undefined) return Number(backoff);
	for (const name of ['throttleReset', 'retryAfterMs']) {
		const ms = cause instanceof Error ? Number(Reflect.get(cause, name)) : NaN;
		if (Number.isFinite(ms) && ms > 0) return ms;
	}
	return undefined;
}

/**
 * Returns the AADSTS sentence, always with its trace IDs, because Microsoft's support asks for them. They may stand on lines of their own.
 */
function identityHint(said: string): string | undefined {
	const words = /AADSTS\d+:[^\n\r]*/.exec(said.replace(/\r?\n(?=(?:Trace ID|Correlation ID|Timestamp):)/g, ' '))?.[0];
	if (words === undefined) return undefined;
	const ids = words.indexOf('Trace ID:');
	const sentence = (ids < 0 ? words : words.slice(0, ids)).trimEnd();
	return `Microsoft said: ${withoutBrackets(sentence.slice(0, 400))}${ids < 0 ? '' : ` ${words.slice(ids, ids + 200)}`}`;
}

function firstLine(text: string): string {
	return oneLine(text.split(/[\r\n]/, 1)[0]?.slice(0, 300) ?? '');
}

/** Replaces angle brackets, because n8n takes what is between them for markup and hides it. */
function withoutBrackets(text: string): string {
	return text.replace(/[<>]/g, (bracket) => (bracket === '<' ? '(' : ')'));
}

type Told = Pick<Circumstances, 'speaker' | 'command'>;

/** Finds the narrowest match over the whole table: a name, then a number, then a code, then words. */
function causeOf(said: string, { speaker, command = '' }: Told, hasResponse = false): Cause | undefined {
	const answered = speaker === 'smtp' ? answerOf(said) : undefined;
	// A server that answers was reached. What imapflow keeps as an answer may be about the connection.
	const wasReached = speaker === 'pop' && hasResponse;
	const rows = CAUSES.filter(
		(cause) =>
			cause.speakers.includes(speaker) &&
			(answered === undefined || fits(cause, answered.reply)) &&
			!(wasReached && NETWORK_CAUSES.includes(cause)),
	);
	const numbers = [...said.matchAll(/\bAADSTS(\d{1,12})/g)].map(([, number]) => Number(number));
	// Where there are several, the first is the general one: "AADSTS70002: Error validating credentials. AADSTS500133: …".
	const ofNumber = numbers.map((number) => rows.find(({ aadsts }) => aadsts?.includes(number))).filter((row) => row !== undefined);
	return (
		rows.find(({ names }) => names?.test(said) === true) ??
		ofNumber.at(-1) ??
		rows.find(({ codes }) => answered?.codes.some((code) => codes?.includes(code) === true) === true) ??
		rows.find(({ words, command: at }) => words?.test(said) === true && (at?.test(command) ?? true))
	);
}

/**
 * Returns the reply code and the enhanced codes of an SMTP answer (RFC 5321, section 4.2; RFC 2034). They count only at the beginning of
 * its lines.
 */
function answerOf(said: string): { reply: string; codes: string[] } | undefined {
	const lines = [...said.matchAll(/^[ \t]{0,4}([245]\d\d)(?:[ -](?:([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?|$)/gm)];
	const reply = lines[0]?.[1];
	return reply === undefined ? undefined : { reply, codes: lines.map(([, , code]) => code).filter((code) => code !== undefined) };
}

/**
 * Keeps the rows that agree with the class of the reply, which decides whether the same may be tried again (RFC 5321, section 4.2.1),
 * whatever its words say. A server that answers was also reached.
 */
function fits(cause: Cause, reply: string): boolean {
	return isTransientCode(cause.code) === reply.startsWith('4') && !NETWORK_CAUSES.includes(cause);
}
