/** More lines and events than any invitation has. The rest is not read, so that no email takes long. */
const MOST_LINES = 5_000;
const MOST_EVENTS = 20;
const LONGEST = 1_000_000;
const LONGEST_LINE = 50_000;

/** The properties of an event that are read. Attached files, alarms and HTML copies of the description are not. */
const KEPT = new Set([
	...[
		'METHOD',
		'UID',
		'SEQUENCE',
		'SUMMARY',
		'DTSTART',
		'DTEND',
		'DURATION',
		'LOCATION',
		'DESCRIPTION',
		'ORGANIZER',
		'ATTENDEE',
		'RRULE',
		'RECURRENCE-ID',
		'STATUS',
		'COMMENT',
		'TZID',
		'TZOFFSETFROM',
	],
	...[
		'TZOFFSETTO',
		'X-MICROSOFT-CDO-ALLDAYEVENT',
		'X-MICROSOFT-DISALLOW-COUNTER',
		'URL',
		'X-MICROSOFT-SKYPETEAMSMEETINGURL',
		'X-GOOGLE-CONFERENCE',
	],
]);
const COMPONENTS = new Set(['VEVENT', 'VTIMEZONE', 'STANDARD', 'DAYLIGHT']);

/**
 * Returns the part of an iCalendar text that is read, in valid form: one calendar with at most 20 events, every component closed, only
 * valid lines. Recurrence rules of time zones are kept only if they are simple yearly rules, because others can be made to count for ever.
 * Undefined if there is no event in it.
 */
export function readableCalendar(text: string): { text: string; more: boolean } | undefined {
	const kept = ['BEGIN:VCALENDAR', 'VERSION:2.0'];
	const open: string[] = [];
	let skipped = 0;
	let events = 0;
	let more = text.length > LONGEST;
	for (const line of unfolded(text.slice(0, LONGEST))) {
		if (kept.length >= MOST_LINES) {
			more = true;
			break;
		}
		const [, name = '', separator = '', value = ''] = /^([A-Za-z][\w-]{0,60})([;:])(.*)$/s.exec(line) ?? [];
		const upper = name.toUpperCase();
		const component = value.trim().toUpperCase();
		if (upper === 'BEGIN' && component !== 'VCALENDAR') {
			if (skipped > 0 || !COMPONENTS.has(component) || (component === 'VEVENT' && events >= MOST_EVENTS)) {
				more ||= component === 'VEVENT' && skipped === 0;
				skipped += 1;
				continue;
			}
			if (component === 'VEVENT') events += 1;
			open.push(component);
			kept.push(`BEGIN:${component}`);
		} else if (upper === 'END' && component !== 'VCALENDAR') {
			if (skipped > 0) skipped -= 1;
			else if (open[open.length - 1] === component) kept.push(`END:${open.pop() ?? ''}`);
		} else if (skipped === 0 && KEPT.has(upper) && isHarmless(upper, value, open)) {
			kept.push(...wellFormed(upper, separator, value));
		}
	}
	while (open.length > 0) kept.push(`END:${open.pop() ?? ''}`);
	return events === 0 ? undefined : { text: [...kept, 'END:VCALENDAR'].join('\r\n'), more };
}

function isHarmless(name: string, value: string, open: readonly string[]): boolean {
	if (value.length > LONGEST_LINE) return false;
	// The library counts the days of each year: for a number of weeks with 14 digits it never ends.
	if (name === 'DURATION' && /\d{8}/.test(value)) return false;
	const inEvent = open[open.length - 1] === 'VEVENT';
	if (inEvent || open.length === 0) return open.length > 0 || name === 'METHOD';
	return (
		name !== 'RRULE' ||
		/^FREQ=YEARLY(?:;(?:BYDAY=-?\d[A-Z]{2}|BYMONTH=\d{1,2}|INTERVAL=1|WKST=[A-Z]{2}|UNTIL=\w{8,16}))*$/i.test(value.trim())
	);
}

const PARAMETERS = /^(?:[\w-]{1,60}=(?:"[^"]*"|[^":;,]*)(?:,(?:"[^"]*"|[^":;,]*))*[;:])+/;

const TIMES = new Set(['DTSTART', 'DTEND', 'RECURRENCE-ID']);

/**
 * If quotes are not closed, the parameters are removed and the address is kept. A day that is not declared as one (RFC 5545, section
 * 3.3.4), as calendars of booking sites have it, is declared.
 */
function wellFormed(name: string, separator: string, value: string): string[] {
	const day = TIMES.has(name) ? /(?:^|:)(\d{8})\s*$/.exec(value)?.[1] : undefined;
	if (day !== undefined) return [`${name};VALUE=DATE:${day}`];
	if (separator === ':') return [`${name}:${value}`];
	const parameters = PARAMETERS.exec(value)?.[0];
	if (parameters?.endsWith(':') || (parameters !== undefined && value.slice(parameters.length).startsWith(':')))
		return [`${name};${value}`];
	const address = value.search(/mailto:/i);
	return address === -1 ? [] : [`${name}:${value.slice(address)}`];
}

/** RFC 5545, section 3.1: a line continues if the next one begins with a blank. Some programs end lines with LF, or leave out the blank. */
function unfolded(text: string): string[] {
	const lines: string[] = [];
	let parts: string[] = [];
	for (const line of text.split(/\r\n|\n|\r/)) {
		if (/^[ \t]/.test(line)) parts.push(line.slice(1));
		else {
			if (parts.length > 0) lines.push(parts.join(''));
			parts = [line];
		}
	}
	return [...lines, parts.join('')];
}
