import { describe, expect, it } from 'vitest';

import { inputName, judge, type PostedFile } from '../../../mail/questions/formAnswer';
import { decide, needed, type Rule } from '../../../mail/questions/deciding';
import { readForm, readJsonForm } from '../../../mail/questions/form';

const MB = 1024 * 1024;
const options = (...values: string[]): object => ({ values: values.map((option) => ({ option })) });

describe('a form', () => {
	it.each<[string, unknown, RegExp]>([
		['no field', [], /no field/],
		['no list', { fieldLabel: 'x' }, /no field/],
		['two fields of one name', [{ fieldLabel: 'Size' }, { fieldLabel: 'Size', fieldType: 'number' }], /two fields are called "Size"/],
		['two names that differ only in what binary names leave out', [{ fieldLabel: 'a b' }, { fieldLabel: 'A_b' }], /two fields are called/],
		['a field without a name', [{ fieldType: 'text' }], /element 1: the field has no name/],
		['an unknown type', [{ fieldLabel: 'x' }, { fieldLabel: 'When', fieldType: 'time' }], /element 2: "time" is not a type of field/],
		['HTML of its own', [{ fieldType: 'html', html: '<b>x</b>' }], /custom HTML is not shown/],
		['a list of choices without one', [{ fieldLabel: 'x', fieldType: 'dropdown', fieldOptions: options('', ' ') }], /there are no options/],
		[
			'a choice that is there twice',
			[{ fieldLabel: 'x', fieldType: 'radio', fieldOptions: options('a', 'a') }],
			/option "a" is in the list twice/,
		],
		[
			'a default that is not offered',
			[{ fieldLabel: 'x', fieldType: 'radio', fieldOptions: options('a'), defaultValue: 'b' }],
			/default value "b" is not among/,
		],
		[
			'more ticks than boxes',
			[{ fieldLabel: 'x', fieldType: 'checkbox', fieldOptions: options('a'), limitSelection: 'exact', numberOfSelections: 2 }],
			/nobody can select/,
		],
		['a name that the output has for itself', [{ fieldLabel: 'respondedAt' }], /cannot be the name/],
		['a name that JavaScript objects have', JSON.parse('[{ "fieldLabel": "__proto__" }]'), /cannot be the name/],
		['an object in place of text', [{ fieldLabel: { a: 1 } }], /returns an object/],
		[
			'more fields than anybody fills in',
			Array.from({ length: 101 }, (_, index) => ({ fieldLabel: `f${index}` })),
			/at most 100|101 fields/,
		],
	])('is refused with %s', (_name, list, message) => {
		expect(() => readForm(list)).toThrow(expect.objectContaining({ code: 'input', message: expect.stringMatching(message) }));
	});

	it('may have names in any script', () => {
		const labels = ['姓名', '部门', 'Имя', 'Код', 'कि', 'की'];
		expect(readForm(labels.map((fieldLabel) => ({ fieldLabel }))).map(({ name }) => name)).toEqual(labels);
	});

	it('is refused with two files that would have one name in the output, which names both', () => {
		const files = ['合同', '发票'].map((fieldLabel) => ({ fieldLabel, fieldType: 'file' }));
		expect(() => readForm(files)).toThrow(
			expect.objectContaining({
				code: 'input',
				message: expect.stringMatching(/"合同" and "发票".*"__"/),
				remedy: expect.stringContaining('Field Name'),
			}),
		);
		expect(readForm([files[0], { ...files[1], fieldName: 'invoice' }])).toHaveLength(2);
	});

	it('is read from JSON, and what is no JSON is named', () => {
		expect(readJsonForm('[{ "fieldLabel": "Name", "requiredField": true }]')).toMatchObject([
			{ name: 'Name', type: 'text', required: true },
		]);
		expect(() => readJsonForm('[{ fieldLabel')).toThrow(
			expect.objectContaining({ code: 'input', message: expect.stringContaining('not valid JSON') }),
		);
	});
});

