import { describe, expect, it } from 'vitest';

import { readCalendar } from '../../../../mail/item/calendar/calendar';

function ics(method: string, lines: string[], zones: string[] = []): string {
	return [
		'BEGIN:VCALENDAR',
		`METHOD:${method}`,
		'VERSION:2.0',
		'PRODID:Microsoft Exchange Server 2010',
		...zones,
		'BEGIN:VEVENT',
		...lines,
		'END:VEVENT',
		'END:VCALENDAR',
		'',
	].join('\r\n');
}

const MEETING = [
	'ORGANIZER;CN=Ada Example:mailto:ada@example.com',
	'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Bob, of Sales":mailto:bob@example.com',
	'ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Carol:MAILTO:carol@example.com',
	'ATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;PARTSTAT=TENTATIVE;CN=Room 7:mailto:room7@example.com',
	'DESCRIPTION;LANGUAGE=en-US:First line\\nsecond\\, with a comma and a very long text that Exchange fo',
	' lds into two lines',
	'UID:040000008200E00074C5B7101A82E008',
	'SUMMARY;LANGUAGE=en-US:Budget 2027',
	'DTSTART;TZID=W. Europe Standard Time:20261103T100000',
	'DTEND;TZID=W. Europe Standard Time:20261103T113000',
	'LOCATION;LANGUAGE=en-US:Room 7\\; second floor',
	'SEQUENCE:0',
	'STATUS:CONFIRMED',
	'BEGIN:VALARM',
	'DESCRIPTION:REMINDER',
	'TRIGGER;RELATED=START:-PT15M',
	'ACTION:DISPLAY',
	'END:VALARM',
];

const CUSTOM_ZONE = [
	'BEGIN:VTIMEZONE',
	'TZID:Customized Time Zone',
	'BEGIN:STANDARD',
	'DTSTART:16010101T030000',
	'TZOFFSETFROM:+0330',
	'TZOFFSETTO:+0230',
	'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10',
	'END:STANDARD',
	'BEGIN:DAYLIGHT',
	'DTSTART:16010101T020000',
	'TZOFFSETFROM:+0230',
	'TZOFFSETTO:+0330',
	'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3',
	'END:DAYLIGHT',
	'END:VTIMEZONE',
];

const without = (lines: string[], ...starts: string[]): string[] => lines.filter((line) => !starts.some((start) => line.startsWith(start)));

