import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { LONGEST_LINE, PopConnection } from '../../../mail/pop3/connection';
import { LIMITS, type PopLimits } from '../../../mail/pop3/limits';
import { lines, numbered, okay, refusal } from '../../../mail/pop3/replies';
import { AccessToken } from '../../../mail/signIn/token';

const TOKEN = new AccessToken('eyJhbGciOiJub25lIn0.secret-of-ada', Date.now() + 3_600_000);
const AT = { speaker: 'pop' as const, mailbox: 'ada@example.com', peer: 'pop.example.com:995' };

/** A connection on which the server has said all of this. */
function said(text: string | string[], limits: Partial<PopLimits> = {}): PopConnection {
	const stream = new PassThrough();
	for (const piece of [text].flat()) stream.write(Buffer.from(piece, 'latin1'));
	return PopConnection.over(stream, AT, { ...LIMITS, ...limits });
}

describe('an answer in one line', () => {
	it('is returned if it is +OK', async () => {
		await expect(okay(said('+OK 2 320\r\n'), AT, 'STAT')).resolves.toBe('+OK 2 320');
	});

	it('that refuses is an error with the words of the server, without the -ERR before them', async () => {
		const error = await okay(said('-ERR [SYS/TEMP] The disk is asleep\r\n'), AT, 'STAT').catch((reason: unknown) => reason);
		expect(error).toMatchObject({
			code: 'throttled',
			command: 'STAT',
			mailbox: AT.mailbox,
			response: '-ERR [SYS/TEMP] The disk is asleep',
		});
		expect(String(error)).not.toContain('-ERR');
	});

	it('that refuses the sign-in is about the sign-in, whatever its words', () => {
		expect(refusal('-ERR The words of nobody', AT, 'AUTH', 'EAUTH')).toMatchObject({ code: 'auth', command: 'AUTH' });
		expect(refusal('-ERR The words of nobody', AT, 'DELE 1')).toMatchObject({ code: expect.not.stringMatching('auth') });
	});

	it.each(['* OK IMAP4rev1 ready', '220 ESMTP'])('%j is the answer of another protocol', async (line) => {
		await expect(okay(said(`${line}\r\n`), AT, 'the greeting')).rejects.toMatchObject({
			code: 'protocol',
			speaker: 'pop',
			mailbox: AT.mailbox,
			message: expect.stringContaining('POP answered the greeting with something other than +OK or -ERR.'),
			remedy: 'Check that host and port are those of a POP server.',
			response: line,
		});
	});

	it.each(['Connection is closed. 21', '-ERR Connection is closed. 22'])('%j is the end of the session', async (line) => {
		await expect(okay(said(`${line}\r\n`), AT, 'QUIT')).rejects.toMatchObject({
			code: 'lost',
			permanent: false,
			message: expect.stringContaining('POP ended the session of ada@example.com.'),
			response: line,
		});
	});

	it('is cut after 200 characters if it is not one of POP', () => {
		expect(refusal(`HTTP/1.1 400 ${'x'.repeat(1_000)}`, AT, 'STAT').response).toHaveLength(200);
	});

	it.each([
		['a refusal', '-ERR no'],
		['another protocol', 'NO'],
	])('never shows the token, in %s neither', (_what, words) => {
		const { response, message } = refusal(`${words} ${TOKEN.reveal()}`, { ...AT, token: TOKEN }, 'AUTH');
		expect(response).toContain(words);
		expect(`${response} ${message}`).not.toContain('secret-of-ada');
	});
});

describe('a listing', () => {
	it('has a number and the rest in each line, and empty lines do not count', async () => {
		await expect(numbered(said('1 abc\r\n\r\n12\tde f\r\n.\r\n'), AT, 'UIDL')).resolves.toEqual([
			[1, 'abc'],
			[12, 'de f'],
		]);
	});

	it('without lines is empty', async () => {
		await expect(numbered(said('.\r\n'), AT, 'UIDL')).resolves.toEqual([]);
	});

	it.each(['abc', ' 1 abc', 'x1 abc', '1234567890123456 abc', '1:abc'])('with the line %j is none', async (line) => {
		await expect(numbered(said(`${line}\r\n.\r\n`), AT, 'UIDL')).rejects.toMatchObject({
			code: 'protocol',
			message: expect.stringContaining('POP answered UIDL with a line that does not belong to a listing.'),
		});
	});

	it.each(['2', '2 '])('has a number without the rest where the server tells no more: %j', async (line) => {
		await expect(numbered(said(`1 abc\r\n${line}\r\n.\r\n`), AT, 'UIDL')).resolves.toEqual([
			[1, 'abc'],
			[2, ''],
		]);
	});

	it('within which the server refuses is a refusal', async () => {
		const listing = said('1 abc\r\n-ERR Server Unavailable. 21\r\n.\r\n');
		await expect(numbered(listing, AT, 'UIDL')).rejects.toMatchObject({ code: 'throttled', command: 'UIDL' });
	});

	it('has as many lines as are allowed, and no more', async () => {
		const two = '1 a\r\n2 b\r\n';
		await expect(lines(said(`${two}.\r\n`, { listLines: 2 }), 'UIDL')).resolves.toHaveLength(2);
		const connection = said(`${two}3 c\r\n.\r\n`, { listLines: 2 });
		await expect(lines(connection, 'UIDL')).rejects.toMatchObject({ code: 'tooLarge' });
	});

	it('may have a line as long as any answer, and a longer one without an end closes the connection', async () => {
		const longest = `1 ${'x'.repeat(LONGEST_LINE - 2)}`;
		await expect(lines(said([longest, '\r\n.\r\n']), 'UIDL')).resolves.toEqual([longest]);
		await expect(lines(said(`${longest}x`), 'UIDL')).rejects.toMatchObject({
			code: 'protocol',
			command: 'UIDL',
			message: expect.stringContaining('POP answered UIDL with a line that does not end.'),
			remedy: 'Check that host and port are those of a POP server.',
		});
	});
});
