import { describe, expect, it } from 'vitest';

import { judged } from '../../../../mail/item/newText/line';
import * as words from '../../../../mail/item/newText/words';

const lists = Object.entries(words).map(([name, list]): [string, string[]] => [name, Array.isArray(list) ? list : [...list.keys()]]);

describe('the words that lines are compared with', () => {
	it.each(lists)('are written as a line is judged: %s', (_name, entries) => {
		// Letters around an entry keep the blanks with which some begin or end.
		expect(entries.map((entry) => judged(`x${entry}x`))).toEqual(entries.map((entry) => `x${entry}x`));
	});

	it('have no label with a colon, because a label ends at the colon', () => {
		expect([...words.LABEL_KINDS.keys(), ...words.FORM_NAMES, ...words.FORM_MESSAGES].filter((label) => /[:：]/.test(label))).toEqual([]);
	});

	it('have no closing that ends with a sign, because the sign is cut off', () => {
		expect([...words.CLOSINGS].filter((closing) => /[,.!！。、*_ ]$/.test(closing))).toEqual([]);
	});
});
