import type ICAL from 'ical.js' with { 'resolution-mode': 'import' };

import { readableCalendar, UNREAD } from './calendarText';
import { momentIn, namedZone } from './zone';

type Component = InstanceType<typeof ICAL.Component>;
type Event = InstanceType<typeof ICAL.Event>;
type Property = InstanceType<typeof ICAL.Property>;
type Time = InstanceType<typeof ICAL.Time>;

interface CalendarPerson {
	name: string;
	address: string;
}

type Answer = 'accepted' | 'declined' | 'tentative' | 'delegated' | 'needsAction';

interface CalendarAttendee extends CalendarPerson {
	answer: Answer;
	/** `required`, `optional`, `chair`, or `none` for a person who is only informed. */
	role: 'required' | 'optional' | 'chair' | 'none';
	/** `room` and `resource` are not people. */
	type: 'person' | 'group' | 'resource' | 'room' | 'unknown';
}

interface CalendarEntry {
	uid: string;
	sequence: number;
	summary: string;
	/** ISO 8601 in UTC; a day (2026-11-03) if `allDay`; without a zone if the invitation has none. */
	start: string;
	/** In the form of `start`. For all-day events, the day after the last one. */
	end: string;
	/** IANA name; the name from the invitation if it is not known; empty if the times are in UTC or have no zone. */
	timeZone: string;
	allDay: boolean;
	location: string;
	description: string;
	organizer: CalendarPerson | null;
	attendees: CalendarAttendee[];
	/** `confirmed`, `tentative`, `cancelled`, or empty. */
	status: string;
	/** RFC 5545, such as FREQ=WEEKLY;BYDAY=TU; empty for a single event. */
	recurrenceRule: string;
	/** The occurrence of a series, in the form of `start`; empty for an event or a whole series. */
	recurrenceId: string;
	comment: string;
}

export interface Calendar extends CalendarEntry {
	kind: 'invitation' | 'update' | 'cancellation' | 'reply' | 'counterProposal' | 'request' | 'event';
	/** As in the calendar, RFC 5546; empty if there is none. */
	method: string;
	/** Only for `reply` and `counterProposal`: the person and the answer. */
	reply?: CalendarPerson & { answer: Answer; comment: string };
	/** The other events or occurrences of the same calendar, if there are any. */
	otherEvents?: CalendarEntry[];
	/** There are more events than are read. */
	incomplete?: true;
}

/**
 * Returns the first event of an invitation, update, cancellation or answer, and the others in a list. Undefined if the text has no event.
 * @throws if the calendar cannot be read
 *
 * @param method that of the Content-Type, for calendars without one
 * @param unread takes the lines that cannot be read, each with at most 100 characters; the fields that they stand for are empty
 */
export async function readCalendar(text: string, method = '', unread: string[] = []): Promise<Calendar | undefined> {
	// Loaded at first use.
	const { default: library } = await import('ical.js');
	const readable = readableCalendar(text, library);
	if (readable === undefined) return undefined;
	unread.push(...readable.unread);
	const calendar = new library.Component(library.parse(readable.text));
	// A zone of which a part cannot be read would give wrong times.
	const whole = calendar
		.getAllSubcomponents('vtimezone')
		.filter((zone) => zone.getAllSubcomponents().every((part) => unreadIn(part) === ''));
	const zones = new Map(whole.map((zone): [string, Component] => [textOf(zone, 'tzid'), zone]));
	const context: Context = {
		usualZone: textOf(calendar, 'x-wr-timezone'),
		ianaName: async (tzid) => await namedZone(tzid, zones.has(tzid)),
		inZone: (time, tzid) => {
			const component = zones.get(tzid);
			if (component === undefined) return undefined;
			const there = time.clone();
			there.zone = new library.Timezone({ component, tzid });
			return there.convertToZone(library.Timezone.utcTimezone).toJSDate();
		},
	};
	const entries: CalendarEntry[] = [];
	for (const component of calendar.getAllSubcomponents('vevent')) entries.push(await entryOf(new library.Event(component), context));
	// The series itself comes before its changed occurrences.
	const first = entries.find((entry) => entry.recurrenceId === '') ?? entries[0];
	if (first === undefined) return undefined;
	const others = entries.filter((entry) => entry !== first);
	const upper = (textOf(calendar, 'method') || method).trim().toUpperCase().slice(0, 40);
	const kind = kindOf(upper, first);
	return {
		kind,
		method: upper,
		...first,
		...((kind === 'reply' || kind === 'counterProposal') && first.attendees[0] && { reply: replyOf(first, first.attendees[0], calendar) }),
		...(others.length > 0 && { otherEvents: others }),
		...(readable.more && { incomplete: true }),
	};
}

