import { describe, expect, it } from 'vitest';

import { MailReader } from '../../../mail/item/reader';
import { readOne } from '../../../mail/item/task';
import { CERTIFICATES, ENCRYPTED, SIGNED, STREAMED } from './signedFiles';

interface Found {
	json: Record<string, unknown>;
	files: Array<string | undefined>;
	/** Content of the first file. */
	first: Buffer;
	damage: readonly string[];
}

async function read(mail: string): Promise<Found> {
	const wanted = { format: 'simple', files: true, headersOnly: false, more: [], memory: 2000 } as const;
	const result = await readOne(new Uint8Array(Buffer.from(mail, 'latin1')), wanted);
	if (result === 'large' || 'refusal' in result) throw new Error(JSON.stringify(result));
	const { json, attachments, damage, news } = result;
	const end = news.findIndex(({ kind }) => kind === 'end');
	const first = Buffer.concat(news.slice(0, end).flatMap((one) => (one.kind === 'data' ? [one.bytes] : [])));
	return { json, files: attachments.map(({ fileName }) => fileName), first, damage };
}

const TYPE = 'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m';
const part = (bytes: Buffer, type = TYPE): string =>
	`Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n` +
	`Content-Disposition: attachment; filename=${/name=(\S+)/.exec(type)?.[1] ?? 'smime.p7m'}\r\n\r\n` +
	`${bytes.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`;

/** BER, as in ITU-T X.690: an element whose length is known, and one that ends with two zeros. */
const element = (tag: number, ...content: Buffer[]): Buffer => {
	const inner = Buffer.concat(content);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(inner.length);
	return Buffer.concat([Buffer.from([tag, 0x84]), length, inner]);
};
const open = (tag: number, ...content: Buffer[]): Buffer => Buffer.concat([Buffer.from([tag, 0x80]), ...content, Buffer.alloc(2)]);
const octets = (text: string): Buffer => element(0x04, Buffer.from(text));
const SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex');
const DATA = Buffer.from('06092a864886f70d010701', 'hex');
const VERSION = Buffer.from('020101', 'hex');
const signed = (content: Buffer, algorithms = element(0x31)): Buffer =>
	open(0x30, SIGNED_DATA, open(0xa0, open(0x30, VERSION, algorithms, open(0x30, DATA, open(0xa0, content)), element(0x31))));
const HELLO = 'Content-Type: text/plain\r\n\r\nHello';

describe('an email that is one signed file', () => {
	it.each([
		['with known lengths', SIGNED, TYPE],
		['with indefinite lengths', STREAMED, TYPE],
		['without smime-type', SIGNED, 'application/pkcs7-mime; name=smime.p7m'],
		['under its old type', SIGNED, 'application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m'],
		['whose type a gateway has lost', SIGNED, 'application/octet-stream; name=smime.p7m'],
	])('has the text and the files in it, and the file itself unchanged: %s', async (_form, bytes, type) => {
		const { json, files, first, damage } = await read(`From: a@example.test\r\n${part(bytes, type)}`);
		expect([json.from, json.text, json.newText, json.hasAttachment]).toEqual(['a@example.test', 'Grüße', 'Grüße', true]);
		expect([files, damage, first.equals(bytes)]).toEqual([['smime.p7m', 'a.csv'], [], true]);
	});

	it.each([
		['in pieces', open(0x24, octets('Content-Type: text/plain\r\n'), octets(''), octets('\r\nHe'), octets('llo'))],
		['in pieces within pieces', element(0x24, open(0x24, octets(HELLO.slice(0, 30))), octets(HELLO.slice(30)))],
	])('has its text where that is %s', async (_form, content) => {
		expect((await read(part(signed(content)))).json.text).toBe('Hello');
		expect((await read(part(signed(content, open(0x31, open(0x30)))))).json.text).toBe('Hello');
	});

	it('has the text that was signed twice', async () => {
		const { json, files, damage } = await read(part(signed(octets(part(SIGNED)))));
		expect([json.text, files, damage]).toEqual(['Grüße', ['smime.p7m', 'smime.p7m', 'a.csv'], []]);
	});

	it('has the text between the texts that a mailing list has added', async () => {
		const texts = ['Content-Type: text/plain\r\n\r\nabove\r\n', part(SIGNED), 'Content-Type: text/plain\r\n\r\nbelow\r\n'];
		const { json, files } = await read(
			`Content-Type: multipart/mixed; boundary=X\r\n\r\n${texts.map((one) => `--X\r\n${one}`).join('')}--X--\r\n`,
		);
		expect([json.text, files]).toEqual(['above\nGrüße\nbelow', ['smime.p7m', 'a.csv']]);
	});

	it.each([
		['is encrypted', ENCRYPTED, 'application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m'],
		['is encrypted, which its type does not say', ENCRYPTED, 'application/pkcs7-mime; name=smime.p7m'],
		['holds only certificates', CERTIFICATES, 'application/pkcs7-mime; smime-type=certs-only; name=smime.p7m'],
		['holds only certificates, which its type does not say', CERTIFICATES, 'application/pkcs7-mime; name=smime.p7m'],
		['holds a signed file that is no email', signed(octets('<?xml version="1.0"?>\n<a/>')), TYPE],
	])('has only that file where it %s', async (_what, bytes, type) => {
		const { json, files, first, damage } = await read(part(bytes, type));
		expect([json.text, files, damage, first.equals(bytes)]).toEqual(['', ['smime.p7m'], [], true]);
	});

	it('keeps a signed file that is attached under a name of its own, such as an Italian invoice', async () => {
		const invoice = part(SIGNED, 'application/pkcs7-mime; name=IT01_1.xml.p7m');
		const { json, files } = await read(
			`Content-Type: multipart/mixed; boundary=X\r\n\r\n--X\r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\n${invoice}--X--\r\n`,
		);
		expect([json.text, files]).toEqual(['Hello', ['IT01_1.xml.p7m']]);
	});

	it.each([
		['is cut off', SIGNED.subarray(0, 200)],
		['is not what it says', Buffer.from('Hello')],
		['is nested too deep', signed(Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from([0x24, 0x80]))))],
		['has a length beyond all bounds', Buffer.from('3089ffffffffffffffffff', 'hex')],
	])('says that it cannot be read where it %s', async (_what, bytes) => {
		const { json, files, damage } = await read(part(bytes));
		expect([json.text, files, damage]).toEqual(['', ['smime.p7m'], [expect.stringMatching(/signed file "smime\.p7m" could not be read/)]]);
	});

	it('says that it is too large, and too often signed', async () => {
		expect((await read(part(signed(octets(HELLO + 'x'.repeat(25_000_000)))))).damage).toEqual([expect.stringContaining('25 MB')]);
		let content = HELLO;
		for (let level = 0; level < 7; level++) content = part(signed(octets(content)));
		const { json, damage } = await read(content);
		expect([json.text, damage]).toEqual(['', [expect.stringContaining('signed')]]);
	});

	it('is read at once, in little memory, whatever it is made of', async () => {
		const mails = [
			signed(open(0x24, Buffer.from('0400'.repeat(2_000_000), 'hex'))),
			signed(octets(HELLO), open(0x31, Buffer.from('3000'.repeat(2_000_000), 'hex'))),
		].map((bytes) => Buffer.from(part(bytes)));
		const ignore = (): void => undefined;
		const begin = performance.now();
		for (const mail of mails) {
			const reader = new MailReader({ files: { begin: ignore, data: ignore, end: ignore } });
			reader.push(mail);
			await reader.end();
		}
		// About a second on a quiet machine.
		expect(performance.now() - begin).toBeLessThan(60_000);
	});
});
