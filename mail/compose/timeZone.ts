import { DAY_MS } from '../durations';
import { offsetIn } from '../item/calendar/zone';

/**
 * Number of years, from that of the event, whose clock changes are described. A series that continues keeps the last two changes as rules.
 */
const YEARS = 2;

/** Local time of a zone in the form of iCalendar: 20261130T153000. */
export function localStamp(moment: Date, timeZone: string): string {
	return new Date(moment.getTime() + offsetIn(moment.getTime(), timeZone)).toISOString().replace(/[-:]|\.\d+Z/g, '');
}

/** The end of a series without one, for zones whose changes follow no yearly rule. */
const SPAN_YEARS = 10;
/** For at most this number of years, changes are listed one by one: Africa/Casablanca has two a year. */
const LONGEST_SPAN_YEARS = 30;

/**
 * Returns a VTIMEZONE (RFC 5545, section 3.6.5) from Node's data: the clock changes around the event, each as the rule that it follows (the
 * last Sunday of March). If they follow no rule, for example because of Ramadan, each is listed from the year before the event up to
 * `until`.
 * @param until the last moment in the calendar
 */
export function timeZoneLines(timeZone: string, from: Date, until = from): string[] {
	const year = from.getUTCFullYear();
	const begin = Date.UTC(year, 0, 1);
	const changes = changesOf(timeZone, Date.UTC(year - 1, 0, 1), Date.UTC(year + YEARS, 0, 1));
	const years = [year - 1, year, year + 1].map((one) =>
		changes.filter(({ at }) => at >= Date.UTC(one, 0, 1) && at < Date.UTC(one + 1, 0, 1)),
	);
	const rules = changes
		.filter(({ at }) => at < begin)
		.slice(-2)
		.map((change) => part(timeZone, change, changes));
	const isYearly = years.every(({ length }) => length === 2) && rules.every((lines) => lines.length > 0);
	const parts = isYearly ? rules : explicit(timeZone, year, until);
	return ['BEGIN:VTIMEZONE', `TZID:${timeZone}`, ...parts.flat(), 'END:VTIMEZONE'];
}

/** The last moment of a series for which the time zone has to be described. */
export function endOfSeries(start: Date, rule: string): Date {
	const until = /(?:^|;)UNTIL=(\d{4})(\d{2})(\d{2})/.exec(rule);
	if (until !== null) return new Date(Date.UTC(Number(until[1]), Number(until[2]) - 1, Number(until[3]) + 1));
	return new Date(Date.UTC(start.getUTCFullYear() + SPAN_YEARS, start.getUTCMonth(), start.getUTCDate()));
}

/** Lists each change, and what was valid before the first one. */
function explicit(timeZone: string, year: number, until: Date): string[][] {
	const first = Date.UTC(year - 1, 0, 1);
	const last = Date.UTC(Math.min(until.getUTCFullYear(), year + LONGEST_SPAN_YEARS) + 1, 0, 1);
	const named = changesOf(timeZone, first, last).map(({ at, before, after }) =>
		observance(after > before ? 'DAYLIGHT' : 'STANDARD', localText(at + before), before, after),
	);
	return [fixed(offsetIn(first, timeZone)), ...named];
}

interface Change {
	/** Epoch ms. */
	at: number;
	/** Ms east of UTC, before and after. */
	before: number;
	after: number;
}

function changesOf(timeZone: string, from: number, to: number): Change[] {
	const changes: Change[] = [];
	for (let [day, before] = [from, offsetIn(from, timeZone)]; day < to; day += DAY_MS) {
		const after = offsetIn(day + DAY_MS, timeZone);
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
		if (offsetIn(middle, timeZone) === before) low = middle;
		else high = middle;
	}
	return high;
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** Returns a yearly rule; empty if the changes of its kind follow none. */
function part(timeZone: string, change: Change, all: Change[]): string[] {
	const { at, before, after } = change;
	const kind = after > before ? 'DAYLIGHT' : 'STANDARD';
	const local = new Date(at + before);
	const same = all
		.filter((one) => Math.sign(one.after - one.before) === Math.sign(after - before))
		.map((one) => new Date(one.at + one.before));
	// If it is in the last week of its month in every year, the rule is the last Sunday, otherwise the second or third one.
	const weeks = same.map((date) => Math.ceil(date.getUTCDate() / 7));
	const isLast = same.every(
		(date) => date.getUTCDate() > new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate() - 7,
	);
	const sameDay = same.every((date) => date.getUTCMonth() === local.getUTCMonth() && date.getUTCDay() === local.getUTCDay());
	if (!sameDay || (!isLast && new Set(weeks).size > 1)) return [];
	const week = isLast ? -1 : Math.ceil(local.getUTCDate() / 7);
	if (!isKept(timeZone, change, week)) return [];
	return observance(
		kind,
		localText(at + before),
		before,
		after,
		`RRULE:FREQ=YEARLY;BYMONTH=${local.getUTCMonth() + 1};BYDAY=${week}${DAYS[local.getUTCDay()]}`,
	);
}

/** For this number of years, the clock has to follow a rule. */
const CHECKED_YEARS = 10;

/**
 * Whether the clock changes in later years, too, as the rule says. In a few years in a row, other rules look the same: the Friday before
 * the last Sunday (Asia/Jerusalem), or the Sunday from the 2nd to the 8th (America/Santiago).
 * @param week of the month, -1 for the last one
 */
function isKept(timeZone: string, { at, before, after }: Change, week: number): boolean {
	const local = new Date(at + before);
	const time = local.getTime() % DAY_MS;
	return Array.from({ length: CHECKED_YEARS + 1 }, (_, index) => local.getUTCFullYear() + index).every((year) => {
		const expected = dayOf(year, local.getUTCMonth(), local.getUTCDay(), week) + time - before;
		return offsetIn(expected - 60_000, timeZone) === before && offsetIn(expected, timeZone) === after;
	});
}

/** Epoch ms of a day such as the second Sunday of a month. */
function dayOf(year: number, month: number, weekday: number, week: number): number {
	if (week > 0) {
		const first = new Date(Date.UTC(year, month, 1)).getUTCDay();
		return Date.UTC(year, month, 1 + ((weekday - first + 7) % 7) + 7 * (week - 1));
	}
	const last = new Date(Date.UTC(year, month + 1, 0));
	return last.getTime() - ((last.getUTCDay() - weekday + 7) % 7) * DAY_MS;
}

function fixed(offset: number): string[] {
	return observance('STANDARD', '19700101T000000', offset, offset);
}

function observance(kind: 'STANDARD' | 'DAYLIGHT', start: string, before: number, after: number, ...rule: string[]): string[] {
	return [
		`BEGIN:${kind}`,
		`DTSTART:${start}`,
		...rule,
		`TZOFFSETFROM:${offsetText(before)}`,
		`TZOFFSETTO:${offsetText(after)}`,
		`END:${kind}`,
	];
}

/** The fields of a moment that was shifted to the zone's clock. */
function localText(at: number): string {
	return new Date(at).toISOString().replace(/[-:]|\.\d+Z/g, '');
}

function offsetText(offset: number): string {
	const minutes = Math.round(Math.abs(offset) / 60_000);
	return `${offset < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
}
