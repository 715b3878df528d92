import { describe, expect, it } from 'vitest';

import { choices, flag, jsonList, text, whole } from '../../../nodes/parameters/parameterValues';
import { deletionOf, filterOf } from '../../../nodes/popMail';

describe('a switch', () => {
	it.each([true, 'true', 'TRUE', ' True ', 1, '1'])('is on where an expression gives %j', (value) => {
		expect(flag(value, 'All Day')).toBe(true);
	});

	it.each([false, 'false', 'FALSE', 0, '0'])('is off where an expression gives %j, also one that is on by itself', (value) => {
		expect(flag(value, 'All Day')).toBe(false);
		expect(flag(value, 'Quote Original', true)).toBe(false);
	});

	it.each(['', ' ', null, undefined])('is as it is by itself where an expression gives %j', (value) => {
		expect(flag(value, 'All Day')).toBe(false);
		expect(flag(value, 'Quote Original', true)).toBe(true);
	});

	it.each(['yes', 'on', 2, -1, {}, [true], 'hush'])('is named where it is neither on nor off: %j', (value) => {
		expect(() => flag(value, 'All Day')).toThrow(
			expect.objectContaining({
				code: 'input',
				field: 'All Day',
				message: expect.stringMatching(/^All Day: /),
				remedy: 'Enter true or false.',
			}),
		);
	});
});

describe('a text', () => {
	it.each<[string, unknown, string]>([
		['a date of JavaScript', new Date(0), '1970-01-01T00:00:00.000Z'],
		['a date of Luxon', { toISO: () => '', toJSON: () => '1970-01-01T01:00:00.000+01:00' }, '1970-01-01T01:00:00.000+01:00'],
		['a list of dates', [new Date(0), 'and'], '1970-01-01T00:00:00.000Z, and'],
	])('is what n8n shows, where an expression gives %s', (_name, value, shown) => {
		expect(text(value, 'Subject')).toBe(shown);
	});
});

describe('a JSON list', () => {
	it.each<[unknown, string]>([
		[' ["UNSEEN"] ', '["UNSEEN"]'],
		[['UNSEEN', ['SINCE', '2026-11-01']], '["UNSEEN",["SINCE","2026-11-01"]]'],
		[[], ''],
		[undefined, ''],
	])('is its text, also where an expression gives the list itself: %j', (value, json) => {
		expect(jsonList(value, 'Custom Email Rules')).toBe(json);
	});
});

describe('a number', () => {
	it.each<[unknown, number]>([
		[0, 0],
		['0', 0],
		[' 7 ', 7],
		['', 30],
		[' ', 30],
		[null, 30],
		[undefined, 30],
	])('is taken from %j', (value, number) => {
		expect(whole(value, 'Limit', 30, 0, 100)).toBe(number);
	});

	it.each([false, true, [], [5], {}, 1.5, -1, 101, 'many', NaN])('is refused where an expression gives %j', (value) => {
		expect(() => whole(value, 'Limit', 30, 0, 100)).toThrow(expect.objectContaining({ code: 'input', field: 'Limit' }));
	});
});

describe('the days after which emails are deleted', () => {
	it.each([undefined, null, '', ' '])('are never where an expression gives %j', (value) => {
		expect(deletionOf(value)).toEqual({});
	});

	it.each([0, '0'])('are none where it gives %j', (value) => {
		expect(deletionOf(value)).toEqual({ deleteAfterDays: 0 });
	});

	it.each([false, true, []])('are refused where it gives %j', (value) => {
		expect(() => deletionOf(value)).toThrow(expect.objectContaining({ field: 'Delete After Days' }));
	});
});

describe('Received Since', () => {
	it.each([
		['2026-11-01T08:00:00', '2026-11-01T07:00:00.000Z'],
		['2026-07-01', '2026-06-30T22:00:00.000Z'],
		['2026-11-01T08:00:00Z', '2026-11-01T08:00:00.000Z'],
		['1970-01-01T01:00:00.000+01:00', '1970-01-01T00:00:00.000Z'],
	])("is in the workflow's time zone, unless it has an offset: %j", (since, moment) => {
		expect(new Date(filterOf({ since }, 'Europe/Berlin').since ?? NaN).toISOString()).toBe(moment);
	});

	it.each(['', ' ', null, undefined])('is none where an expression gives %j', (since) => {
		expect(filterOf({ since }, 'Europe/Berlin')).toEqual({});
	});

	it.each(['1', '01.11.2026', 'soon', 5])('is refused where it is no date and time: %j', (since) => {
		expect(() => filterOf({ since }, 'Europe/Berlin')).toThrow(expect.objectContaining({ code: 'input', field: 'Received Since' }));
	});
});

describe('a list of choices', () => {
	const OFFERED = ['smtp', 'imap', 'pop'] as const;

	it.each<[unknown, string[]]>([
		[
			['imap', 'smtp'],
			['smtp', 'imap'],
		],
		['imap', ['imap']],
		['POP, imap,', ['imap', 'pop']],
		[
			['imap,pop', 'imap'],
			['imap', 'pop'],
		],
		['', []],
		[[], []],
		[null, []],
		[undefined, []],
	])('is taken from %j', (value, chosen) => {
		expect(choices(value, 'Protocols to Test', OFFERED)).toEqual(chosen);
	});

	it.each<[unknown, string]>([
		['gopher', 'gopher'],
		[['imap', 'gopher'], 'gopher'],
		[true, 'true'],
		[{ imap: true }, 'object'],
	])('is refused where something else is among it: %j', (value, named) => {
		expect(() => choices(value, 'Protocols to Test', OFFERED)).toThrow(
			expect.objectContaining({ code: 'input', field: 'Protocols to Test', message: expect.stringContaining(named) }),
		);
	});
});
