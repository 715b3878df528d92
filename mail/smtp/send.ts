import type { Account } from '../account';
import { diagnose } from '../diagnosis';
import { MailError } from '../errors';
import type { ComposedMail } from '../compose/message';
import { keepPace, pause } from './pace';
import { withSmtp } from './pool';
import { isTransient, Recipients } from './recipients';
import { serverMessageId } from './serverMessageId';
import { SendFailure, type Receipt, type SmtpSession } from './session';

/** How long a transient failure is worked against, and what happens when the server may already have the mail. */
export interface Persistence {
	/** Ms from the first attempt on, the time in the queue not counted. */
	retryForMs: number;
	/** The same for a host that could not be reached even once; undefined = as long. */
	unreachableForMs?: number;
	/** Send once more where the answer to the mail was lost; the recipient may get it twice. */
	resendUnknown: boolean;
	/** No more mails a minute from this mailbox in this process; 0 or undefined = the server sets the pace. */
	messagesPerMinute?: number;
	/** Ends waits and retries; a mail under way is finished. */
	signal?: AbortSignal;
	/** Keeps a record of what may have left. */
	departure?: Departure;
	/** Tells of each retry, for the log. */
	onRetry?: (reason: MailError, attempt: number, pauseMs: number) => void;
	/** Tells why the mail is not sent again to those who are left, where others have it or may have it. */
	onGiveUp?: (reason: Error) => void;
}

/** Told of each attempt that gets so far that the server asks for the content of the mail. */
export interface Departure {
	/** Awaited before the first byte of the content leaves; where it fails, nothing is sent. */
	begin: () => Promise<void>;
	/** That attempt failed, nobody has got the mail, and there may be a pause before the next one. */
	takeBack: () => Promise<void>;
}

export interface Sent extends Receipt {
	/** Who may have the mail: in neither of the other lists. */
	unknown: string[];
	/** What recipients see: the server's where it gave the mail one of its own. */
	messageId: string;
	/** The one that the mail was submitted with, where the server put another in its place. */
	submittedMessageId?: string;
	attempts: number;
	/** Ms from first attempt to answer, pauses before retries included, the time in the queue not. */
	tookMs: number;
	/** Ms in the queue: for a free connection and for the set pace. */
	queuedMs: number;
	/** The server may have taken the mail for those in `unknown`, but its answer was lost. */
	deliveryUnknown: boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one mail, again after transient failures (`432`, `421`, `4xx`, a broken connection), always with the same
 * Message-ID, and only to those who do not have it yet. What the server refused for good is not tried again. After an
 * attempt that somebody got the mail by, the pauses begin anew: a long list may be taken part by part (RFC 5321,
 * section 4.5.3.1.10).
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
		if (!recipients.reached) throw reason instanceof MailError ? recipients.refusal(reason) : reason;
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

/** Whether a mail may have left, so that the record is told once of each change. */
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

/** Why the mail goes out again, though others have it. */
function deferral({ mailbox }: Account, { rejected }: Receipt): MailError | undefined {
	const response = rejected.find((one) => isTransient(one.response))?.response;
	return response === undefined
		? undefined
		: diagnose(Object.assign(new Error(response), { response }), { speaker: 'smtp', mailbox, command: 'RCPT TO' });
}

/** The mail is opened anew for each attempt, so that nothing of it stays in memory. */
async function attemptOnce(
	account: Account,
	mail: ComposedMail,
	{ messagesPerMinute = 0, signal, departure }: Persistence,
	queued: (ms: number) => void,
): Promise<Receipt> {
	const asked = Date.now();
	const use = async (session: SmtpSession, giveBack: () => void): Promise<Receipt> => {
		session.requireRoom(mail.size);
		// The server answers one after the other.
		const lentAt = Date.now();
		void session.answered().then(() => queued(Date.now() - lentAt));
		const message = await mail.open();
		try {
			return await session.send(
				{ from: mail.from, to: mail.recipients, size: mail.size, use8BitMime: mail.eightBit, dsn: mail.dsn },
				message,
				{ beforeContent: departure?.begin, onWritten: giveBack },
			);
		} finally {
			message.destroy();
		}
	};
	await keepPace(account, messagesPerMinute, signal);
	return await withSmtp(account, use, { signal, onTurn: () => queued(Date.now() - asked) });
}
