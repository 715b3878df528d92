import { inputError } from '../errors';
import { describedZone, ianaZone, momentIn, wallClock, type Local } from '../item/calendar/zone';

/** The zone in brackets at the end repeats the offset before it (RFC 9557). */
const ISO =
	/^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?\s{0,2}(?:(Z|[+-]\d{2}(?::?\d{2})?)(?:\[[\w/+-]{1,60}\])?)?$/i;

/**
 * Reads a moment from ISO 8601 text, a Date, or anything that becomes such text in JSON (n8n's DateTime). Text without an offset is in
 * `timeZone` (IANA name).
 * @throws MailError `input` naming the field
 */
export function readMoment(field: string, value: unknown, timeZone: string): Date {
	const { local, offset, text } = parse(field, value);
	const moment = offset === undefined ? momentIn(utcOf(local), timeZone) : new Date(utcOf(local) - milliseconds(offset));
	if (Number.isNaN(moment.getTime())) throw wrong(field, text);
	return moment;
}

/**
 * Reads the end of an event. If the clock skips its start, which is moved by as much as the clock jumps, and less than that would be left
 * of the event, it keeps the length that was entered.
 * @throws MailError `input`
 */
export function readEnd(start: unknown, end: unknown, startZone: string, endZone: string): Date {
	const [from, to] = [parse('Start', start), parse('End', end)];
	const [begin, moment] = [readMoment('Start', start, startZone), readMoment('End', end, endZone)];
	if (from.offset !== undefined || to.offset !== undefined || startZone !== endZone) return moment;
	const jump = utcOf(wallClock(begin, startZone)) - utcOf(from.local);
	const entered = utcOf(to.local) - utcOf(from.local);
	const isCut = jump > 0 && entered > 0 && moment.getTime() - begin.getTime() < jump;
	return isCut ? new Date(begin.getTime() + entered) : moment;
}

/** Returns the day of a moment in `timeZone`, as YYYYMMDD. @throws MailError `input` naming the field */
export function readDay(field: string, value: unknown, timeZone: string, daysLater = 0): string {
	const { local, offset } = parse(field, value);
	const { year, month, day } = offset === undefined ? local : wallClock(readMoment(field, value, timeZone), timeZone);
	return new Date(Date.UTC(year, month - 1, day + daysLater)).toISOString().slice(0, 10).replaceAll('-', '');
}

/** A time as users, Graph and Google write it, and its time zone. */
export interface ZonedTime {
	/** Text or a Date; empty if there is none. */
	value: unknown;
	/** IANA name. */
	timeZone: string;
	/** Whether the value itself has the zone. */
	told: boolean;
	/** Google's `{ date }`: an all-day event. */
	day: boolean;
}

/**
 * Reads `{ dateTime, timeZone }` of Microsoft Graph and Google, `{ date }` of Google, or anything else unchanged. @throws MailError `input`
 */
export async function zonedTime(field: string, given: unknown, workflowZone: string): Promise<ZonedTime> {
	const json = typeof given === 'string' && given.trim().startsWith('{') ? parsed(given) : given;
	const part = (name: string): unknown => (typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined);
	const day = typeof part('date') === 'string' && part('dateTime') === undefined;
	if (!day && typeof part('dateTime') !== 'string')
		return { value: isEmpty(given) ? '' : given, timeZone: workflowZone, told: false, day: false };
	const name = part('timeZone');
	const told = typeof name === 'string' && name.trim() !== '';
	const zone = told ? ((await ianaZone(name)) ?? (await describedZone(name))) : workflowZone;
	if (zone === undefined)
		throw inputError(
			field,
			`"${String(name).slice(0, 100)}" is not a time zone.`,
			'Enter a name like Europe/Berlin or W. Europe Standard Time.',
		);
	return { value: day ? part('date') : part('dateTime'), timeZone: zone, told, day };
}

const isEmpty = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function parse(field: string, value: unknown): { local: Local; offset?: string; text: string } {
	const json: unknown = typeof value === 'string' || value === undefined ? value : JSON.parse(JSON.stringify(value) ?? 'null');
	const text = typeof json === 'string' ? json.trim() : '';
	const [matched, year, month, day, hour = '0', minute = '0', second = '0', offset] = ISO.exec(text) ?? [];
	const local = {
		year: Number(year),
		month: Number(month),
		day: Number(day),
		hour: Number(hour),
		minute: Number(minute),
		second: Number(second),
	};
	const utc = new Date(utcOf(local));
	// 31 February would become 3 March.
	const exists =
		utc.getUTCMonth() + 1 === local.month && utc.getUTCDate() === local.day && local.hour < 24 && local.minute < 60 && local.second < 60;
	if (matched === undefined || !exists) throw wrong(field, text === '' ? (JSON.stringify(value) ?? '') : text);
	return { local, offset, text };
}

function wrong(field: string, text: string): Error {
	return inputError(
		field,
		text === '' || text === '""' ? 'the date is missing.' : `"${text.slice(0, 100)}" is not a date and time.`,
		"Enter it like 2026-11-30T15:30:00 (in the workflow's time zone) or 2026-11-30T15:30:00+01:00.",
	);
}

function utcOf({ year, month, day, hour, minute, second }: Local): number {
	return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Offset of `Z`, `+01`, `+0130` or `-01:30`. */
function milliseconds(offset: string): number {
	const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(offset) ?? [];
	return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
