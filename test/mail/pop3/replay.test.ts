import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { collect, type PopSession, type Retrieved } from '../../../mail/pop3/session';
import { at, byteByByte, GREETING, multiline, openOn, Replay, signedIn, TOKEN, whole, type Cut, type Step } from './pop3Rig';

const MAILS = ['Subject: one\r\n\r\n.dot\r\n..two\r\n', '.\r\n\r\n', 'Subject: \xfc\r\n\r\n\r\r\n.\r.\n\0\r\n'];
const TOP = 'Subject: one\r\n\r\n';

async function texts(mails: AsyncIterable<Retrieved>): Promise<string[]> {
	const all: string[] = [];
	for await (const { number, content } of mails)
		all.push(content instanceof MailError ? `${number} ${content.code}` : (await collect(content)).toString('latin1'));
	return all;
}

const failure = async (work: Promise<unknown>): Promise<MailError> => {
	const error = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!(error instanceof MailError)) throw new Error(`wanted a MailError, got ${inspect(error)}`);
	return error;
};

/** Every command there is, the refusals among them. */
async function visit(session: PopSession): Promise<unknown[]> {
	const seen = [await session.stat(), await session.list(), await session.uidl(), await session.size(3)];
	const first = (await session.top(1, 0)).toString('latin1');
	const tops = await texts(session.topMany([1, 2], 0));
	const mails = await texts(session.retrieveMany([1, 4, 2, 3]));
	const refused = (await failure(session.retrieve(9))).code;
	const last = (await session.retrieve(3)).toString('latin1');
	await session.dele(1);
	await session.quit();
	return [...seen, first, tops, mails, refused, last];
}

const EXPECTED = [
	{ count: 3, size: 90 },
	new Map([
		[1, 30],
		[2, 5],
		[3, 55],
	]),
	new Map([
		[1, 'a.b'],
		[2, '.'],
		[3, '\xff~'],
	]),
	55,
	TOP,
	[TOP, '2 notFound'],
	[MAILS[0], '4 notFound', MAILS[1], MAILS[2]],
	'configuration',
	MAILS[2],
];

const [one = '', two = '', three = ''] = MAILS.map(multiline);
const LISTINGS: Step[] = [
	['STAT', '+OK 3 90\r\n'],
	['LIST', '+OK 3 messages\r\n1 30\r\n2 5\r\n3 55\r\n.\r\n'],
	['UIDL', '+OK\r\n1 a.b\r\n2 .\r\n3 \xff~\r\n.\r\n'],
	['LIST 3', '+OK 3 55\r\n'],
];
const CONTENTS: Step[] = [
	['TOP 1 0', multiline(TOP)],
	['TOP 1 0', multiline(TOP)],
	['TOP 2 0', '-ERR no such message\r\n'],
	['RETR 1', one],
	['RETR 4', "-ERR There's no message 4.\r\n"],
	['RETR 2', two],
	['RETR 3', three],
	['RETR 9', '-ERR [SYS/PERM] the disk is broken\r\n'],
	['RETR 3', three],
	['DELE 1', '+OK\r\n'],
	['QUIT', '+OK bye\r\n'],
];
const DIALOGUES = {
	'in turn': [...signedIn('TOP', 'UIDL', 'USER'), ...LISTINGS, ...CONTENTS],
	pipelined: [...signedIn('TOP', 'PIPELINING', 'RESP-CODES'), ...LISTINGS, ...CONTENTS],
};

