import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { collectNew, type Collection } from '../../../mail/collect/collect';
import { Ledger, type Entry } from '../../../mail/collect/ledger';
import { openPatiently } from '../../../mail/collect/patience';
import { PollAttempts, readPollMemory, type PollMemory } from '../../../mail/collect/pollAttempts';
import { Reservations } from '../../../mail/collect/reservations';
import type { Wish } from '../../../mail/collect/wish';
import { collect } from '../../../mail/pop3/session';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { EVERYTHING } from './everything';

const DAY = 86_400_000;

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const subjectOf = (bytes: Buffer): string => /^Subject: (.*)$/m.exec(bytes.toString())?.[1]?.trim() ?? '';

let serial = 0;
const mail = (subject: string, more = ''): string =>
	`Message-ID: <${(serial += 1)}@collect>\r\nDate: ${new Date().toUTCString()}\r\nFrom: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: ${subject}\r\n${more}\r\nbody of ${subject}\r\n`;

const received = (daysAgo: number, subject: string): string =>
	`Received: by mx; ${new Date(Date.now() - daysAgo * DAY).toUTCString()}\r\n${mail(subject)}`;

interface Round extends Collection<string> {
	/** What was said after the sign-in. */
	commands: string[];
	/** As n8n would store and read it. */
	next: Ledger;
}

type Open = () => Promise<AsyncIterable<Buffer>>;

/** Opens the mail with this subject twice, as who finds at its end that all of it is needed. */
const readTwice =
	(subject: string) =>
	async (open: Open): Promise<string> => {
		const first = await readOnce(open);
		return first === subject ? `${first} and ${await readOnce(open)}` : first;
	};

const readOnce = async (open: Open): Promise<string> => subjectOf(await collect(await open()));

/** One execution: its items are the subjects. */
async function round(
	mailbox: string,
	stored: Ledger,
	wish: Partial<Wish> = {},
	{ reservations = new Reservations(), now = Date.now(), readWhole = readOnce } = {},
): Promise<Round> {
	const ledger = Ledger.read(JSON.parse(JSON.stringify(stored.write())));
	const session = await openPatiently(accountOn(sandbox, mailbox, ways(sandbox).exchange));
	const collection = await collectNew<string>(
		session,
		ledger,
		reservations,
		{ ...EVERYTHING, ...wish },
		async ({ content }) => {
			if (content.kind === 'refused') return `refused: ${content.reason.summary}`;
			if (content.kind === 'headers') return `${content.tooLarge ? 'too large: ' : 'headers: '}${subjectOf(content.bytes)}`;
			return await readWhole(content.open);
		},
		now,
	);
	const transcript = sandbox.exchange.sessions.at(-1)?.transcript ?? [];
	const commands = transcript.flatMap((line) => (line.startsWith('C: ') ? [line.slice(3)] : []));
	return {
		...collection,
		commands: commands.slice(commands.indexOf('UIDL')),
		next: Ledger.read(JSON.parse(JSON.stringify(ledger.write()))),
	};
}

/** The same mails under other unique ids: Dovecot's are made of UID and UIDVALIDITY. */
async function renewIds(mailbox: string, more: string[] = []): Promise<void> {
	const stored = await sandbox.messages(mailbox);
	await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'ALL');
	await sandbox.fill(mailbox, [...stored.map((bytes) => bytes.toString()), ...more]);
}

describe('what is new', () => {
	it('is what no earlier execution got, each once, in the order asked for', async () => {
		const mailbox = 'once@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		const first = await round(mailbox, new Ledger(), { limit: 2 });
		expect([first.items, first.left]).toEqual([['1', '2'], 1]);
		const second = await round(mailbox, first.next);
		expect(second.items).toEqual(['3']);
		await sandbox.deliver(mailbox, mail('4'), mail('5'), mail('6'));
		const third = await round(mailbox, second.next, { newestFirst: true, limit: 2 });
		expect(third.items).toEqual(['6', '5']);
		expect((await round(mailbox, third.next)).items).toEqual(['4']);
	});

	it('comes again where the execution that fetched it stored nothing', async () => {
		const mailbox = 'again@example.test';
		await sandbox.deliver(mailbox, mail('x'));
		expect((await round(mailbox, new Ledger())).items).toEqual(['x']);
		expect((await round(mailbox, new Ledger())).items).toEqual(['x']);
	});

	it('costs a listing, one size and the new mails themselves', async () => {
		const mailbox = 'cheap@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const { next } = await round(mailbox, new Ledger());
		expect((await round(mailbox, next)).commands).toEqual(['UIDL', 'LIST 2', 'QUIT']);
		await sandbox.deliver(mailbox, mail('3'));
		expect((await round(mailbox, next)).commands).toEqual(['UIDL', 'LIST 2', 'LIST 3', 'RETR 3', 'QUIT']);
	});

	it('is forgotten when it left the server, so that what is stored stays small', async () => {
		const mailbox = 'forget@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		const first = await round(mailbox, new Ledger());
		expect(first.next.size).toBe(3);
		await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', '2');
		const second = await round(mailbox, first.next);
		expect([second.items, second.next.size]).toEqual([[], 2]);
	});

	it('is not everything where the server shows an empty mailbox for once', async () => {
		const mailbox = 'blank@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const { next } = await round(mailbox, new Ledger());
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n.' });
		const blank = await round(mailbox, next);
		expect([blank.items, blank.onServer]).toEqual([[], 0]);
		expect((await round(mailbox, blank.next)).items).toEqual([]);
	});

	it('is every one of identical mails to which the server gives one unique id', async () => {
		const mailbox = 'twins@example.test';
		await sandbox.deliver(mailbox, mail('twin'), mail('twin'), mail('twin'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 same\r\n2 same\r\n.' });
		const first = await round(mailbox, new Ledger());
		expect(first.items).toEqual(['twin', 'twin']);
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 same\r\n2 same\r\n3 same\r\n.' });
		expect((await round(mailbox, first.next)).items).toEqual(['twin']);
	});
});

describe('an email that the server lists incompletely', () => {
	it('is left until it has a unique id, and holds up no other', async () => {
		const mailbox = 'idless@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 one\r\n2 \r\n3 three\r\n.' });
		const first = await round(mailbox, new Ledger());
		expect(first).toMatchObject({ items: ['1', '3'], onServer: 3, left: 1, withoutId: 1 });
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 one\r\n2 two\r\n3 three\r\n.' });
		expect(await round(mailbox, first.next)).toMatchObject({ items: ['2'], withoutId: 0 });
	});

	it('is fetched where only its size is missing', async () => {
		const mailbox = 'sizeless-list@example.test';
		await sandbox.deliver(mailbox, ...Array.from({ length: 11 }, (_, index) => mail(`${index}`)));
		const sizes = Array.from({ length: 11 }, (_, index) => `${index + 1} ${index === 5 ? '' : 300}\r\n`).join('');
		sandbox.exchange.plan('pop', 'LIST', { reply: `+OK\r\n${sizes}.` });
		expect((await round(mailbox, new Ledger())).items).toHaveLength(11);
	});
});

