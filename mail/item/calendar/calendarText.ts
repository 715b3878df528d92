import type ICAL from 'ical.js' with { 'resolution-mode': 'import' };
import { decode as decodeQuotedPrintable } from 'libqp';
import { isUtf8 } from 'node:buffer';

import { decodeDeclared } from '../charset';

/** More lines and events than any invitation has. The rest is not read, so that no email takes long. */
const MOST_LINES = 5_000;
const MOST_EVENTS = 20;
const LONGEST = 10_000_000;
/** As they stand in the text, folded. A file of 10 MB has about 140,000. */
const MOST_FOLDED = 200_000;
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
		'X-WR-TIMEZONE',
	],
]);
/** The properties with text of people, in which some programs leave line breaks as they are. */
const TEXTS = new Set(['SUMMARY', 'LOCATION', 'DESCRIPTION', 'COMMENT']);
/** The other properties that calendars have: RFC 5545, 7986 and 9073, and vCalendar 1.0. */
const OTHERS = new Set([
	...'ACTION AALARM ATTACH BEGIN CALSCALE CATEGORIES CLASS COLOR COMPLETED CONFERENCE CONTACT CREATED DALARM'.split(' '),
	...'DAYLIGHT DCREATED DTSTAMP DUE END EXDATE EXRULE FREEBUSY GEO IMAGE LAST-MODIFIED LOCATION-TYPE MALARM NAME'.split(' '),
	...'PALARM PARTICIPANT-TYPE PERCENT-COMPLETE PRIORITY PRODID RDATE REFRESH-INTERVAL RELATED-TO REPEAT'.split(' '),
	...'REQUEST-STATUS RESOURCE-TYPE RESOURCES RNUM SOURCE STRUCTURED-DATA STYLED-DESCRIPTION TRANSP TRIGGER TZ TZNAME'.split(' '),
	...'TZURL VERSION'.split(' '),
]);
/** Those of them that people write, too, with a blank behind the colon. */
const WORDS = new Set([
	...'ACTION BEGIN CATEGORIES CLASS COLOR COMPLETED CONFERENCE CONTACT CREATED DUE END'.split(' '),
	...'IMAGE NAME PRIORITY REPEAT RESOURCES SOURCE TRIGGER VERSION'.split(' '),
]);
const COMPONENTS = new Set(['VEVENT', 'VTIMEZONE', 'STANDARD', 'DAYLIGHT']);
/** Stands in an event in place of each line that cannot be read, with the name of its property. */
export const UNREAD = 'X-UNREAD';
/** Of a line that cannot be read, so many characters are told. */
const TOLD = 100;

export interface ReadableCalendar {
	text: string;
	/** There are more lines or events than are read. */
	more: boolean;
	/** The lines that cannot be read, each with at most 100 characters. */
	unread: string[];
}

/**
 * Returns the part of an iCalendar text that is read, in valid form: one calendar with at most 20 events, every component closed, only
 * lines that are understood. Recurrence rules of time zones are kept only if they are simple yearly rules, because others can be made to
 * count for ever. Undefined if there is no event in it.
 */
export function readableCalendar(text: string, library: typeof ICAL): ReadableCalendar | undefined {
	const kept = ['BEGIN:VCALENDAR', 'VERSION:2.0'];
	const open: string[] = [];
	const unread: string[] = [];
	let skipped = 0;
	let events = 0;
	const folded = text.slice(0, LONGEST).split(/\r\n|\n|\r/, MOST_FOLDED + 1);
	let more = text.length > LONGEST || folded.length > MOST_FOLDED;
	for (const line of unfolded(folded)) {
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
		} else if (skipped === 0 && KEPT.has(upper) && isWanted(upper, value, open[open.length - 1])) {
			const right = isHarmless(upper, value) ? wellFormed(upper, separator, value) : undefined;
			if (right !== undefined && isUnderstood(right, library)) {
				kept.push(right);
				continue;
			}
			kept.push(`${UNREAD}:${upper}`);
			unread.push(line.slice(0, TOLD));
		} else if (skipped === 0 && open.length > 0 && upper === 'RRULE' && !/UNTIL=/i.test(value)) {
			// Without it, the zone would give wrong times.
			kept.push(`${UNREAD}:${upper}`);
		}
	}
	while (open.length > 0) kept.push(`END:${open.pop() ?? ''}`);
	return events === 0 ? undefined : { text: [...kept, 'END:VCALENDAR'].join('\r\n'), more, unread };
}

