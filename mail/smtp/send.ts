import type { Account } from '../account';
import { MailError } from '../errors';
import type { ComposedMail } from './message';
import { withSmtp } from './pool';
import { SendFailure, type Receipt } from './session';

/** How long a transient failure is worked against, and what happens when the server may already have the mail. */
export interface Persistence {
	/** Ms from the first attempt on. */
	retryForMs: number;
	/** Send once more where the answer to the mail was lost; the recipient may get it twice. */
	resendUnknown: boolean;
	/** Tells of each retry, for the log. */
	onRetry?: (reason: MailError, attempt: number, pauseMs: number) => void;
}

export interface Sent extends Receipt {
	messageId: string;
	attempts: number;
	/** Ms from first attempt to answer. */
	tookMs: number;
	/** The server may have taken the mail, but its answer was lost. */
	deliveryUnknown: boolean;
}

const LONGEST_PAUSE_MS = 30_000;

/**
 * Sends one mail, again after transient failures (`432`, `421`, `4xx`, a broken connection), always with the same
 * Message-ID. What the server refused for good is not tried again.
 * @throws MailError
 */
export async function sendMail(account: Account, mail: ComposedMail, persistence: Persistence): Promise<Sent> {
	const started = Date.now();
	for (let attempt = 1; ; attempt += 1) {
		try {
			const receipt = await attemptOnce(account, mail);
			return { ...receipt, messageId: mail.messageId, attempts: attempt, tookMs: Date.now() - started, deliveryUnknown: false };
		} catch (error) {
			const failure = error instanceof SendFailure ? error : undefined;
			const reason = failure?.reason ?? error;
			if (!(reason instanceof MailError)) throw error;
			if (failure?.deliveryUnknown === true && !persistence.resendUnknown) {
				return { accepted: [], rejected: [], response: reason.message, size: mail.size, messageId: mail.messageId, attempts: attempt, tookMs: Date.now() - started, deliveryUnknown: true };
			}
			const pause = reason.retryAfterMs ?? Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempt - 1)) * (0.5 + Math.random());
			if (reason.permanent || reason.code === 'protocol' || Date.now() - started + pause > persistence.retryForMs) throw reason;
			persistence.onRetry?.(reason, attempt, Math.round(pause));
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
}

async function attemptOnce(account: Account, mail: ComposedMail): Promise<Receipt> {
	return await withSmtp(account, async (session) => {
		const message = await mail.open();
		try {
			return await session.send({ from: mail.from, to: mail.recipients, size: mail.size, use8BitMime: mail.eightBit, dsn: mail.dsn }, message);
		} catch (error) {
			if (session.alive) await session.reset();
			throw error;
		} finally {
			message.destroy();
		}
	});
}