describe('unique ids that cannot be trusted', () => {
	afterEach(() => sandbox.exchange.reset());

	it('are known again by the headers where all have changed; only what is new is fetched', async () => {
		const mailbox = 'moved@example.test';
		await sandbox.fill(
			mailbox,
			Array.from({ length: 40 }, (_, index) => mail(`old ${index}`)),
		);
		const first = await round(mailbox, new Ledger());
		expect(first.items).toHaveLength(40);
		await renewIds(mailbox, [mail('new 1'), mail('new 2')]);
		const second = await round(mailbox, first.next);
		expect([second.items, second.recognised]).toEqual([['new 1', 'new 2'], 40]);
		expect(second.commands.filter((command) => command.startsWith('RETR'))).toHaveLength(2);
		const third = await round(mailbox, second.next);
		expect([third.items, third.next.size]).toEqual([[], 42]);
		expect(third.commands).toEqual(['UIDL', 'LIST 42', 'QUIT']);
	});

	it('are known again over several sessions where they are thousands; new ones come first', async () => {
		const mailbox = 'thousands@example.test';
		await sandbox.fill(
			mailbox,
			Array.from({ length: 2_100 }, (_, index) => mail(`old ${index}`)),
		);
		const first = await round(mailbox, new Ledger());
		await renewIds(mailbox, [mail('new')]);
		const second = await round(mailbox, first.next);
		expect(second).toMatchObject({ items: ['new'], recognised: 1_999, left: 101 });
		const third = await round(mailbox, second.next);
		expect(third).toMatchObject({ items: [], recognised: 101, left: 0 });
		expect(third.next.size).toBe(2_101);
	});

	it.each(['-ERR Server Unavailable. 15', '-ERR Session invalidated - AccessTokenExpired'])(
		'are not taken for new ones where the server gives no headers for the moment: %s',
		async (reply) => {
			const mailbox = `moment${reply.length}@example.test`;
			await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
			const first = await round(mailbox, new Ledger());
			await renewIds(mailbox, [mail('new')]);
			sandbox.exchange.plan('pop', 'TOP', {});
			sandbox.exchange.plan('pop', 'TOP', { reply }, 9);
			await expect(round(mailbox, first.next)).rejects.toMatchObject({ response: reply });
			sandbox.exchange.reset();
			sandbox.exchange.plan('pop', 'TOP', {}, 3);
			sandbox.exchange.plan('pop', 'TOP', { reply }, 9);
			await expect(round(mailbox, first.next)).rejects.toMatchObject({ response: reply });
			sandbox.exchange.reset();
			expect((await round(mailbox, first.next)).items).toEqual(['new']);
		},
	);

	it.each([1, 2, 3])('hold up no other email for long where the server never returns the headers of %i of them', async (bad) => {
		const mailbox = `headerless${bad}@example.test`;
		await sandbox.deliver(mailbox, mail('old 1'), mail('old 2'));
		const first = await round(mailbox, new Ledger());
		await renewIds(mailbox, [mail('new'), ...Array.from({ length: bad }, () => mail('bad'))]);
		for (let number = 4; number < 4 + bad; number += 1)
			for (const command of [`TOP ${number} 0`, `RETR ${number}`])
				sandbox.exchange.plan('pop', command, { reply: '-ERR Server Unavailable. 21' }, 99);
		const reservations = new Reservations();
		const rounds: string[][] = [];
		const sessions = 13;
		let stored = first.next;
		for (let session = 1; session <= sessions; session += 1) {
			const running = round(mailbox, stored, {}, { reservations });
			// While other emails are left, it is uncertain whether the server is too busy for all of them.
			if (session === 1 && bad > 1) await expect(running).rejects.toMatchObject({ code: 'throttled' });
			else {
				const { items, next } = await running;
				rounds.push(items);
				stored = next;
			}
			await sandbox.deliver(mailbox, mail(`new ${session}`));
		}
		const refused = rounds.flat().filter((item) => item.startsWith('refused: '));
		expect(refused).toHaveLength(bad);
		const others = rounds.flat().filter((item) => !refused.includes(item));
		expect(others).toEqual(['new', ...Array.from({ length: sessions - 1 }, (_, index) => `new ${index + 1}`)]);
		expect(rounds.at(-1)).toEqual([`new ${sessions - 1}`]);
	});

	it('are known by their age where the headers were never read, if nothing was left to fetch', async () => {
		const mailbox = 'aged@example.test';
		const hours = (ago: number): string => `Received: from a by b; ${new Date(Date.now() - ago * 3_600_000).toUTCString()}\r\n`;
		await sandbox.fill(
			mailbox,
			Array.from({ length: 5 }, (_, index) => `${hours(48)}${mail(`old ${index}`)}`),
		);
		const first = await round(mailbox, new Ledger(), { start: { kind: 'now' } }, { now: Date.now() - 24 * 3_600_000 });
		expect(first.items).toEqual([]);
		await renewIds(mailbox, [`${hours(1)}${mail('since then')}`]);
		expect((await round(mailbox, first.next)).items).toEqual(['since then']);
	});

	it('are known by their age where the headers tell nothing, unless something was left to fetch', async () => {
		const mailbox = 'nameless@example.test';
		const received = `Received: by mx; ${new Date(Date.now() - 2 * DAY).toUTCString()}\r\n`;
		await sandbox.fill(
			mailbox,
			['a', 'b'].map((subject) => `${received}Subject: ${subject}\r\n\r\nx\r\n`),
		);
		const all = await round(mailbox, new Ledger(), {}, { now: Date.now() - DAY });
		const one = await round(mailbox, new Ledger(), { limit: 1 }, { now: Date.now() - DAY });
		await renewIds(mailbox);
		expect((await round(mailbox, all.next)).items).toEqual([]);
		expect((await round(mailbox, one.next)).items).toEqual(['a', 'b']);
	});

	it('make no flood of a backlog either: what was fetched is known, the rest is fetched', async () => {
		const mailbox = 'backlog@example.test';
		await sandbox.fill(
			mailbox,
			Array.from({ length: 6 }, (_, index) => mail(`mail ${index}`)),
		);
		const first = await round(mailbox, new Ledger(), { limit: 4 });
		await renewIds(mailbox);
		expect((await round(mailbox, first.next)).items).toEqual(['mail 4', 'mail 5']);
	});

	it('are none where the emails of before have left: what has come since is new, however old', async () => {
		const mailbox = 'turnover@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const first = await round(mailbox, new Ledger());
		await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'ALL');
		await sandbox.fill(mailbox, [`Received: by mx; ${new Date(Date.now() - 9 * DAY).toUTCString()}\r\n${mail('moved in')}`]);
		const second = await round(mailbox, first.next);
		expect([second.items, second.recognised, second.next.size]).toEqual([['moved in'], 0, 1]);
	});

	it('show where one was given to another mail at another place', async () => {
		const mailbox = 'reused@example.test';
		await sandbox.deliver(mailbox, mail('a'), mail('b'), mail('c'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 A\r\n2 B\r\n3 C\r\n.' });
		const first = await round(mailbox, new Ledger());
		await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', 'a');
		await sandbox.deliver(mailbox, mail('another'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 B\r\n2 C\r\n3 A\r\n.' });
		const second = await round(mailbox, first.next);
		expect(second.items).toEqual(['another']);
	});

	it('show where the last one was given to another mail', async () => {
		const mailbox = 'reused2@example.test';
		await sandbox.deliver(mailbox, mail('a'), mail('b'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 A\r\n2 B\r\n.' });
		const reservations = new Reservations();
		const first = await round(mailbox, new Ledger(), {}, { reservations });
		await sandbox.dovecot.doveadm('expunge', '-u', mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', 'b');
		await sandbox.deliver(mailbox, mail('quite another one'));
		sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 A\r\n2 B\r\n.' });
		expect((await round(mailbox, first.next, {}, { reservations })).items).toEqual(['quite another one']);
	});
});

describe('a known email whose size changes', () => {
	it('is read once to see that it is the same', async () => {
		const mailbox = 'resized@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const first = await round(mailbox, new Ledger());
		sandbox.exchange.plan('pop', 'LIST', { reply: '+OK 2 123456' }, 2);
		const second = await round(mailbox, first.next);
		expect(second.commands).toEqual(['UIDL', 'LIST 2', 'TOP 1 0', 'TOP 2 0', 'QUIT']);
		expect((await round(mailbox, second.next)).commands).toEqual(['UIDL', 'LIST 2', 'QUIT']);
	});
});

describe('executions at the same time', () => {
	it('share the new mails, and neither forgets what the other stored', async () => {
		const mailbox = 'parallel@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'), mail('4'));
		const reservations = new Reservations();
		const [one, other] = await Promise.all([
			round(mailbox, new Ledger(), { limit: 2 }, { reservations }),
			round(mailbox, new Ledger(), { limit: 2 }, { reservations }),
		]);
		expect([...one.items, ...other.items].sort()).toEqual(['1', '2', '3', '4']);
		// The first ended, a third began and saw that, then the other ended and overwrote it.
		expect((await round(mailbox, one.next, {}, { reservations })).items).toEqual([]);
		const fourth = await round(mailbox, other.next, {}, { reservations });
		expect([fourth.items, fourth.next.size]).toEqual([[], 4]);
	});

	it('know nothing as stored that only their own execution has got so far', async () => {
		const mailbox = 'reopened@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const [reservations, ledger] = [new Reservations(), new Ledger()];
		for (const deleted of [0, 0]) {
			const session = await openPatiently(accountOn(sandbox, mailbox, ways(sandbox).exchange));
			expect(
				(await collectNew(session, ledger, reservations, { ...EVERYTHING, deleteAfterDays: 0 }, async () => 'item', Date.now())).deleted,
			).toBe(deleted);
		}
		// The execution fails after all, while another one has looked in between.
		const between = await round(mailbox, new Ledger(), {}, { reservations });
		await reservations.release([...ledger.entries].map(({ key }) => key));
		expect(between.next.size).toBe(0);
		expect((await round(mailbox, between.next, {}, { reservations })).items).toEqual(['1']);
	});

	it('leave a mail to the next one where the process ended before its execution did', async () => {
		const mailbox = 'killed@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const reservations = new Reservations();
		expect((await round(mailbox, new Ledger(), {}, { reservations })).items).toEqual(['1']);
		expect((await round(mailbox, new Ledger(), {}, { reservations })).items).toEqual([]);
		expect((await round(mailbox, new Ledger(), {}, { reservations: new Reservations() })).items).toEqual(['1']);
	});

	it('hold no mail where the connection breaks after they were made and before a mail was fetched', async () => {
		const mailbox = 'broken@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const reservations = new Reservations();
		sandbox.exchange.plan('pop', 'LIST', { drop: true });
		await expect(round(mailbox, new Ledger(), {}, { reservations })).rejects.toMatchObject({ code: 'lost' });
		expect((await round(mailbox, new Ledger(), {}, { reservations })).items).toEqual(['1', '2']);
	});

	it('free only what they have fetched themselves where their items cannot be used', async () => {
		const mailbox = 'freed@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const reservations = new Reservations();
		sandbox.exchange.plan('pop', 'RETR 2', { drop: true });
		const first = await round(mailbox, new Ledger(), {}, { reservations });
		const other = await round(mailbox, new Ledger(), {}, { reservations });
		expect([first.items, other.items]).toEqual([['1'], ['2']]);
		await reservations.release(first.itemKeys);
		expect((await round(mailbox, new Ledger(), {}, { reservations })).items).toEqual(['1']);
	});

	it('store what an execution got that must have ended by now', async () => {
		const mailbox = 'ended@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const reservations = new Reservations();
		await round(mailbox, new Ledger(), {}, { reservations, now: Date.now() - 2 * DAY });
		expect((await round(mailbox, new Ledger(), {}, { reservations })).next.size).toBe(1);
	});

	it('of a trigger, which knows how they end, are not taken for ended after some hours: their emails stay and are retried', async () => {
		const mailbox = 'long@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const policy = { maxAttempts: 3, firstPauseMs: 0, deleteFailed: false };
		const book = new PollAttempts(undefined, () => undefined);
		const poll = async (now: number): Promise<Entry[]> => {
			const session = await openPatiently(accountOn(sandbox, mailbox, ways(sandbox).exchange));
			const { ledger, reservations } = book.open(mailbox, now);
			const wish = { ...EVERYTHING, deleteAfterDays: 0 };
			const { itemKeys, keys } = await collectNew(session, ledger, reservations, wish, async () => 'item', now);
			return [...book.handOver(mailbox, ledger, itemKeys, keys).values()];
		};
		const handedOver = await poll(Date.now() - 2 * DAY);
		expect([handedOver.length, await poll(Date.now() - DAY), await poll(Date.now())]).toEqual([1, [], []]);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
		book.failed(mailbox, handedOver, policy, Date.now());
		expect(await poll(Date.now() + 1_000)).toMatchObject(handedOver.map(({ key }) => ({ key })));
	});
});

describe('filters', () => {
	const mailbox = 'filters@example.test';
	beforeAll(async () => {
		const at = (days: number): string => `Received: by mx; ${new Date(Date.now() - days * DAY).toUTCString()}\r\n`;
		await sandbox.fill(mailbox, [
			...Array.from({ length: 120 }, (_, index) => `${at(30)}${mail(`old ${index}`)}`),
			`${at(2)}${mail('Invoice 1')}`,
			`${at(1)}${mail('=?utf-8?Q?Rechnung_f=C3=BCr_Ada?=')}`,
			`${at(0)}${mail('big invoice', `\r\n${'x'.repeat(5_000)}`)}`,
		]);
	});

	it('download nothing but what fits', async () => {
		const { items, passed, commands } = await round(mailbox, new Ledger(), { filter: { subject: 'INVOICE' } });
		expect(items).toEqual(['Invoice 1', 'big invoice']);
		expect(passed).toBe(121);
		expect(commands.filter((command) => command.startsWith('RETR'))).toEqual(['RETR 121', 'RETR 123']);
	});

	it('know what people read in an encoded header', async () => {
		expect((await round(mailbox, new Ledger(), { filter: { subject: 'für ada', from: 'ADA@', to: 'bob' } })).items).toHaveLength(1);
	});

	it('read few headers to find out where only older mails come, and those of what is fetched', async () => {
		const { items, commands } = await round(mailbox, new Ledger(), { filter: { since: Date.now() - 3 * DAY } });
		expect(items).toHaveLength(3);
		expect(commands.filter((command) => command.startsWith('TOP'))).toHaveLength(62);
	});

	it('do not take an older mail for a newer one that stands between newer ones', async () => {
		const between = 'between@example.test';
		await sandbox.fill(
			between,
			Array.from({ length: 100 }, (_, index) => received(index === 70 ? 900 : 100 - index, `mail ${index}`)),
		);
		const { items, passed } = await round(between, new Ledger(), { filter: { since: Date.now() - 40.5 * DAY } });
		expect(items).toEqual(Array.from({ length: 40 }, (_, index) => `mail ${60 + index}`).filter((subject) => subject !== 'mail 70'));
		expect(passed).toBe(61);
	});

	it('find the newer ones on a server that lists the newest first', async () => {
		const descending = 'descending@example.test';
		await sandbox.fill(
			descending,
			Array.from(
				{ length: 80 },
				(_, days) => `Received: by mx; ${new Date(Date.now() - days * DAY).toUTCString()}\r\n${mail(`${days} days`)}`,
			),
		);
		expect((await round(descending, new Ledger(), { filter: { since: Date.now() - 2.5 * DAY } })).items).toEqual([
			'0 days',
			'1 days',
			'2 days',
		]);
	});

	it('look at sizes without headers', async () => {
		const { items, commands } = await round(mailbox, new Ledger(), { filter: { largerThan: 4_000 } });
		expect(items).toEqual(['big invoice']);
		expect(commands).toEqual(['UIDL', 'LIST', 'RETR 123', 'QUIT']);
	});

	it('take an email for a match if the server does not tell its size', async () => {
		const sizeless = 'no-size@example.test';
		await sandbox.deliver(sizeless, mail('small'), mail('large', `\r\n${'x'.repeat(5_000)}`));
		sandbox.exchange.plan('pop', 'LIST', {});
		sandbox.exchange.plan('pop', 'LIST', { reply: '-ERR Server Unavailable. 21' });
		const first = await round(sizeless, new Ledger(), { filter: { largerThan: 4_000 } });
		expect([first.items, first.passed]).toEqual([['large'], 1]);
	});

	it('read no more headers than the limit needs', async () => {
		const { items, left, commands } = await round(mailbox, new Ledger(), { filter: { from: 'ada' }, limit: 3 });
		expect([items, left]).toEqual([['old 0', 'old 1', 'old 2'], 120]);
		expect(commands.filter((command) => command.startsWith('TOP'))).toHaveLength(3);
	});

	it('pass a mail by until they change', async () => {
		const first = await round(mailbox, new Ledger(), { filter: { subject: 'invoice' } });
		const second = await round(mailbox, first.next, { filter: { subject: 'invoice' } });
		expect([second.items, second.commands]).toEqual([[], ['UIDL', 'LIST 123', 'QUIT']]);
		expect((await round(mailbox, second.next, { filter: { subject: 'rechnung' } })).items).toHaveLength(1);
		const since = await round(mailbox, new Ledger(), { filter: { since: Date.now() - 1.5 * DAY } });
		expect((await round(mailbox, since.next, { filter: { since: Date.now() - 0.5 * DAY } })).commands).toEqual([
			'UIDL',
			'LIST 123',
			'QUIT',
		]);
		expect((await round(mailbox, since.next, { filter: { since: Date.now() - 3 * DAY } })).items).toEqual(['Invoice 1']);
		expect((await round(mailbox, since.next)).items).toHaveLength(121);
	});
});

describe('what comes of a mail', () => {
	afterEach(() => sandbox.exchange.reset());

	it('is its headers where it is larger than wanted, or where no more is wanted', async () => {
		const mailbox = 'sizes@example.test';
		await sandbox.deliver(mailbox, mail('small'), mail('large', `\r\n${'x'.repeat(20_000)}`));
		expect((await round(mailbox, new Ledger(), { maxBytes: 10_000 })).items).toEqual(['small', 'too large: large']);
		const { items, commands } = await round(mailbox, new Ledger(), { headersOnly: true, filter: { subject: 'a' } });
		expect(items).toEqual(['headers: small', 'headers: large']);
		expect(commands.filter((command) => command.startsWith('TOP'))).toHaveLength(2);
	});

	it('is an item that says why, where the server refuses to give it', async () => {
		const mailbox = 'refused@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR [SYS/PERM] this one is broken' });
		const { items, next } = await round(mailbox, new Ledger(), { deleteAfterFetch: true });
		expect(items).toEqual([expect.stringMatching(/^refused: .*this one is broken/), '2']);
		expect((await round(mailbox, next)).items).toEqual([]);
		expect(await sandbox.messages(mailbox)).toHaveLength(1);
	});

	it('is to be fetched still where the session was over, not the mail refused', async () => {
		const mailbox = 'over@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Connection is closed. 15', drop: true });
		const first = await round(mailbox, new Ledger());
		expect(first).toMatchObject({ items: [], left: 2, failure: { permanent: false } });
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Session invalidated - AccessTokenExpired' }, 2);
		sandbox.exchange.plan('pop', 'STAT', { reply: '-ERR Session invalidated - AccessTokenExpired' });
		const second = await round(mailbox, first.next);
		expect(second).toMatchObject({ items: [], left: 2, failure: { response: expect.stringContaining('AccessTokenExpired') } });
		expect((await round(mailbox, second.next)).items).toEqual(['1', '2']);
	});

	it('is an item that says why, where the server says each time that it is busy and gives another one in between', async () => {
		const mailbox = 'stuck@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'RETR 1', { reply: '-ERR Server Unavailable. 21' }, 2);
		const first = await round(mailbox, new Ledger());
		expect(first.items).toEqual([expect.stringMatching(/^refused: .*Server Unavailable. 21/), '2', '3']);
		expect(first.failure).toBeUndefined();
		expect((await round(mailbox, first.next)).items).toEqual([]);
	});

	describe('if n8n cannot store its files', () => {
		const full = (subject: string, error: Error) => async (open: Open) => {
			const read = await readOnce(open);
			if (read === subject) throw error;
			return read;
		};
		const code = (name: string): Error => Object.assign(new Error(`${name}: no space left`), { code: name });

		it('is an item that says why, does not hold up the others, and is never deleted', async () => {
			const mailbox = 'unstorable@example.test';
			await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
			const reservations = new Reservations();
			const readWhole = full('1', new Error('no such bucket'));
			const again = async (ledger: Ledger) => await round(mailbox, ledger, { deleteAfterFetch: true }, { reservations, readWhole });
			let { items, next, failure } = await again(new Ledger());
			expect([items, failure?.message]).toEqual([['2', '3'], expect.stringContaining('no such bucket')]);
			// It stays to be fetched while the storage may be the reason, which the others show not to be.
			for (let times = 1; times < 5; times += 1) {
				await sandbox.deliver(mailbox, mail(`later ${times}`));
				({ items, next, failure } = await again(next));
			}
			expect([items, failure]).toEqual([['later 4', expect.stringMatching(/^refused: .*no such bucket/)], undefined]);
			expect((await again(next)).items).toEqual([]);
			expect(await sandbox.messages(mailbox)).toHaveLength(1);
		});

		it('keeps no other email from being deleted, and stays to be fetched', async () => {
			const mailbox = 'unstorable-others@example.test';
			await sandbox.deliver(mailbox, mail('old'));
			const wish = { deleteAfterDays: 0 };
			const { next } = await round(mailbox, new Ledger(), wish);
			await sandbox.deliver(mailbox, mail('1'), mail('2'));
			const first = await round(mailbox, next, wish, { readWhole: full('1', new Error('no such bucket')) });
			expect(first).toMatchObject({ items: ['2'], left: 1, deleted: 1, failure: { code: 'stopped' } });
			expect(first.commands.slice(-2)).toEqual(['DELE 1', 'QUIT']);
			expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(['1', '2']);
			expect((await round(mailbox, first.next)).items).toEqual(['1']);
		});

		it('ends the session without QUIT where the server removes what came, so that it stays', async () => {
			const mailbox = 'unstorable-expiring@example.test';
			await sandbox.deliver(mailbox, mail('1'), mail('2'));
			sandbox.exchange.plan('pop', 'CAPA', { reply: '+OK\r\nTOP\r\nUIDL\r\nSASL XOAUTH2\r\nEXPIRE 0\r\n.' }, 2);
			const first = await round(mailbox, new Ledger(), {}, { readWhole: full('1', new Error('no such bucket')) });
			expect(first).toMatchObject({ items: ['2'], left: 1, failure: { code: 'stopped' } });
			expect(first.commands.at(-1)).toBe('RETR 2');
			sandbox.exchange.reset();
		});

		it('is to be fetched still where none can be stored', async () => {
			const mailbox = 'none-storable@example.test';
			await sandbox.deliver(mailbox, mail('1'));
			const first = await round(mailbox, new Ledger(), {}, { readWhole: full('1', new Error('no such bucket')) });
			expect(first).toMatchObject({ items: [], left: 1, failure: { code: 'stopped' } });
			expect((await round(mailbox, first.next)).items).toEqual(['1']);
		});

		it('ends the collection where the disk is full, keeps those before it, and comes after the others', async () => {
			const mailbox = 'disk-full@example.test';
			await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'), mail('4'));
			const reservations = new Reservations();
			const readWhole = full('2', code('ENOSPC'));
			const first = await round(mailbox, new Ledger(), {}, { reservations, readWhole });
			let { items, next } = first;
			expect([items, first.left, first.failure?.message]).toEqual([['1'], 3, expect.stringContaining('no space left')]);
			({ items, next } = await round(mailbox, next, {}, { reservations, readWhole }));
			expect(items).toEqual([]);
			({ items, next } = await round(mailbox, next, {}, { reservations, readWhole }));
			expect(items).toEqual(['3', '4']);
			expect((await round(mailbox, next, {}, { reservations })).items).toEqual(['2']);
		});
	});

	it('is given a second time to who opens it twice, after the others, and only that one', async () => {
		const mailbox = 'opened-twice@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		const { items, commands, left } = await round(mailbox, new Ledger(), {}, { readWhole: readTwice('2') });
		expect([items, left]).toEqual([['1', '2 and 2', '3'], 0]);
		expect(commands.filter((command) => command.startsWith('RETR'))).toEqual(['RETR 1', 'RETR 2', 'RETR 3', 'RETR 2']);
	});

	it('is left for the next execution where it is not given a second time', async () => {
		const mailbox = 'not-reopened@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		for (let times = 0; times < 3; times += 1) sandbox.exchange.plan('pop', 'RETR', {});
		sandbox.exchange.plan('pop', 'RETR', { drop: true });
		const first = await round(mailbox, new Ledger(), {}, { readWhole: readTwice('2') });
		expect(first).toMatchObject({ items: ['1', '3'], left: 1, failure: { permanent: false } });
		expect((await round(mailbox, first.next)).items).toEqual(['2']);
	});

	it('is to be fetched still where the server gives none after it has said that it is busy', async () => {
		const mailbox = 'busy@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'RETR', {});
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Server Unavailable. 21' }, 2);
		const first = await round(mailbox, new Ledger());
		expect(first).toMatchObject({ items: ['1'], left: 2, failure: { code: 'throttled' } });
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Server Unavailable. 21' }, 9);
		const second = await round(mailbox, first.next);
		expect(second).toMatchObject({ items: [], left: 2, failure: { code: 'throttled' } });
		sandbox.exchange.reset();
		expect((await round(mailbox, second.next)).items).toEqual(['2', '3']);
	});

	it('is to be fetched still where the server says how long it wants to be left alone', async () => {
		const mailbox = 'alone@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR Request is throttled. Suggested Backoff Time: 90000 milliseconds' });
		const { commands, items, failure } = await round(mailbox, new Ledger());
		expect([items, failure?.retryAfterMs]).toEqual([[], 90_000]);
		expect(commands.filter((command) => command.startsWith('RETR'))).toHaveLength(1);
	});

	it('does not hold up the others where the server does not even tell its size', async () => {
		const mailbox = 'sizeless@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		for (const command of ['LIST', 'RETR']) sandbox.exchange.plan('pop', command, { reply: '-ERR The message is corrupted' });
		expect((await round(mailbox, new Ledger())).items).toEqual([expect.stringMatching(/^refused: .*corrupted/), '2']);
	});

	it('is whole before the server died, and the rest comes next time', async () => {
		const mailbox = 'died@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3', `\r\n${'x'.repeat(100_000)}`), mail('4'));
		const reservations = new Reservations();
		const session = sandbox.exchange.next('signedIn');
		const running = round(mailbox, new Ledger(), { deleteAfterFetch: true }, { reservations });
		await session;
		sandbox.exchange.plan('pop', 'RETR', {}, 2);
		sandbox.exchange.plan('pop', 'RETR', { afterBytes: 5_000 });
		const first = await running;
		expect(first.items).toEqual(['1', '2']);
		expect(first).toMatchObject({ failure: { code: 'lost', permanent: false }, left: 2, deleted: 0 });
		const second = await round(mailbox, first.next, {}, { reservations });
		expect(second.items).toEqual(['3', '4']);
	});

	it('is the last one where it is enough, whatever was wanted', async () => {
		const mailbox = 'enough@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		let asked = 0;
		const first = await round(mailbox, new Ledger(), { enough: () => (asked += 1) > 3 });
		expect(first.commands).not.toContain('RETR 3');
		expect(first.left).toBe(3 - first.items.length);
		expect([...first.items, ...(await round(mailbox, first.next)).items]).toEqual(['1', '2', '3']);
	});

	it('is nothing where it left the server in between', async () => {
		const mailbox = 'vanished@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'RETR', { reply: "-ERR There's no message 1." });
		expect((await round(mailbox, new Ledger())).items).toEqual(['2']);
	});
});

