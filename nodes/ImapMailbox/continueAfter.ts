import { MailError } from '../../mail/errors';
import type { Spot, Wish } from '../../mail/mailbox/find';
import { record, text } from '../parameters/parameterValues';
import { days } from './settings';

const FIELD = 'Continue After';
const LARGEST_UID = 4_294_967_295;

/** The start of the next page, as the hint shows it: time, UID and folder of the last email. */
export function spotText({ receivedAt, uid, folder }: Spot): string {
	return `${new Date(receivedAt).toISOString()} ${uid} ${folder}`;
}

/**
 * Returns the wish for the next page, which starts after the email of the option.
 * @param value the text of {@link spotText}, or a message item; empty for the first page
 * @throws MailError `input`
 */
export function continued(wish: Wish, value: unknown, paths: readonly string[]): Wish {
	const spot = readSpot(value);
	if (spot === undefined) return wish;
	const { receivedAt, uid, folder } = spot;
	const { newestFirst, criteria, receivedUntil = Infinity, receivedFrom = -Infinity } = wish;
	if (paths.length === 1) {
		if (folder !== paths[0])
			throw wrong(`the email is in "${folder}", and "${paths[0] ?? ''}" is searched`, 'Use the last email of the page before.');
		return newestFirst
			? { ...wish, beforeUid: Math.min(uid, wish.beforeUid ?? Infinity) }
			: { ...wish, afterUid: Math.max(uid, wish.afterUid ?? 0) };
	}
	// Lets the server leave out most emails of the pages before.
	return newestFirst
		? {
				...wish,
				follows: spot,
				receivedUntil: Math.min(receivedUntil, receivedAt + 1000),
				criteria: [...criteria, ...days(undefined, receivedAt + 1000)],
			}
		: { ...wish, follows: spot, receivedFrom: Math.max(receivedFrom, receivedAt), criteria: [...criteria, ...days(receivedAt, undefined)] };
}

function readSpot(value: unknown): Spot | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const given = typeof value === 'string' ? value.trim() : value;
	if (given === '') return undefined;
	const item = typeof given === 'string' ? parsed(given) : record(given);
	const json = 'json' in item ? record(item.json) : item;
	const spot = {
		receivedAt: Date.parse(text(json.receivedAt, FIELD)),
		uid: Number(text(json.uid, FIELD)),
		folder: text(json.folder, FIELD),
	};
	const isUid = Number.isInteger(spot.uid) && spot.uid >= 1 && spot.uid <= LARGEST_UID;
	if (!Number.isNaN(spot.receivedAt) && isUid && spot.folder !== '') return spot;
	throw wrong(
		'the value does not contain the time of receipt, the UID and the folder of an email',
		'Use the last email of the page before, as a whole item of this node, or the text from the hint of the page before.',
	);
}

function parsed(given: string): Record<string, unknown> {
	const [, receivedAt, uid, folder] = /^(\S{1,40}) (\d{1,10}) (.+)$/.exec(given) ?? [];
	if (folder !== undefined) return { receivedAt, uid, folder };
	try {
		return record(JSON.parse(given));
	} catch {
		return {};
	}
}

function wrong(what: string, remedy: string): MailError {
	return new MailError(`${FIELD}: ${what}.`, { code: 'input', field: FIELD, remedy });
}
