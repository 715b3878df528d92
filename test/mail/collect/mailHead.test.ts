import { describe, expect, it } from 'vitest';

import { HeaderTap, LONGEST, printOf, readHeaders } from '../../../mail/collect/mailHead';

const MAIL = [
	'Received: from a by b; Fri, 27 Nov 2026 10:00:00 +0000',
	'Received: from c by a; Fri, 27 Nov 2026 09:59:00 +0000',
	'Message-ID: <1@example.test>',
	'Date: Fri, 27 Nov 2026 09:00:00 +0000',
	'From: Ada <ada@example.test>',
	'From: Eve <eve@example.test>',
	'To: Bob <bob@example.test>',
	'To: Carol <carol@example.test>',
	'Subject: Gr\xfc\xdfe',
	'Content-Type: text/plain; charset=iso-8859-1',
];
const bytes = (lines: readonly string[], body = 'hello'): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
const without = (name: string): string[] => MAIL.filter((line) => !line.startsWith(`${name}:`));

describe('the headers by which an email is chosen', () => {
	it('are decoded in the set that the email declares, the first sender and every recipient', async () => {
		expect(await readHeaders(bytes(MAIL))).toEqual({
			from: '"Ada" <ada@example.test>',
			to: '"Bob" <bob@example.test>, "Carol" <carol@example.test>',
			subject: 'Grüße',
			receivedAt: Date.UTC(2026, 10, 27, 10),
			print: printOf(bytes(MAIL)),
		});
	});

	it('tell when the email was written where no server tells when it came', async () => {
		expect((await readHeaders(bytes(without('Received')))).receivedAt).toBe(Date.UTC(2026, 10, 27, 9));
		expect((await readHeaders(bytes(MAIL.filter((line) => !/^(?:Received|Date):/.test(line))))).receivedAt).toBeUndefined();
	});
});

describe('the print of an email', () => {
	it('is the same on another server, folded elsewhere and with another body', () => {
		const folded = without('Received').map((line) => line.replace('Ada <', 'Ada\r\n  <'));
		expect(printOf(bytes(folded, 'other'))).toBe(printOf(bytes(MAIL)));
		expect(printOf(bytes(MAIL))).not.toBe('');
	});

	it.each(['Message-ID', 'Date', 'From', 'Subject'])('differs where %s does', (name) => {
		expect(printOf(bytes(without(name)))).not.toBe(printOf(bytes(MAIL)));
	});

	it('is empty where the headers identify no email', () => {
		expect(printOf(bytes(['From: ada@example.test', 'Subject: hello']))).toBe('');
		expect(printOf(bytes(without('Date')))).not.toBe('');
		expect(printOf(bytes(without('Message-ID')))).not.toBe('');
	});

	it('is known once the email has passed, whatever its pieces, and nothing of the email is changed', async () => {
		for (const size of [1, 7, 1000]) {
			const tap = new HeaderTap();
			const passed: Buffer[] = [];
			for await (const piece of tap.tap(inPieces(bytes(MAIL, 'x\r\n\r\nMessage-ID: <2@example.test>'), size))) passed.push(piece);
			expect(Buffer.concat(passed)).toEqual(bytes(MAIL, 'x\r\n\r\nMessage-ID: <2@example.test>'));
			expect(tap.print).toBe(printOf(bytes(MAIL)));
		}
	});

	it('counts only what stands within the first 256 KB', async () => {
		const late = bytes([`X-Long: ${'x'.repeat(LONGEST)}`, ...MAIL]);
		const tap = new HeaderTap();
		for await (const piece of tap.tap(inPieces(late, 100_000))) expect(piece.length).toBeGreaterThan(0);
		expect([tap.print, printOf(late)]).toEqual(['', '']);
	});
});

async function* inPieces(all: Buffer, size: number): AsyncGenerator<Buffer> {
	for (let at = 0; at < all.length; at += size) yield await Promise.resolve(all.subarray(at, at + size));
}