describe('a calendar in a mail', () => {
	it("is read with people, answers, place and times, by Windows' name of the zone", async () => {
		expect(await readCalendar(ics('REQUEST', MEETING))).toEqual({
			kind: 'invitation',
			method: 'REQUEST',
			uid: '040000008200E00074C5B7101A82E008',
			sequence: 0,
			summary: 'Budget 2027',
			start: '2026-11-03T09:00:00.000Z',
			end: '2026-11-03T10:30:00.000Z',
			timeZone: 'Europe/Berlin',
			allDay: false,
			location: 'Room 7; second floor',
			description: 'First line\nsecond, with a comma and a very long text that Exchange folds into two lines',
			organizer: { name: 'Ada Example', address: 'ada@example.com' },
			attendees: [
				{ name: 'Bob, of Sales', address: 'bob@example.com', answer: 'needsAction', role: 'required', type: 'person' },
				{ name: 'Carol', address: 'carol@example.com', answer: 'accepted', role: 'optional', type: 'person' },
				{ name: 'Room 7', address: 'room7@example.com', answer: 'tentative', role: 'none', type: 'room' },
			],
			status: 'confirmed',
			recurrenceRule: '',
			recurrenceId: '',
			comment: '',
		});
	});

	it.each([
		['REQUEST', 'SEQUENCE:2', 'update'],
		['REQUEST', 'SEQUENCE:0', 'invitation'],
		['CANCEL', 'SEQUENCE:3', 'cancellation'],
		['REFRESH', 'SEQUENCE:0', 'request'],
		['PUBLISH', 'SEQUENCE:0', 'event'],
		['', 'SEQUENCE:0', 'event'],
	])('of method "%s" with %s is called %s', async (method, sequence, kind) => {
		expect(await readCalendar(ics(method, [...without(MEETING, 'SEQUENCE'), sequence]))).toMatchObject({ kind });
	});

	it.each(['ACCEPTED', 'DECLINED', 'TENTATIVE'])('tells who has answered: %s', async (partstat) => {
		const lines = [
			'UID:1',
			'DTSTART:20261103T090000Z',
			'DTEND:20261103T093000Z',
			`ATTENDEE;PARTSTAT=${partstat};CN=Bob:mailto:bob@example.com`,
			'COMMENT:See you',
			'SUMMARY:Accepted: Budget',
		];
		expect(await readCalendar(ics('REPLY', lines))).toMatchObject({
			kind: 'reply',
			reply: { name: 'Bob', address: 'bob@example.com', answer: partstat.toLowerCase(), comment: 'See you' },
		});
	});

	it.each([
		['X-RESPONSE-COMMENT="Sorry, it&#39\\;s too late"', '', "Sorry, it's too late"],
		['X-RESPONSE-COMMENT=No', 'COMMENT:Yes', 'Yes'],
	])('tells the comment of an answer, also if it is written as Google does: %s %s', async (parameter, line, comment) => {
		const lines = ['UID:1', `ATTENDEE;PARTSTAT=TENTATIVE;X-NUM-GUESTS=0;${parameter}:mailto:bob@example.com`, line];
		expect(await readCalendar(ics('REPLY', lines))).toMatchObject({ reply: { address: 'bob@example.com', comment } });
	});

	it('of another time that an attendee proposes is a counter-proposal', async () => {
		const lines = ['UID:1', 'DTSTART:20261104T090000Z', 'DTEND:20261104T093000Z', 'ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob@example.com'];
		expect(await readCalendar(ics('COUNTER', lines))).toMatchObject({
			kind: 'counterProposal',
			start: '2026-11-04T09:00:00.000Z',
			reply: { answer: 'tentative' },
		});
	});

	it('has days, not times, for whole days', async () => {
		const lines = ['UID:1', 'SUMMARY:Fair', 'DTSTART;VALUE=DATE:20261103', 'DTEND;VALUE=DATE:20261105'];
		expect(await readCalendar(ics('REQUEST', lines))).toMatchObject({ start: '2026-11-03', end: '2026-11-05', allDay: true, timeZone: '' });
	});

	it.each([
		['', ''],
		[';TZID=Europe/Berlin', ';TZID="W. Europe Standard Time"'],
	])('has days where they are not declared as such: DTSTART%s', async (start, end) => {
		const lines = ['UID:1', `DTSTART${start}:20261103`, `DTEND${end}:20261105`, `RECURRENCE-ID:20261103`];
		expect(await readCalendar(ics('REQUEST', lines))).toMatchObject({ allDay: true, start: '2026-11-03', end: '2026-11-05' });
	});

	const WHOLE_DAY = ['UID:1', 'X-MICROSOFT-CDO-ALLDAYEVENT:TRUE'];
	it.each([
		['DTEND;TZID=W. Europe Standard Time:20261104T000000', '2026-11-04'],
		['DTEND;TZID="Customized Time Zone":20261105T000000', '2026-11-05'],
		['DURATION:P1D', '2026-11-04'],
	])('has days where Outlook says that it is about whole days: until %s', async (until, end) => {
		const zone = 'TZID=W. Europe Standard Time';
		const lines = [...WHOLE_DAY, `RECURRENCE-ID;${zone}:20261102T000000`, `DTSTART;${zone}:20261103T000000`, until];
		expect(await readCalendar(ics('REQUEST', lines, CUSTOM_ZONE))).toMatchObject({
			allDay: true,
			start: '2026-11-03',
			end,
			recurrenceId: '2026-11-02',
			timeZone: 'Europe/Berlin',
		});
	});

	it.each([
		['the day ends in the middle', [...WHOLE_DAY, 'DTEND;TZID=Europe/Berlin:20261103T120000'], '2026-11-03T11:00:00.000Z'],
		['Outlook does not say so', ['UID:1', 'DTEND;TZID=Europe/Berlin:20261104T000000'], '2026-11-03T23:00:00.000Z'],
	])('has times that begin at midnight where %s', async (_why, lines, end) => {
		const read = await readCalendar(ics('REQUEST', ['DTSTART;TZID=Europe/Berlin:20261103T000000', ...lines]));
		expect(read).toMatchObject({ start: '2026-11-02T23:00:00.000Z', end });
	});

	it('without an end has the duration, or the day', async () => {
		expect(await readCalendar(ics('REQUEST', ['UID:1', 'DTSTART:20261103T090000Z', 'DURATION:PT45M']))).toMatchObject({
			end: '2026-11-03T09:45:00.000Z',
		});
		expect(await readCalendar(ics('REQUEST', ['UID:1', 'DTSTART;VALUE=DATE:20261103']))).toMatchObject({ end: '2026-11-04' });
	});

	it.each([
		['Europe/Berlin', '2026-07-03T08:00:00.000Z', 'Europe/Berlin'],
		['Tokyo Standard Time', '2026-07-03T01:00:00.000Z', 'Asia/Tokyo'],
		['Eastern Standard Time', '2026-07-03T14:00:00.000Z', 'America/New_York'],
		['/freeassociation.sourceforge.net/Tzfile/Europe/Paris', '2026-07-03T08:00:00.000Z', 'Europe/Paris'],
		['/freeassociation.sourceforge.net/Europe/Paris', '2026-07-03T08:00:00.000Z', 'Europe/Paris'],
		['Customized Time Zone', '2026-07-03T06:30:00.000Z', 'Customized Time Zone'],
		['Nowhere', '2026-07-03T10:00:00', 'Nowhere'],
	])('in the zone %s begins at %s', async (zone, start, timeZone) => {
		const lines = ['UID:1', `DTSTART;TZID="${zone}":20260703T100000`, `DTEND;TZID="${zone}":20260703T110000`];
		expect(await readCalendar(ics('REQUEST', lines, CUSTOM_ZONE))).toMatchObject({ start, timeZone });
	});

	it.each([
		['(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna', '2026-07-03T08:00:00.000Z', 'Europe/Amsterdam'],
		['(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi', '2026-07-03T02:00:00.000Z', 'Asia/Chongqing'],
		['(UTC-05:00) Eastern Time (US & Canada)', '2026-07-03T14:00:00.000Z', 'America/New_York'],
		['Eastern Time (US & Canada)', '2026-07-03T14:00:00.000Z', 'America/New_York'],
		['(UTC) Coordinated Universal Time', '2026-07-03T10:00:00.000Z', 'UTC'],
		['(UTC+03:00) Berlin', '2026-07-03T10:00:00', '(UTC+03:00) Berlin'],
		['GMT+0200', '2026-07-03T08:00:00.000Z', 'Etc/GMT-2'],
		["'America/New_York'", '2026-07-03T14:00:00.000Z', 'America/New_York'],
	])('in the zone %s, which it does not describe, begins at %s', async (zone, start, timeZone) => {
		const lines = ['UID:1', `DTSTART;TZID="${zone}":20260703T100000`, `DTEND;TZID="${zone}":20260703T110000`];
		expect(await readCalendar(ics('REQUEST', lines))).toMatchObject({ start, timeZone });
	});

	it.each([
		['as Notes writes them', 'FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=-1SU;BYMONTH=$1'],
		['in another order', 'BYMONTH=$1;FREQ=YEARLY;BYDAY=-1SU'],
	])('takes the hours of a zone from its rules %s', async (_how, rule) => {
		const zone = CUSTOM_ZONE.map((line) => line.replace(/RRULE.*BYMONTH=(\d+)/, `RRULE:${rule}`));
		const lines = ['UID:1', 'DTSTART;TZID=Customized Time Zone:20260703T100000', 'DTEND;TZID=Customized Time Zone:20261103T100000'];
		expect(await readCalendar(ics('REQUEST', lines, zone))).toMatchObject({
			start: '2026-07-03T06:30:00.000Z',
			end: '2026-11-03T07:30:00.000Z',
		});
	});

	it('gives times without a zone where a rule of the zone cannot be followed', async () => {
		const zone = CUSTOM_ZONE.map((line) => line.replace('BYDAY=-1SU', 'BYDAY=SU;BYMONTHDAY=25,26,27,28,29,30,31'));
		const lines = ['UID:1', 'DTSTART;TZID=Customized Time Zone:20261103T100000'];
		expect(await readCalendar(ics('REQUEST', lines, zone))).toMatchObject({
			start: '2026-11-03T10:00:00',
			timeZone: 'Customized Time Zone',
		});
	});

	it('in the zone GMT has the summer time of London, if the calendar describes it as Notes does', async () => {
		const zone = CUSTOM_ZONE.map((line) => line.replace('Customized Time Zone', 'GMT').replace('+0230', '+0000').replace('+0330', '+0100'));
		const lines = ['UID:1', 'DTSTART;TZID="GMT":20260703T100000'];
		expect(await readCalendar(ics('REQUEST', lines, zone))).toMatchObject({ start: '2026-07-03T09:00:00.000Z' });
		expect(await readCalendar(ics('REQUEST', lines))).toMatchObject({ start: '2026-07-03T10:00:00.000Z' });
	});

	it('keeps its own description of a zone whose name tells an offset only', async () => {
		const zone = CUSTOM_ZONE.map((line) => line.replace('Customized Time Zone', 'GMT+0200'));
		expect(await readCalendar(ics('REQUEST', ['UID:1', 'DTSTART;TZID=GMT+0200:20260703T100000'], zone))).toMatchObject({
			start: '2026-07-03T06:30:00.000Z',
			timeZone: 'GMT+0200',
		});
	});

	it.each([
		['20260703T100000', '2026-07-03T08:00:00.000Z', 'Europe/Berlin'],
		['20260703T100000Z', '2026-07-03T10:00:00.000Z', ''],
		['20260703', '2026-07-03', ''],
	])('that names one zone for all times begins at the time of it: %s', async (time, start, timeZone) => {
		const read = await readCalendar(ics('REQUEST', ['UID:1', `DTSTART:${time}`], ['X-WR-TIMEZONE:Europe/Berlin']));
		expect(read).toMatchObject({ start, timeZone });
	});

	it.each([
		[':20260703T090000+0200', '2026-07-03T07:00:00.000Z'],
		[':20260703T090000-03:30', '2026-07-03T12:30:00.000Z'],
		[';TZID=Europe/Berlin:20260703T090000+0200', '2026-07-03T07:00:00.000Z'],
		[':20260703T0900Z', '2026-07-03T09:00:00.000Z'],
		[':2026-07-03T09:00:00Z', '2026-07-03T09:00:00.000Z'],
		[':2026-07-03T09:00:00.000+02:00', '2026-07-03T07:00:00.000Z'],
		[';TZID=Europe/Berlin:2026-07-03T09:00', '2026-07-03T07:00:00.000Z'],
		[':2026-07-03', '2026-07-03'],
		[': 20260703T090000Z', '2026-07-03T09:00:00.000Z'],
		[': 20260703', '2026-07-03'],
		[';TZID=GMT+02:00:20260703T090000', '2026-07-03T07:00:00.000Z'],
		[';TZID=(UTC+01:00) Amsterdam, Berlin, Bern:20260703T090000', '2026-07-03T07:00:00.000Z'],
	])('begins at the time that another form of ISO 8601 tells: DTSTART%s', async (time, start) => {
		const unread: string[] = [];
		expect(await readCalendar(ics('REQUEST', ['UID:1', `DTSTART${time}`]), '', unread)).toMatchObject({ start });
		expect(unread).toEqual([]);
	});

	it.each([
		[
			'DESCRIPTION:Dear Ada,\nplease come.\n\nNote: bring it.\nhttps://example.test/',
			'Dear Ada,\nplease come.\n\nNote: bring it.\nhttps://example.test/',
		],
		['DESCRIPTION:Dear Ada,\n\nX-OTHER:1', 'Dear Ada,'],
		[
			'DESCRIPTION:Weekly\nAGENDA: budget 2027\nPRIORITY: cost\nPIN:4711\nbye',
			'Weekly\nAGENDA: budget 2027\nPRIORITY: cost\nPIN:4711\nbye',
		],
		['DESCRIPTION:Weekly\nTRANSP:OPAQUE\nCLASS:PUBLIC', 'Weekly'],
		['DESCRIPTION:Weekly\nTRANSP: OPAQUE\nPRIORITY: 5\nX-MICROSOFT-CDO-BUSYSTATUS: BUSY', 'Weekly'],
		['DESCRIPTION:Weekly\nBEGIN: VALARM\nDESCRIPTION:Soon\nEND: VALARM', 'Weekly'],
		['DESCRIPTION:Dear\n\n  Ada', 'Dear Ada'],
		['DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=BC=\n=C3=9Fe,=0D=0AAda', 'Grüße,\nAda'],
		['DESCRIPTION;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gr=FC=DFe', 'Grüße'],
		['DESCRIPTION;ENCODING=8BIT:a=3D', 'a=3D'],
	])('has its description where that is written carelessly: %j', async (line, description) => {
		const read = await readCalendar(ics('REQUEST', ['UID:1', ...line.split('\n'), 'LOCATION:Room 7']));
		expect(read).toMatchObject({ description, location: 'Room 7' });
	});

	it('of a series has its rule, and its changed occurrences beside it', async () => {
		const text = [
			'BEGIN:VCALENDAR',
			'METHOD:REQUEST',
			...[
				'BEGIN:VEVENT',
				'UID:1',
				'SUMMARY:Moved',
				'RECURRENCE-ID:20261110T090000Z',
				'DTSTART:20261110T140000Z',
				'DTEND:20261110T150000Z',
				'END:VEVENT',
			],
			...[
				'BEGIN:VEVENT',
				'UID:1',
				'SUMMARY:Weekly',
				'DTSTART:20261103T090000Z',
				'DTEND:20261103T100000Z',
				'RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=10',
				'END:VEVENT',
			],
			'END:VCALENDAR',
		].join('\n');
		expect(await readCalendar(text)).toMatchObject({
			summary: 'Weekly',
			recurrenceRule: expect.stringContaining('FREQ=WEEKLY'),
			otherEvents: [{ summary: 'Moved', recurrenceId: '2026-11-10T09:00:00.000Z', start: '2026-11-10T14:00:00.000Z' }],
		});
	});

	it('is read where blanks stand before the method and the status', async () => {
		expect(await readCalendar(ics(' REQUEST', ['UID:1', 'STATUS: CANCELLED']))).toMatchObject({
			kind: 'cancellation',
			method: 'REQUEST',
			status: 'cancelled',
		});
	});

	it('takes the method from the Content-Type where the calendar has none', async () => {
		expect(
			await readCalendar('BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261103T090000Z\nEND:VEVENT\nEND:VCALENDAR', 'reply'),
		).toMatchObject({ method: 'REPLY', kind: 'reply' });
	});

	it('that is cut off, has lines that are none, or ends nowhere is read as far as it goes', async () => {
		const text =
			'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nthis is no line\n=20\nSUMMARY:Cut\nDTSTART:20261103T090000Z\nATTENDEE;PARTSTAT=ACC';
		expect(await readCalendar(text)).toMatchObject({ summary: 'Cut', start: '2026-11-03T09:00:00.000Z', attendees: [] });
	});

	it('whose quotes do not end keeps the address', async () => {
		expect(await readCalendar(ics('REQUEST', ['UID:1', 'ATTENDEE;CN="Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com']))).toMatchObject({
			attendees: [{ name: '', address: 'bob@example.com' }],
		});
	});

	it.each([
		[';EMAIL="bob@example.test":urn:uuid:123', '', 'bob@example.test'],
		[';CN=Ada;EMAIL=ada@example.test:/aMTAx/principal/', 'Ada', 'ada@example.test'],
		[';CN=Ada;EMAIL="mailto:ada@example.test":/aMTAx/principal/', 'Ada', 'ada@example.test'],
		[';EMAIL=other@example.test:mailto:ada@example.test', '', 'ada@example.test'],
		[';EMAIL=:urn:uuid:123', '', 'urn:uuid:123'],
		[';CN=Team: Sales:mailto:ada@example.test', 'Team: Sales', 'ada@example.test'],
		[';ROLE=CHAIR;CN=Team: A: B;X-A=1:MAILTO:ada@example.test', 'Team: A: B', 'ada@example.test'],
		[';CN="Team: Sales":mailto:ada@example.test', 'Team: Sales', 'ada@example.test'],
		[';CN=Ada;SENT-BY="mailto:bob@example.test":mailto:ada@example.test', 'Ada', 'ada@example.test'],
	])('has name and address of the person in %s', async (person, name, address) => {
		const read = await readCalendar(ics('REQUEST', ['UID:1', `ORGANIZER${person}`, `ATTENDEE${person}`]));
		expect(read).toMatchObject({ organizer: { name, address }, attendees: [{ name, address }] });
	});

	it('that ends at a time that no calendar has is read all the same', async () => {
		const read = await readCalendar(ics('REQUEST', ['UID:1', 'SUMMARY:odd', 'DTSTART:20261127T100000Z', 'DURATION:P9999999W']));
		expect(read).toMatchObject({ uid: '1', summary: 'odd', start: '2026-11-27T10:00:00.000Z' });
	});

	it.each([
		['RRULE:FREQ=SOMETIMES', { recurrenceRule: '' }],
		['RRULE:FREQ=WEEKLY;BYDAY=XX', { recurrenceRule: '' }],
		['RRULE:FREQ=DAILY;UNTIL=never', { recurrenceRule: '' }],
		['RRULE:', { recurrenceRule: '' }],
		['DTSTART:never', { start: '', end: '2026-11-03T10:30:00.000Z', timeZone: 'Europe/Berlin' }],
		['DTSTART;VALUE=TEXT:20261103T100000Z', { start: '', end: '2026-11-03T10:30:00.000Z' }],
		['DTEND:', { end: '' }],
		['DTEND;VALUE=PERIOD:20261103T100000Z/PT1H', { end: '' }],
		['DURATION:soon', { end: '' }],
		['DURATION:P99999999W', { end: '' }],
		['RECURRENCE-ID:1', { recurrenceId: '' }],
		['ORGANIZER;CN="Ada', { organizer: null }],
		['ATTENDEE;PARTSTAT=ACC', { attendees: [] }],
		['SUMMARY;VALUE=DATE:x', { summary: '' }],
		[`DESCRIPTION:${'x'.repeat(60_000)}`, { description: '' }],
	])('gives everything but the line that makes no sense, and tells it: %s', async (line, changed) => {
		const name = /^[A-Z-]+/.exec(line)?.[0] ?? '';
		const right = without(MEETING, name, 'BEGIN', 'END', 'TRIGGER', 'ACTION', ...(name === 'DURATION' ? ['DTEND'] : []));
		const lines = name === 'DESCRIPTION' ? right.filter((one) => !one.startsWith(' ')) : right;
		const whole = await readCalendar(ics('REQUEST', lines));
		const unread: string[] = [];
		expect(await readCalendar(ics('REQUEST', [...lines, line]), '', unread)).toEqual({ ...whole, ...changed });
		expect(unread).toEqual([line.slice(0, 100)]);
	});

	it.each([
		['Europe/Berlin', 'keeps the times where Node knows the zone', '2026-07-03T08:00:00.000Z'],
		['Customized Time Zone', 'gives the times without a zone where Node does not know it', '2026-07-03T10:00:00'],
	])('with a line that makes no sense in the zone %s %s', async (name, _what, start) => {
		const zone = CUSTOM_ZONE.map((line) => line.replace('+0230', 'east').replace('Customized Time Zone', name));
		const unread: string[] = [];
		const lines = ['UID:1', `DTSTART;TZID=${name}:20260703T100000`, `DTEND;TZID=${name}:20260703T100000`];
		expect(await readCalendar(ics('REQUEST', lines, zone), '', unread)).toMatchObject({ start, end: start, timeZone: name });
		expect(unread).toEqual(['TZOFFSETTO:east', 'TZOFFSETFROM:east']);
	});

	it('with more lines than are read says so', async () => {
		const text = (lines: number): string => `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n${'X\n'.repeat(lines)}END:VEVENT\nEND:VCALENDAR`;
		expect(await readCalendar(text(190_000))).not.toHaveProperty('incomplete');
		expect(await readCalendar(text(210_000))).toMatchObject({ uid: '1', incomplete: true });
	});

	it('without an event is none', async () => {
		expect(await readCalendar('BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR')).toBeUndefined();
		expect(await readCalendar('Hello')).toBeUndefined();
	});
});

