import { inputError } from '../errors';
import { readDay, readMoment } from './eventTime';
import { localStamp } from './timeZone';

const FIELD = 'Repeat Rule';
const DAY = '(?:MO|TU|WE|TH|FR|SA|SU)';
const list = (one: string): RegExp => new RegExp(`^${one}(?:,${one}){0,365}$`);

/** The values that each name may have (RFC 5545, section 3.3.10). Calendars do not invite to events that repeat within a day. */
const PARTS = new Map<string, RegExp>([
	['FREQ', /^(?:DAILY|WEEKLY|MONTHLY|YEARLY)$/],
	['INTERVAL', /^[1-9]\d{0,4}$/],
	['COUNT', /^[1-9]\d{0,4}$/],
	['UNTIL', /^\d{8}(?:T\d{6}Z?)?$/],
	['BYDAY', list(`[+-]?(?:[1-9]|[1-4]\\d|5[0-3])?${DAY}`)],
	['BYMONTHDAY', list('[+-]?(?:[1-9]|[12]\\d|3[01])')],
	['BYMONTH', list('(?:[1-9]|1[0-2])')],
	['BYSETPOS', list('[+-]?[1-9]\\d{0,2}')],
	['BYWEEKNO', list('[+-]?(?:[1-9]|[1-4]\\d|5[0-3])')],
	['BYYEARDAY', list('[+-]?[1-9]\\d{0,2}')],
	['WKST', new RegExp(`^${DAY}$`)],
]);

/**
 * Returns the rule of a series as calendars expect it: its end is a day for all-day events, otherwise a moment in UTC. An end that is a day
 * includes all of that day.
 * @param first day of the first event as YYYYMMDD, or its moment
 * @throws MailError `input`
 */
export function repeatRule(given: string, first: string | Date, timeZone: string): string | undefined {
	const text = given
		.trim()
		.replace(/^RRULE:/i, '')
		.replace(/;$/, '')
		.toUpperCase();
	if (text === '') return undefined;
	const wrong = (): Error =>
		inputError(FIELD, `"${given.slice(0, 100)}" is not an iCalendar rule.`, 'Enter a rule such as FREQ=WEEKLY;BYDAY=MO;COUNT=10.');
	const parts = new Map<string, string>();
	for (const part of text.split(';')) {
		const [name = '', value = '', ...more] = part.split('=').map((one) => one.replace(/ /g, ''));
		const plain = name === 'UNTIL' ? value.replace(/[-:]|\.\d{1,9}(?=Z?$)/g, '') : value;
		if (more.length > 0 || parts.has(name) || PARTS.get(name)?.test(plain) !== true) throw wrong();
		parts.set(name, plain);
	}
	const frequency = parts.get('FREQ');
	if (frequency === undefined || (parts.has('COUNT') && parts.has('UNTIL'))) throw wrong();
	const until = parts.get('UNTIL');
	if (until !== undefined) parts.set('UNTIL', lastOf(until, first, timeZone));
	// Older calendars expect FREQ first (RFC 5545, section 3.3.10).
	return [...new Map([['FREQ', frequency], ...parts])].map((part) => part.join('=')).join(';');
}

/** The end of a series is a day or a moment, like its start, because the two cannot be compared (RFC 5545, section 3.3.10). */
function lastOf(until: string, first: string | Date, timeZone: string): string {
	const [, year, month, day, hour = '23', minute = '59', second = '59', utc = ''] =
		/^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(until) ?? [];
	const moment = `${year}-${month}-${day}T${hour}:${minute}:${second}${utc}`;
	const last = typeof first === 'string' ? lastDay(moment, timeZone) : stamp(readMoment(FIELD, moment, timeZone));
	if (last < (typeof first === 'string' ? first : stamp(first)))
		throw inputError(FIELD, 'the series ends before its first event.', 'Use a later UNTIL, or use COUNT.');
	return last;
}

/**
 * The day of the event's clock if a program has converted it from there: the beginning or the end of a day. Otherwise the day as it is
 * written: of `20261231T235959Z`, people mean 31 December wherever they are.
 */
function lastDay(until: string, timeZone: string): string {
	const [day = '', time = ''] = localStamp(readMoment(FIELD, until, timeZone), timeZone).split('T');
	return ['000000', '235959'].includes(time) ? day : readDay(FIELD, until.slice(0, 10), timeZone);
}

function stamp(moment: Date): string {
	return moment.toISOString().replace(/[-:]|\.\d+/g, '');
}
