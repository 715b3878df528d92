import type { Account } from '../account';
import { diagnose } from '../diagnosis';
import { MailError } from '../errors';
import type { ComposedMail } from '../compose/message';
import { askUnlessRefused } from '../refusals';
import { keepPace, pause, stopped } from './pace';
import { withSmtp } from './pool';
import { isTransient, Recipients } from './recipients';
import { serverMessageId } from './serverMessageId';
import { SendFailure } from './sendFailure';
import type { Receipt, SmtpSession } from './session';

/** How long transient failures are retried, and what happens if the server may already have the email. */
export interface Persistence {
	/** Ms from the first attempt on. The time in the queue does not count. */
	retryForMs: number;
	/** The same for a host that cannot be reached; undefined = the same time. */
	unreachableForMs?: number;
	/** Send again if the answer to the email was lost. The recipient may then get it twice. */
	resendUnknown: boolean;
	/** Maximum number of emails a minute from this mailbox in this process; 0 or undefined = the server sets the pace. */
	messagesPerMinute?: number;
	/** Ends waits and retries. An email that is being sent is finished. */
	signal?: AbortSignal;
	/** Records that the email may have been sent. */
	departure?: Departure;
	/** Called before each retry, for the log. */
	onRetry?: (reason: MailError, attempt: number, pauseMs: number) => void;
	/** Called with the reason why the email is not sent again to the remaining recipients, if others have it or may have it. */
	onGiveUp?: (reason: Error) => void;
}

/** Called for each attempt in which the server asks for the content of the email. */
export interface Departure {
	/** Awaited before the first byte of the content is sent. If it fails, nothing is sent. */
	begin: () => Promise<void>;
	/** Called if that attempt has failed and nobody has the email. A pause may follow before the next attempt. */
	takeBack: () => Promise<void>;
}

export interface Sent extends Receipt {
	/** The recipients who may have the email. They are in neither of the other lists. */
	unknown: string[];
	/** The Message-ID that recipients see: the server's, if the server replaced it. */
	messageId: string;
	/** The Message-ID with which the email was submitted, if the server replaced it. */
	submittedMessageId?: string;
	attempts: number;
	/** Ms from the first attempt to the answer, with the pauses before retries and without the time in the queue. */
	tookMs: number;
	/** Ms in the queue, waiting for a free connection and for the pace that is set. */
	queuedMs: number;
	/** The server may have accepted the email for the recipients in `unknown`, but its answer was lost. */
	deliveryUnknown: boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one email. Retries after transient failures (`432`, `421`, `4xx`, a broken connection), always with the same Message-ID, and
 * only for those who do not have the email yet. A permanent refusal is not retried. After an attempt by which somebody got the email,
 * the pauses start again with the shortest one, because a server may accept a long list in parts (RFC 5321, section 4.5.3.1.10).
 * @throws MailError
 */
export async function sendMail(account: Account, mail: ComposedMail, persistence: Persistence): Promise<Sent> {
	const { retryForMs, unreachableForMs = retryForMs, resendUnknown, signal, onRetry, onGiveUp } = persistence;
	const recipients = new Recipients(mail.recipients, resendUnknown);
	const left = new Left(persistence.departure);
	const started = Date.now();
	let [queuedMs, pauseMs] = [0, 0];
	let told = { response: '', size: mail.size };
	let doubt = '';
	for (let [attempt, fruitless] = [1, 0]; ; attempt += 1, fruitless += 1) {
		const to = recipients.open;
		let reason: unknown;
		try {
			if (pauseMs > 0) await pause(pauseMs, signal);
			const receipt = await attemptOnce(
				account,
				{ ...mail, recipients: to },
				{ ...persistence, departure: left },
				(ms) => (queuedMs += ms),
			);
			recipients.took(receipt);
			told = receipt;
			fruitless = 0;
			reason = deferral(account, receipt);
		} catch (error) {
			reason = error instanceof SendFailure ? error.reason : error;
			if (error instanceof SendFailure) recipients.failed(to, error);
			if (error instanceof SendFailure && error.deliveryUnknown) doubt = error.summary;
			if (!recipients.reached) await left.takeBack();
		}
		if (reason instanceof MailError && !reason.permanent && reason.code !== 'protocol' && recipients.open.length > 0) {
			pauseMs = Math.round(reason.retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** fruitless) * (0.5 + Math.random()));
			const budget = reason.code === 'unreachable' || reason.code === 'timeout' ? Math.min(retryForMs, unreachableForMs) : retryForMs;
			if (Date.now() - started - queuedMs + pauseMs <= budget) {
				onRetry?.(reason, attempt, pauseMs);
				continue;
			}
		}
		if (!recipients.reached) throw reason instanceof MailError ? recipients.refusal(afterAll(reason, attempt, persistence)) : reason;
		if (reason instanceof Error) onGiveUp?.(reason);
		const { standing } = recipients;
		const deliveryUnknown = standing.unknown.length > 0;
		return {
			...standing,
			...messageIds(mail.messageId, told.response),
			response: deliveryUnknown ? doubt : told.response,
			size: told.size,
			attempts: attempt,
			tookMs: Date.now() - started - queuedMs,
			queuedMs,
			deliveryUnknown,
		};
	}
}

