import { isVague, MailError } from '../errors';
import { stillThere } from '../imap/ask';
import { rangeOf } from '../imap/fetch';
import { TRIES } from '../imap/request';
import type { ImapSession } from '../imap/session';
import { lookFor, takeNote, type Note } from './destination';
import type { There } from './locate';
import { all, refused, requirePlace, whenFull, type Done, type Place } from './outcome';
import { remove, requireNoOthersMarked } from './remove';
import type { Connection } from './sessions';

/** The emails of one command. */
interface Lot {
	/** Those that it has not been carried out for, as far as is known. */
	left: readonly number[];
	/** Those that it was certainly carried out for, with their new UIDs. */
	readonly done: Map<number, Done>;
	/** Those that the server said it was carried out for, without their new UIDs. */
	readonly confirmed: Set<number>;
}

/** Moves emails, with MOVE or by a copy and a deletion. @throws MailError if nothing is known about any of them */
export async function move(connection: Connection, place: Place, mails: readonly There[], to: string): Promise<Map<number, Done>> {
	const uids = mails.map(({ uid }) => uid);
	const hasMove = await connection.repeat(place.folder, async (session) => {
		if (session.client.capabilities.has('MOVE')) return true;
		await requireNoOthersMarked(session, uids);
		return false;
	});
	if (hasMove) return await moveDirectly(connection, place, mails, to);
	// Without MOVE (RFC 6851), the emails are copied, and only those that were certainly copied are deleted.
	const copied = await copy(connection, place, uids, to);
	const there = uids.filter((uid) => copied.get(uid)?.kind === 'done');
	if (there.length === 0) return copied;
	const removed = await remove(connection, place, there).catch((error: unknown) => {
		if (error instanceof MailError) return all(there, { kind: 'failed', error });
		throw error;
	});
	for (const [uid, { error }] of failuresOf(removed)) copied.set(uid, { kind: 'failed', error: isInBoth(error, place.folder, to) });
	return copied;
}

function failuresOf(results: ReadonlyMap<number, Done>): Array<[number, Extract<Done, { kind: 'failed' }>]> {
	return [...results].flatMap(([uid, done]) => (done.kind === 'failed' ? [[uid, done]] : []));
}

function isInBoth(cause: MailError, from: string, to: string): MailError {
	return new MailError(
		`The email was copied to "${to}" but could not be removed from "${from}", so it is now in both folders. ${cause.summary}`,
		{
			code: 'forbidden',
			speaker: 'imap',
			command: 'UID EXPUNGE',
			remedy: 'Delete one of the two. Moving it again would copy it once more.',
			cause,
		},
	);
}

/**
 * Moves emails with MOVE. Before it is asked again after a pause, a refusal or a lost connection, the emails that are still in the folder
 * are looked for, because the server may have moved some of them.
 */
async function moveDirectly(connection: Connection, place: Place, mails: readonly There[], to: string): Promise<Map<number, Done>> {
	const note = await takeNote(connection, place, mails, to);
	const lot = lotOf(mails.map(({ uid }) => uid));
	let failure: MailError | undefined;
	let isAgain = false;
	try {
		await connection.repeatAt(place, async (session) => {
			if (isAgain) lot.left = await stillThere(session, lot.left);
			isAgain = true;
			await ask(session, lot, to, 'move');
		});
	} catch (error) {
		if (!(error instanceof MailError) || error.code === 'stopped') throw error;
		failure = error;
	}
	const results = new Map(lot.done);
	if (failure !== undefined) for (const uid of lot.left) results.set(uid, { kind: 'failed', error: failure });
	const vanished = mails.map(({ uid }) => uid).filter((uid) => !results.has(uid));
	if (vanished.length === 0) return results;
	return new Map([...results, ...(await whereabouts(connection, place, vanished, note, lot))]);
}