/** The library notices most of what is wrong only when the value is asked for, and takes values of a type that the property cannot have. */
function isUnderstood(line: string, library: typeof ICAL): boolean {
	try {
		const property = new library.Property(library.parse.property(line));
		const value: unknown = property.getFirstValue();
		switch (property.name) {
			case 'dtstart':
			case 'dtend':
			case 'recurrence-id':
				return value instanceof library.Time && Number.isFinite(value.year);
			case 'duration':
				return value instanceof library.Duration;
			case 'rrule':
				return value instanceof library.Recur && value.freq !== null;
			default:
				return true;
		}
	} catch {
		return false;
	}
}

/** @param component that the property stands in; undefined for the calendar itself */
function isWanted(name: string, value: string, component: string | undefined): boolean {
	if (component === undefined) return name === 'METHOD' || name === 'X-WR-TIMEZONE';
	if (component === 'VEVENT' || name !== 'RRULE') return true;
	const parts = value.trim().split(';');
	return /FREQ=/i.test(value) && parts.every((part) => YEARLY.test(part));
}

/** Notes tells the hour and the minute, too. */
const YEARLY = /^(?:FREQ=YEARLY|BYDAY=[+-]?\d[A-Z]{2}|BY(?:MONTH|HOUR|MINUTE)=\d{1,2}|INTERVAL=1|WKST=[A-Z]{2}|UNTIL=\w{8,16})$/i;

function isHarmless(name: string, value: string): boolean {
	// The library counts the days of each year: for a number of weeks with 14 digits it never ends.
	return value.length <= LONGEST_LINE && !(name === 'DURATION' && /\d{8}/.test(value));
}

const PARAMETERS = /^(?:[\w-]{1,60}=(?:"[^"]*"|[^":;,]*)(?:,(?:"[^"]*"|[^":;,]*))*[;:])+/;

const PEOPLE = new Set(['ORGANIZER', 'ATTENDEE']);
const TIMES = new Set(['DTSTART', 'DTEND', 'RECURRENCE-ID']);

/**
 * If quotes are not closed, the parameters are removed and the address is kept. A day that is not declared as one (RFC 5545, section
 * 3.3.4), as calendars of booking sites have it, is declared. Undefined if the line has no value.
 */
function wellFormed(name: string, separator: string, given: string): string | undefined {
	const day = TIMES.has(name) ? /(?:^|:)\s*(\d{4})(-?)(\d\d)\2(\d\d)\s*$/.exec(given) : null;
	if (day !== null) return `${name};VALUE=DATE:${day[1]}${day[3]}${day[4]}`;
	const value = TIMES.has(name) ? withQuotedZone(withUsualTime(given)) : given;
	if (TEXTS.has(name) && separator === ';') {
		const text = decodedText(value);
		if (text !== undefined) return `${name}:${text}`;
	}
	if (separator === ':') return `${name}:${value}`;
	const parameters = PARAMETERS.exec(value)?.[0];
	if (PEOPLE.has(name) && parameters?.endsWith(':')) return `${name};${withQuotedName(value, parameters.length)}`;
	if (parameters?.endsWith(':') || (parameters !== undefined && value.slice(parameters.length).startsWith(':'))) return `${name};${value}`;
	const address = value.search(/mailto:/i);
	return address === -1 ? undefined : `${name}:${value.slice(address)}`;
}

/**
 * A name with a colon has to stand in quotes (RFC 5545, section 3.1). Some programs write none, and the address would begin in the name.
 * @param end of the parameters, if the first colon ends them
 */