describe('an email at which the connection breaks each time', () => {
	afterEach(() => sandbox.exchange.reset());

	it('holds up no other, and becomes an item that says so if the server returns others in the same sessions', async () => {
		const mailbox = 'poison@example.test';
		await sandbox.deliver(mailbox, mail('poison'), mail('2'));
		sandbox.exchange.plan('pop', 'RETR 1', { drop: true }, 99);
		const reservations = new Reservations();
		let last = await round(mailbox, new Ledger(), { limit: 1 }, { reservations });
		last = await round(mailbox, last.next, { limit: 1 }, { reservations });
		expect(last).toMatchObject({ items: [], failure: { code: 'lost' } });
		for (const subject of ['2', '3', '4', '5', '6']) {
			last = await round(mailbox, last.next, {}, { reservations });
			expect(last).toMatchObject({ items: [subject], failure: { code: 'lost' } });
			if (subject !== '6') {
				// If the server returns no other email, it may be the server's fault.
				last = await round(mailbox, last.next, {}, { reservations });
				expect(last).toMatchObject({ items: [], failure: { code: 'lost' } });
			}
			await sandbox.deliver(mailbox, mail(String(Number(subject) + 1)));
		}
		last = await round(mailbox, last.next, { deleteAfterFetch: true }, { reservations });
		expect(last.items).toEqual(['7', expect.stringMatching(/^refused: .*broke each time/)]);
		expect(last.failure).toBeUndefined();
		expect((await sandbox.messages(mailbox)).map(subjectOf)).toContain('poison');
		expect((await round(mailbox, last.next, {}, { reservations })).items).toEqual([]);
	});

	it.each([
		// Exchange ends the session at the third email that it cannot return.
		[3, '-ERR Server Unavailable. 21', 'throttled', false],
		[1, '-ERR Server Unavailable. 21\r\n-ERR Connection is closed. 22', 'throttled', true],
		[1, '-ERR Message corrupted', 'lost', true],
	])('is one that was refused before, if the server refuses %i and closes the connection: %s', async (bad, reply, code, drop) => {
		const mailbox = `closing${bad}${reply.length}@example.test`;
		await sandbox.deliver(mailbox, ...Array.from({ length: bad }, () => mail('bad')), mail('good'), mail('good'));
		for (let number = 1; number < bad; number += 1)
			sandbox.exchange.plan('pop', `RETR ${number}`, { reply: '-ERR Server Unavailable. 21' }, 99);
		sandbox.exchange.plan('pop', `RETR ${bad}`, { reply, drop }, 99);
		const reservations = new Reservations();
		let last = await round(mailbox, new Ledger(), {}, { reservations });
		last = await round(mailbox, last.next, {}, { reservations });
		expect(last).toMatchObject({ items: [], left: bad + 2, failure: { code } });
		last = await round(mailbox, last.next, {}, { reservations });
		expect([last.items, last.left]).toEqual([['good', 'good'], bad]);
		// Only two of them are requested in a session, because the server ends it at the third.
		const sessions = Math.ceil((5 * bad) / 2);
		const items: string[] = [];
		for (let session = 1; session <= Math.max(5, sessions); session += 1) {
			await sandbox.deliver(mailbox, mail('new'));
			last = await round(mailbox, last.next, {}, { reservations });
			expect(last.items[0]).toBe('new');
			expect(last.failure === undefined).toBe(!drop || session === 5);
			items.push(...last.items.slice(1));
		}
		expect(items).toEqual(Array.from({ length: bad }, () => expect.stringMatching(/^refused: /)));
	});

	it.each([1, 2, 3, 4])(
		'is asked for without an end of the session, so that others are deleted, if the server is too busy for %i',
		async (bad) => {
			const mailbox = `busy-deleted${bad}@example.test`;
			await sandbox.deliver(mailbox, ...Array.from({ length: bad }, () => mail('bad')));
			for (let number = 1; number <= bad; number += 1)
				sandbox.exchange.plan('pop', `RETR ${number}`, { reply: '-ERR Server Unavailable. 21' }, 99);
			const reservations = new Reservations();
			const items: string[] = [];
			let stored = new Ledger();
			for (let session = 1; session <= 14; session += 1) {
				await sandbox.deliver(mailbox, mail('good'));
				const last = await round(mailbox, stored, { deleteAfterFetch: true }, { reservations });
				// Three that were never requested before are requested at once, and the server ends the session.
				if (bad < 3 || session > 2) {
					expect(last.failure).toBeUndefined();
					expect(last.deleted).toBeGreaterThan(0);
				}
				items.push(...last.items);
				stored = last.next;
			}
			expect(items.filter((item) => item !== 'good')).toEqual(Array.from({ length: bad }, () => expect.stringMatching(/^refused: /)));
			expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(Array.from({ length: bad }, () => 'bad'));
		},
	);

	it.each([{}, { filter: { subject: 'new' } }])(
		'is not told if the server returns no other email either, which may be its own fault: %j',
		async (wish) => {
			const mailbox = `busy-for-all${Object.keys(wish).length}@example.test`;
			await sandbox.deliver(mailbox, mail('old'));
			const reservations = new Reservations();
			const first = await round(mailbox, new Ledger(), {}, { reservations });
			await sandbox.deliver(mailbox, mail('new'));
			for (const command of ['RETR', 'TOP']) sandbox.exchange.plan('pop', command, { reply: '-ERR Server Unavailable. 21' }, 99);
			for (let session = 1; session <= 8; session += 1) {
				const failure = await round(mailbox, first.next, wish, { reservations }).then(
					(last) => (expect(last.items).toEqual([]), last.failure),
					(error: unknown) => error,
				);
				expect(failure).toMatchObject({ code: 'throttled' });
			}
			sandbox.exchange.reset();
			expect((await round(mailbox, first.next, wish, { reservations })).items).toEqual(['new']);
		},
	);

	it.each([1, 2, 3])('is told after some sessions, if the server is too busy for %i and no other email comes', async (bad) => {
		const mailbox = `busy-alone${bad}@example.test`;
		await sandbox.deliver(mailbox, mail('old'));
		const reservations = new Reservations();
		let last = await round(mailbox, new Ledger(), {}, { reservations });
		await sandbox.deliver(mailbox, ...Array.from({ length: bad }, () => mail('bad')));
		for (let number = 2; number < 2 + bad; number += 1)
			sandbox.exchange.plan('pop', `RETR ${number}`, { reply: '-ERR Server Unavailable. 21' }, 99);
		const items: string[] = [];
		for (let session = 1; session <= 12; session += 1) {
			last = await round(mailbox, last.next, {}, { reservations });
			items.push(...last.items);
		}
		expect(items).toEqual(Array.from({ length: bad }, () => expect.stringMatching(/^refused: /)));
		expect(last.failure).toBeUndefined();
	});

	it.each([1, 2, 3])('is told where a filter needs its headers, too, if the server is too busy for those of %i', async (bad) => {
		const mailbox = `busy-headers${bad}@example.test`;
		await sandbox.deliver(mailbox, ...Array.from({ length: bad }, () => mail('bad')));
		for (let number = 1; number <= bad; number += 1)
			for (const command of [`TOP ${number} 0`, `RETR ${number}`])
				sandbox.exchange.plan('pop', command, { reply: '-ERR Server Unavailable. 21' }, 99);
		const reservations = new Reservations();
		const items: string[] = [];
		let stored = new Ledger();
		for (let session = 1; session <= 14; session += 1) {
			await sandbox.deliver(mailbox, mail('good'), mail('other'));
			const running = round(mailbox, stored, { filter: { subject: 'good' }, deleteAfterFetch: true }, { reservations });
			// Three that were never requested before are requested at once, and the server ends the session.
			const last = session <= 2 ? await running.catch(() => undefined) : await running;
			if (session > 2) expect([last?.failure, last?.items.includes('good')]).toEqual([undefined, true]);
			items.push(...(last?.items ?? []));
			stored = last?.next ?? stored;
		}
		expect(items.filter((item) => item === 'good')).toHaveLength(14);
		expect(items.filter((item) => item !== 'good')).toEqual(Array.from({ length: bad }, () => expect.stringMatching(/^refused: /)));
	});

	it('does not hold up the others either if the server is too busy for several in a row each time', async () => {
		const mailbox = 'busy-row@example.test';
		await sandbox.deliver(mailbox, ...Array.from({ length: 5 }, () => mail('bad')), mail('good'));
		for (let number = 1; number <= 5; number += 1)
			sandbox.exchange.plan('pop', `RETR ${number}`, { reply: '-ERR Server Unavailable. 21' }, 99);
		const reservations = new Reservations();
		let last = await round(mailbox, new Ledger(), {}, { reservations });
		last = await round(mailbox, last.next, {}, { reservations });
		expect(last).toMatchObject({ items: [], left: 6, failure: { code: 'throttled' } });
		expect((await round(mailbox, last.next, {}, { reservations })).items).toContain('good');
	});

	it('holds up neither the headers of an email that is too large nor one that the server refuses', async () => {
		const mailbox = 'poison-and-large@example.test';
		await sandbox.deliver(mailbox, mail('poison'), mail('refused'), mail('large', `\r\n${'x'.repeat(20_000)}`));
		sandbox.exchange.plan('pop', 'RETR 1', { drop: true }, 99);
		sandbox.exchange.plan('pop', 'RETR 2', { reply: '-ERR [SYS/PERM] This email is damaged.' }, 99);
		const reservations = new Reservations();
		let last = await round(mailbox, new Ledger(), { maxBytes: 10_000 }, { reservations });
		last = await round(mailbox, last.next, { maxBytes: 10_000 }, { reservations });
		expect(last).toMatchObject({ items: [], failure: { code: 'lost' } });
		last = await round(mailbox, last.next, { maxBytes: 10_000 }, { reservations });
		expect(last.failure).toMatchObject({ code: 'lost' });
		expect(last.items).toEqual([expect.stringMatching(/^refused: .*damaged/), 'too large: large']);
	});

	it.each([{ subject: 'wanted' }, { since: Date.now() - DAY, subject: 'wanted' }])(
		'holds up no other for long if its headers are needed: %j',
		async (filter) => {
			const mailbox = `poison${Object.keys(filter).length}@example.test`;
			await sandbox.fill(
				mailbox,
				['wanted poison', 'wanted 2', 'wanted 3'].map((subject) => received(0, subject)),
			);
			sandbox.exchange.plan('pop', 'TOP 1 0', { drop: true }, 99);
			sandbox.exchange.plan('pop', 'RETR 1', { drop: true }, 99);
			const reservations = new Reservations();
			const items: string[] = [];
			let stored = new Ledger();
			for (let times = 0; times < 12; times += 1) {
				const last = await round(mailbox, stored, { filter }, { reservations }).catch(() => undefined);
				items.push(...(last?.items ?? []));
				stored = last?.next ?? stored;
			}
			expect(items).toEqual(['wanted 2', 'wanted 3', expect.stringMatching(/^refused: .*broke each time/)]);
		},
	);
});

