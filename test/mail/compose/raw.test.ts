import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';

import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ComposedMail } from '../../../mail/compose/message';
import { composeRaw, type RawMail } from '../../../mail/compose/raw';
import { sendMail, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';

const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';
const SHARED = 'shared@example.test';

/** Given in pieces of this many bytes, so that headers are cut anywhere. */
const raw = (bytes: Buffer | string, change: Partial<RawMail> = {}, pieces = 7): RawMail => {
	const whole = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
	const cut = function* (): Generator<Buffer> {
		for (let at = 0; at < whole.length; at += pieces) yield whole.subarray(at, at + pieces);
	};
	return { open: async () => Readable.from(cut()), size: whole.length, from: [], to: [], ...change };
};
const bytesOf = async (composed: ComposedMail): Promise<string> =>
	Buffer.concat(await (await composed.open()).toArray()).toString('latin1');
const HEAD = `From: Ada <${ADA}>\r\nTo: Grace <${GRACE}>\r\nSubject: raw\r\n`;

describe('a finished mail', () => {
	let sandbox: Sandbox;
	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
	});
	afterAll(async () => await sandbox.stop());

	let count = 0;
	/** What reached the mailbox, as it was before Postfix and Dovecot put their headers above it. */
	async function travel(
		head: string,
		body: string,
		change: Partial<RawMail> = {},
		reader = GRACE,
	): Promise<{ arrived: string; sent: Sent }> {
		const mark = `${process.pid}-${(count += 1)}`;
		const composed = await composeRaw(raw(Buffer.from(`X-Mark: ${mark}\r\n${head}\r\n${body}`, 'latin1'), change, 997));
		const sent = await sendMail(accountOn(sandbox, ADA, ways(sandbox).exchange), composed, { retryForMs: 20_000, resendUnknown: false });
		const stored = (await sandbox.arrival(reader, (text) => text.includes(`X-Mark: ${mark}`))).toString('latin1');
		return { arrived: stored.slice(stored.indexOf('X-Mark')).replace(/\r?\n/g, '\r\n'), sent };
	}

	it('travels as it is: headers in their order, structure, 8-bit text, boundaries', async () => {
		const head = `${HEAD}Message-ID: <own@example.test>\r\nDate: Sat, 21 Nov 2026 07:00:00 +0100\r\nX-Folded: a\r\n\tb\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=x"\r\n`;
		const body = `preamble\r\n--=x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xe4\xf6\xfc\r\n--=x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${randomBytes(60_000).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--=x--\r\n`;
		const { arrived, sent } = await travel(head, body);
		expect(arrived.replace(/^X-Mark.*\r\n/, '')).toBe(`${head}\r\n${body}`);
		expect(sent.messageId).toBe('<own@example.test>');
	});

	it('reaches those in Bcc, without naming them', async () => {
		const { arrived, sent } = await travel(`${HEAD}Bcc: Hidden <${SHARED}>,\r\n  ${ADA}\r\nX-After: 1\r\n`, 'x\r\n', {}, SHARED);
		expect(sent.accepted).toEqual([GRACE, SHARED, ADA]);
		expect(arrived).not.toMatch(/^bcc:|hidden|ada@example\.test\r\nX-After/im);
		expect(arrived).toContain('X-After: 1\r\n');
	});

	it.each([
		['CR alone', `${HEAD}\r\nhello\r\nyou\r\n`.replaceAll('\r\n', '\r')],
		['CR alone, and LF in the body', `${HEAD}\r\nhello\r\n`.replaceAll('\r\n', '\r') + 'you\n'],
		['LF alone', `${HEAD}\r\nhello\r\nyou\r\n`.replaceAll('\r\n', '\n')],
	])('has its headers and its body if lines end in %s', async (_name, bytes) => {
		for (const pieces of [1, 7, 10_000]) {
			const composed = await composeRaw(raw(bytes, {}, pieces));
			expect(composed.recipients).toEqual([GRACE]);
			expect((await bytesOf(composed)).replace(/\r\n?/g, '\n')).toMatch(/\nSubject: raw\n(?:\S+: .*\n){2}\nhello\nyou\n$/);
		}
	});

	it.each([['no From'], ['an empty From', 'From: \r\n'], ['a From without an address', 'From: Ada <>\r\n']])(
		'with %s goes out from the author if there is one',
		async (_name, from = '') => {
			const composed = await composeRaw(raw(`${from}To: ${GRACE}\r\nSubject: raw\r\n\r\nhi`, { author: ADA }));
			expect(composed).toMatchObject({ from: ADA, recipients: [GRACE] });
			expect((await bytesOf(composed)).match(/^From: .*$/gm)).toEqual([`From: ${ADA}`]);
			const other = await composeRaw(raw(`From: ${SHARED}\r\nTo: ${GRACE}\r\n\r\nhi`, { author: ADA }));
			expect(other.from).toBe(SHARED);
		},
	);

	it('asks for reports under its Message-ID, unless that is too long for an ENVID', async () => {
		const idOf = async (id: string): Promise<string | undefined> =>
			(await composeRaw(raw(`${HEAD}Message-ID: <${id}>\r\n\r\nhi`, { deliveryReports: ['failure'] }))).dsn?.id;
		expect(await idOf('own@example.test')).toBe('own@example.test');
		expect(await idOf(`${'a'.repeat(90)}@example.test`)).toBeUndefined();
	});

	it('gets Message-ID and Date where they are empty', async () => {
		const composed = await composeRaw(raw(`${HEAD}Message-ID:\r\nDate: \r\n\r\nhi`));
		expect(composed.messageId).toMatch(/^<.+@example\.test>$/);
		expect(await bytesOf(composed)).toMatch(/^From: .*\r\nTo: .*\r\nSubject: raw\r\nMessage-ID: <.+>\r\nDate: \w.*\r\n\r\nhi$/);
	});

	it('gets Message-ID and Date where they are missing', async () => {
		const { arrived, sent } = await travel(HEAD, 'x\r\n');
		const email = await PostalMime.parse(arrived);
		expect(email.messageId).toBe(sent.messageId);
		expect(Math.abs(new Date(email.date ?? '').getTime() - Date.now())).toBeLessThan(300_000);
	});

	it.each([
		['lone dots', '.\r\n..\r\n.a\r\n.'],
		['lone LF', 'a\n.\nb\n'],
		['lone CR', 'a\r.\rb\r'],
		['no line end', 'abc'],
		['nothing', ''],
		['a line of 5,000 bytes', `${'x'.repeat(900)}\r\n`.repeat(6)],
	])('is safe with %s', async (_name, body) => {
		const { arrived } = await travel(HEAD, body);
		const expected = body.replace(/\r\n?|\n/g, '\r\n');
		expect(arrived.slice(arrived.indexOf('\r\n\r\n') + 4).replace(/(\r\n)*$/, '')).toBe(expected.replace(/(\r\n)*$/, ''));
	});

	it('goes to the envelope that is given, whatever the headers say', async () => {
		const { sent } = await travel(`From: Boss <boss@example.test>\r\nTo: all@example.test\r\n`, 'x\r\n', {
			from: [{ name: '', address: ADA }],
			to: [{ name: '', address: GRACE }],
		});
		expect(sent.accepted).toEqual([GRACE]);
	});

	it('keeps every byte of 5 MB, streamed', async () => {
		const content = randomBytes(5_000_000);
		const { arrived } = await travel(
			`${HEAD}Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n`,
			content.toString('base64').replace(/.{76}/g, '$&\r\n'),
		);
		const email = await PostalMime.parse(arrived);
		expect(
			createHash('sha256')
				.update(new Uint8Array(email.attachments[0]?.content instanceof ArrayBuffer ? email.attachments[0].content : new ArrayBuffer(0)))
				.digest('hex'),
		).toBe(createHash('sha256').update(content).digest('hex'));
	});
});

