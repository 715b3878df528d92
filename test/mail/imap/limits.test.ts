import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { ImapFlow } from 'imapflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Account } from '../../../mail/account';
import { fetchMails, type Use } from '../../../mail/imap/fetch';
import { PATIENCE, type Patience } from '../../../mail/imap/limits';
import { narrow, searchAfter, UIDS_IN_COMMAND } from '../../../mail/imap/search';
import { ImapSession } from '../../../mail/imap/session';
import { AccessToken } from '../../../mail/signIn/token';
import { HostileImap, type Misbehave } from '../../../sandbox/hostile/imap';
import { makeAuthority, trust, type Authority } from '../../../sandbox/servers/certificates';
import type { Address } from '../../../sandbox/servers';
import { figuresOf } from '../../attack/figures';
import { RULES } from '../watch/watchRig';

/** A server that sends what no client can hold, or talks without end: each time an error, soon, and in bounded memory. */
const MIB = 1024 * 1024;
const TOKEN = 'opaque-token-of-a-personal-account-EwB4A8l6BAAU';
let authority: Authority;
let server: HostileImap;
let address: Address;
const sessions: ImapSession[] = [];

let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-limits-'));
	authority = makeAuthority(folder);
	trust(authority.caFile);
});

beforeEach(async () => {
	server = new HostileImap(authority.server);
	server.mails.set(1, mail('first'));
	address = await server.start();
});