/** RFC 5546, section 3.2. A later request has a higher sequence number. Exchange counts in the same way. */
function kindOf(method: string, entry: CalendarEntry): Calendar['kind'] {
	if (method === 'CANCEL' || (method === 'REQUEST' && entry.status === 'cancelled')) return 'cancellation';
	if (method === 'REPLY') return 'reply';
	if (method === 'COUNTER') return 'counterProposal';
	if (method === 'REQUEST') return entry.sequence > 0 ? 'update' : 'invitation';
	return method === 'REFRESH' ? 'request' : 'event';
}

/** Google tells the comment beside the attendee. */
function replyOf(entry: CalendarEntry, { name, address, answer }: CalendarAttendee, calendar: Component): Calendar['reply'] {
	const note = calendar.getFirstSubcomponent('vevent')?.getFirstProperty('attendee')?.getParameter('x-response-comment');
	const plain = typeof note === 'string' ? note.replace(/\\(?=[,;\\])/g, '').replaceAll('&#39;', "'") : '';
	return { name, address, answer, comment: entry.comment || plain };
}

/** What the calendar says of time zones. */
interface Context {
	/** The zone of times without one; empty if there is none. */
	usualZone: string;
	ianaName: (tzid: string) => Promise<string | undefined>;
	/** By the calendar's own description of the zone. */
	inZone: (time: Time, tzid: string) => Date | undefined;
}

async function entryOf(event: Event, context: Context): Promise<CalendarEntry> {
	const component = event.component;
	const start = property(component, 'dtstart');
	const end = property(component, 'dtend');
	const recurrence = property(component, 'recurrence-id');
	const begins = start && event.startDate;
	// Without an end, the library returns the beginning, which is right only if the event has none (RFC 5545, section 3.6.1).
	const ends = end !== undefined || (begins && !/\b(?:DTEND|DURATION)\b/.test(unreadIn(component))) ? event.endDate : undefined;
	const zone = zoneName(start ?? end) || (isFloating(begins ?? ends) ? context.usualZone : '');
	const isWholeDay = textOf(component, 'x-microsoft-cdo-alldayevent').toUpperCase() === 'TRUE';
	// Outlook writes whole days as times from midnight to midnight.
	const areDays = isWholeDay && isMidnight(begins) && isMidnight(ends);
	const timeOf = async (time: Time | undefined, from: Property | undefined): Promise<string> =>
		areDays && isMidnight(time) ? dayOf(time) : await moment(time, zoneName(from), context);
	return {
		uid: textOf(component, 'uid'),
		sequence: Number(component.getFirstPropertyValue('sequence') ?? 0) || 0,
		summary: textOf(component, 'summary'),
		start: await timeOf(begins, start),
		end: await timeOf(ends, end ?? start),
		timeZone: (await context.ianaName(zone)) ?? zone,
		allDay: begins?.isDate === true || isWholeDay,
		location: textOf(component, 'location'),
		description: textOf(component, 'description'),
		organizer: personOf(property(component, 'organizer')),
		attendees: component.getAllProperties('attendee').slice(0, 1_000).flatMap(attendeeOf),
		status: textOf(component, 'status').trim().toLowerCase(),
		recurrenceRule: component.getFirstPropertyValue('rrule')?.toString() ?? '',
		recurrenceId: recurrence ? await timeOf(event.recurrenceId, recurrence) : '',
		comment: textOf(component, 'comment'),
	};
}

