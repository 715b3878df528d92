import { describe, expect, it } from 'vitest';

import { isSoundCompoundFile } from '../../../../mail/item/outlook/compoundFile';
import { readMsg } from '../../../../mail/item/outlook/msg';
import { readTnef } from '../../../../mail/item/outlook/tnef';
import { collectGarbage } from '../../../support/garbage';
import { attribute, mapi, msg, properties, rtf, tnef, tnefFile } from './writer';

const decode = (bytes: Buffer, page: number): string => new TextDecoder(page === 65001 ? 'utf-8' : 'windows-1252').decode(bytes);

/** What is in use, in bytes, with what V8 has not collected yet. */
function inUse(): number {
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** What is still reachable, in bytes. */
function held(): number {
	collectGarbage();
	return inUse();
}

describe('winmail.dat', () => {
	it('gives files with their long names, types and bytes', async () => {
		const bytes = Buffer.from([0, 1, 2, 255]);
		const file = tnef(
			...tnefFile('INVOIC~1.PDF', bytes, mapi(0x3707, 'Invoice für Ada.pdf'), mapi(0x370e, 'application/PDF'), mapi(0x3712, '<1@x>')),
			...tnefFile('notes.txt', Buffer.from('hello')),
		);
		expect(await readTnef(file, decode)).toMatchObject({
			incomplete: false,
			files: [
				{ name: 'Invoice für Ada.pdf', type: 'application/pdf', contentId: '1@x', bytes },
				{ name: 'notes.txt', type: '', bytes: Buffer.from('hello') },
			],
		});
	});

	it('gives the body as text and HTML', async () => {
		const file = tnef(
			attribute(0x00069003, properties(mapi(0x0037, 'Subject'), mapi(0x1000, 'Text'), mapi(0x1013, Buffer.from('<p>Grüße</p>')))),
		);
		expect(await readTnef(file, decode)).toMatchObject({ subject: 'Subject', text: 'Text', html: '<p>Grüße</p>' });
	});

	it('gives the HTML that stands in RTF', async () => {
		const body = rtf("{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {\\*\\htmltag64 <p>}Gr\\'fc\\'dfe{\\*\\htmltag72 </p>}}");
		expect(await readTnef(tnef(attribute(0x00069003, properties(mapi(0x1009, body)))), decode)).toMatchObject({
			html: '<p>Grüße</p>',
			incomplete: false,
		});
	});

	it('gives RTF of its own as a file', async () => {
		expect(await readTnef(tnef(attribute(0x00069003, properties(mapi(0x1009, rtf('{\\rtf1 Hello}'))))), decode)).toMatchObject({
			files: [{ name: 'body.rtf' }],
		});
	});

	it('gives the files of a message within the message', async () => {
		const inner = tnef(
			attribute(0x00069003, properties(mapi(0x0037, 'Inner'), mapi(0x1000, 'Inner text'))),
			...tnefFile('inner.pdf', Buffer.from('x')),
		);
		const file = tnef(
			attribute(0x00069002, Buffer.alloc(14)),
			attribute(0x00069005, properties(mapi(0x3701, Buffer.concat([Buffer.alloc(16), inner]), 0x0d))),
		);
		expect(await readTnef(file, decode)).toMatchObject({
			files: [{ name: 'Inner.txt', bytes: Buffer.from('Inner text') }, { name: 'inner.pdf' }],
		});
	});

	it('that is cut off gives what is there, and says so', async () => {
		const file = tnef(...tnefFile('a.txt', Buffer.from('a')), ...tnefFile('b.txt', Buffer.alloc(1_000)));
		expect(await readTnef(file.subarray(0, file.length - 500), decode)).toMatchObject({
			incomplete: true,
			files: [{ name: 'a.txt' }, { name: 'b.txt' }],
		});
	});

	it('that is none is left alone', async () => {
		expect(await readTnef(Buffer.from('PK\x03\x04'), decode)).toBeUndefined();
		expect(await readTnef(Buffer.alloc(0), decode)).toBeUndefined();
	});

	it.each([
		[
			'RTF that claims two gigabytes',
			tnef(attribute(0x00069003, properties(mapi(0x1009, Buffer.from('ffffff7fffffff7f4c5a467500000000', 'hex'))))),
		],
		[
			'RTF that repeats itself',
			tnef(
				attribute(
					0x00069003,
					properties(mapi(0x1009, Buffer.concat([Buffer.from('80841e00000000004c5a467500000000', 'hex'), Buffer.alloc(1_999_984, 0xff)]))),
				),
			),
		],
		['groups within groups', tnef(attribute(0x00069003, properties(mapi(0x1009, rtf(`{\\rtf1\\fromhtml1 ${'{'.repeat(200_000)}`)))))],
		['four billion properties', tnef(attribute(0x00069003, Buffer.alloc(1_000_000, 0xff)))],
		['100,000 files', tnef(...Array.from({ length: 100_000 }, () => attribute(0x00069002, Buffer.alloc(0))))],
		['messages within messages', nested(200)],
	])('with %s takes neither time nor memory', async (_name, file) => {
		const begin = performance.now();
		const unpacked = await readTnef(file, decode);
		expect(performance.now() - begin).toBeLessThan(60_000);
		expect(unpacked?.files.length).toBeLessThanOrEqual(510);
	});
});

function nested(depth: number): Buffer {
	let inner = tnef();
	for (let level = 0; level < depth; level++)
		inner = tnef(
			attribute(0x00069002, Buffer.alloc(14)),
			attribute(0x00069005, properties(mapi(0x3701, Buffer.concat([Buffer.alloc(16), inner]), 0x0d))),
		);
	return inner;
}

/** The properties of a `.msg` file with code pages in them. */
function pages(...told: Array<[id: number, page: number]>): Buffer {
	const values = Buffer.alloc(32 + told.length * 16);
	for (const [at, [id, page]] of told.entries()) {
		values.writeUInt32LE(id * 0x10000 + 3, 32 + at * 16);
		values.writeUInt32LE(page, 40 + at * 16);
	}
	return values;
}

describe('a mail saved from Outlook', () => {
	const file = msg('Offer', 'Hello Bob', [
		{ name: 'offer.pdf', bytes: Buffer.alloc(10_000, 7) },
		{ name: 'note.txt', bytes: Buffer.from('note') },
	]);

	it('gives its fields and files', async () => {
		expect(await readMsg(file, decode)).toMatchObject({
			subject: 'Offer',
			text: 'Hello Bob',
			from: '"Ada" <ada@example.com>',
			to: '"Bob" <bob@example.com>',
			files: [
				{ name: 'offer.pdf', bytes: Buffer.alloc(10_000, 7) },
				{ name: 'note.txt', bytes: Buffer.from('note') },
			],
		});
	});

	it.each([
		[1252, Buffer.from('\x80 5 \x96 Gr\xfc\xdfe', 'latin1'), '€ 5 – Grüße'],
		[1251, Buffer.from('\xcf\xf0\xe8\xe2\xe5\xf2', 'latin1'), 'Привет'],
		[932, Buffer.from('\x93\xfa\x96\x7b', 'latin1'), '日本'],
		[1200, Buffer.from('Gr\xfc\xdfe', 'latin1'), 'Grüße'],
		[65001, Buffer.from('Grüße'), 'Grüße'],
		[65001, Buffer.from('Gr\xfc\xdfe', 'latin1'), 'Grüße'],
	])('has 8-bit text in code page %i', async (page, bytes, text) => {
		const values = pages([0x3ffd, page]);
		const old = msg('Offer', bytes, [], values);
		expect(await readMsg(old, decode)).toMatchObject({ text, from: '"Ada" <ada@example.com>' });
	});

	it.each([
		[1251, 'Привет'],
		[20866, 'Ïðèâåò'],
	])('has 8-bit text in the code page of the HTML only if it is one of Windows: %i', async (page, text) => {
		const old = msg('Offer', Buffer.from('\xcf\xf0\xe8\xe2\xe5\xf2', 'latin1'), [], pages([0x3fde, page]));
		expect(await readMsg(old, decode)).toMatchObject({ text });
	});

	it('is read wherever it stands in memory', async () => {
		const within = Buffer.concat([Buffer.alloc(13), file, Buffer.alloc(99)]).subarray(13, 13 + file.length);
		expect(await readMsg(within, decode)).toMatchObject({ subject: 'Offer', files: [{ name: 'offer.pdf' }, { name: 'note.txt' }] });
	});

	it('that is none, or damaged, is left alone', async () => {
		expect(await readMsg(Buffer.from('From: ada@example.com'), decode)).toBeUndefined();
		expect(await readMsg(file.subarray(0, 700), decode)).toBeUndefined();
	});

	it('whose chains of sectors bite their tails, or cross, is not read', async () => {
		let refused = 0;
		// Every entry of the table of sectors, pointed at the first sector.
		const table = (file.readUInt32LE(76) + 1) * 512;
		for (let at = 0; at < 128; at++) {
			const hostile = Buffer.from(file);
			if (hostile.readUInt32LE(table + at * 4) >= 0xfffffffd && at > 30) continue;
			hostile.writeUInt32LE(0, table + at * 4);
			if (!isSoundCompoundFile(hostile)) refused += 1;
			await readMsg(hostile, decode);
		}
		expect(refused).toBeGreaterThan(10);
	});

	it('with texts of more than 8 MB is not read, since the library takes thirty times the memory for them', async () => {
		expect(await readMsg(msg('Offer', 'x'.repeat(3_500_000), []), decode)).toMatchObject({ subject: 'Offer' });
		expect(await readMsg(msg('Offer', 'x'.repeat(4_000_000), []), decode)).toBeUndefined();
		expect(await readMsg(msg('x'.repeat(2_500_000), 'x'.repeat(2_500_000), []), decode)).toBeUndefined();
	});

	it('gives a file of 20 MB without taking much more memory than that', async () => {
		const large = msg('Offer', 'Hello', [{ name: 'large.bin', bytes: Buffer.alloc(20_000_000, 7) }]);
		const before = held();
		const read = await readMsg(large, decode);
		const after = inUse();
		expect(read?.files[0]?.bytes).toHaveLength(20_000_000);
		// V8 may not have collected any of the copies that were made on the way, or all of them.
		expect(after - before).toBeLessThan(100_000_000);
		expect(held() - before).toBeLessThan(30_000_000);
	});

	it('with more files than are unpacked says so', async () => {
		const files = Array.from({ length: 501 }, (_, index) => ({ name: `f${index}`, bytes: Buffer.from('x') }));
		expect(await readMsg(msg('Offer', 'Hello', files), decode)).toMatchObject({ incomplete: true, files: { length: 500 } });
		const packed = await readTnef(tnef(...files.flatMap(({ name, bytes }) => tnefFile(name, bytes))), decode);
		expect(packed).toMatchObject({ incomplete: true, files: { length: 500, 499: { name: 'f499' } } });
	});

	it('with any byte changed comes to an end', async () => {
		const begin = performance.now();
		let seed = 1;
		for (let round = 0; round < 300; round++) {
			const hostile = Buffer.from(file);
			for (let change = 0; change < 4; change++) {
				seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
				hostile[seed % (round % 2 === 0 ? 512 : hostile.length)] = (seed >> 8) & 255;
			}
			await readMsg(hostile, decode);
		}
		expect(performance.now() - begin).toBeLessThan(60_000);
	});
});
