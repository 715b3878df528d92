import { DAY_MS } from '../durations';
import { fetchByUid, instantOf } from '../imap/fetch';
import { UIDS_IN_COMMAND } from '../imap/search';
import type { Connection } from './sessions';

/** For fewer emails than this, their dates are requested directly, because a search by days would cost as many commands. */
const FEW = 10 * UIDS_IN_COMMAND;

/** Before the first email with an INTERNALDATE. */
const FIRST_DAY = Date.UTC(1980, 0, 1);

/**
 * Returns emails of one folder in the order in which they were received. This is not the order of their UIDs, because an email that is
 * moved to a folder gets the highest UID and keeps its INTERNALDATE. Exchange has no SORT (RFC 5256).
 *
 * @param atLeast number of first emails that are needed; of the others, some may be missing
 * @throws MailError
 */
export async function byArrival(
	connection: Connection,
	folder: string,
	uids: readonly number[],
	newestFirst: boolean,
	atLeast: number,
): Promise<number[]> {
	const chosen = uids.length <= FEW || atLeast >= uids.length ? uids : await firstDays(connection, folder, uids, newestFirst, atLeast);
	const some = [...chosen].sort((one, other) => one - other);
	const received = new Map<number, number>();
	for (let from = 0; from < some.length; from += UIDS_IN_COMMAND) {
		const part = some.slice(from, from + UIDS_IN_COMMAND);
		const told = await connection.repeat(
			folder,
			async (session) => await session.run('UID FETCH', async (client) => await fetchByUid(client, part, { internalDate: true })),
		);
		for (const [uid, { internalDate }] of told) received.set(uid, instantOf(internalDate));
	}
	const order = newestFirst ? -1 : 1;
	return [...received].sort(([uid, instant], [otherUid, other]) => order * (instant - other || uid - otherUid)).map(([uid]) => uid);
}

/** Returns the emails of the smallest number of days, from the newest or the oldest, that has `atLeast` of them. */
async function firstDays(
	connection: Connection,
	folder: string,
	uids: readonly number[],
	newestFirst: boolean,
	atLeast: number,
): Promise<readonly number[]> {
	const within = async (day: number): Promise<readonly number[]> => {
		const text = new Date(day * DAY_MS).toISOString().slice(0, 10);
		const found = await connection.repeat(
			folder,
			async (session) =>
				await session.run('UID SEARCH', async (client) => {
					const told = await client.search(newestFirst ? { since: text } : { before: text }, { uid: true });
					if (Array.isArray(told)) return new Set(told);
					throw session.refusal('UID SEARCH');
				}),
		);
		return uids.filter((uid) => found.has(uid));
	};
	// `near` has too few, `far` is known to have enough.
	const days = [Math.floor(FIRST_DAY / DAY_MS), Math.ceil(Date.now() / DAY_MS) + 2] as const;
	let [near, far] = newestFirst ? [days[1], days[0]] : [days[0], days[1]];
	while (Math.abs(far - near) > 1) {
		const middle = Math.floor((near + far) / 2);
		if ((await within(middle)).length >= atLeast) far = middle;
		else near = middle;
	}
	// SEARCH counts days in the server's time zone, so one more day is included.
	const enough = await within(newestFirst ? far - 1 : far + 1);
	return enough.length >= atLeast ? enough : uids;
}
