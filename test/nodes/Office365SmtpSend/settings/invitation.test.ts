import ICAL from 'ical.js';
import PostalMime, { type Email } from 'postal-mime';
import { describe, expect, it } from 'vitest';

import { compose } from '../../../../mail/compose/message';
import { readInvitation, type Invitation } from '../../../../nodes/Office365SmtpSend/settings/invitationSettings';
import { mailContext } from '../../../support/mailContext';

const ADA = 'ada@example.test';
const MEETING = {
	operation: 'sendInvitation',
	invitationAction: 'create',
	fromEmail: 'Ada Lövelace <ada@example.test>',
	toEmail: '"Höpper, Grace" <grace@example.test>, carl@example.test',
	subject: 'Review; of the "quarter", part\\2',
	start: '2026-11-30T15:30:00',
	end: '2026-11-30T16:00:00',
	location: 'Raum 4, Erdgeschoß',
	emailFormat: 'text',
	text: `Agenda:\n- one, two; three\n- 語${'語'.repeat(80)} 👩‍👩‍👧‍👦\n\nBye\\n`,
};

interface Sent {
	email: Email;
	raw: string;
	/** The file invite.ics, byte by byte the same as the text/calendar alternative. */
	ics: string;
	calendar: ICAL.Component;
	vevent: ICAL.Component;
	event: ICAL.Event;
	facts: Invitation['facts'];
}

async function invite(change: Record<string, unknown> = {}): Promise<Sent> {
	const { mail, facts } = await readInvitation(mailContext({ ...MEETING, ...change }), 0, ADA);
	const raw = Buffer.concat(await (await (await compose(mail)).open()).toArray()).toString();
	const email = await PostalMime.parse(raw);
	const [alternative = ''] = email.attachments
		.filter(({ mimeType }) => mimeType === 'text/calendar')
		.map(({ content }) => (typeof content === 'string' ? content : Buffer.from(new Uint8Array(content)).toString()));
	const parts = [...raw.matchAll(/Content-Type: (?:text\/calendar|application\/ics)[\s\S]*?\r\n\r\n([\w+/=\r\n]+)/g)].map(([, base64]) =>
		Buffer.from(base64 ?? '', 'base64').toString(),
	);
	const ics = parts[1] ?? '';
	// The parser gives text parts with line ends of its own.
	expect([parts[0], alternative.replace(/\r?\n/g, '\r\n')]).toEqual([ics, ics]);
	const calendar = new ICAL.Component(ICAL.parse(alternative));
	const vevent = calendar.getFirstSubcomponent('vevent');
	if (vevent === null) throw new Error('There is no VEVENT.');
	return { email, raw, ics, calendar, vevent, event: new ICAL.Event(vevent), facts };
}

const value = (component: ICAL.Component, name: string): string => String(component.getFirstPropertyValue(name));

