import { randomUUID } from 'node:crypto';

import type { IDataObject } from 'n8n-workflow';

import { repeatRule } from '../../../mail/compose/repeatRule';
import { inputError } from '../../../mail/errors';
import { readMailboxes, sameAddress, unique, type Mailbox } from '../../../mail/compose/addresses';
import { calendarText, type CalendarEvent } from '../../../mail/compose/invitation';
import { readDay, readEnd, readMoment, zonedTime, type ZonedTime } from '../../../mail/compose/eventTime';
import type { OutgoingMail } from '../../../mail/compose/message';
import { textOfHtml } from '../../../mail/compose/textFromHtml';
import { choice, flag, isBlank, record, text, whole } from '../../parameters/parameterValues';
import type { MailContext } from './context';
import { readMail } from './settings';

export interface Invitation {
	mail: OutgoingMail;
	/** For the output: an update or a cancellation needs it. */
	facts: { uid: string; sequence: number };
}

/** Composes the email that invites, updates or cancels. @throws MailError `input` naming the field */
export async function readInvitation(context: MailContext, item: number, mailbox: string): Promise<Invitation> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	const options = record(context.getNodeParameter('options', item, {}));
	const action = choice(parameter('invitationAction'), 'Action', ['create', 'update', 'cancel'], 'create');
	const mail = await readMail(context, item, mailbox);
	const [organizer = { name: '', address: mailbox }] = await readMailboxes('From Email', mail.from);
	const title = mail.subject.trim();
	if (title === '') throw inputError('Title', 'the event has no title.', 'Enter a title that says what people are invited to.');
	const event: CalendarEvent = {
		method: action === 'cancel' ? 'CANCEL' : 'REQUEST',
		uid: uidOf(text(parameter('eventUid'), 'Event ID').trim() || text(options.eventUid, 'Custom Event ID').trim(), action, organizer),
		sequence: whole(options.sequence, 'Sequence', action === 'update' || action === 'cancel' ? minutesSince2024() : 0, 0, 2_147_483_647),
		title,
		description: mail.text || (mail.html === undefined ? '' : ((await textOfHtml(mail.html)) ?? '')),
		location: text(parameter('location'), 'Location').trim(),
		html: mail.html === '' ? undefined : mail.html,
		...(await timing(parameter('start'), parameter('end'), options, context.getTimezone())),
		organizer,
		sentBy: mail.sender,
		...guests(await readMailboxes('To Email', mail.to), await readMailboxes('CC Email', mail.cc)),
		...(!isBlank(options.reminder) && { reminder: whole(options.reminder, 'Reminder', 15, 0, 40_320) }),
		showAs: choice(options.showAs, 'Show As', ['busy', 'free'], 'busy'),
	};
	const body = mail.text || mail.html ? {} : { text: summary(event, context.getTimezone()) };
	return {
		mail: {
			...mail,
			...body,
			subject: `${PREFIXES.get(action) ?? ''}${title}`,
			calendar: { method: event.method, content: calendarText(event) },
		},
		facts: { uid: event.uid, sequence: event.sequence },
	};
}

/** Each person once. A person who is both required and optional is required. */
function guests(to: Mailbox[], cc: Mailbox[]): Pick<CalendarEvent, 'required' | 'optional'> {
	const required = unique(to);
	return { required, optional: unique(cc).filter(({ address }) => !required.some((one) => sameAddress(one.address, address))) };
}

/** In the form that Outlook writes. */
const PREFIXES = new Map<unknown, string>([
	['update', 'Updated: '],
	['cancel', 'Canceled: '],
]);

function uidOf(given: string, action: unknown, organizer: Mailbox): string {
	if (given === '' && (action === 'update' || action === 'cancel')) {
		throw inputError('Event ID', 'it is empty.', 'Enter the value of the field uid in the item from Create.');
	}
	return given === '' ? `${randomUUID()}@${organizer.address.slice(organizer.address.lastIndexOf('@') + 1)}` : given;
}

/**
 * For users who do not count changes: each later change has a higher number. Within a minute, DTSTAMP decides (RFC 5546, section 2.1.5).
 */
function minutesSince2024(): number {
	return Math.floor((Date.now() - Date.UTC(2024, 0, 1)) / 60_000);
}

/** Half an hour, the default of Outlook's calendar. */
const USUAL_MS = 30 * 60_000;

/** With the time zone if it is given, and the rule if it repeats: a series follows daylight saving time. @throws MailError `input` */
async function timing(
	start: unknown,
	end: unknown,
	options: IDataObject,
	workflowZone: string,
): Promise<Pick<CalendarEvent, 'time' | 'timeZone' | 'rule'>> {
	const from = await zonedTime('Start', start, workflowZone);
	// A zone that only the start has is meant for both.
	const to = await zonedTime('End', end, from.told ? from.timeZone : workflowZone);
	const day = from.day || flag(options.allDay, 'All Day');
	// In Google's calendar and in Outlook's, an all-day event ends on the day after it, here at midnight.
	const endExclusive = (from.day && to.day) || (isMidnight(from) && isMidnight(to) && from.value !== to.value);
	const time = timeOf(from.value, to.value, { allDay: day, endExclusive }, from.timeZone, to.timeZone);
	const rule = repeatRule(text(options.recurrence, 'Repeat Rule'), 'firstDay' in time ? time.firstDay : time.start, from.timeZone);
	return { time, ...(!day && (from.told || rule !== undefined) && { timeZone: from.timeZone }), ...(rule !== undefined && { rule }) };
}

/** Of a time with its time zone, as Microsoft Graph writes it. */
function isMidnight({ value, told }: ZonedTime): boolean {
	return told && typeof value === 'string' && /T00:00(?::00(?:\.0{1,9})?)?$/.test(value);
}

function timeOf(
	start: unknown,
	end: unknown,
	{ allDay, endExclusive }: { allDay: boolean; endExclusive: boolean },
	timeZone: string,
	endZone: string,
): CalendarEvent['time'] {
	const early = (): Error => inputError('End', 'the event ends before it begins.', 'Enter a later end.');
	if (allDay) {
		const time = {
			firstDay: readDay('Start', start, timeZone),
			dayAfter: readDay('End', end === '' ? start : end, endZone, endExclusive ? 0 : 1),
		};
		if (time.dayAfter <= time.firstDay) throw early();
		return time;
	}
	const begin = readMoment('Start', start, timeZone);
	const time = { start: begin, end: end === '' ? new Date(begin.getTime() + USUAL_MS) : readEnd(start, end, timeZone, endZone) };
	if (time.end <= time.start) throw early();
	return time;
}

/** The text for readers without a calendar, if there is none. */
function summary({ title, location, time, rule }: CalendarEvent, timeZone: string): string {
	const moment = (date: Date): string => new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone }).format(date);
	const day = (text: string): string => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
	const days = (first: string, last: string): string => (first === last ? day(first) : `${day(first)} – ${day(last)}`);
	const when =
		'firstDay' in time
			? days(time.firstDay, readDay('End', day(time.dayAfter), timeZone, -1))
			: `${moment(time.start)} – ${moment(time.end)} (${timeZone})`;
	const again = rule === undefined ? [] : ['The event repeats; the calendar shows when.'];
	return [title, `When: ${when}`, ...again, ...(location === '' ? [] : [`Where: ${location}`])].join('\n');
}