describe.each(Object.entries(DIALOGUES))('a replayed session, %s', (way, steps) => {
	const play = async (cut: Cut): Promise<Replay> => {
		const server = new Replay(GREETING, steps, cut);
		expect(await visit(await openOn(server))).toEqual(EXPECTED);
		expect(server.commands).toHaveLength(steps.length);
		return server;
	};

	it('gives the same whatever place the bytes are cut at', async () => {
		const { bursts, atOnce } = await play(whole);
		expect(atOnce).toBe(way === 'pipelined' ? 4 : 1);
		for (const [nth, size] of bursts.entries()) {
			for (let place = 1; place < size; place += 1) await play(at(nth, place));
		}
	});

	it('gives the same where each byte comes on its own', async () => {
		await play(byteByByte);
	});

	it('keeps the mails before the one at which the connection ends, wherever it ends', async () => {
		const answers = [one, two, three];
		const bytes = answers.join('');
		const ends = [one.length, one.length + two.length, bytes.length];
		const caps = way === 'pipelined' ? ['PIPELINING'] : [];
		for (let kept = 0; kept < bytes.length; kept += 1) {
			const dying = answers.map((answer, index): Step => {
				const begin = (ends[index] ?? 0) - answer.length;
				return [`RETR ${index + 1}`, answer.slice(0, Math.max(0, kept - begin))];
			});
			// In turn, the script ends with the answer that is not whole.
			const steps = caps.length > 0 ? dying : dying.filter((_, index) => (ends[index] ?? 0) - (answers[index]?.length ?? 0) <= kept);
			const session = await openOn(new Replay(GREETING, [...signedIn(...caps), ...steps]));
			const got: string[] = [];
			const error = await failure(
				(async () => {
					for await (const { content } of session.retrieveMany([1, 2, 3])) {
						if (content instanceof MailError) throw content;
						got.push((await collect(content)).toString('latin1'));
					}
				})(),
			);
			expect(got).toEqual(MAILS.slice(0, ends.filter((end) => end <= kept).length));
			expect(error).toMatchObject({ code: 'lost', permanent: false, command: `RETR ${got.length + 1}` });
		}
	});
});

describe('a refusal', () => {
	const LOGIN = ['CAPA', '+OK\r\nSASL XOAUTH2\r\nLOGIN-DELAY 900\r\nEXPIRE 60\r\n.\r\n'] as const;
	const refusals: Array<[string, string, object]> = [
		['[AUTH] wrong', '[AUTH]', { code: 'auth', permanent: true }],
		['Denied for a reason of its own', 'words that nobody knows', { code: 'auth' }],
		['[IN-USE] another session', '[IN-USE]', { code: 'throttled', permanent: false }],
		['[LOGIN-DELAY] too soon', '[LOGIN-DELAY], with the pause that CAPA tells', { code: 'throttled', retryAfterMs: 900_000 }],
		['[SYS/TEMP/database] later', '[SYS/TEMP], with a code below it', { code: 'throttled', permanent: false }],
		['[SYS/PERM] broken for good', '[SYS/PERM]', { code: 'configuration', permanent: true }],
		['Request is throttled. Suggested Backoff Time: 7000 milliseconds', 'a pause of its own', { code: 'throttled', retryAfterMs: 7_000 }],
		[
			'User is authenticated but not connected.',
			'a mailbox that cannot be opened',
			// The token cannot be read, like those of personal accounts.
			{ code: 'forbidden', remedy: expect.stringContaining('"Let devices and apps use POP"') },
		],
	];

	it.each(refusals)('of the sign-in, %s, is told as what it is, cut anywhere: %s', async (words, _name, facts) => {
		const line = `-ERR ${words}\r\n`;
		for (let place = 1; place < line.length; place += 1) {
			const server = new Replay(GREETING, [LOGIN, ['AUTH XOAUTH2', '+ \r\n'], ['*', line]], at(3, place));
			expect(await failure(openOn(server))).toMatchObject({
				speaker: 'pop',
				command: 'AUTH XOAUTH2',
				mailbox: 'ada@example.test',
				...facts,
			});
			expect(server.destroyed).toBe(true);
		}
	});

	it.each([
		['-ERR [SYS/TEMP] too busy\r\n', 'throttled'],
		['-ERR Request is throttled.\r\n', 'throttled'],
		['SSH-2.0-OpenSSH_9.2\r\n', 'protocol'],
		['220 smtp.example.test\r\n', 'protocol'],
		['\r\n', 'protocol'],
	])('in place of a greeting is told as what it is: %j', async (greeting, code) => {
		expect(await failure(openOn(new Replay(greeting, [])))).toMatchObject({ code, command: 'the greeting' });
	});

	it('never shows the token, even where the server repeats it', async () => {
		const sent = Buffer.from(`user=ada@example.test\x01auth=Bearer ${TOKEN}\x01\x01`).toString('base64');
		const signIn = (answer: string): Step[] => [LOGIN, ['AUTH XOAUTH2', '+ \r\n'], [sent, answer]];
		for (const answer of [`-ERR [AUTH] I got ${sent}\r\n`, `-ERR ${TOKEN} is not good\r\n`, `${sent}\r\n`, `* what is ${TOKEN}?\r\n`]) {
			const error = await failure(openOn(new Replay(GREETING, signIn(answer))));
			for (const shown of [
				inspect(error, { depth: 9, showHidden: true }),
				JSON.stringify(error),
				String(error.stack),
				error.response ?? '',
			]) {
				expect(shown).not.toContain(TOKEN);
				expect(shown).not.toContain(sent.slice(0, 30));
			}
		}
	});

	it('that comes as a challenge first is answered with an empty line and told with its status', async () => {
		const challenge = Buffer.from('{"status":"401","schemes":"bearer"}').toString('base64');
		const server = new Replay(GREETING, [LOGIN, ['AUTH XOAUTH2', '+ \r\n'], ['*', `+ ${challenge}\r\n`], ['', '-ERR [AUTH] no\r\n']]);
		expect(await failure(openOn(server))).toMatchObject({ code: 'auth', response: expect.stringContaining('401') });
	});
});