describe('default values', () => {
	it.each<[string, object, string[]]>([
		[
			'one option with a comma',
			{ fieldType: 'checkbox', fieldOptions: options('Yes, I agree', 'No'), defaultValue: 'Yes, I agree' },
			['Yes, I agree'],
		],
		['several options for boxes', { fieldType: 'checkbox', fieldOptions: options('A', 'B', 'C'), defaultValue: 'A, C' }, ['A', 'C']],
		[
			'several options for a list of which several can be chosen',
			{ fieldType: 'dropdown', multiselect: true, fieldOptions: options('A', 'B'), defaultValue: 'A,B' },
			['A', 'B'],
		],
		[
			'one option with a comma of such a list',
			{ fieldType: 'dropdown', multiselect: true, fieldOptions: options('A, B', 'C'), defaultValue: ' A, B ' },
			['A, B'],
		],
		['one option with a comma of a list', { fieldType: 'dropdown', fieldOptions: options('A, B', 'C'), defaultValue: 'A, B' }, ['A, B']],
		['a list of options', { fieldType: 'checkbox', fieldOptions: options('A, B', 'C'), defaultValue: ['A, B', 'C'] }, ['A, B', 'C']],
		['a text with a comma', { defaultValue: 'A, B' }, ['A, B']],
	])('may be %s', (_name, field, initial) => {
		expect(readForm([{ fieldLabel: 'x', ...field }])[0]?.initial).toEqual(initial);
	});

	it.each<[unknown, string, number | undefined]>([
		[1.125, '1.125', 1.125],
		[1.125, '2.125', undefined],
		// These may mean thousands.
		['1.000', '1.000', undefined],
		['1,125', '1,125', undefined],
	])('of a number, %j, is sent back as %s and read as %j', (defaultValue, sent, value) => {
		const judged = judge(readForm([{ fieldLabel: 'x', fieldType: 'number', defaultValue }]), new Map([[inputName(0), sent]]), new Map());
		expect([judged.values.get('x'), judged.problems.size]).toEqual([value, value === undefined ? 1 : 0]);
	});
});