describe('the headers of a finished mail', () => {
	it('are found wherever the stream is cut, with either line end, and after an mbox line', async () => {
		for (const pieces of [1, 2, 3, 5, 64, 1000]) {
			for (const end of ['\r\n', '\n']) {
				const text =
					`${pieces > 3 ? '>' : ''}From x Sat Nov 21\r\n${HEAD}Bcc: a@example.test,\r\n b@example.test\r\nX-Z: 1\r\n\r\nbody\r\n\r\nmore`.replaceAll(
						'\r\n',
						end,
					);
				const composed = await composeRaw(raw(text, {}, pieces));
				expect(composed.recipients).toEqual([GRACE, 'a@example.test', 'b@example.test']);
				expect((await bytesOf(composed)).replace(/\r?\n/g, '\n').replace(/Message-ID: .*\nDate: .*\n/, '')).toBe(
					`${HEAD.replaceAll('\r\n', '\n')}X-Z: 1\n\nbody\n\nmore`,
				);
			}
		}
	});

	it('may have a From as mailing lists write it, though nobody is lost from To', async () => {
		const mail = (to: string): RawMail => raw(`From: ada@example.test via List <list@example.test>\r\nTo: ${to}\r\n\r\nx`);
		expect((await composeRaw(mail(GRACE))).from).toBe('list@example.test');
		await expect(composeRaw(mail(`${GRACE} bob@example.test`))).rejects.toThrow('a comma is missing');
	});

	it('stay the same at every attempt', async () => {
		const composed = await composeRaw(raw(`${HEAD}\r\nbody`));
		expect(await bytesOf(composed)).toBe(await bytesOf(composed));
		expect(composed.size).toBe((await bytesOf(composed)).length);
	});

	it("are read from a source that is closed where the mail does not leave, and whose failure is the mail's", async () => {
		const sources: Readable[] = [];
		const mail = raw(`${HEAD}\r\nbody`);
		const composed = await composeRaw({
			...mail,
			open: async () => (sources.push(await mail.open()), sources.at(-1) ?? Readable.from([])),
		});
		const unread = await composed.open();
		unread.destroy();
		await expect.poll(() => sources.at(-1)?.destroyed).toBe(true);
		const failing = await composed.open();
		const told = once(failing, 'error');
		sources.at(-1)?.destroy(new Error('EMFILE'));
		expect(await told).toEqual([new Error('EMFILE')]);
	});

	it('give the sender: Sender before From', async () => {
		expect((await composeRaw(raw(`Sender: ${GRACE}\r\n${HEAD}\r\n`))).from).toBe(GRACE);
		expect((await composeRaw(raw(`${HEAD}\r\n`))).from).toBe(ADA);
	});

	it('need not be understood where the envelope is given', async () => {
		const composed = await composeRaw(
			raw('From: nobody\r\nTo: everybody\r\n\r\nx', { from: [{ name: '', address: ADA }], to: [{ name: '', address: GRACE }] }),
		);
		expect([composed.from, composed.recipients]).toEqual([ADA, [GRACE]]);
	});

	it.each([
		['no mail', 'hello world', 'Message', 'line 1 is not a header'],
		['nothing', '', 'Message', 'has no headers'],
		['a body alone', '\r\nbody', 'Message', 'has no headers'],
		['headers without an end', `From: ${ADA}\r\n${'X-A: b\r\n'.repeat(200_000)}`, 'Message', 'do not end within 1 MB'],
		['no From', `To: ${GRACE}\r\n\r\nx`, 'Message', 'no From header'],
		['no recipient', `From: ${ADA}\r\n\r\nx`, 'To Email', 'no recipient'],
		[
			'a bad address among good ones',
			`From: ${ADA}\r\nTo: ${GRACE}, nonsense\r\n\r\nx`,
			'Message, header to',
			'"nonsense" is not an email address',
		],
	])('that cannot be used are named: %s', async (_name, text, field, message) => {
		await expect(composeRaw(raw(text, {}, 65_536))).rejects.toMatchObject({
			code: 'input',
			field,
			message: expect.stringContaining(message),
			remedy: expect.stringMatching(/.{10}/),
		});
	});
});