describe('what CAPA offers', () => {
	it('is used: English and UTF-8 before the token, which changes the language of refusals', async () => {
		const capa: Step = ['CAPA', '+OK\r\nSASL PLAIN XOAUTH2\r\nUTF8 USER\r\nLANG\r\nEXPIRE NEVER USER\r\nLOGIN-DELAY 60\r\n.\r\n'];
		const server = new Replay(GREETING, [
			capa,
			['LANG en', '+OK en English\r\n'],
			['UTF8', '+OK\r\n'],
			['AUTH XOAUTH2', '+ \r\n'],
			['*', '+OK\r\n'],
			capa,
			['STAT', Buffer.from('-ERR Postfächer gesperrt\r\n').toString('latin1')],
		]);
		const session = await openOn(server);
		expect([session.expiryDays, session.loginDelayMs, session.pipelining]).toEqual([Infinity, 60_000, false]);
		expect((await failure(session.stat())).response).toBe('-ERR Postfächer gesperrt');
	});

	it('may be refused when it is used', async () => {
		const capa: Step = ['CAPA', '+OK\r\nLANG\r\nUTF8\r\nEXPIRE 0\r\n.\r\n'];
		const server = new Replay(GREETING, [
			capa,
			['LANG en', '-ERR no\r\n'],
			['UTF8', '-ERR no\r\n'],
			['AUTH XOAUTH2', '+ \r\n'],
			['*', '+OK\r\n'],
			capa,
			['QUIT', '+OK\r\n'],
		]);
		const session = await openOn(server);
		expect(session.expiryDays).toBe(0);
		await session.quit();
	});

	it('may be nothing at all', async () => {
		const server = new Replay(GREETING, [
			['CAPA', '-ERR what?\r\n'],
			['AUTH XOAUTH2', '+ \r\n'],
			['*', '+OK\r\n'],
			['CAPA', '-ERR what?\r\n'],
			['RETR 1', one],
			['RETR 2', two],
		]);
		const session = await openOn(server);
		expect([session.pipelining, session.loginDelayMs, session.expiryDays]).toEqual([false, undefined, undefined]);
		expect(await texts(session.retrieveMany([1, 2]))).toEqual(MAILS.slice(0, 2));
		expect(server.atOnce).toBe(1);
	});

	it('lacks XOAUTH2: the token stays where it is', async () => {
		const server = new Replay(GREETING, [['CAPA', '+OK\r\nSASL PLAIN LOGIN\r\nUSER\r\n.\r\n']]);
		expect(await failure(openOn(server))).toMatchObject({ code: 'configuration', message: expect.stringContaining('PLAIN, LOGIN') });
		expect(server.commands).toEqual(['CAPA']);
	});
});
