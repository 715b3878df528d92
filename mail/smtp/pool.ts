import { endpointOf, senderOf, type Account } from '../account';
import { tellsCrowd } from '../diagnosis';
import { Places } from '../places';
import { connectionsOfProcess, CONNECTIONS } from './connections';
import { stopped } from './pace';
import { SendFailure } from './sendFailure';
import { SmtpSession } from './session';

/** Number of emails at a time that keeps all connections busy: while one waits for its answer, the next is sent behind it. */
export const MAILS_AT_A_TIME = 2 * CONNECTIONS;
/** How long an idle session is kept for the next execution, in ms. */
const KEEP_MS = 10_000;
/** How long a mailbox gets fewer connections after the server has refused one as too many, in ms. */
const NARROW_MS = 60_000;

interface Lane {
	readonly places: Places;
	/** Number of connections that this process may have. */
	readonly most: number;
	idle: Array<{ session: SmtpSession; owner: string; timer: NodeJS.Timeout }>;
	/** Number of connections allowed until `narrowUntil`, because other programs use some of the mailbox's connections. */
	narrow: number;
	narrowUntil: number;
}

export interface Turn {
	/** Ends the wait for a free connection. An email that is being sent is finished. */
	signal?: AbortSignal;
	/** Called when a connection is free for the caller. */
	onTurn?: () => void;
}

/** Shared by the whole process: the limit counts for the account that signs in, whichever workflow sends. */
const lanes = new Map<string, Lane>();

/**
 * Lends a session to `use`: an idle one of the same owner, or a new one, but never more than {@link connectionsOfProcess} for a mailbox
 * in this process. Others can use the session again when `use` has ended at the latest, unless it broke or its token is about to end.
 */
export async function withSmtp<T>(account: Account, use: Use<T>, turn: Turn = {}): Promise<T> {
	const { host, port } = endpointOf(account, 'smtp');
	const key = `${senderOf(account)} ${host}:${port}`;
	const lane = lanes.get(key) ?? newLane();
	lanes.set(key, lane);
	await lane.places.enter(turn.signal);
	const leave = once(() => {
		lane.places.leave();
		if (lane.places.taken === 0 && lane.idle.length === 0 && lane.narrowUntil < Date.now()) lanes.delete(key);
	});
	try {
		turn.onTurn?.();
		return await lend(lane, account, use, leave);
	} finally {
		leave();
	}
}

/** @param giveBack lets others use the session while the answer to the email is still to come */
type Use<T> = (session: SmtpSession, giveBack: () => void) => Promise<T>;

function once(act: () => void): () => void {
	let done = false;
	return () => {
		if (!done) act();
		done = true;
	};
}

function newLane(): Lane {
	const most = connectionsOfProcess();
	const places = new Places(() => widthOf(lane), stopped);
	const lane: Lane = { places, most, idle: [], narrow: most, narrowUntil: 0 };
	return lane;
}

function widthOf(lane: Lane): number {
	return Date.now() < lane.narrowUntil ? lane.narrow : lane.most;
}

async function lend<T>(lane: Lane, account: Account, use: Use<T>, leave: () => void): Promise<T> {
	let session: SmtpSession | undefined;
	let lent = true;
	const giveBack = (): void => {
		if (!lent || session?.alive !== true) return;
		lent = false;
		keep(lane, session, ownerOf(account));
		leave();
	};
	try {
		session = (await takeIdle(lane, ownerOf(account))) ?? (await SmtpSession.open(account));
		return await use(session, giveBack);
	} catch (error) {
		if (tellsCrowd(error instanceof SendFailure ? error.reason : error)) {
			lane.narrow = Math.max(1, lane.places.taken + lane.idle.length - 1);
			lane.narrowUntil = Date.now() + NARROW_MS;
			session?.close();
		}
		throw error;
	} finally {
		giveBack();
		// The place is free only after the server has seen the connection end.
		if (lent) await session?.quit();
	}
}

/** Each session sends for one mailbox, because its errors name the mailbox. */
function ownerOf({ id, owner = id, mailbox }: Account): string {
	return `${owner} ${mailbox.toLowerCase()}`;
}

/** Takes an idle session of this owner. If the limit would be exceeded, closes idle sessions of other owners. */
async function takeIdle(lane: Lane, owner: string): Promise<SmtpSession | undefined> {
	for (;;) {
		const index = lane.idle.findIndex((entry) => entry.owner === owner);
		const [entry] = index < 0 ? [] : lane.idle.splice(index, 1);
		if (entry === undefined) break;
		clearTimeout(entry.timer);
		if (entry.session.alive) return entry.session;
		await entry.session.quit();
	}
	while (lane.idle.length + lane.places.taken > widthOf(lane)) {
		const oldest = lane.idle.shift();
		if (oldest === undefined) break;
		clearTimeout(oldest.timer);
		await oldest.session.quit();
	}
	return undefined;
}

function keep(lane: Lane, session: SmtpSession, owner: string): void {
	const entry = {
		session,
		owner,
		// The timer must not keep the process running.
		timer: setTimeout(() => {
			if (session.busy) return void entry.timer.refresh();
			lane.idle = lane.idle.filter((other) => other !== entry);
			void session.quit();
		}, KEEP_MS).unref(),
	};
	lane.idle.push(entry);
}
