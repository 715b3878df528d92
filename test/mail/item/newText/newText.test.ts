import { describe, expect, it } from 'vitest';

import { newText } from '../../../../mail/item/newText/newText';
import { replyCases } from './replyCases';

const cases = replyCases();

describe('what the sender wrote this time', () => {
	it('is tried on at least 60 replies', () => {
		expect(cases.length).toBeGreaterThanOrEqual(60);
	});

	it.each(cases.map((one) => [one.title, one] as const))('is found: %s', (_title, one) => {
		expect(newText(one.text, one.answers)).toBe(one.expected);
	});

	it.each(cases.map((one) => [one.title, one] as const))('is found with CRLF: %s', (_title, one) => {
		expect(newText(one.text.replace(/\n/g, '\r\n'), one.answers)).toBe(one.expected);
	});

	it('keeps its pace with hostile text', () => {
		const hostile = [
			'On '.repeat(300_000),
			`${'On Mon, Nov 2, 2026 at 10:00 <a@b'.repeat(20)}\n`.repeat(1_500),
			'wrote:\n'.repeat(150_000),
			'From: a@example.com\n'.repeat(50_000),
			`${'-'.repeat(100)}\n`.repeat(10_000),
			'> \nOn 2026 wrote:\n'.repeat(60_000),
			`${'<'.repeat(500)}:\n`.repeat(2_000),
			'Regards\n'.repeat(120_000),
			'-----a wrote\n'.repeat(100_000),
			`---- 2026 wrote ${'a'.repeat(100)}\n`.repeat(10_000),
			'>>> 2026 10:00\n'.repeat(80_000),
			'AL> On 2026 10:00 wrote:\n'.repeat(50_000),
			'Thanks\nBob\n'.repeat(100_000),
			'Message:\nName: a\n'.repeat(60_000),
			'\u200f\u0663 كتب:\n'.repeat(100_000),
			`${'Sent from my iPhone '.repeat(8)}\n`.repeat(7_000),
			'--\na\n'.repeat(200_000),
			'\n'.repeat(1_000_000),
			' \u00a0'.repeat(500_000),
		];
		const times = hostile.map((text) => {
			const begin = performance.now();
			for (const answers of [true, false]) newText(text, answers);
			return performance.now() - begin;
		});
		// About 300 ms each on a quiet machine; squared time would be minutes.
		expect(Math.max(...times)).toBeLessThan(60_000);
	});
});
