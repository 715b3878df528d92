import { afterEach, describe, expect, it } from 'vitest';

import { find, MOST_FOUND, type Page, type Wish } from '../../../mail/mailbox/find';
import { queryOf, readMails } from '../../../mail/mailbox/read';
import { collectGarbage } from '../../support/garbage';
import { commandsOf, mail, makeScenes, type Scene, type Way } from './mailboxRig';

const scene = makeScenes('many');
const WAYS: Way[] = ['straight', 'exchange'];
const MAILS = MOST_FOUND + 3;

let last: Scene | undefined;
afterEach(() => last?.sandbox.exchange.reset());

function heapMegabytes(): number {
	collectGarbage();
	return process.memoryUsage().heapUsed / 1024 / 1024;
}

function* numbered(count: number, name = 'mail'): Generator<string> {
	for (let number = 1; number <= count; number += 1) yield mail(`${name} ${number}`);
}

async function look({ use }: Scene, wish: Partial<Wish>, folders = ['INBOX']): Promise<Page> {
	return await use(
		async (connection) => await find(connection, folders, { criteria: [], newestFirst: true, limit: 10, ...wish }, queryOf('fields')),
	);
}

async function append({ use }: Scene, folder: string, subject: string, received: number): Promise<void> {
	await use(
		async (connection) =>
			await connection.once(
				undefined,
				async (session) =>
					await session.run('APPEND', async (client) => await client.append(folder, Buffer.from(mail(subject)), [], new Date(received))),
			),
	);
}

/** Makes items of all these emails and keeps none of them. */
async function readWhole({ use }: Scene, { mails }: Page): Promise<{ read: number; grownBy: number }> {
	const before = heapMegabytes();
	let [read, grownBy] = [0, 0];
	const options = {
		format: 'simple' as const,
		downloadAttachments: false,
		prefix: 'a_',
		largeAbove: 20 * 1024 * 1024,
		store: async () => await Promise.resolve({}),
	};
	await use(async (connection) => {
		for await (const { item } of readMails(connection, mails, options)) {
			if (typeof item.json.text === 'string' && item.json.text.startsWith('hello')) read += 1;
			if (read % 2_000 === 0) grownBy = Math.max(grownBy, heapMegabytes() - before);
		}
	});
	return { read, grownBy };
}

const uidsOf = ({ mails }: Page): number[] => mails.map(({ uid }) => uid);
const subjectsOf = ({ mails }: Page): Array<string | undefined> => mails.map(({ facts }) => facts.envelope?.subject);

describe('more than 50,000 emails in a folder', () => {
	it('are searched with a limit, come as 50,000 at most in bounded memory, and the rest on the next page', async () => {
		const own = (last = scene('exchange'));
		await own.sandbox.fill(own.mailbox, numbered(MAILS));
		expect(await look(own, { limit: 3 })).toMatchObject({ mails: [{ uid: MAILS }, { uid: MAILS - 1 }, { uid: MAILS - 2 }], more: true });
		expect(uidsOf(await look(own, { limit: 2, newestFirst: false }))).toEqual([1, 2]);
		// Each asked for what it gives and one more, not for all that were found.
		const asked = commandsOf(own).filter((line) => line.startsWith('UID FETCH'));
		expect(asked.map((line) => line.split(' ')[2])).toEqual([`${MAILS - 3}:${MAILS}`, '1:3']);
		const before = heapMegabytes();
		const page = await look(own, { limit: MOST_FOUND });
		const held = heapMegabytes() - before;
		expect([page.mails.length, page.more, page.mails.at(-1)?.uid]).toEqual([MOST_FOUND, true, 4]);
		expect(new Set(uidsOf(page)).size).toBe(MOST_FOUND);
		expect(held).toBeLessThan(200);
		// Whole, one after the other. If each email left something in memory, 10,000 of them would show it.
		const some = { ...page, mails: page.mails.slice(0, 10_000) };
		expect(await readWhole(own, some)).toEqual({ read: 10_000, grownBy: expect.toSatisfy((grown: number) => grown < 40) });
		// New emails and deleted ones between two pages.
		await own.sandbox.fill(own.mailbox, numbered(2, 'new'));
		expect(await look(own, { limit: MOST_FOUND, beforeUid: 4 })).toMatchObject({
			mails: [{ uid: 3 }, { uid: 2 }, { uid: 1 }],
			more: false,
		});
	});
});