describe('deletion', () => {
	it('comes after the fetch, of what was fetched only', async () => {
		const mailbox = 'delete@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('large', `\r\n${'x'.repeat(20_000)}`), mail('3'));
		const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true, maxBytes: 10_000, limit: 2 });
		expect([first.items, first.deleted]).toEqual([['1', 'too large: large'], 1]);
		expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(['large', '3']);
	});

	it('comes in the next session where the one that fetched broke before it could', async () => {
		const mailbox = 'overdue@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'DELE', { drop: true });
		const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true });
		expect([first.items, first.deleted, first.failure?.code]).toEqual([['1', '2'], 0, 'lost']);
		await sandbox.deliver(mailbox, mail('3'));
		expect((await round(mailbox, first.next)).deleted).toBe(0);
		const second = await round(mailbox, first.next, { deleteAfterFetch: true });
		expect([second.items, second.deleted]).toEqual([['3'], 3]);
		expect(await sandbox.messages(mailbox)).toEqual([]);
	});

	it('comes to the others where the server keeps one', async () => {
		const mailbox = 'kept@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'), mail('3'));
		sandbox.exchange.plan('pop', 'DELE', { reply: '-ERR [SYS/PERM] on hold' });
		const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true });
		expect(first).toMatchObject({ items: ['1', '2', '3'], deleted: 2, undeletable: { response: expect.stringContaining('on hold') } });
		expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(['1']);
	});

	it('leaves nothing to ask for when the next mails come, nor to remember from then on', async () => {
		const mailbox = 'emptied@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true });
		expect(first.deleted).toBe(2);
		await sandbox.fill(mailbox, [`Received: by mx; ${new Date(Date.now() - DAY).toUTCString()}\r\n${mail('moved in')}`]);
		const second = await round(mailbox, first.next);
		expect([second.commands, second.next.size]).toEqual([['UIDL', 'LIST 1', 'RETR 1', 'QUIT'], 1]);
	});

	it('brings no email back that the server keeps although it has confirmed the deletion', async () => {
		const mailbox = 'undead@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		sandbox.exchange.plan('pop', 'DELE', { reply: '+OK' }, 2);
		const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true });
		expect([first.items, first.deleted]).toEqual([['1', '2'], 2]);
		await sandbox.deliver(mailbox, mail('3'));
		const second = await round(mailbox, first.next, { deleteAfterFetch: true });
		expect([second.items, second.deleted]).toEqual([['3'], 1]);
		// It is not looked at again and again.
		expect((await round(mailbox, second.next, { deleteAfterFetch: true })).commands).toEqual(['UIDL', 'LIST 2', 'QUIT']);
	});

	it.each([mail('another'), 'Subject: another\r\n\r\nx\r\n'])(
		'holds up no other email to which the server gives the unique id of a deleted one',
		async (another) => {
			const mailbox = `reborn${another.length}@example.test`;
			const reservations = new Reservations();
			const uidl = { reply: '+OK\r\n1 A\r\n.' };
			await sandbox.deliver(mailbox, another.includes('Message-ID') ? mail('1') : 'Subject: 1\r\n\r\nx\r\n');
			sandbox.exchange.plan('pop', 'UIDL', uidl);
			const first = await round(mailbox, new Ledger(), { deleteAfterFetch: true }, { reservations });
			await sandbox.deliver(mailbox, another);
			sandbox.exchange.plan('pop', 'UIDL', uidl);
			expect((await round(mailbox, first.next, {}, { reservations })).items).toEqual(['another']);
		},
	);

	it('never comes to a mail that was too large to be fetched', async () => {
		const mailbox = 'spared@example.test';
		await sandbox.deliver(mailbox, mail('large', `\r\n${'x'.repeat(20_000)}`));
		const first = await round(mailbox, new Ledger(), { maxBytes: 10_000 }, { now: Date.now() - 9 * DAY });
		expect((await round(mailbox, first.next, { maxBytes: 10_000, deleteAfterDays: 1 })).deleted).toBe(0);
	});

	it.each([{ deleteAfterFetch: true }, { deleteAfterDays: 0 }])(
		'never comes to a mail above the size limit, where only headers are wanted either: %j',
		async (deletion) => {
			const mailbox = `oversize${Object.keys(deletion).join().length}@example.test`;
			await sandbox.deliver(mailbox, mail('small'), mail('large', `\r\n${'x'.repeat(20_000)}`));
			const wish = { headersOnly: true, maxBytes: 10_000, ...deletion };
			const first = await round(mailbox, new Ledger(), wish);
			expect(first.items).toEqual(['headers: small', 'too large: large']);
			await round(mailbox, first.next, wish);
			expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(['large']);
		},
	);

	it('waits so many days after the fetch, and spares what was never fetched', async () => {
		const mailbox = 'expire@example.test';
		await sandbox.deliver(mailbox, mail('1'), mail('2'));
		const first = await round(mailbox, new Ledger(), { limit: 1, deleteAfterDays: 0 }, { now: Date.now() - 5 * DAY });
		expect(first.deleted).toBe(0);
		const second = await round(mailbox, first.next, { limit: 1, deleteAfterDays: 7 });
		expect([second.items, second.deleted]).toEqual([['2'], 0]);
		const third = await round(mailbox, second.next, { deleteAfterDays: 4 });
		expect(third.deleted).toBe(1);
		expect((await sandbox.messages(mailbox)).map(subjectOf)).toEqual(['2']);
	});

	it('never comes before the days have passed in full, whatever the hour of the fetch', async () => {
		const mailbox = 'midnight@example.test';
		await sandbox.deliver(mailbox, mail('late'));
		const beforeMidnight = Math.floor(Date.now() / DAY) * DAY - 30_000;
		const first = await round(mailbox, new Ledger(), {}, { now: beforeMidnight });
		const afterMidnight = await round(mailbox, first.next, { deleteAfterDays: 1 }, { now: beforeMidnight + 60_000 });
		expect(afterMidnight.deleted).toBe(0);
		const early = await round(mailbox, afterMidnight.next, { deleteAfterDays: 1 }, { now: beforeMidnight + DAY - 1 });
		expect(early.deleted).toBe(0);
		expect((await round(mailbox, early.next, { deleteAfterDays: 1 }, { now: beforeMidnight + DAY + 60_000 })).deleted).toBe(1);
	});
});

