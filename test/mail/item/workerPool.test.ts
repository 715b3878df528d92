import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { RAW_PROPERTY, toItem, type Format, type Source } from '../../../mail/item/item';
import { readLarge } from '../../../mail/item/largeMail';
import type { More } from '../../../mail/item/readMore/readMore';
import { limits } from '../../../mail/item/workerPool';
import { figuresOfCalmest } from '../../attack/figures';

const usual = { ...limits };
afterEach(() => void Object.assign(limits, usual));

/** Takes a megabyte at a time: what this store does must not hold up the thread by itself. */
async function store(content: Buffer | Readable): Promise<string> {
	const hash = createHash('sha256');
	let taken = 0;
	for await (const chunk of Buffer.isBuffer(content) ? slices(content) : content) {
		hash.update(chunk);
		if (Math.floor(taken / 1e6) !== Math.floor((taken += chunk.length) / 1e6)) await yieldToOthers();
	}
	return hash.digest('hex');
}

function* slices(bytes: Buffer): Generator<Buffer> {
	for (let from = 0; from < bytes.length; from += 1e6) yield bytes.subarray(from, from + 1e6);
}

const item = async (source: Source, format: Format = 'simple', readMore: More[] = []) =>
	await toItem(
		source,
		{ uid: 1, uidValidity: '1', size: 1, folder: 'INBOX' },
		{ format, downloadAttachments: true, prefix: 'attachment_', store, readMore },
	);
type Item = Awaited<ReturnType<typeof item>>;

describe('the threads that read emails', () => {
	it('read a small email while a large one comes over a slow line, however long that takes', async () => {
		await item(Buffer.from('Subject: the thread is there\r\n\r\n'));
		// Enough for a small email on a busy machine.
		limits.patience = 2_000;
		const line = new PassThrough();
		const slow = item(() => line);
		line.write('Subject: slow\r\n\r\nbegin');
		await new Promise((resolve) => setTimeout(resolve, 3_000));
		const { json } = await item(Buffer.from('Subject: small\r\n\r\nhello'));
		expect([json.subject, json.text, json.parseError]).toEqual(['small', 'hello', undefined]);
		line.end(' end');
		expect((await slow).json).toMatchObject({ subject: 'slow', text: 'begin end' });
	});

	/** Never ends, and each piece of it is read at once. */
	async function* endless(): AsyncGenerator<Buffer> {
		yield Buffer.from('Subject: endless\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n');
		const block = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(2_000));
		for (;;) yield await Promise.resolve(block);
	}

	const ofEndless = async (): Promise<unknown> =>
		await readLarge(endless(), { format: 'simple', files: true, headersOnly: false, more: [] }, () => undefined).catch(
			(error: unknown) => error,
		);

	it('give up an email that takes too long in all, however short its steps are, and go on with those that wait', async () => {
		limits.patience = 1_500;
		const all = [1, 2, 3].map(ofEndless);
		const next = item(() => Readable.from([Buffer.from('Subject: next\r\n\r\nhello')]));
		for (const given of await Promise.all(all)) expect(String(given)).toContain('Reading it would take longer than 1.5 seconds');
		expect((await next).json).toMatchObject({ subject: 'next', text: 'hello' });
	});

	it('give up the email that is at fault, and none of those that are read together with it', async () => {
		const part = `--X\r\nContent-Type: text/html\r\n\r\n${'<ul><li>a'.repeat(1_300)}\r\n`;
		const slow = (parts: number): string => `Subject: slow\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n${part.repeat(parts)}--X--`;
		const read = async (mail: string): Promise<Item> => await item(Buffer.from(mail), 'simple', ['markdown']);
		limits.linger = 0;
		const times: number[] = [];
		while (times.length < 3) {
			const begun = performance.now();
			expect((await read(slow(20))).json.parseError).toBeUndefined();
			times.push(performance.now() - begun);
		}
		// A busy machine takes longer, and may hold a thread up in the middle of a small email. The first time has the start of the thread in it.
		Object.assign(limits, { ...usual, patience: Math.min(...times) / 3 });
		const mails = Array.from({ length: 20 }, (_, index) => (index === 7 ? slow(40) : `Subject: ${index}\r\n\r\nhello`));
		const items = await Promise.all(mails.map(read));
		expect(items.map(({ json }) => json.parseError === undefined)).toEqual(mails.map((_, index) => index !== 7));
	});

	it('hand over what is too much for one message in portions, and build the same of it', async () => {
		const fields = Array.from({ length: 20_000 }, (_, index) => `x-${index}: ${index}\r\n`).join('');
		const people = Array.from({ length: 9_000 }, (_, index) => `p${index}@example.test`).join(', ');
		const text = 'ä€😀\n'.repeat(300_000);
		const mail = `__proto__: odd\r\n${fields}To: ${people}\r\nSubject: much\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}`;
		const { json } = await item(Buffer.from(mail), 'resolved');
		const headers: Record<string, string> = JSON.parse(JSON.stringify(json.headers));
		expect(Object.keys(headers)).toHaveLength(20_004);
		expect([Object.getOwnPropertyDescriptor(headers, '__proto__')?.value, headers['x-19999']]).toEqual([
			'__proto__: odd',
			'x-19999: 19999',
		]);
		expect(json.text === text).toBe(true);
		expect(json).toHaveProperty('to.value.8999', { address: 'p8999@example.test', name: '' });
		expect(json).toHaveProperty('headerLines.20003.key', 'content-type');
	});

	it('keep the files of an email in order where thousands come at once', async () => {
		const count = 15_000;
		const parts = Array.from({ length: count }, (_, index) => `--X\r\nContent-Type: a/b; name=f${index}\r\n\r\ncontent ${index}\r\n`);
		const mail = Buffer.from(`Subject: many\r\nContent-Type: multipart/mixed; boundary=X\r\n\r\n${parts.join('')}--X--\r\n`);
		const { json, binary } = await item(mail);
		const attachments: Array<{ property: string; fileName: string }> = JSON.parse(JSON.stringify(json.attachments));
		expect(attachments).toHaveLength(count);
		const wrong = attachments.filter(
			({ property, fileName }, index) =>
				fileName !== `f${index}` || binary?.[property] !== createHash('sha256').update(`content ${index}`).digest('hex'),
		);
		expect(wrong.slice(0, 3)).toEqual([]);
	});
});

describe('a raw email', () => {
	it('of 100 MB holds nobody up for longer than 50 ms', async () => {
		const block = Buffer.from('Größe < Länge & € \r\n'.repeat(5_000));
		const whole = Buffer.concat(Array.from({ length: 900 }, () => block));
		for (const source of [whole, () => Readable.from(Array.from({ length: 900 }, () => block))]) {
			let made: Item | undefined;
			const figures = await figuresOfCalmest('raw', 50, async () => void (made = await item(source, 'raw')));
			expect(made?.json.raw === whole.toString()).toBe(true);
			expect(made?.binary?.[RAW_PROPERTY]).toBe(await store(whole));
			expect(figures.busyMs > 50, JSON.stringify(figures)).toBe(false);
		}
	});
});