describe('an invitation', () => {
	it('says to an independent parser what was meant', async () => {
		const { event, vevent, calendar, facts } = await invite();
		expect(value(calendar, 'method')).toBe('REQUEST');
		expect(value(calendar, 'version')).toBe('2.0');
		expect(event.summary).toBe(MEETING.subject);
		expect(event.location).toBe(MEETING.location);
		expect(event.description).toBe(MEETING.text);
		expect([event.startDate.toJSDate().toISOString(), event.endDate.toJSDate().toISOString()]).toEqual([
			'2026-11-30T14:30:00.000Z',
			'2026-11-30T15:00:00.000Z',
		]);
		expect(event.startDate.zone.tzid).toBe('UTC');
		expect([event.uid, event.sequence]).toEqual([facts.uid, 0]);
		expect(facts.uid).toMatch(/^[0-9a-f-]{36}@example\.test$/);
		const organizer = vevent.getFirstProperty('organizer');
		expect([organizer?.getFirstValue(), organizer?.getParameter('cn')]).toEqual(['mailto:ada@example.test', 'Ada Lövelace']);
		expect(
			vevent
				.getAllProperties('attendee')
				.map((one) => [
					one.getFirstValue(),
					one.getParameter('cn'),
					one.getParameter('role'),
					one.getParameter('partstat'),
					one.getParameter('rsvp'),
				]),
		).toEqual([
			['mailto:grace@example.test', 'Höpper, Grace', 'REQ-PARTICIPANT', 'NEEDS-ACTION', 'TRUE'],
			['mailto:carl@example.test', 'carl@example.test', 'REQ-PARTICIPANT', 'NEEDS-ACTION', 'TRUE'],
		]);
		expect([value(vevent, 'status'), value(vevent, 'transp')]).toEqual(['CONFIRMED', 'OPAQUE']);
	});

	it('is folded at 75 bytes, between characters, with CRLF', async () => {
		const { ics } = await invite();
		const lines = ics.split('\r\n');
		expect(ics.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
		expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
		expect(ics).not.toContain('\ufffd');
		expect(lines.at(-1)).toBe('');
	});

	it('stands as an alternative that names its method, and as a file beside it', async () => {
		const { raw, email } = await invite({ emailFormat: 'html', html: '<p>Please come</p>' });
		expect(raw).toMatch(
			/multipart\/mixed[\s\S]*multipart\/alternative[\s\S]*text\/plain[\s\S]*text\/html[\s\S]*Content-Type: text\/calendar; charset=utf-8; method=REQUEST\r\n[\s\S]*Content-Type: application\/ics; name=invite\.ics/,
		);
		expect(email.text).toContain('Please come');
		expect(raw).toMatch(/^Content-Class: urn:content-classes:calendarmessage\r$/m);
		expect(email.subject).toBe(MEETING.subject);
	});

	it('marks who need not come, reminds, and may leave the time free', async () => {
		const { vevent } = await invite({
			options: { ccEmail: 'Édith <edith@example.test>', bccEmail: 'watcher@example.test', reminder: 30, showAs: 'free' },
		});
		expect(vevent.getAllProperties('attendee').map((one) => [one.getFirstValue(), one.getParameter('role')])).toEqual([
			['mailto:grace@example.test', 'REQ-PARTICIPANT'],
			['mailto:carl@example.test', 'REQ-PARTICIPANT'],
			['mailto:edith@example.test', 'OPT-PARTICIPANT'],
		]);
		const alarm = vevent.getFirstSubcomponent('valarm');
		expect(String(alarm?.getFirstPropertyValue('trigger'))).toBe('-PT30M');
		expect([value(vevent, 'transp'), value(vevent, 'x-microsoft-cdo-busystatus')]).toEqual(['TRANSPARENT', 'FREE']);
	});

	it('names each guest once, and one of a domain in another script as mail knows it', async () => {
		const { vevent } = await invite({
			toEmail: 'grace@example.test, Grace <GRACE@example.test>, bo@jõgeva.example',
			options: { ccEmail: 'grace@example.test, carl@example.test, carl@example.test' },
		});
		expect(vevent.getAllProperties('attendee').map((one) => [String(one.getFirstValue()).toLowerCase(), one.getParameter('role')])).toEqual(
			[
				['mailto:grace@example.test', 'REQ-PARTICIPANT'],
				['mailto:bo@xn--jgeva-dua.example', 'REQ-PARTICIPANT'],
				['mailto:carl@example.test', 'OPT-PARTICIPANT'],
			],
		);
	});

	it('is updated and cancelled under the same ID, with a higher number', async () => {
		const { facts } = await invite();
		const update = await invite({
			invitationAction: 'update',
			eventUid: facts.uid,
			start: '2026-12-01T09:00:00Z',
			end: '2026-12-01T09:30:00Z',
		});
		expect([update.event.uid, value(update.calendar, 'method'), value(update.vevent, 'status')]).toEqual([
			facts.uid,
			'REQUEST',
			'CONFIRMED',
		]);
		expect(update.event.sequence).toBeGreaterThan(facts.sequence);
		expect(update.email.subject).toBe(`Updated: ${MEETING.subject}`);
		const cancel = await invite({
			invitationAction: 'cancel',
			eventUid: facts.uid,
			options: { sequence: update.facts.sequence + 1, reminder: 10 },
		});
		expect([cancel.event.uid, value(cancel.calendar, 'method'), value(cancel.vevent, 'status'), cancel.event.sequence]).toEqual([
			facts.uid,
			'CANCEL',
			'CANCELLED',
			update.facts.sequence + 1,
		]);
		expect(cancel.raw).toMatch(/text\/calendar; charset=utf-8; method=CANCEL/);
		expect(cancel.email.subject).toBe(`Canceled: ${MEETING.subject}`);
		expect(cancel.vevent.getFirstSubcomponent('valarm')).toBeNull();
	});

	it('may come from a shared mailbox, sent by another', async () => {
		const { vevent } = await invite({ fromEmail: 'Desk <shared@example.test>', options: { sendOnBehalf: true } });
		const organizer = vevent.getFirstProperty('organizer');
		expect([organizer?.getFirstValue(), organizer?.getParameter('sent-by')]).toEqual([
			'mailto:shared@example.test',
			'mailto:ada@example.test',
		]);
	});

	it('has a text for readers without a calendar', async () => {
		const { email } = await invite({ text: '' });
		expect(email.text?.split('\n')).toEqual([
			MEETING.subject,
			expect.stringMatching(/^When: Monday,? 30 November 2026 at 15:30 – Monday,? 30 November 2026 at 16:00 \(Europe\/Berlin\)$/),
			`Where: ${MEETING.location}`,
			'',
		]);
		const days = { start: '2030-06-01', end: '2030-06-03', location: '', text: '' };
		const trip = await invite({ ...days, options: { allDay: true, recurrence: 'FREQ=YEARLY' } });
		expect(trip.email.text?.split('\n').slice(1)).toEqual([
			'When: 2030-06-01 – 2030-06-03',
			'The event repeats; the calendar shows when.',
			'',
		]);
	});

	it('cannot be broken by what stands in its fields', async () => {
		const { vevent, calendar } = await invite({
			location: 'a\r\nEND:VEVENT\nATTENDEE:mailto:evil@example.test',
			text: 'x\u0000\u0007y\rEND:VCALENDAR',
			toEmail: [{ name: 'A" ;X=1:mailto:evil@example.test', address: 'grace@example.test' }],
			eventUid: 'my;id,\\1',
		});
		expect(calendar.getAllSubcomponents('vevent')).toHaveLength(1);
		expect(vevent.getAllProperties('attendee').map((one) => one.getFirstValue())).toEqual(['mailto:grace@example.test']);
		expect([value(vevent, 'location'), value(vevent, 'description'), value(vevent, 'uid')]).toEqual([
			'a\nEND:VEVENT\nATTENDEE:mailto:evil@example.test',
			'xy\nEND:VCALENDAR',
			'my;id,\\1',
		]);
	});
});

describe('the time of an event', () => {
	it.each([
		["in the workflow's time zone, winter", '2026-01-15T09:00:00', '2026-01-15T08:00:00.000Z'],
		["in the workflow's time zone, summer", '2026-07-15 09:00', '2026-07-15T07:00:00.000Z'],
		['with an offset', '2026-07-15T09:00:00+05:30', '2026-07-15T03:30:00.000Z'],
		['with an offset without a colon', '2026-07-15T09:00:00.000-0800', '2026-07-15T17:00:00.000Z'],
		['in UTC', '2026-07-15T09:00:00Z', '2026-07-15T09:00:00.000Z'],
		['as a day', '2026-07-15', '2026-07-14T22:00:00.000Z'],
		['as a Date', new Date('2026-07-15T09:00:00Z'), '2026-07-15T09:00:00.000Z'],
		['as what becomes text in JSON', { toJSON: () => '2026-07-15T09:00:00.000+02:00' }, '2026-07-15T07:00:00.000Z'],
		['just before the clock goes forward', '2026-03-29T01:59:59', '2026-03-29T00:59:59.000Z'],
		['in the hour that is left out', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
		['just after', '2026-03-29T03:00:00', '2026-03-29T01:00:00.000Z'],
	])('is read %s', async (_name, start, expected) => {
		const { event } = await invite({ start, end: '2027-01-01T00:00:00Z' });
		expect(event.startDate.toJSDate().toISOString()).toBe(expected);
	});

	it('may be whole days', async () => {
		const { ics } = await invite({ start: '2026-12-31T00:00:00', end: '2026-12-31T00:00:00', options: { allDay: true } });
		expect(ics).toContain('DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n');
		expect(ics).toContain('X-MICROSOFT-CDO-ALLDAYEVENT:TRUE');
		const { event } = await invite({ start: '2026-02-27T23:30:00Z', end: '', options: { allDay: true } });
		expect([event.startDate.isDate, event.startDate.toString(), event.endDate.toString()]).toEqual([true, '2026-02-28', '2026-03-01']);
	});

	it('of Outlook that lasts all day ends on the day after it, as Microsoft Graph tells', async () => {
		const at = (dateTime: string): object => ({ dateTime, timeZone: 'UTC' });
		const days = async (start: string, end: string): Promise<string> =>
			(await invite({ start: at(start), end: at(end), options: { allDay: true } })).ics;
		expect(await days('2026-12-24T00:00:00.0000000', '2026-12-25T00:00:00.0000000')).toContain('DTEND;VALUE=DATE:20261225');
		expect(await days('2026-12-24T00:00:00.0000000', '2026-12-24T00:00:00.0000000')).toContain('DTEND;VALUE=DATE:20261225');
		expect(await days('2026-12-24T10:00:00.0000000', '2026-12-25T11:00:00.0000000')).toContain('DTEND;VALUE=DATE:20261226');
	});

	it.each([
		['2026-03-29T02:30:00', '2026-03-29T03:30:00', ['20260329T013000Z', '20260329T023000Z']],
		['2026-03-29T02:30:00', '2026-03-29T03:00:00', ['20260329T013000Z', '20260329T020000Z']],
		['2026-03-29T02:15:00', '2026-03-29T02:45:00', ['20260329T011500Z', '20260329T014500Z']],
		['2026-03-29T02:30:00', '2026-03-29T10:00:00', ['20260329T013000Z', '20260329T080000Z']],
		['2026-03-29T01:30:00', '2026-03-29T03:30:00', ['20260329T003000Z', '20260329T013000Z']],
	])('keeps its length if the clock skips its start, and otherwise its end: %s to %s', async (start, end, times) => {
		const { ics } = await invite({ start, end });
		expect([...ics.matchAll(/^DT(?:START|END):(\S+)\r$/gm)].map(([, time]) => time)).toEqual(times);
	});

	it('ends before it begins if the end is earlier on the clock, skipped or not', async () => {
		await expect(invite({ start: '2026-03-29T02:30:00', end: '2026-03-29T02:15:00' })).rejects.toMatchObject({ field: 'End' });
	});

	it.each([
		['without a zone', '2026-12-01T11:00:00', '2026-12-01T16:00:00.000Z'],
		['with an empty zone', { dateTime: '2026-12-01T11:00:00', timeZone: '' }, '2026-12-01T16:00:00.000Z'],
		['with an offset', '2026-12-01T17:00:00+01:00', '2026-12-01T16:00:00.000Z'],
		['with a zone of its own', { dateTime: '2026-12-01T17:00:00', timeZone: 'Europe/Berlin' }, '2026-12-01T16:00:00.000Z'],
	])('ends on the clock of its start, if only that has a zone: %s', async (_name, end, moment) => {
		const { ics } = await invite({ start: { dateTime: '2026-12-01T10:00:00', timeZone: 'America/New_York' }, end });
		expect(moment.slice(11, 16)).toBe('16:00');
		expect(ics).toContain('DTEND;TZID=America/New_York:20261201T110000\r\n');
	});

	it.each(['', ' ', null, undefined])('has no alarm if Reminder is %j', async (reminder) => {
		expect((await invite({ options: { reminder } })).ics).not.toContain('VALARM');
	});

	it.each([null, '  ', undefined])('without an end (%j) lasts half an hour, or a day', async (end) => {
		const { event } = await invite({ end });
		expect(event.duration.toSeconds()).toBe(1_800);
		expect((await invite({ end, options: { allDay: true } })).ics).toContain('DTEND;VALUE=DATE:20261201');
	});

	it.each(['Cancel', ' CANCEL '])('is cancelled by the action in any case: %j', async (invitationAction) => {
		const { calendar } = await invite({ invitationAction, eventUid: 'x@example.test' });
		expect(value(calendar, 'method')).toBe('CANCEL');
	});

	it.each(['cancelled', 'delete'])('is not made by an action that does not exist: %j', async (invitationAction) => {
		await expect(invite({ invitationAction })).rejects.toMatchObject({ code: 'input', field: 'Action' });
	});

	it.each([true, 'true', 1])('may be whole days by an expression that gives %j, of one day where it gives no end', async (allDay) => {
		for (const end of ['', null, undefined]) {
			expect((await invite({ start: '2026-12-31', end, options: { allDay } })).ics).toContain(
				'DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n',
			);
		}
	});

	it.each([
		['no title', { subject: ' ' }, 'Title'],
		['no start', { start: '' }, 'Start'],
		['a start in words', { start: 'tomorrow at noon' }, 'Start'],
		['a day that is not there', { start: '2026-02-30T10:00:00' }, 'Start'],
		['an hour that is not there', { start: '2026-02-28T25:00:00' }, 'Start'],
		['an end before the start', { end: '2026-11-30T15:30:00' }, 'End'],
		['days the wrong way round', { start: '2026-11-30', end: '2026-11-29', options: { allDay: true } }, 'End'],
		['whole days, perhaps', { options: { allDay: 'perhaps' } }, 'All Day'],
		['a look that there is not', { options: { showAs: 'asleep' } }, 'Show As'],
		['an update of nothing', { invitationAction: 'update' }, 'Event ID'],
		['a cancellation of nothing', { invitationAction: 'cancel', eventUid: ' ' }, 'Event ID'],
		['a sequence that is no number', { options: { sequence: 'x' } }, 'Sequence'],
	])('or another field that cannot be used is named: %s', async (_name, change, field) => {
		await expect(invite(change)).rejects.toMatchObject({
			code: 'input',
			field,
			message: expect.stringMatching(new RegExp(`^${field}: `)),
			remedy: expect.stringMatching(/.{10}/),
		});
	});

	it('needs somebody to invite', async () => {
		await expect(invite({ toEmail: '' })).rejects.toMatchObject({ code: 'input', field: 'To Email' });
	});
});

describe('times as other nodes give them', () => {
	/** RFC 5545, with the zone of the calendar itself. */
	const occurrences = ({ calendar, event }: Sent, most: number): string[] => {
		for (const zone of calendar.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone);
		const iterator = event.iterator();
		return Array.from({ length: most }, () => iterator.next()).flatMap((time) => (time ? [time.toJSDate().toISOString()] : []));
	};

	it('are half an hour where End is empty', async () => {
		const { event } = await invite({ end: '' });
		expect(event.endDate.toJSDate().getTime() - event.startDate.toJSDate().getTime()).toBe(30 * 60_000);
	});

	it.each([
		[
			"Microsoft Graph, in Windows' names",
			{ dateTime: '2026-11-30T15:30:00.0000000', timeZone: 'W. Europe Standard Time' },
			'2026-11-30T14:30:00.000Z',
		],
		['Microsoft Graph, in UTC', { dateTime: '2026-11-30T15:30:00.0000000', timeZone: 'UTC' }, '2026-11-30T15:30:00.000Z'],
		['Google', { dateTime: '2026-11-30T15:30:00-05:00', timeZone: 'America/New_York' }, '2026-11-30T20:30:00.000Z'],
		['JSON text', JSON.stringify({ dateTime: '2026-07-30T15:30:00', timeZone: 'Pacific Standard Time' }), '2026-07-30T22:30:00.000Z'],
	])('are read from %s, and keep their zone', async (_name, start, moment) => {
		const sent = await invite({ start, end: '' });
		expect(occurrences(sent, 1)).toEqual([moment]);
		expect(sent.calendar.getFirstSubcomponent('vtimezone')?.getFirstPropertyValue('tzid')).toBe(
			sent.vevent.getFirstProperty('dtstart')?.getParameter('tzid'),
		);
	});

	it('are whole days where Google says so, its end exclusive', async () => {
		const { ics } = await invite({ start: { date: '2026-11-30' }, end: { date: '2026-12-02' } });
		expect(ics).toContain('DTSTART;VALUE=DATE:20261130\r\nDTEND;VALUE=DATE:20261202\r\n');
	});

	it('repeat at the same time of the clock through the changes of daylight saving time', async () => {
		for (const [timeZone, start, offsets] of [
			['Europe/Berlin', '2026-03-23T09:00:00', ['08:00', '07:00', '07:00']],
			['America/New_York', '2026-10-26T09:00:00', ['13:00', '14:00', '14:00']],
			['Australia/Sydney', '2026-03-30T09:00:00', ['22:00', '23:00', '23:00']],
			['Asia/Kolkata', '2026-03-30T09:00:00', ['03:30', '03:30', '03:30']],
		] as const) {
			const sent = await invite({ start: { dateTime: start, timeZone }, end: '', options: { recurrence: 'RRULE:FREQ=WEEKLY;COUNT=3' } });
			expect(occurrences(sent, 5).map((moment) => moment.slice(11, 16))).toEqual(offsets);
		}
	});

	it.each([
		['Africa/Casablanca, where the clock goes back for Ramadan', 'Africa/Casablanca', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
		['Africa/Casablanca, up to a day', 'Africa/Casablanca', '2027-01-04T09:00:00', 'FREQ=WEEKLY;UNTIL=20290101T000000Z'],
		['Africa/El_Aaiun, without an end', 'Africa/El_Aaiun', '2026-01-05T09:00:00', 'FREQ=MONTHLY'],
		['Asia/Beirut, by rules', 'Asia/Beirut', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
		['Africa/Cairo, by rules', 'Africa/Cairo', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
		['Asia/Jerusalem', 'Asia/Jerusalem', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
		['America/Santiago', 'America/Santiago', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
		...['Asia/Jerusalem', 'America/Santiago', 'America/Nuuk', 'America/Scoresbysund'].map((zone): [string, string, string, string] => [
			`${zone}, many years`,
			zone,
			'2026-01-05T09:00:00',
			'FREQ=WEEKLY;INTERVAL=4;COUNT=110',
		]),
		['America/Santiago, where a year differs by a week', 'America/Santiago', '2026-01-12T09:00:00', 'FREQ=WEEKLY;INTERVAL=4;COUNT=110'],
		['Europe/Berlin, many years', 'Europe/Berlin', '2026-01-05T09:00:00', 'FREQ=WEEKLY;INTERVAL=4;COUNT=110'],
		['Australia/Lord_Howe, by half an hour', 'Australia/Lord_Howe', '2026-01-05T09:00:00', 'FREQ=WEEKLY;COUNT=120'],
	])('keep the clock in a series of %s', async (_name, timeZone, dateTime, recurrence) => {
		const sent = await invite({ start: { dateTime, timeZone }, end: '', options: { recurrence } });
		const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' });
		const moments = occurrences(sent, 100);
		expect(moments.length).toBeGreaterThan(95);
		expect(new Set(moments.map((moment) => clock.format(new Date(moment))))).toEqual(new Set(['09:00']));
	});

	it.each([
		['a day as people write it: all of that day', 'FREQ=DAILY;UNTIL=2026-12-31', {}, 'FREQ=DAILY;UNTIL=20261231T225959Z'],
		['a day of iCalendar', 'RRULE:FREQ=DAILY;UNTIL=20261231;', {}, 'FREQ=DAILY;UNTIL=20261231T225959Z'],
		["a moment of the event's own clock", 'FREQ=DAILY;UNTIL=20261231T090000', {}, 'FREQ=DAILY;UNTIL=20261231T080000Z'],
		['a moment in UTC', 'freq=weekly;byday=mo,-1fr;until=20270101T000000Z', {}, 'FREQ=WEEKLY;BYDAY=MO,-1FR;UNTIL=20270101T000000Z'],
		[
			'a moment for whole days',
			'FREQ=DAILY;UNTIL=20261231T230000Z',
			{ start: '2026-12-01', end: '', options: { allDay: true } },
			'FREQ=DAILY;UNTIL=20270101',
		],
		...[
			['the end of a day in UTC', '20261231T235959Z', '20261231'],
			['the beginning of a day in UTC', '20261231T000000Z', '20261231'],
			["the end of a day on the event's clock", '20261231T225959Z', '20261231'],
			["a moment of the event's clock", '20261231T235959', '20261231'],
			['a day', '20261231', '20261231'],
		].map(([name, until, last]): [string, string, Record<string, unknown>, string] => [
			`${name}, for whole days`,
			`FREQ=DAILY;UNTIL=${until}`,
			{ start: '2026-12-01', end: '', options: { allDay: true } },
			`FREQ=DAILY;UNTIL=${last}`,
		]),
	])(
		'end where the rule says, told as calendars want it (RFC 5545): %s',
		async (_name, recurrence, { options, ...change }: Record<string, unknown>, rule) => {
			const zoned = { start: { dateTime: '2026-11-30T09:00:00', timeZone: 'Europe/Berlin' }, end: '', ...change };
			const { ics } = await invite({ ...zoned, options: { ...Object(options), recurrence } });
			expect([...ics.matchAll(/^RRULE:(.*)\r$/gm)].at(-1)?.[1]).toBe(rule);
		},
	);

	it.each([
		'COUNT=0',
		'COUNT=x',
		'INTERVAL=0',
		'BYDAY=XX',
		'BYMONTH=13',
		'BYMONTHDAY=32',
		'UNTIL=soon',
		'UNTIL=20261340',
		'UNTIL=20200101',
		'WKST=1',
		'COUNT=2;COUNT=3',
		'X-A=1',
		'COUNT=2=3',
	])('are refused with %s', async (part) => {
		await expect(invite({ options: { recurrence: `FREQ=WEEKLY;${part}` } })).rejects.toMatchObject({ code: 'input', field: 'Repeat Rule' });
	});

	it("take Graph's name of UTC", async () => {
		const { vevent } = await invite({ start: { dateTime: '2026-11-30T15:30:00.0000000', timeZone: 'tzone://Microsoft/Utc' }, end: '' });
		expect(vevent.getFirstProperty('dtstart')?.getFirstValue()?.toString()).toMatch(/^2026-11-30T15:30:00/);
	});

	it.each([
		['europe/berlin', 'Europe/Berlin'],
		['EUROPE/BERLIN', 'Europe/Berlin'],
		['america/argentina/buenos_aires', 'America/Argentina/Buenos_Aires'],
		['w. europe standard time', 'Europe/Berlin'],
		['EASTERN STANDARD TIME', 'America/New_York'],
		['CET', 'CET'],
		['est5edt', 'EST5EDT'],
		['Japan', 'Japan'],
		['utc', 'Etc/UTC'],
		['Z', 'Etc/UTC'],
		['UTC+1', 'Etc/GMT-1'],
		['(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna', 'Europe/Amsterdam'],
	])('take the zone %s, which means one clock, in any case', async (timeZone, tzid) => {
		const { vevent } = await invite({ start: { dateTime: '2026-11-30T15:30:00', timeZone }, end: '' });
		expect(vevent.getFirstProperty('dtstart')?.getParameter('tzid')).toBe(tzid);
	});

	it.each(['EST', 'PST', 'IST', 'MEZ', 'Customized Time Zone', '__proto__', 'constructor'])(
		'refuse the zone %s, which means none or more than one clock',
		async (timeZone) => {
			await expect(invite({ start: { dateTime: '2026-11-30T15:30:00', timeZone }, end: '' })).rejects.toMatchObject({ field: 'Start' });
		},
	);

	it.each([
		['Berlin', 'Europe/Berlin', '2026-03-29T02:30:00', '2026-03-29T01:30:00.000Z'],
		['New York', 'America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00.000Z'],
		['Santiago, at midnight', 'America/Santiago', '2026-09-06T00:00:00', '2026-09-06T04:00:00.000Z'],
	])('are, where the clock leaves them out, later by as much as it jumps (RFC 5545): %s', async (_name, timeZone, dateTime, moment) => {
		expect(occurrences(await invite({ start: { dateTime, timeZone }, end: '' }), 1)).toEqual([moment]);
	});

	it('are the first one of two that the clock shows', async () => {
		const { ics } = await invite({ start: '2026-10-25T02:30:00', end: '' });
		expect(ics).toContain('DTSTART:20261025T003000Z\r\n');
	});

	it.each(['2026-11-30T15:30:00+01', '2026-11-30 15:30:00 +0100', '2026-11-30T15:30:00+01:00[Europe/Berlin]', '2026-11-30T14:30Z'])(
		'are read from %s',
		async (start) => {
			expect(occurrences(await invite({ start, end: '' }), 1)).toEqual(['2026-11-30T14:30:00.000Z']);
		},
	);

	it('repeat by a rule in any order, with blanks in it', async () => {
		const { ics } = await invite({ options: { recurrence: 'BYDAY=MO, TU; FREQ=WEEKLY; COUNT=2' } });
		expect(ics).toContain('RRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=2\r\n');
	});

	it('are refused where the zone or the rule is none', async () => {
		await expect(invite({ start: { dateTime: '2026-11-30T15:30:00', timeZone: 'Mars/Olympus' } })).rejects.toMatchObject({
			field: 'Start',
			message: expect.stringContaining('time zone'),
		});
		for (const recurrence of ['every Monday', 'FREQ=WEEKLY;COUNT=2;UNTIL=20270101', 'FREQ=WEEKLY\nX-A:1'])
			await expect(invite({ options: { recurrence } })).rejects.toMatchObject({ field: 'Repeat Rule' });
	});

	it('come with a description in HTML', async () => {
		const { vevent } = await invite({ emailFormat: 'html', html: '<p>Agenda; <b>one</b>, two</p>' });
		const property = vevent.getFirstProperty('x-alt-desc');
		expect([property?.getParameter('fmttype'), String(property?.getFirstValue()).replace(/\\([;,])/g, '$1')]).toEqual([
			'text/html',
			'<p>Agenda; <b>one</b>, two</p>',
		]);
		expect(value(vevent, 'description')).toBe('Agenda; one, two');
	});
});