describe('the first check', () => {
	it('takes nothing of what is there, where mails from now on are wanted', async () => {
		const mailbox = 'fromnow@example.test';
		await sandbox.deliver(mailbox, mail('before'));
		const first = await round(mailbox, new Ledger(), { start: { kind: 'now' } });
		expect([first.items, first.commands]).toEqual([[], ['UIDL', 'LIST 1', 'QUIT']]);
		await sandbox.deliver(mailbox, mail('after'));
		expect((await round(mailbox, first.next, { start: { kind: 'now' } })).items).toEqual(['after']);
	});

	it('takes those of the last days', async () => {
		const mailbox = 'lastdays@example.test';
		await sandbox.fill(
			mailbox,
			[9, 5, 1].map((days) => `Received: by mx; ${new Date(Date.now() - days * DAY).toUTCString()}\r\n${mail(`${days} days`)}`),
		);
		const first = await round(mailbox, new Ledger(), { start: { kind: 'lastDays', days: 6 } });
		expect(first.items).toEqual(['5 days', '1 days']);
		expect((await round(mailbox, first.next, { start: { kind: 'lastDays', days: 6 } })).items).toEqual([]);
	});

	it('is still the first where it could not find out what is new, also after a restart', () => {
		let stored: PollMemory | undefined;
		const book = new PollAttempts(undefined, (memory) => (stored = memory));
		expect(book.triedSince('a', 1_000)).toBe(1_000);
		book.handOver('a', book.open('a', 0).ledger, [], new Set());
		const restarted = new PollAttempts(readPollMemory(JSON.parse(JSON.stringify(stored))), () => undefined);
		expect([restarted.isUnused, restarted.triedSince('a', 9_000)]).toEqual([true, 1_000]);
		const { ledger } = restarted.open('a', 0);
		ledger.checkedAt = 9_000;
		restarted.handOver('a', ledger, [], new Set());
		expect([restarted.isUnused, restarted.memory.since]).toEqual([false, undefined]);
	});

	describe('of the last days among many', () => {
		const mailbox = 'manydays@example.test';
		const subjects = Array.from({ length: 400 }, (_, index) => `${400 - index} days`);
		const start = { kind: 'lastDays', days: 300.5 } as const;
		beforeAll(
			async () =>
				await sandbox.fill(
					mailbox,
					subjects.map((subject) => received(parseInt(subject, 10), subject)),
				),
		);

		it('reads few headers', async () => {
			const { items, left, commands } = await round(mailbox, new Ledger(), { start, limit: 2 });
			expect([items, left]).toEqual([['300 days', '299 days'], 298]);
			expect(commands.filter((command) => command.startsWith('TOP')).length).toBeLessThan(100);
		});

		it('ends where it is enough, and the next look goes on with the search', async () => {
			let asked = 0;
			const first = await round(mailbox, new Ledger(), { start, enough: () => (asked += 1) > 3 });
			expect([first.items, first.next.checkedAt]).toEqual([[], 0]);
			expect(first.left + first.next.size).toBe(400);
			expect(first.commands.filter((command) => command.startsWith('TOP')).length).toBeLessThan(50);
			expect((await round(mailbox, first.next, { start })).items).toEqual(subjects.slice(100));
		});
	});
});

