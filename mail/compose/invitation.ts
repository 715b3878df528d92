import { envelopeAddress, type Mailbox } from './addresses';
import { endOfSeries, localStamp, timeZoneLines } from './timeZone';

export interface CalendarEvent {
	/** REQUEST invites and updates, CANCEL cancels (RFC 5546, sections 3.2.2 and 3.2.5). */
	method: 'REQUEST' | 'CANCEL';
	/** The same for all versions of an event. */
	uid: string;
	/** Grows with each change. The highest one counts. */
	sequence: number;
	title: string;
	description: string;
	location: string;
	/** The description as HTML, for programs that show it (Outlook). */
	html?: string;
	/** IANA name. Times are written in this zone, as a series requires; otherwise in UTC. */
	timeZone?: string;
	/** How it repeats (RFC 5545, section 3.3.10). */
	rule?: string;
	/** Moments or, for an all-day event, days as YYYYMMDD. The end is exclusive. */
	time: { start: Date; end: Date } | { firstDay: string; dayAfter: string };
	organizer: Mailbox;
	/** The sender, if it is not the organizer. */
	sentBy?: string;
	required: Mailbox[];
	optional: Mailbox[];
	/** Minutes before the start. */
	reminder?: number;
	showAs: 'busy' | 'free';
}

/**
 * Returns iCalendar text (RFC 5545) for an email (RFC 6047): escaped, folded at 75 bytes, CRLF, times in UTC.
 * @param now DTSTAMP
 */
export function calendarText(event: CalendarEvent, now = new Date()): string {
	const cancelled = event.method === 'CANCEL';
	const allDay = 'firstDay' in event.time;
	const sentBy = event.sentBy === undefined ? '' : parameter('SENT-BY', mailto(event.sentBy));
	return [
		'BEGIN:VCALENDAR',
		'PRODID:-//n8n-nodes-office365-mail//EN',
		'VERSION:2.0',
		'CALSCALE:GREGORIAN',
		`METHOD:${event.method}`,
		...(event.timeZone !== undefined && 'start' in event.time
			? timeZoneLines(
					event.timeZone,
					event.time.start,
					event.rule === undefined ? event.time.end : endOfSeries(event.time.start, event.rule),
				)
			: []),
		'BEGIN:VEVENT',
		`UID:${escapeText(event.uid)}`,
		`DTSTAMP:${stamp(now)}`,
		`SEQUENCE:${event.sequence}`,
		...times(event),
		...(event.rule === undefined ? [] : [`RRULE:${event.rule}`]),
		`SUMMARY:${escapeText(event.title)}`,
		...(event.description === '' ? [] : [`DESCRIPTION:${escapeText(event.description)}`]),
		...(event.html === undefined ? [] : [`X-ALT-DESC;FMTTYPE=text/html:${escapeText(event.html)}`]),
		...(event.location === '' ? [] : [`LOCATION:${escapeText(event.location)}`]),
		`ORGANIZER${parameter('CN', event.organizer.name)}${sentBy}:${mailto(event.organizer.address)}`,
		...event.required.map((one) => attendee(one, 'REQ-PARTICIPANT')),
		...event.optional.map((one) => attendee(one, 'OPT-PARTICIPANT')),
		`STATUS:${cancelled ? 'CANCELLED' : 'CONFIRMED'}`,
		`TRANSP:${event.showAs === 'free' ? 'TRANSPARENT' : 'OPAQUE'}`,
		'CLASS:PUBLIC',
		'PRIORITY:5',
		// Outlook reads these instead of TRANSP and VALUE=DATE (MS-OXCICAL).
		`X-MICROSOFT-CDO-BUSYSTATUS:${event.showAs === 'free' ? 'FREE' : 'BUSY'}`,
		`X-MICROSOFT-CDO-ALLDAYEVENT:${allDay ? 'TRUE' : 'FALSE'}`,
		...(event.reminder === undefined || cancelled ? [] : alarm(event)),
		'END:VEVENT',
		'END:VCALENDAR',
		'',
	]
		.map(fold)
		.join('\r\n');
}

function times({ time, timeZone }: CalendarEvent): string[] {
	if ('firstDay' in time) return [`DTSTART;VALUE=DATE:${time.firstDay}`, `DTEND;VALUE=DATE:${time.dayAfter}`];
	if (timeZone === undefined) return [`DTSTART:${stamp(time.start)}`, `DTEND:${stamp(time.end)}`];
	return [`DTSTART;TZID=${timeZone}:${localStamp(time.start, timeZone)}`, `DTEND;TZID=${timeZone}:${localStamp(time.end, timeZone)}`];
}

/** UTC in the basic format, to the second. */
function stamp(date: Date): string {
	return date.toISOString().replace(/[-:]|\.\d+/g, '');
}

function attendee({ name, address }: Mailbox, role: string): string {
	return `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=${role};PARTSTAT=NEEDS-ACTION;RSVP=TRUE${parameter('CN', name || address)}:${mailto(address)}`;
}

function alarm(event: CalendarEvent): string[] {
	return ['BEGIN:VALARM', 'ACTION:DISPLAY', `DESCRIPTION:${escapeText(event.title)}`, `TRIGGER:-PT${event.reminder}M`, 'END:VALARM'];
}

/** In quotes. The value itself cannot contain any (RFC 5545, section 3.2). */
function parameter(name: string, value: string): string {
	return value === '' ? '' : `;${name}="${value.replace(/"/g, "'").replace(/[\u0000-\u001f\u007f]/g, ' ')}"`;
}

function mailto(address: string): string {
	return `mailto:${encodeURI(envelopeAddress({ name: '', address }))}`;
}

/** RFC 5545, section 3.3.11. */
function escapeText(text: string): string {
	return text
		.replace(/\r\n?|\n/g, '\n')
		.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
		.replace(/[\\;,]/g, '\\$&')
		.replace(/\n/g, '\\n');
}

/** At most 75 bytes in a line, never cutting a character (RFC 5545, section 3.1). */
function fold(line: string): string {
	let folded = '';
	let width = 0;
	for (const character of line) {
		const bytes = Buffer.byteLength(character);
		if (width + bytes > 75) {
			folded += '\r\n ';
			width = 1;
		}
		folded += character;
		width += bytes;
	}
	return folded;
}
