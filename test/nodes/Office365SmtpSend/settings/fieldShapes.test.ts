import { describe, expect, it } from 'vitest';

import { fileOf, readFiles } from '../../../../nodes/Office365SmtpSend/settings/attachments';
import { readHeaders, readMail } from '../../../../nodes/Office365SmtpSend/settings/settings';
import { mailContext } from '../../../support/mailContext';

describe('the option Headers', () => {
	const A = { name: 'X-A', value: '1' };

	it.each([
		['rows of the form', { header: [A] }, [A]],
		['one row', { header: A }, [A]],
		['a list of rows', [A, { name: 'X-B', value: 2 }], [A, { name: 'X-B', value: '2' }]],
		['one row alone', A, [A]],
		['names and values', { 'X-A': '1', 'X-B': null, 'X-C': 3 }, [A, { name: 'X-C', value: '3' }]],
		['names and values in rows', { header: [{ 'X-A': '1' }] }, [A]],
		['JSON text of rows', '[{"name":"X-A","value":"1"}]', [A]],
		['JSON text of names and values', ' {"X-A":"1"}\n', [A]],
		['JSON text of the form', '{"header":{"name":"X-A","value":"1"}}', [A]],
		['JSON text in the form', { header: '[{"name":"X-A","value":"1"}]' }, [A]],
	])('takes %s', (_name, headers, rows) => {
		expect(readHeaders({ headers }).headers).toEqual(rows);
	});

	it.each([
		undefined,
		null,
		false,
		'',
		' ',
		'null',
		{},
		[],
		[false],
		{ header: false },
		{ header: [] },
		{ header: [{}] },
		{ header: [{ name: '', value: ' ' }] },
		'{}',
	])('is not set by %j', (headers) => {
		expect(readHeaders({ headers: JSON.parse(JSON.stringify(headers ?? null)) }).headers).toEqual([]);
	});

	it.each([
		['a line', 'X-A: 1'],
		['true', true],
		['a number', 17],
		['JSON text of a text', '"X-A"'],
		['a list of texts', ['X-A: 1']],
		['a value in parts', { 'X-A': { b: 1 } }],
		['lists in one another', JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`)],
	])('is refused if it is %s', (_name, headers) => {
		expect(() => readHeaders({ headers })).toThrow(/^Headers: /);
	});

	it('replaces the headers of the option List-Unsubscribe', () => {
		const options = { listUnsubscribe: 'https://a.test/u', oneClickUnsubscribe: true };
		const own = (name: string): unknown => readHeaders({ ...options, headers: { header: [{ name, value: 'x' }] } }).headers;
		expect(own('list-unsubscribe')).toEqual([{ name: 'list-unsubscribe', value: 'x' }]);
		expect(own('List-Unsubscribe-Post')).toEqual([
			{ name: 'List-Unsubscribe-Post', value: 'x' },
			{ name: 'List-Unsubscribe', value: '<https://a.test/u>' },
		]);
	});
});

describe('binary data that a Code node has made', () => {
	const context = mailContext({});
	const read = async (data: string): Promise<{ bytes: string; size: number }> => {
		const file = await fileOf(context, 'file', { data, mimeType: 'text/plain' });
		return { bytes: Buffer.concat(await (await file.open()).toArray()).toString('latin1'), size: file.size };
	};

	it.each([
		['base64', 'aGVsbG8gPz4/', 'hello ?>?'],
		['base64 for web addresses', 'aGVsbG8gPz4_', 'hello ?>?'],
		['base64 on lines', 'aGVs\r\nbG8 =\n', 'hello'],
		['a data URL', 'data:text/plain;charset=utf-8;base64,aGVsbG8=', 'hello'],
		['a data URL whose base64 is in percent encoding', 'data:;base64,aGVsbG8%3D', 'hello'],
		['a data URL in percent encoding', 'data:text/plain,hello%20w%C3%B6rld%ff', 'hello w\u00c3\u00b6rld\u00ff'],
		['a data URL without a type', 'data:,a%2Cb', 'a,b'],
		['nothing', '', ''],
		['base64 in the quotes of JSON', ' "aGVsbG8="\n', 'hello'],
		['base64 in single quotes', "'aGVsbG8='", 'hello'],
		['base64 in marks of code', '`aGVsbG8=`', 'hello'],
		['a data URL in quotes', '"data:text/plain;base64,aGVsbG8="', 'hello'],
		['base64 with zero bytes behind it', 'aGVsbG8=\0\0', 'hello'],
		['base64 with invisible characters', '\ufeffaGVs\u200bbG8=\u200b', 'hello'],
		['base64 in quotes, with a zero byte behind them', '"aGVsbG8="\0', 'hello'],
	])('is read from %s', async (_name, data, bytes) => {
		expect((await read(data)).bytes).toBe(bytes);
	});

	it('has the size of its bytes', async () => {
		expect((await read('data:text/plain,%41%42%43')).size).toBe(3);
		expect((await read('aGVsbG8=')).size).toBe(5);
	});

	it.each(['hello, world', 'gr\u00fc\u00dfe', 'data:text/plain;base64,hello!', '{"a":1}', '"hello, world"', '"'])(
		'is refused if it is other text: %s',
		async (data) => {
			await expect(read(data)).rejects.toMatchObject({
				code: 'input',
				message: 'The binary property "file" is not base64.',
				remedy: expect.stringContaining('prepareBinaryData'),
			});
		},
	);

	it('is called by its property, with its ending once', async () => {
		const named = async (name: string, fileExtension?: string): Promise<string> =>
			(await fileOf(context, name, { data: '', mimeType: 'application/pdf', fileExtension })).fileName;
		expect([await named('report.PDF', 'pdf'), await named('report', 'pdf'), await named('report', ''), await named('report')]).toEqual([
			'report.PDF',
			'report.pdf',
			'report',
			'report',
		]);
		const empty = { data: '', mimeType: 'application/pdf', fileName: ' ', fileExtension: 'pdf' };
		expect((await fileOf(context, 'report', empty)).fileName).toBe('report.pdf');
		for (const fileName of ['undefined', 'null'])
			expect((await fileOf(context, 'report', { ...empty, fileName })).fileName).toBe('report.pdf');
	});
});

describe('the Message-IDs of In Reply To and References', () => {
	it.each([
		['commas between them', '<a@x.test>, <b@x.test>,<c@x.test>', '<a@x.test>  <b@x.test> <c@x.test>'],
		['a list', ['<a@x.test>', '<b@x.test>'], '<a@x.test>  <b@x.test>'],
		['a comma in one', '<a,b@x.test>, <c,@x.test>', '<a,b@x.test>  <c,@x.test>'],
		['no brackets', 'a@x.test, b@x.test', 'a@x.test  b@x.test'],
		['folded lines', '<a@x.test>\r\n\t<b@x.test>', '<a@x.test> \t<b@x.test>'],
		['one on each line', '<a@x.test>\n<b@x.test>\n', '<a@x.test> <b@x.test>'],
	])('are read with %s', async (_name, value, ids) => {
		const mail = await readMail(mailContext({ options: { inReplyTo: value, references: value } }), 0, 'ada@example.test');
		expect([mail.inReplyTo, mail.references]).toEqual([ids, ids]);
	});
});

describe('the names of files', () => {
	const data = { data: 'eA==', mimeType: 'text/plain' };
	const names = async (value: unknown): Promise<string[]> =>
		(await readFiles(mailContext({}, { json: {}, binary: { x: data, y: data } }), 0, value, { label: 'Attachments', inline: false })).map(
			({ fileName }) => fileName,
		);

	it.each([
		['text', 'x, y'],
		['a list', ['x', 'y']],
		['a list with commas', ['x,y']],
		['JSON text', '["x","y"]'],
		['JSON text with commas', ' ["x, y"]'],
	])('are read from %s', async (_name, value) => {
		expect(await names(value)).toEqual(['x', 'y']);
	});

	it('may have a comma', async () => {
		const item = { json: {}, binary: { 'x,y': data, x: data } };
		for (const value of ['x,y', ['x,y'], ['x,y', 'x']])
			expect((await readFiles(mailContext({}, item), 0, value, { label: 'Attachments', inline: false }))[0]?.fileName).toBe('x,y');
	});

	it('are as they are if they only look like JSON', async () => {
		await expect(names('[x]')).rejects.toMatchObject({ code: 'input', message: expect.stringContaining('"[x]"') });
	});
});
