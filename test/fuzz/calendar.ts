import { calendarText } from '../../mail/compose/invitation';
import { readCalendar } from '../../mail/item/calendar/calendar';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { damaged, nonsense } from './nonsense';

const PIECES = [
	...[
		'BEGIN:VEVENT\r\n',
		'END:VEVENT\r\n',
		'BEGIN:VTIMEZONE\r\n',
		'TZID:x\r\n',
		'TZOFFSETTO:+99\r\n',
		'DTSTART:99999999T999999Z\r\n',
		'\r\n ',
		';',
		':',
	],
	...[
		'DTSTART;VALUE=DATE:2026\r\n',
		'RRULE:FREQ=SECONDLY;COUNT=999999999\r\n',
		'RRULE:FREQ=NO\r\n',
		'DURATION:P999999999W\r\n',
		'"',
		'\\',
		',',
	],
	...[
		'ATTENDEE;CN="a:b";PARTSTAT=X:mailto:\r\n',
		'X-A;B=C;D="E:F\r\n',
		'SEQUENCE:NaN\r\n',
		'\0',
		'\xff',
		'METHOD:COUNTER\r\n',
		'RECURRENCE-ID:1\r\n',
	],
];
const FIRST = Date.UTC(1970, 0, 1);

/** Invitations of others with damage, and our own of any text: read again, they say what was entered and nothing else. */
export const calendar: Target = {
	cpuMs: 5_000,
	open: async () => ({
		round: async (random) => (random.chance(0.5) ? await written(random) : await received(random)),
		close: async () => await Promise.resolve(),
	}),
};

function invitation(random: Random, text: () => string): { title: string; people: number; content: string } {
	const start = new Date(FIRST + random.below(4e9) * 1_000);
	const title = text();
	const people = random.below(4);
	const content = calendarText({
		...{
			method: random.pick(['REQUEST', 'CANCEL'] as const),
			uid: text(),
			sequence: random.below(9),
			title,
			description: text(),
			location: text(),
		},
		...{ time: { start, end: new Date(start.getTime() + 3_600_000) }, reminder: random.below(60), showAs: 'busy' },
		organizer: { name: text(), address: 'ada@example.test' },
		required: Array.from({ length: people }, () => ({ name: text(), address: 'grace@example.test' })),
		optional: [],
	});
	return { title, people, content };
}

async function written(random: Random): Promise<string> {
	const { title, people, content } = invitation(random, () => nonsense(random));
	if (content.split('\r\n').some((line) => Buffer.byteLength(line) > 75 || /[\0-\x08\x0a-\x1f\x7f]/.test(line)))
		throw new Error('A line is longer than 75 bytes or holds a control character.');
	const read = await readCalendar(content);
	if (read === undefined || read.otherEvents !== undefined || read.attendees.length !== people)
		throw new Error(`Of one event with ${people} people this is read: ${JSON.stringify(read)}`);
	// Line ends are one character in a text of a calendar, and other control characters are dropped.
	const plain = (value: string): string => Buffer.from(value.replace(/\s+|[\0-\x1f\x7f]/g, '')).toString();
	if (title.length < 5_000 && plain(read.summary) !== plain(title))
		throw new Error(`The title ${JSON.stringify(title)} is read as ${JSON.stringify(read.summary)}.`);
	return 'written';
}

/** What cannot be read is told by an error, which the item then has as `parseError`. */
async function received(random: Random): Promise<string> {
	const right = Buffer.from(invitation(random, () => 'text').content);
	try {
		const read = await readCalendar(damaged(right, random, PIECES).toString('latin1'));
		return read === undefined ? 'no event' : 'read';
	} catch (error) {
		if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
		return 'refused';
	}
}
