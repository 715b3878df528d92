import { asMailError, MailError } from '../../errors';
import type { ImapSession } from '../../imap/session';

/** Time that activation waits for the first session, in ms. After it, the watch goes on without anybody waiting. */
const FIRST_SESSION_MS = 20_000;

/** The result of the first attempt. */
export interface First {
	session?: ImapSession;
	fault?: MailError;
}

/** The first session of a watch. Activation waits for it, but only for a limited time. The session then waits until the watch runs. */
export class FirstAttempt {
	readonly #limit = new AbortController();
	#first: First | undefined;

	/** Opens a session and looks for the first time. @returns why there is no session */
	async make(
		open: (signal: AbortSignal) => Promise<ImapSession>,
		look: (session: ImapSession) => Promise<void>,
		mailbox: () => string,
	): Promise<MailError | undefined> {
		const { signal } = this.#limit;
		const timer = setTimeout(() => this.#limit.abort(), FIRST_SESSION_MS);
		const session = prepared(async () => await open(signal), signal, look);
		try {
			this.#first = { session: await Promise.race([session, aborted(signal)]) };
			return undefined;
		} catch (error) {
			session.then(
				(late) => late.close(),
				() => undefined,
			);
			const fault = signal.aborted
				? new MailError('The server did not answer in time.', { code: 'timeout', speaker: 'imap', mailbox: mailbox() })
				: asMailError(error);
			this.#first = { fault };
			return fault;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Returns the session to the watch, which continues with it. */
	take(): First | undefined {
		const first = this.#first;
		this.#first = undefined;
		return first;
	}

	stop(): void {
		this.#limit.abort();
		this.#first?.session?.close();
	}
}

async function aborted(signal: AbortSignal): Promise<never> {
	return await new Promise((_resolve, reject) => {
		const abort = (): void => reject(new Error('aborted'));
		if (signal.aborted) abort();
		else signal.addEventListener('abort', abort, { once: true });
	});
}

export function stoppedWatch(): MailError {
	return new MailError('The watch was stopped.', { code: 'stopped', speaker: 'imap' });
}

/** Opens a session and prepares it. Closes it if that fails or the signal is aborted meanwhile. */
export async function prepared(
	open: () => Promise<ImapSession>,
	signal: AbortSignal,
	prepare: (session: ImapSession) => Promise<void>,
): Promise<ImapSession> {
	const session = await open();
	const abort = (): void => session.close();
	signal.addEventListener('abort', abort);
	try {
		await prepare(session);
		return session;
	} catch (error) {
		session.close();
		throw error;
	} finally {
		signal.removeEventListener('abort', abort);
	}
}
