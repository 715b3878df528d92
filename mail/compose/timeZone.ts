import { wallClock } from './eventTime';

const DAY_MS = 86_400_000;
/** Changes of the clock in this many years from the event's on; a series that goes on keeps the last two, as rules. */
const YEARS = 2;

/** The clock of a zone, as iCalendar has it: 20261130T153000. */
export function localStamp(moment: Date, timeZone: string): string {
	return new Date(moment.getTime() + offsetAt(moment.getTime(), timeZone)).toISOString().replace(/[-:]|\.\d+Z/g, '');
}

/**
 * A VTIMEZONE (RFC 5545, section 3.6.5) made from what Node knows of the zone: its changes of the clock around the event, each
 * as the rule that it follows (the last Sunday of March).
 */
export function timeZoneLines(timeZone: string, from: Date): string[] {
	const year = from.getUTCFullYear();
	const begin = Date.UTC(year, 0, 1);
	const changes = changesOf(timeZone, Date.UTC(year - 1, 0, 1), Date.UTC(year + YEARS, 0, 1));
	const yearly = changes.filter(({ at }) => at >= begin && at < Date.UTC(year + 1, 0, 1));
	const last = yearly.length === 2 ? changes.filter(({ at }) => at < begin).slice(-2) : [];
	const parts = last.length === 2 ? last.map((change) => part(change, changes)) : [fixed(offsetAt(from.getTime(), timeZone))];
	return ['BEGIN:VTIMEZONE', `TZID:${timeZone}`, ...parts.flat(), 'END:VTIMEZONE'];
}

interface Change {
	/** Epoch ms. */
	at: number;
	/** Ms to the east of UTC, before and after. */
	before: number;
	after: number;
}

function offsetAt(at: number, timeZone: string): number {
	const { year, month, day, hour, minute, second } = wallClock(new Date(at), timeZone);
	return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

function changesOf(timeZone: string, from: number, to: number): Change[] {
	const changes: Change[] = [];
	for (let [day, before] = [from, offsetAt(from, timeZone)]; day < to; day += DAY_MS) {
		const after = offsetAt(day + DAY_MS, timeZone);
		if (after !== before) changes.push({ at: instantOf(timeZone, day, day + DAY_MS, before), before, after });
		before = after;
	}
	return changes;
}

/** To the minute. */
function instantOf(timeZone: string, from: number, to: number, before: number): number {
	let [low, high] = [from, to];
	while (high - low > 60_000) {
		const middle = Math.floor((low + high) / 120_000) * 60_000;
		if (offsetAt(middle, timeZone) === before) low = middle;
		else high = middle;
	}
	return high;
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

function part({ at, before, after }: Change, all: Change[]): string[] {
	const kind = after > before ? 'DAYLIGHT' : 'STANDARD';
	const local = new Date(at + before);
	const days = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
	// In the last week of its month in each year that is looked at: the last one; the second or third Sunday otherwise.
	const same = all.filter((one) => Math.sign(one.after - one.before) === Math.sign(after - before)).map((one) => new Date(one.at + one.before));
	const isLast = same.every((date) => date.getUTCDate() > new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate() - 7) && local.getUTCDate() > days - 7;
	const week = isLast ? -1 : Math.ceil(local.getUTCDate() / 7);
	return [
		`BEGIN:${kind}`,
		`DTSTART:${local.toISOString().replace(/[-:]|\.\d+Z/g, '')}`,
		`RRULE:FREQ=YEARLY;BYMONTH=${local.getUTCMonth() + 1};BYDAY=${week}${DAYS[local.getUTCDay()]}`,
		`TZOFFSETFROM:${offsetText(before)}`,
		`TZOFFSETTO:${offsetText(after)}`,
		`END:${kind}`,
	];
}

function fixed(offset: number): string[] {
	return ['BEGIN:STANDARD', 'DTSTART:19700101T000000', `TZOFFSETFROM:${offsetText(offset)}`, `TZOFFSETTO:${offsetText(offset)}`, 'END:STANDARD'];
}

function offsetText(offset: number): string {
	const minutes = Math.round(Math.abs(offset) / 60_000);
	return `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
}
