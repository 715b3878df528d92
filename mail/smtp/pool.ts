import { endpointOf, type Account } from '../account';
import { SmtpSession } from './session';

/** Exchange Online takes 3 connections a mailbox at a time (`432 4.3.2` beyond). */
export const CONNECTIONS = 3;
/** How long an idle session is kept for the next execution, in ms. */
const KEEP_MS = 10_000;

interface Lane {
	busy: number;
	waiting: Array<() => void>;
	idle: Array<{ session: SmtpSession; owner: string; timer: NodeJS.Timeout }>;
}

/** Of the whole process: the limit counts for the mailbox, whichever workflow sends. */
const lanes = new Map<string, Lane>();

/**
 * Lends a session to `use`: an idle one of the same credential, or a new one, never more than {@link CONNECTIONS} a
 * mailbox in this process. The session goes back for others unless it broke or its token is about to end.
 */
export async function withSmtp<T>(account: Account, use: (session: SmtpSession) => Promise<T>): Promise<T> {
	const { host, port } = endpointOf(account, 'smtp');
	const key = `${account.mailbox.toLowerCase()} ${host}:${port}`;
	const lane = lanes.get(key) ?? { busy: 0, waiting: [], idle: [] };
	lanes.set(key, lane);
	if (lane.busy >= CONNECTIONS) await new Promise<void>((resolve) => lane.waiting.push(resolve));
	else lane.busy += 1;
	try {
		const session = (await takeIdle(lane, account.id)) ?? (await SmtpSession.open(account));
		try {
			return await use(session);
		} finally {
			if (session.alive) keep(lane, session, account.id);
			else session.quit();
		}
	} finally {
		const next = lane.waiting.shift();
		if (next) next();
		else lane.busy -= 1;
		if (lane.busy === 0 && lane.idle.length === 0 && lane.waiting.length === 0) lanes.delete(key);
	}
}

/** An idle session of this credential; one of another makes room where the limit would be passed. */
async function takeIdle(lane: Lane, owner: string): Promise<SmtpSession | undefined> {
	for (;;) {
		const index = lane.idle.findIndex((entry) => entry.owner === owner);
		const [entry] = index < 0 ? [] : lane.idle.splice(index, 1);
		if (entry === undefined) break;
		clearTimeout(entry.timer);
		if (entry.session.alive) return entry.session;
		entry.session.quit();
	}
	while (lane.idle.length + lane.busy > CONNECTIONS) {
		const oldest = lane.idle.shift();
		if (oldest === undefined) break;
		clearTimeout(oldest.timer);
		oldest.session.quit();
	}
	return undefined;
}

function keep(lane: Lane, session: SmtpSession, owner: string): void {
	const entry = {
		session,
		owner,
		// Not to hold up the end of the process.
		timer: setTimeout(() => {
			lane.idle = lane.idle.filter((other) => other !== entry);
			session.quit();
		}, KEEP_MS).unref(),
	};
	lane.idle.push(entry);
}