/** Names of the properties of a component that cannot be read. */
function unreadIn(component: Component): string {
	return component
		.getAllProperties(UNREAD.toLowerCase())
		.map((one) => String(one.getFirstValue()))
		.join(' ');
}

function property(component: Component, name: string): Property | undefined {
	return component.getFirstProperty(name) ?? undefined;
}

function textOf(component: Component, name: string): string {
	const value = component.getFirstPropertyValue(name);
	return typeof value === 'string' ? value : '';
}

function zoneName(from: Property | undefined): string {
	const name = from?.getParameter('tzid');
	return typeof name === 'string' ? name : '';
}

/** Whether the clock of the place shows the beginning of a day. */
function isMidnight(time: Time | undefined): time is Time {
	return time !== undefined && time.hour === 0 && time.minute === 0 && time.second === 0;
}

function dayOf(time: Time): string {
	const day = time.clone();
	day.isDate = true;
	return day.toString();
}

/** A time of an unknown zone, and no day. */
function isFloating(time: Time | undefined): boolean {
	return time !== undefined && !time.isDate && time.zone?.tzid !== 'UTC';
}

async function moment(time: Time | undefined, told: string, context: Context): Promise<string> {
	if (time === undefined || !Number.isFinite(time.year)) return '';
	if (time.isDate) return time.toString();
	const isUtc = time.zone?.tzid === 'UTC';
	const tzid = told || context.usualZone;
	if (!isUtc && tzid === '') return time.toString();
	const zone = isUtc ? undefined : await context.ianaName(tzid);
	const there = (): Date | undefined => (zone === undefined ? context.inZone(time, tzid) : momentIn(utcOf(time), zone));
	const date = isUtc ? time.toJSDate() : there();
	return date === undefined || Number.isNaN(date.getTime()) ? time.toString() : date.toISOString();
}

function utcOf(time: Time): number {
	return Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);
}

function attendeeOf(from: Property): CalendarAttendee[] {
	const person = personOf(from);
	if (person === null) return [];
	return [
		{
			...person,
			answer: ANSWERS.get(parameter(from, 'partstat')) ?? 'needsAction',
			role: ROLES.get(parameter(from, 'role')) ?? 'required',
			type: TYPES.get(parameter(from, 'cutype')) ?? 'person',
		},
	];
}

const ANSWERS = new Map<string, Answer>([
	['ACCEPTED', 'accepted'],
	['DECLINED', 'declined'],
	['TENTATIVE', 'tentative'],
	['DELEGATED', 'delegated'],
]);
const ROLES = new Map<string, CalendarAttendee['role']>([
	['OPT-PARTICIPANT', 'optional'],
	['CHAIR', 'chair'],
	['NON-PARTICIPANT', 'none'],
]);
const TYPES = new Map<string, CalendarAttendee['type']>([
	['GROUP', 'group'],
	['RESOURCE', 'resource'],
	['ROOM', 'room'],
	['UNKNOWN', 'unknown'],
]);

function parameter(from: Property, name: string): string {
	const value = from.getParameter(name);
	return typeof value === 'string' ? value.toUpperCase() : '';
}

function personOf(from: Property | undefined): CalendarPerson | null {
	const value = from?.getFirstValue();
	if (from === undefined || typeof value !== 'string') return null;
	const name = from.getParameter('cn');
	return { name: typeof name === 'string' ? name.replace(/^'(.*)'$/s, '$1') : '', address: addressOf(value, from) };
}

/** If the value names the person in another way, as iCloud does, the parameter EMAIL has the address (RFC 7986, section 6.2). */
function addressOf(value: string, from: Property): string {
	const address = withoutScheme(value);
	const email = from.getParameter('email');
	const isNamedOtherwise = !/^[^\s:/@]+@/.test(address);
	return isNamedOtherwise && typeof email === 'string' && email !== '' ? withoutScheme(email) : address;
}

function withoutScheme(address: string): string {
	return decoded(address.replace(/^mailto:/i, '').trim());
}

function decoded(address: string): string {
	try {
		return decodeURIComponent(address);
	} catch {
		return address;
	}
}