describe.each(WAYS)('pages, %s', (way) => {
	it('of one folder do not shift when emails come and go in between, in either order', async () => {
		const own = (last = scene(way));
		await own.sandbox.fill(own.mailbox, numbered(6));
		expect(subjectsOf(await look(own, { limit: 2 }))).toEqual(['mail 6', 'mail 5']);
		expect(subjectsOf(await look(own, { limit: 2, newestFirst: false }))).toEqual(['mail 1', 'mail 2']);
		await own.sandbox.deliver(own.mailbox, mail('new 1'), mail('new 2'));
		await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', 'INBOX', 'uid', '2,6');
		expect(subjectsOf(await look(own, { limit: 2, beforeUid: 5 }))).toEqual(['mail 4', 'mail 3']);
		expect(subjectsOf(await look(own, { limit: 2, newestFirst: false, afterUid: 2 }))).toEqual(['mail 3', 'mail 4']);
		expect(subjectsOf(await look(own, { limit: 9, newestFirst: false, afterUid: 4 }))).toEqual(['mail 5', 'new 1', 'new 2']);
	});

	it.each([true, false])('of several folders go by time, also where UIDs do not; newest first: %s', async (newestFirst) => {
		const own = (last = scene(way));
		await own.makeFolder('Filed', 'Old');
		// Put there in another order than received; two share each second.
		const hours = [5, 1, 9, 3, 7, 2, 8, 4, 6, 0];
		for (const hour of hours) {
			await append(own, 'Filed', `a${hour}`, Date.UTC(2026, 4, 1 + hour, hour));
			await append(own, 'Old', `b${hour}`, Date.UTC(2026, 4, 1 + hour, hour));
		}
		const seen: string[] = [];
		let times: Partial<Wish> = {};
		for (let count = 0; count < 20; count += 1) {
			const page = await look(own, { limit: 3, newestFirst, ...times }, ['INBOX', 'Filed', 'Old']);
			seen.push(...subjectsOf(page).map((subject) => subject ?? ''));
			if (!page.more) break;
			const at = page.mails.at(-1)?.receivedAt ?? 0;
			times = newestFirst ? { receivedUntil: at } : { receivedFrom: at + 1000 };
		}
		const rising = Array.from({ length: 10 }, (_, hour) => hour);
		expect(seen.map((subject) => Number(subject.slice(1)))).toEqual(
			(newestFirst ? rising.reverse() : rising).flatMap((hour) => [hour, hour]),
		);
		expect(new Set(seen).size).toBe(20);
	});

	it.each([true, false])('of several folders are whole where one second has more than a page; newest first: %s', async (newestFirst) => {
		const own = (last = scene(way));
		await own.makeFolder('Filed', 'Old');
		const second = Date.UTC(2026, 4, 1, 12);
		const folders = ['INBOX', 'Filed', 'Old'];
		await append(own, 'Filed', 'before', second - 1000);
		for (let count = 0; count < 9; count += 1) await append(own, folders[count % 3] ?? '', `same ${count}`, second);
		await append(own, 'Old', 'after', second + 1000);
		const seen: string[] = [];
		const sizes: number[] = [];
		let next: Partial<Wish> = {};
		for (let more = true; more && sizes.length < 20;) {
			const page = await look(own, { limit: 2, newestFirst, ...next }, folders);
			seen.push(...subjectsOf(page).map((subject) => subject ?? ''));
			sizes.push(page.mails.length);
			next = { follows: page.mails.at(-1) };
			({ more } = page);
			// Emails that come and go in between change nothing.
			if (sizes.length === 2) {
				await append(own, 'INBOX', 'new', newestFirst ? second + 5000 : second - 5000);
				await own.sandbox.dovecot.doveadm('expunge', '-u', own.mailbox, 'mailbox', '*', 'subject', seen[0] ?? '');
			}
		}
		const ends = newestFirst ? ['after', 'before'] : ['before', 'after'];
		expect([seen[0], seen.at(-1)]).toEqual(ends);
		expect([...seen].sort()).toEqual([...ends, ...Array.from({ length: 9 }, (_, count) => `same ${count}`)].sort());
		expect(Math.max(...sizes)).toBe(2);
	});

	it('of several folders are narrowed by days where a folder has thousands, not by asking for the date of each', async () => {
		const own = (last = scene(way));
		await own.makeFolder('Big');
		await own.sandbox.fill(own.mailbox, numbered(5_100), 'Big');
		// They get their UIDs now, and the old ones the higher UIDs.
		await look(own, { limit: 1 }, ['Big']);
		await append(own, 'Big', 'oldest', Date.UTC(2020, 0, 5));
		await append(own, 'Big', 'older', Date.UTC(2021, 0, 5));
		await append(own, 'Big', 'old', Date.UTC(2022, 0, 5));
		await append(own, 'INBOX', 'between', Date.UTC(2020, 6, 5));
		expect(subjectsOf(await look(own, { limit: 2, newestFirst: false }, ['INBOX', 'Big']))).toEqual(['oldest', 'between']);
		const fetched = commandsOf(own).filter((line) => line.startsWith('UID FETCH'));
		// Of the first look, INBOX, and of Big the dates of three and the three; the 5,103 dates would be eleven commands.
		expect(fetched.length).toBe(way === 'exchange' ? 4 : 0);
		expect(subjectsOf(await look(own, { limit: 1 }, ['INBOX', 'Big']))).toEqual([expect.stringMatching(/^mail \d+$/)]);
	});
});
