import type { Account } from '../account';
import { MailError } from '../errors';
import type { ComposedMail } from './message';
import { keepPace, pause } from './pace';
import { withSmtp } from './pool';
import { SendFailure, type Receipt, type SmtpSession } from './session';

/** How long a transient failure is worked against, and what happens when the server may already have the mail. */
export interface Persistence {
	/** Ms from the first attempt on, the time in the queue not counted. */
	retryForMs: number;
	/** Send once more where the answer to the mail was lost; the recipient may get it twice. */
	resendUnknown: boolean;
	/** No more mails a minute from this mailbox in this process; 0 or undefined = the server sets the pace. */
	messagesPerMinute?: number;
	/** Ends waits and retries; a mail under way is finished. */
	signal?: AbortSignal;
	/** Tells of each retry, for the log. */
	onRetry?: (reason: MailError, attempt: number, pauseMs: number) => void;
}

export interface Sent extends Receipt {
	messageId: string;
	attempts: number;
	/** Ms from first attempt to answer, pauses before retries included, the time in the queue not. */
	tookMs: number;
	/** Ms in the queue: for a free connection and for the set pace. */
	queuedMs: number;
	/** The server may have taken the mail, but its answer was lost. */
	deliveryUnknown: boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one mail, again after transient failures (`432`, `421`, `4xx`, a broken connection), always with the same
 * Message-ID. What the server refused for good is not tried again.
 * @throws MailError
 */
export async function sendMail(account: Account, mail: ComposedMail, persistence: Persistence): Promise<Sent> {
	const { retryForMs, resendUnknown, signal, onRetry } = persistence;
	const started = Date.now();
	let queuedMs = 0;
	let pauseMs = 0;
	let unknown = false;
	for (let attempt = 1; ; attempt += 1) {
		const times = (): Pick<Sent, 'messageId' | 'attempts' | 'tookMs' | 'queuedMs'> => ({ messageId: mail.messageId, attempts: attempt, tookMs: Date.now() - started - queuedMs, queuedMs });
		try {
			if (pauseMs > 0) await pause(pauseMs, signal);
			const receipt = await attemptOnce(account, mail, persistence, (ms) => (queuedMs += ms));
			return { ...receipt, ...times(), deliveryUnknown: false };
		} catch (error) {
			const reason = error instanceof SendFailure ? error.reason : error;
			if (!(reason instanceof MailError)) throw error;
			unknown ||= error instanceof SendFailure && error.deliveryUnknown;
			pauseMs = Math.round(reason.retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random()));
			const hopeless = reason.permanent || reason.code === 'protocol' || Date.now() - started - queuedMs + pauseMs > retryForMs;
			if (unknown && (!resendUnknown || hopeless)) {
				return { accepted: [], rejected: [], response: reason.message, size: mail.size, ...times(), deliveryUnknown: true };
			}
			if (hopeless) throw reason;
			onRetry?.(reason, attempt, pauseMs);
		}
	}
}

/** The mail is opened anew for each attempt, so that nothing of it stays in memory. */
async function attemptOnce(account: Account, mail: ComposedMail, { messagesPerMinute = 0, signal }: Persistence, queued: (ms: number) => void): Promise<Receipt> {
	const asked = Date.now();
	const use = async (session: SmtpSession, giveBack: () => void): Promise<Receipt> => {
		session.requireRoom(mail.size);
		// The server answers one after the other.
		const lentAt = Date.now();
		void session.answered().then(() => queued(Date.now() - lentAt));
		const message = await mail.open();
		try {
			return await session.send({ from: mail.from, to: mail.recipients, size: mail.size, use8BitMime: mail.eightBit, dsn: mail.dsn }, message, giveBack);
		} finally {
			message.destroy();
		}
	};
	await keepPace(account, messagesPerMinute, signal);
	return await withSmtp(account, use, { signal, onTurn: () => queued(Date.now() - asked) });
}