describe('a hostile calendar', () => {
	const event = 'BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Customized Time Zone:20261103T090000\nRRULE:FREQ=SECONDLY\nEND:VEVENT\n';
	it.each([
		['10,000 events', `BEGIN:VCALENDAR\n${event.repeat(10_000)}END:VCALENDAR`],
		['components within components', `BEGIN:VCALENDAR\n${'BEGIN:VEVENT\nBEGIN:STANDARD\n'.repeat(50_000)}`],
		['100,000 attendees', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n${'ATTENDEE;CN=x:mailto:a@example.com\n'.repeat(100_000)}END:VEVENT`],
		['a zone that changes every second', `BEGIN:VCALENDAR\n${CUSTOM_ZONE.join('\n').replace(/RRULE.*/g, 'RRULE:FREQ=SECONDLY')}\n${event}`],
		[
			'a zone whose day never comes',
			`BEGIN:VCALENDAR\n${CUSTOM_ZONE.join('\n').replace(/RRULE.*/g, 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30')}\n${event}`,
		],
		[
			'a zone whose Sunday never comes',
			`BEGIN:VCALENDAR\n${CUSTOM_ZONE.join('\n').replace(/RRULE.*/g, 'RRULE:FREQ=YEARLY;BYDAY=9SU;BYMONTH=2')}\n${event}`,
		],
		['a year far off', `BEGIN:VCALENDAR\n${CUSTOM_ZONE.join('\n')}\n${event.replace('2026', '9999')}`],
		['an event that never ends', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261103T090000Z\nDURATION:P99999999999999W\nEND:VEVENT`],
		['one line of a megabyte', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:${'x'.repeat(1_000_000)}`],
		['a line folded a million times', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:${'\n '.repeat(400_000)}`],
		['five million short lines', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n${'\n '.repeat(4_900_000)}`],
		['quotes that do not end', `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n${'ATTENDEE;CN="x;"":mailto:a\n'.repeat(4_000)}END:VEVENT`],
	])('of %s is done with at once', async (_name, text) => {
		const begin = performance.now();
		const read = await readCalendar(text).catch((error: unknown) => error);
		// Around 100 ms on a quiet machine; without bounds some of these never end.
		expect(performance.now() - begin).toBeLessThan(60_000);
		expect(JSON.stringify(read).length).toBeLessThan(1_200_000);
	});
});