async function whereabouts(
	connection: Connection,
	place: Place,
	uids: readonly number[],
	note: Note,
	{ done, confirmed }: Lot,
): Promise<Map<number, Done>> {
	try {
		const known = new Set([...done.values()].flatMap((one) => (one.kind === 'done' && one.uid !== undefined ? [one.uid] : [])));
		return await lookFor(connection, place, uids, note, { known, confirmed });
	} catch (error) {
		if (!(error instanceof MailError) || error.code === 'stopped') throw error;
		return all(uids, {
			kind: 'failed',
			error: new MailError(
				`The email is no longer in "${place.folder}", and it could not be looked for in "${note.to}". ${error.summary}`,
				{ code: error.code, speaker: 'imap', command: 'UID MOVE', remedy: `Check the folder "${note.to}".`, cause: error },
			),
		});
	}
}

/** Copies emails. If it is unknown whether a copy was made, the command is not repeated. @throws MailError */
export async function copy(connection: Connection, place: Place, uids: readonly number[], to: string): Promise<Map<number, Done>> {
	const lot = lotOf(uids);
	let hasBegun = false;
	try {
		await connection.once(place.folder, async (session) => {
			requirePlace(session, place);
			hasBegun = true;
			await ask(session, lot, to, 'copy');
		});
		if (lot.confirmed.size === 0) return lot.done;
		// Without COPYUID, an email that is still in its folder was there all the time, and so was copied.
		const there = await connection.repeat(place.folder, async (session) => await stillThere(session, [...lot.confirmed]));
		return new Map([...lot.done, ...all(there, { kind: 'done' })]);
	} catch (error) {
		if (!(error instanceof MailError) || !hasBegun || error.code === 'stopped') throw error;
		const isUnknown = lot.confirmed.size > 0 || error.code === 'lost' || error.code === 'timeout' || isVague(error);
		throw isUnknown ? unknown(error, to) : error;
	}
}

function lotOf(uids: readonly number[]): Lot {
	return { left: uids, done: new Map(), confirmed: new Set() };
}

/** Requests UID MOVE or UID COPY, and again without the emails that another client has removed meanwhile. @throws MailError */
async function ask(session: ImapSession, lot: Lot, to: string, how: 'move' | 'copy'): Promise<void> {
	const command = how === 'move' ? 'UID MOVE' : 'UID COPY';
	const method = how === 'move' ? 'messageMove' : 'messageCopy';
	for (let tries = 1; lot.left.length > 0; tries += 1) {
		const asked = lot.left;
		const answer = await session.run(command, async (client) => await client[method](rangeOf(asked), to, { uid: true }));
		const told = typeof answer === 'object' ? answer : undefined;
		// COPY then copies none, and MOVE may have moved some (RFC 3501, section 6.4.7; RFC 6851, section 4.3).
		const isPartly = session.refusedSome && told !== undefined;
		const refusal = told === undefined || isPartly ? refused(session.refusal(command), command, how, to) : undefined;
		// COPYUID (RFC 4315) tells the new UIDs. Some servers do not support it.
		for (const [uid, now] of told?.uidMap ?? []) lot.done.set(uid, { kind: 'done', uid: now, uidValidity: String(told?.uidValidity) });
		lot.left = asked.filter((uid) => !lot.done.has(uid));
		if (refusal === undefined) {
			if (told?.uidMap === undefined) for (const uid of lot.left) lot.confirmed.add(uid);
			lot.left = [];
			return;
		}
		if (lot.left.length === 0) return;
		if (!refusal.permanent || tries === TRIES) throw refusal;
		lot.left = await stillThere(session, lot.left);
		if (lot.left.length === asked.length && !isPartly) throw refusal;
	}
}

function unknown(cause: MailError, to: string): MailError {
	return new MailError(
		`${isVague(cause) ? 'The server asked to wait' : 'The connection broke'} while emails were copied to "${to}". ` +
			'The copies may exist. The command is not repeated, because that could copy emails twice.',
		{
			code: cause.code,
			permanent: true,
			speaker: 'imap',
			command: 'UID COPY',
			remedy: `Check the folder "${to}" before you run the item again.${whenFull(cause)}`,
			cause,
		},
	);
}