describe('an answer to a form', () => {
	const fields = readForm([
		{ fieldLabel: 'Name', requiredField: true },
		{ fieldLabel: 'Amount', fieldType: 'number' },
		{ fieldLabel: 'Day', fieldType: 'date' },
		{ fieldLabel: 'Mail', fieldType: 'email' },
		{ fieldLabel: 'Size', fieldType: 'dropdown', fieldOptions: options('S', 'L') },
		{
			fieldLabel: 'Colours',
			fieldType: 'checkbox',
			fieldOptions: options('red', 'blue', 'green'),
			limitSelection: 'range',
			minSelections: 1,
			maxSelections: 2,
		},
		{ fieldLabel: 'Plan', fieldType: 'file', acceptFileTypes: 'pdf, image/*', maxFileSize: 1, multipleFiles: false },
		{ fieldName: 'order', fieldType: 'hiddenField', fieldValue: '17' },
	]);
	const posted = (values: Record<number, unknown>): Map<string, unknown> =>
		new Map(Object.entries(values).map(([index, value]) => [inputName(Number(index)), value]));
	const file = (more: Partial<PostedFile>): PostedFile => ({
		path: '/tmp/x',
		name: 'plan.pdf',
		mimeType: 'application/pdf',
		size: 10,
		...more,
	});
	const good = { 0: ' Ada ', 1: '12,5', 2: '2028-02-29', 3: 'ada@example.com', 4: 'L', 5: ['red', 'green'], 7: '18' };

	it('is taken with what each field holds, of its own type, and a hidden field keeps its value whatever is sent', () => {
		const judged = judge(fields, posted(good), new Map([[inputName(6), [file({})]]]));
		expect(judged.problems.size).toBe(0);
		expect(Object.fromEntries(judged.values)).toEqual({
			Name: 'Ada',
			Amount: 12.5,
			Day: '2028-02-29',
			Mail: 'ada@example.com',
			Size: 'L',
			Colours: ['red', 'green'],
			order: '17',
		});
		expect(judged.files.get('Plan')).toHaveLength(1);
	});

	it.each(['radio', 'dropdown', 'checkbox'])(
		'may be a choice of two lines in a %s, which browsers send with other line ends',
		(fieldType) => {
			const form = readForm([{ fieldLabel: 'x', fieldType, fieldOptions: options('By air\nin a day', 'By sea') }]);
			const judged = judge(form, new Map([[inputName(0), 'By air\r\nin a day']]), new Map());
			expect([judged.problems.size, judged.values.get('x')]).toEqual([
				0,
				fieldType === 'checkbox' ? ['By air\nin a day'] : 'By air\nin a day',
			]);
			expect(judged.entered.get(0)).toEqual(['By air\nin a day']);
		},
	);

	it('may leave out what is not required', () => {
		expect(Object.fromEntries(judge(fields, posted({ 0: 'Ada', 5: 'red' }), new Map()).values)).toEqual({
			Name: 'Ada',
			Amount: null,
			Day: null,
			Mail: '',
			Size: '',
			Colours: ['red'],
			order: '17',
		});
	});

	it.each<[string, number, unknown, RegExp]>([
		['nothing in a required field', 0, '   ', /Fill in/],
		['an object in place of text, as field-0[a]=1 makes', 0, { a: '1' }, /Fill in/],
		['a list in place of text', 0, ['a', 'b'], /Fill in/],
		['words for a number', 1, '12 apples', /Enter a number/],
		['infinity', 1, '1e999', /Enter a number/],
		['a hexadecimal number', 1, '0x10', /Enter a number/],
		['a day that does not exist', 2, '2027-02-29', /date that exists/],
		['a date with a time', 2, '2027-02-28T10:00', /date that exists/],
		['an address of two lines', 3, 'a@example.com\r\nBcc: b@example.com', /email address/],
		['two addresses', 3, 'a@example.com, b@example.com', /email address/],
		['a number with a comma between its thousands', 1, '1,000', /without a mark between the thousands/],
		['a number with a point between its thousands', 1, '-10.000.000', /without a mark between the thousands/],
		['a choice that is not offered', 4, 'XL', /one of the options/],
		['a box that is not offered', 5, ['red', 'pink'], /one of the options/],
		['too many boxes', 5, ['red', 'blue', 'green'], /Select 1 to 2/],
		['no box', 5, undefined, /Select at least one/],
		['more text than a line holds', 0, 'x'.repeat(10_001), /at most 10,000/],
	])('is given back with %s, named at its field, and what was entered stays', (_name, index, value, message) => {
		const judged = judge(fields, posted({ ...good, [index]: value }), new Map());
		expect([...judged.problems]).toEqual([[index, expect.stringMatching(message)]]);
		expect(judged.entered.get(index === 4 ? 3 : 4)).toEqual([index === 4 ? 'ada@example.com' : 'L']);
	});

	it.each<[string, PostedFile[], RegExp]>([
		['too large a file', [file({ size: MB + 1 })], /too large: at most 1 MB/],
		['another kind of file', [file({ name: 'plan.exe', mimeType: 'application/x-msdownload' })], /not accepted here/],
		['two files where one is asked for', [file({}), file({})], /one file only/],
	])('is given back with %s', (_name, files, message) => {
		expect([...judge(fields, posted(good), new Map([[inputName(6), files]])).problems]).toEqual([[6, expect.stringMatching(message)]]);
	});
});

describe('several people', () => {
	const votes = (given: string): Array<{ approved: boolean }> => [...given].map((one) => ({ approved: one === '+' }));
	it.each<[Rule, number, number, string, boolean | undefined]>([
		['first', 3, 0, '', undefined],
		['first', 3, 0, '-', false],
		['first', 3, 0, '+-', true],
		['all', 3, 0, '++', undefined],
		['all', 3, 0, '+++', true],
		['all', 3, 0, '+-', false],
		['majority', 4, 0, '++', undefined],
		['majority', 4, 0, '++-+', true],
		['majority', 4, 0, '--', false],
		['majority', 3, 0, '+-', undefined],
		['count', 3, 2, '+', undefined],
		['count', 3, 2, '-+', undefined],
		['count', 3, 2, '-++', true],
		['count', 3, 2, '--', false],
	])('under the rule %s of %i (%i needed) with "%s": %s', (rule, people, count, given, decided) => {
		expect(decide(rule, people, count, votes(given))).toBe(decided);
	});

	it('can never be more than there are', () => {
		expect(() => needed('count', 3, 4)).toThrow(expect.objectContaining({ code: 'input', field: 'Needed Answers' }));
	});
});

describe('an escalated question', () => {
	it.each<Rule>(['first', 'all', 'majority', 'count'])(
		'is decided by the answer of the person whom it was escalated to, by the rule %s too',
		(rule) => {
			for (const approved of [true, false]) {
				const before = rule === 'first' ? [] : [{ approved: !approved }];
				expect(decide(rule, 5, 3, [...before, { approved, escalated: true }])).toBe(approved);
			}
		},
	);
});