/** The last failure, in words that promise nothing more. */
function afterAll(reason: MailError, attempts: number, { retryForMs }: Persistence): MailError {
	if (reason.permanent || !(reason.code === 'throttled' || reason.code === 'lost')) return reason;
	const tried = attempts === 1 ? 'once' : `${attempts} times within ${Math.round(retryForMs / 1000)} s`;
	return reason.advising(
		`This was tried ${tried}. Run the item again later. If it fails often, raise the option Retry For, ` +
			'or let fewer emails go out at a time: other programs that send from this mailbox count too.',
	);
}

/** Remembers whether an email may have been sent, so that the record gets each change once. */
class Left implements Departure {
	#begun: Promise<void> | undefined;

	constructor(private readonly record: Departure | undefined) {}

	begin = async (): Promise<void> => await (this.#begun ??= this.record?.begin());

	takeBack = async (): Promise<void> => {
		if (this.#begun === undefined) return;
		// The connection may have ended while the record was being written.
		await Promise.allSettled([this.#begun]);
		this.#begun = undefined;
		await this.record?.takeBack();
	};
}

function messageIds(submitted: string, response: string): Pick<Sent, 'messageId' | 'submittedMessageId'> {
	const given = serverMessageId(response, submitted);
	return given === undefined ? { messageId: submitted } : { messageId: given, submittedMessageId: submitted };
}

/** Why the email is sent again although others have it. */
function deferral({ mailbox }: Account, { rejected }: Receipt): MailError | undefined {
	const response = rejected.find((one) => isTransient(one.response))?.response;
	return response === undefined
		? undefined
		: diagnose(Object.assign(new Error(response), { response }), { speaker: 'smtp', mailbox, command: 'RCPT TO' });
}

/** After this many refusals in a row, for whatever persons, the mailbox is taken to have no right to send on behalf of anybody. */
const MOST_ON_BEHALF = 20;

/** Opens the email again for each attempt, so that none of its content stays in memory. */
async function attemptOnce(
	account: Account,
	mail: ComposedMail,
	{ messagesPerMinute = 0, signal, departure }: Persistence,
	queued: (ms: number) => void,
): Promise<Receipt> {
	const asked = Date.now();
	const use = async (session: SmtpSession, giveBack: () => void): Promise<Receipt> => {
		session.requireRoom(mail.size);
		// The server answers one email after the other.
		const lentAt = Date.now();
		void session.answered().then(() => queued(Date.now() - lentAt));
		const message = await mail.open();
		try {
			// The execution may have been stopped during the sign-in, or while files were being opened.
			if (signal?.aborted === true) throw stopped();
			return await session.send(
				{ from: mail.from, author: mail.author, to: mail.recipients, size: mail.size, use8BitMime: mail.eightBit, dsn: mail.dsn },
				message,
				{ beforeContent: departure?.begin, onWritten: giveBack },
			);
		} finally {
			message.destroy();
		}
	};
	await keepPace(account, messagesPerMinute, signal);
	const send = async (): Promise<Receipt> => await withSmtp(account, use, { signal, onTurn: () => queued(Date.now() - asked) });
	// Who may not send on behalf of one person may still send on behalf of another, or as themselves.
	if (mail.author === undefined) return await askUnlessRefused(account, `email from ${mail.from}`, send);
	const one = async (): Promise<Receipt> => await askUnlessRefused(account, `email on behalf of ${mail.author}`, send);
	return await askUnlessRefused(account, 'email on behalf of others', one, MOST_ON_BEHALF);
}