function withQuotedName(value: string, end: number): string {
	const address = /^mailto:/i.test(value.slice(end)) ? -1 : value.slice(end).search(/:mailto:/i);
	if (address === -1) return value;
	return value.slice(0, end + address).replace(/(?<=^|;)CN=([^";]+)/i, 'CN="$1"') + value.slice(end + address);
}

/** Times in the forms of ISO 8601 that calendars must not have: with hyphens and colons, without seconds, or with an offset. */
const ISO_TIME = /(?<=^|:)\s*(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d{1,9})?(?:(Z)|([+-])(\d\d):?(\d\d))?\s*$/i;

function withUsualTime(value: string): string {
	const match = ISO_TIME.exec(value);
	if (match === null) return value;
	const [, year, month, day, hours, minutes, seconds = '00', utc = '', sign, east, more] = match;
	const before = value.slice(0, match.index);
	if (sign === undefined) return `${before}${year}${month}${day}T${hours}${minutes}${seconds}${utc.toUpperCase()}`;
	const offset = (Number(east) * 60 + Number(more)) * (sign === '-' ? -1 : 1);
	const at = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes) - offset, Number(seconds));
	return `${before}${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** A zone such as "(UTC+01:00) Amsterdam, Berlin, Bern" has to stand in quotes, too. */
function withQuotedZone(value: string): string {
	const name = /(?:^|;)TZID=/i.exec(value);
	if (name === null) return value;
	const from = name.index + name[0].length;
	const [zone = ''] = value.slice(from).split(';', 1);
	const end = from + zone.length < value.length ? from + zone.length : value.lastIndexOf(':');
	const told = value.slice(from, end);
	return /[:,]/.test(told) && !told.includes('"') ? `${value.slice(0, from)}"${told}"${value.slice(end)}` : value;
}

/** The text of a line in vCalendar 1.0, whose parameters stand before it. */
function decodedText(value: string): string | undefined {
	const colon = value.indexOf(':');
	const parameters = value.slice(0, Math.max(0, colon)).split(';');
	if (!parameters.some(isQuotedPrintable) || !/^[\t -~]*$/.test(value)) return undefined;
	const charset = parameters.find((one) => /^charset=/i.test(one))?.slice('charset='.length);
	const text = decodeDeclared(decodeQuotedPrintable(value.slice(colon + 1)), charset ?? 'utf-8', []);
	return text.replace(/\r\n|\n|\r/g, '\\n');
}

function isQuotedPrintable(parameter: string): boolean {
	return /^(?:encoding=)?quoted-printable$/i.test(parameter);
}

/**
 * Takes out folds within a character. RFC 5545, section 3.1, allows them, and demands that lines are unfolded before they are decoded.
 * UTF-16 is left as it is.
 */
export function withWholeCharacters(bytes: Buffer): Buffer {
	if (isUtf8(bytes) || bytes.includes(0)) return bytes;
	return Buffer.from(bytes.toString('latin1').replace(/(?<=[\x80-\xff])\r?\n[ \t](?=[\x80-\xbf])/g, ''), 'latin1');
}

/**
 * RFC 5545, section 3.1: a line continues if the next one begins with a blank. Some programs end lines with LF. Lines that are no property
 * belong to the text before them. So does the line behind a soft line break in vCalendar 1.0.
 */
function unfolded(folded: readonly string[]): string[] {
	// Then a line such as "Note: bring it" is text.
	const hasCapitals = folded.some((line) => line.startsWith('BEGIN:VCALENDAR'));
	const lines: string[] = [];
	let parts: string[] = [];
	let [isText, isQuoted, blanks] = [false, false, 0];
	for (const line of folded) {
		const last = parts.at(-1) ?? '';
		if (line === '') blanks += 1;
		else if (isQuoted && last.endsWith('=')) parts.splice(-1, 1, last.slice(0, -1), line);
		else if (/^[ \t]/.test(line)) parts.push(line.slice(1));
		else if (isText && !isProperty(line, hasCapitals)) parts.push('\\n'.repeat(blanks + 1), line);
		else {
			if (parts.length > 0) lines.push(parts.join(''));
			parts = [line];
			isText = TEXTS.has(/^[\w-]{1,60}/.exec(line)?.[0].toUpperCase() ?? '');
			isQuoted =
				isText &&
				line
					.slice(0, Math.max(0, line.indexOf(':')))
					.split(';')
					.some(isQuotedPrintable);
		}
		if (line !== '') blanks = 0;
	}
	return [...lines, parts.join('')];
}

/** Whether a line behind a text is a property. Others, such as "AGENDA: budget" and "CONTACT: Bob", belong to the text. */
function isProperty(line: string, hasCapitals: boolean): boolean {
	const [, name = '', isExtension = '', behind = ''] = /^((X-)?[A-Z][A-Z\d-]{0,60})[;:](.*)/i.exec(line) ?? [];
	const upper = name.toUpperCase();
	if (hasCapitals && isExtension === '' && name !== upper) return false;
	if (KEPT.has(upper) || isExtension !== '') return true;
	return OTHERS.has(upper) && !(behind.startsWith(' ') && WORDS.has(upper) && !/^ {1,9}(?:\d[\dTZ:.-]*|[A-Z][A-Z-]*)\s*$/.test(behind));
}