afterEach(async () => {
	for (const session of sessions.splice(0)) session.close();
	await server.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mail = (subject: string, body = 'hello'): Buffer => Buffer.from(`Subject: ${subject}\r\nFrom: eve@example.test\r\n\r\n${body}\r\n`);

function account(): Account {
	return {
		mailbox: 'ada@example.test',
		imap: address,
		pop: address,
		smtp: address,
		id: 'a',
		signIn: 'delegated',
		token: async () => await Promise.resolve(new AccessToken(TOKEN, Date.now() + 3_600_000)),
	};
}

async function open(patience: Partial<Patience> = {}): Promise<ImapSession> {
	const session = await ImapSession.open(account(), undefined, patience);
	sessions.push(session);
	await session.select('INBOX');
	return session;
}

/** As the watch does: another session whenever the last one is over. */
function reopening(patience: Partial<Patience> = {}): Use {
	let session: ImapSession | undefined;
	return async (_command, work) => {
		if (session === undefined || session.over) session = await open(patience);
		return await work(session);
	};
}

const on =
	(command: string, misbehave: Misbehave): Misbehave =>
	async (asked, talk) =>
		asked.command === command && (await misbehave(asked, talk));

async function failureOf(work: Promise<unknown>): Promise<unknown> {
	return await work.then(
		() => 'no failure',
		(error: unknown) => error,
	);
}

/** Runs something and tells by how much the process grew meanwhile, in MB, and how long it took, in ms. */
async function measured<T>(work: () => Promise<T>): Promise<{ result: T; grew: number; took: number }> {
	const results: T[] = [];
	const figures = await figuresOf(
		`IMAP: ${expect.getState().currentTestName?.replace(' > ', ' ') ?? ''}`,
		async () => void results.push(await work()),
	);
	const [result] = results;
	if (result === undefined) throw new Error('There is no result.');
	return { result, grew: figures.memoryMb, took: figures.tookMs };
}

const sizes = async (use: Use, uids: number[], largeAbove = 20 * MIB): Promise<string[]> => {
	const found: string[] = [];
	for await (const one of fetchMails(use, uids, { ...RULES.limits, largeAbove })) {
		if ('failure' in one) found.push(`${one.uid} ${one.failure.code}`);
		else if (one.content.kind !== 'streamed') found.push(`${one.uid} ${one.content.bytes.length === one.size}`);
		else {
			let bytes = 0;
			const failure = await failureOf(
				(async () => {
					for await (const chunk of await (one.content.kind === 'streamed' ? one.content.open() : [])) bytes += Buffer.from(chunk).length;
				})(),
			);
			found.push(`${one.uid} ${failure === 'no failure' ? bytes : String(Reflect.get(Object(failure), 'code'))}`);
		}
	}
	return found;
};

describe('a server that sends more than can be held', () => {
	it('in a greeting line of 600 MB, is left', async () => {
		server.misbehave = on('GREETING', async (_asked, talk) => {
			await talk.write('* OK ');
			await talk.flood(Buffer.alloc(MIB, 'x'), 600 * MIB);
			return true;
		});
		const { result, grew, took } = await measured(async () => await failureOf(open()));
		expect(result).toMatchObject({
			name: 'MailError',
			code: 'tooLarge',
			permanent: false,
			message: expect.stringContaining('far more than an answer'),
		});
		expect(grew).toBeLessThan(200);
		expect(took).toBeLessThan(60_000);
	});

	it('in a literal of 1 GB, is left before a byte of it is held', async () => {
		const use = reopening();
		server.misbehave = on('UID FETCH', async ({ args }, talk) => {
			if (!args.includes('BODY')) return false;
			await talk.write(`* 1 FETCH (UID 1 BODY[] {${1024 * MIB}}\r\n`);
			await talk.flood(Buffer.alloc(MIB, 'x'), 1024 * MIB);
			return true;
		});
		const { result, grew } = await measured(async () => await sizes(use, [1]));
		expect(result).toEqual(['1 tooLarge']);
		expect(grew).toBeLessThan(200);
	});

	it('of a mail that it declared small, is stopped well above its size, and the other mails come', async () => {
		for (const uid of [2, 3]) server.mails.set(uid, mail(`mail ${uid}`));
		const use = reopening();
		server.misbehave = on('UID FETCH', async ({ args, tag }, talk) => {
			if (!args.includes('BODY') || !/^(1:\d+|2)\b/.test(args)) return false;
			await talk.write(`* 2 FETCH (UID 2 BODY[] {${60 * MIB}}\r\n`);
			await talk.flood(Buffer.alloc(MIB, 'x'), 60 * MIB);
			await talk.write(`)\r\n${tag} OK done\r\n`);
			return true;
		});
		const { result, grew } = await measured(async () => await sizes(use, [1, 2, 3]));
		expect(result).toEqual(['1 true', '2 tooLarge', '3 true']);
		expect(grew).toBeLessThan(250);
	});

	it('in 20 MB of flags, is left, and holds up this process for no longer than seconds', async () => {
		const use = reopening();
		server.misbehave = on('UID FETCH', async ({ tag }, talk) => {
			await talk.write('* 1 FETCH (UID 1 RFC822.SIZE 70 FLAGS (');
			await talk.flood(Buffer.from('flag '.repeat(200_000)), 20_000_000);
			await talk.write(`))\r\n${tag} OK done\r\n`);
			return true;
		});
		const { result, grew, took } = await measured(async () => await sizes(use, [1]));
		expect(result).toEqual(['1 tooLarge']);
		expect(grew).toBeLessThan(300);
		expect(took).toBeLessThan(60_000);
	});

	it('in answers of which there is no end, is left', async () => {
		const use = reopening();
		server.misbehave = on('UID FETCH', async (_asked, talk) => {
			await talk.flood(Buffer.from('* 7 FETCH (UID 7 FLAGS (\\Seen))\r\n'.repeat(1_000)));
			return true;
		});
		const { result, grew } = await measured(async () => await sizes(use, [1]));
		expect(result).toEqual(['1 tooLarge']);
		expect(grew).toBeLessThan(300);
	});

	it('in parts of a large mail without end, is stopped well above its size', async () => {
		server.mails.set(1, mail('large', 'x'.repeat(3 * MIB)));
		const use = reopening();
		let asked = 0;
		server.misbehave = on('UID FETCH', async ({ args, tag }, talk) => {
			const [, start, length] = /<(\d+)\.(\d+)>/.exec(args) ?? [];
			if (start === undefined) return false;
			asked += 1;
			await talk.write(`* 1 FETCH (UID 1 BODY[]<${start}> {${String(length)}}\r\n${'x'.repeat(Number(length))})\r\n${tag} OK done\r\n`);
			return true;
		});
		const { result } = await measured(async () => await sizes(use, [1], MIB));
		expect(result).toEqual(['1 tooLarge']);
		expect(asked).toBeLessThan(12);
	});

	it('in one part of a large mail more than was asked for, is not believed', async () => {
		server.mails.set(1, mail('large', 'x'.repeat(3 * MIB)));
		server.misbehave = on('UID FETCH', async ({ args, tag }, talk) => {
			const [, start] = /<(\d+)\.(\d+)>/.exec(args) ?? [];
			if (start === undefined) return false;
			await talk.write(`* 1 FETCH (UID 1 BODY[]<${start}> {${3 * MIB}}\r\n${'x'.repeat(3 * MIB)})\r\n${tag} OK done\r\n`);
			return true;
		});
		expect(await sizes(reopening(), [1], MIB)).toEqual(['1 protocol']);
	});
});

describe('a server that talks and never comes to an end', () => {
	/** A line now and then, as long as somebody listens. */
	const drip =
		(line: string): Misbehave =>
		async (_asked, talk) => {
			while (talk.open) {
				await talk.write(line);
				await new Promise((resolve) => setTimeout(resolve, 50));
			}
			return true;
		};

	it.each([
		['in its greeting', 'GREETING', '* OK wait'],
		['before it answers the sign-in', 'AUTHENTICATE', '* OK wait\r\n'],
	])('is left when the dial has taken its time, %s', async (_where, command, line) => {
		server.misbehave = on(command, drip(line));
		const began = performance.now();
		// Ten seconds more than this in all.
		expect(await failureOf(open({ connectMs: command === 'GREETING' ? 500 : -9_000 }))).toMatchObject({
			code: expect.stringMatching(/timeout|unreachable/),
			permanent: false,
		});
		expect(performance.now() - began).toBeLessThan(60_000);
	});

	it.each([['SELECT'], ['UID SEARCH'], ['UID FETCH'], ['UID STORE']])(
		'is left when %s has taken its time, though it is never silent',
		async (command) => {
			server.misbehave = on(command, drip('* OK still here\r\n'));
			const began = performance.now();
			const work = async (): Promise<unknown> => {
				const session = await open({ silenceMs: 30_000, commandMs: 700 });
				if (command === 'UID SEARCH')
					return await session.run(command, async (client) => await client.search({ all: true }, { uid: true }));
				if (command === 'UID STORE')
					return await session.run(command, async (client) => await client.messageFlagsAdd('1', ['\\Seen'], { uid: true }));
				return await sizes(async (_command, use) => await use(session), [1]);
			};
			expect(await failureOf(work())).toMatchObject({
				code: 'timeout',
				permanent: false,
				message: expect.stringContaining('did not finish its answer in time'),
			});
			expect(performance.now() - began).toBeLessThan(60_000);
		},
	);

	it('is waited for as long as the bytes of a mail come, on however slow a line that counts as one', async () => {
		const body = 'x'.repeat(20_000);
		server.mails.set(1, mail('slow', body));
		// Much slower than the line, since a busy machine makes the pauses longer.
		const session = await open({ commandMs: 300, bytesPerSecond: 2_000 });
		server.misbehave = on('UID FETCH', async (asked, talk) => {
			if (!asked.args.includes('BODY')) return false;
			const answer = server.answer(asked);
			for (let at = 0; at < answer.length; at += 1_000) {
				await talk.write(answer.slice(at, at + 1_000));
				await new Promise((resolve) => setTimeout(resolve, 60));
			}
			return true;
		});
		const began = performance.now();
		expect(await sizes(async (_command, use) => await use(session), [1])).toEqual(['1 true']);
		expect(performance.now() - began).toBeGreaterThan(1_000);
	});
});

describe('a search among so many emails that the answers about all of them are far more than one command may bring', () => {
	// The bytes are counted at intervals. So that none passes unseen, the clock goes on with each answer.
	beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
	afterEach(() => void vi.useRealTimers());

	const BYTES_OF_ANSWER = 20_000;

	/** A session with a folder of emails, of which one comes from the chief. The server seems busy whenever it is asked about the bad one. */
	function sessionWith(count: number, chief: number, bad = 0): { session: ImapSession; received: () => number } {
		let received = 0;
		const client = new ImapFlow({ ...address, auth: { user: 'ada@example.test' }, logger: false });
		vi.spyOn(client, 'stats').mockImplementation(() => ({ received, sent: 0 }));
		vi.spyOn(client, 'search').mockResolvedValue(Array.from({ length: count }, (_, index) => index + 1));
		vi.spyOn(client, 'fetch').mockImplementation(async function* (range) {
			const [first = 0, last = first] = (typeof range === 'string' ? range : '').split(':').map(Number);
			if (first <= bad && bad <= last) throw Object.assign(new Error('Command failed'), { response: '1 NO Server Unavailable. 15' });
			for (let uid = first; uid <= last; uid += 1) {
				received += BYTES_OF_ANSWER;
				const from = [{ address: uid === chief ? 'chief@example.test' : 'eve@example.test' }];
				yield await Promise.resolve({ seq: uid, uid, internalDate: new Date(uid === chief ? Date.now() : 0), envelope: { from } });
			}
			vi.advanceTimersByTime(50);
			if (session.over) throw new Error('Connection not available');
		});
		const at = { speaker: 'imap' as const, mailbox: 'ada@example.test' };
		const session = ImapSession.of(client, new AccessToken(TOKEN, Date.now() + 3_600_000), at, PATIENCE);
		sessions.push(session);
		return { session, received: () => received };
	}

	it.each([
		['by sender', async (session: ImapSession) => (await searchAfter(session, 0, [{ from: 'chief@example.test' }])).uids],
		[
			'by the time of receipt',
			async (session: ImapSession) => (await searchAfter(session, 0, [], { upTo: 2_000, since: Date.now() })).uids,
		],
		[
			'among those that it is given',
			async (session: ImapSession) =>
				await narrow(
					session,
					Array.from({ length: 2_000 }, (_, index) => index + 1),
					[{ from: 'chief@example.test' }],
				),
		],
	])('finds those that fit, %s', async (_how, find) => {
		const { session, received } = sessionWith(4 * UIDS_IN_COMMAND, 1_503);
		expect(await find(session)).toEqual([1_503]);
		expect(received()).toBeGreaterThan(24 * MIB);
		expect(session.over).toBe(false);
	});

	it('takes an email for one that fits if the server tells nothing of it, and of the others in another command', async () => {
		const { session } = sessionWith(2 * UIDS_IN_COMMAND + 1, 3, 2 * UIDS_IN_COMMAND + 1);
		expect((await searchAfter(session, 0, [{ from: 'chief@example.test' }])).uids).toEqual([3, 2 * UIDS_IN_COMMAND + 1]);
	});
});

describe('a session', () => {
	it('shows its token to nobody who prints it, its library, or an error of it', async () => {
		const session = await open();
		const seen = [JSON.stringify(session), inspect(session, { depth: Infinity, showHidden: true }), inspect(session.client, { depth: 12 })];
		server.misbehave = on('NOOP', async ({ tag }, talk) => {
			await talk.write(`${tag} NO not today\r\n`);
			return true;
		});
		const raw = await session.client.fetchAll('x:y', { uid: true }).catch((error: unknown) => error);
		const failure = await failureOf(session.run('STATUS', async (client) => await client.status('Nowhere', { messages: true })));
		seen.push(inspect(raw, { depth: Infinity }), inspect(failure, { depth: Infinity }), JSON.stringify(failure));
		expect(
			seen.map((text) => text.includes(TOKEN) || text.includes(Buffer.from(`auth=Bearer ${TOKEN}`).toString('base64').slice(4, 30))),
		).toEqual(seen.map(() => false));
	});
});