describe('a mailbox that another session holds', () => {
	it('is opened when that one has ended', async () => {
		sandbox.exchange.plan('pop', 'AUTH', { reply: '-ERR [IN-USE] Do you have another POP session running?', drop: true }, 2);
		const session = await openPatiently(accountOn(sandbox, 'ada@example.test', ways(sandbox).exchange), [1, 1]);
		expect((await session.stat()).count).toBeTypeOf('number');
		session.close();
	});

	it('fails with a clear error in the end', async () => {
		sandbox.exchange.plan('pop', 'AUTH', { reply: '-ERR [IN-USE] locked', drop: true }, 3);
		await expect(openPatiently(accountOn(sandbox, 'ada@example.test', ways(sandbox).exchange), [1, 1])).rejects.toMatchObject({
			code: 'throttled',
			message: expect.stringContaining('Another POP session has locked ada@example.test'),
			permanent: false,
		});
	});
});

it('stores 30,000 mails in less than 1 MB and reads them in no time worth telling', () => {
	const ledger = new Ledger();
	for (let index = 0; index < 30_000; index += 1)
		ledger.put({ key: String(index).padStart(12, '0'), print: 'abcdefgh', standing: 'fetched', day: 1000 });
	const text = JSON.stringify(ledger.write());
	expect(text.length).toBeLessThan(1_000_000);
	const again = Ledger.read(JSON.parse(text));
	expect([again.size, again.get('000000000007')]).toEqual([
		30_000,
		{ key: '000000000007', print: 'abcdefgh', standing: 'fetched', day: 1000 },
	]);
	expect(Ledger.read({ ...ledger.write(), mails: 'damaged' }).size).toBe(0);
});
