import { describe, expect, it } from 'vitest';

import { divide, divideAll, fits, isEmpty, needsOf, searchesWithin } from '../../../mail/imap/criteriaParts';

describe('a criterion', () => {
	it.each(['from', 'to', 'cc', 'bcc'] as const)(
		'is not left to the server if it names people, since Exchange does not look at addresses: %s',
		(key) => {
			expect(divide({ [key]: 'ada@example.test', seen: true })).toEqual({ theirs: { seen: true }, ours: { [key]: 'ada@example.test' } });
		},
	);

	it.each(['Offer \u007f', ''])('is left to the server if it is a subject in ASCII: "%s"', (subject) => {
		expect(divide({ subject })).toEqual({ theirs: { subject }, ours: {} });
	});

	it.each(['Grüße', 'ü', '\u0080'])(
		'is not left to the server if it is a subject beyond ASCII, which Exchange refuses: "%s"',
		(subject) => {
			expect(divide({ subject, larger: 9 })).toEqual({ theirs: { larger: 9 }, ours: { subject } });
		},
	);

	it('is searched by the server and compared here if it is a header, since Exchange looks for the text in all headers', () => {
		const header = { 'List-ID': 'team', 'X-Any': true };
		expect(divide({ header, seen: true })).toEqual({ theirs: { header, seen: true }, ours: { header: { 'List-ID': 'team' } } });
		expect(divide({ not: { header } })).toEqual({ theirs: {}, ours: { not: { header } } });
	});

	it.each<Record<string, string | boolean>>([{ 'message-id': 'x@example.test' }, { Subject: 'Offer' }, { 'X-Any': true }, { 'X-Any': '' }])(
		'is left to the server if it is a header that Exchange compares by itself, or that only has to be there: %j',
		(header) => {
			expect(divide({ header })).toEqual({ theirs: { header }, ours: {} });
		},
	);

	it('needs the envelope, or certain headers, at any depth', () => {
		expect(needsOf({ from: 'ada' })).toEqual({ envelope: true, headers: [] });
		expect(needsOf({ header: { 'X-One': 'a' } })).toEqual({ envelope: false, headers: ['x-one'] });
		const or = [{ header: { 'X-Two': 'b', 'x-one': 'c' }, seen: true }, { not: { cc: 'eve' } }];
		expect(needsOf({ header: { 'X-One': 'a' }, or })).toEqual({ envelope: true, headers: ['x-one', 'x-two'] });
		expect(needsOf({ not: { or: [{ header: { 'X-Two': 'b' } }] } })).toEqual({ envelope: false, headers: ['x-two'] });
	});

	it('stays whole in what it negates, at the side that can compare all of it', () => {
		expect(divide({ not: { seen: true } })).toEqual({ theirs: { not: { seen: true } }, ours: {} });
		const not = { from: 'ada', seen: true };
		expect(divide({ not, answered: true })).toEqual({ theirs: { answered: true }, ours: { not } });
		expect(divide({ not: { not } })).toEqual({ theirs: {}, ours: { not: { not } } });
	});

	it('stays whole in its alternatives, of which one that the server cannot compare is enough', () => {
		const plain = [{ seen: true }, { subject: 'Offer' }];
		expect(divide({ or: plain })).toEqual({ theirs: { or: plain }, ours: {} });
		const or = [{ seen: true }, { subject: 'Grüße' }];
		expect(divide({ or, answered: true })).toEqual({ theirs: { answered: true }, ours: { or } });
	});

	it('tells what the server is asked for its negations and alternatives, at any depth', () => {
		const or = [{ from: 'ada' }, { keyword: 'x', to: 'eve' }, { not: { cc: 'bob', larger: 9 } }];
		expect(searchesWithin({ not: { from: 'ada', seen: true }, or })).toEqual([{ seen: true }, { keyword: 'x' }, { larger: 9 }]);
	});

	it('is not changed by being divided, because it is used again', () => {
		const criterion = { from: 'ada', not: { to: 'eve' }, or: [{ cc: 'bob' }], seen: true };
		divide(criterion);
		expect(criterion).toEqual({ from: 'ada', not: { to: 'eve' }, or: [{ cc: 'bob' }], seen: true });
	});

	it('leaves no empty parts where there are several, because a server refuses an empty criterion', () => {
		expect(divideAll([{ from: 'ada' }, { seen: true }, { to: 'eve', flagged: true }])).toEqual({
			theirs: [{ seen: true }, { flagged: true }],
			ours: [{ from: 'ada' }, { to: 'eve' }],
		});
		expect([isEmpty({}), isEmpty({ seen: true })]).toEqual([true, false]);
	});
});

describe('an envelope', () => {
	const envelope = {
		subject: 'Gru\u0308ße aus Köln',
		from: [{ name: 'Ada Lovelace', address: 'ada@example.test' }],
		to: [{ name: 'Grace', address: 'grace@example.test' }, { address: 'eve@example.test' }],
		cc: [{ name: 'Undisclosed' }],
		bcc: [{ name: 'Müller, Jörg "JM"', address: 'jm@example.test' }],
	};

	it.each([
		['a part of a name in other case', { from: 'LOVE' }],
		['a part of an address', { from: 'example.test' }],
		['a whole mailbox as it stands in a header', { from: 'Ada Lovelace <ada@example.test>' }],
		['a mailbox as items have it', { from: '"Ada Lovelace" <ada@example.test>' }],
		['a mailbox as items have it, with a comma and quotes in its name', { bcc: '"Müller, Jörg \\"JM\\"" <jm@example.test>' }],
		['a mailbox whose name is written in another way', { from: '"Lovelace, A." <Ada@Example.test>' }],
		['a mailbox of which the email has no name', { to: '"Eve" <eve@example.test>' }],
		['all mailboxes as items have them', { to: '"Grace" <grace@example.test>, eve@example.test' }],
		['a name as it stands in a header, broken into lines', { from: '"Ada\r\n  Lovelace"' }],
		['a quote in a name', { bcc: '"' }],
		['the second of several', { to: 'eve@' }],
		['an address without a name', { to: '>,  <eve@example.test>' }],
		['a name without an address', { cc: 'Undisclosed <>' }],
		['letters that are composed in another way', { subject: 'GRÜSSE'.replace('SS', 'ß') }],
		['two fields at once', { from: 'ada', subject: 'köln' }],
		['no field at all', {}],
	])('fits %s', (_name, criterion) => {
		expect(fits({ envelope }, criterion)).toBe(true);
	});

	it.each([
		['another name', { from: 'grace' }],
		['another name in quotes', { bcc: '"Ada"' }],
		['a quote where no name has one', { from: '"' }],
		['only one of two fields', { from: 'ada', subject: 'Bonn' }],
		['two people as one', { to: 'Grace eve@example.test' }],
		['several mailboxes of which it has one', { to: 'Ada, "Eve" <eve@example.test>' }],
		['a mailbox with another address, in spite of its name', { from: '"Ada Lovelace" <da@example.test>' }],
		['a name where none is known', { to: 'undefined' }],
		['an address where none is known', { cc: '<undefined' }],
		['anything but the end of an address that has none', { cc: 'Undisclosed <u' }],
	])('does not fit %s', (_name, criterion) => {
		expect(fits({ envelope }, criterion)).toBe(false);
	});

	it.each(['subject', 'bcc'])('does not fit a field that it does not have: %s', (key) => {
		expect(fits({}, { [key]: 'e' })).toBe(false);
		expect(fits({}, { [key]: '' })).toBe(true);
	});
});

describe('headers', () => {
	const headers = Buffer.from('X-Flag: NO\r\nList-ID: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n <team.example.test>\r\nX-Flag: Perhaps\r\n\r\n');

	it.each([
		['a part in other case', { 'x-flag': 'no' }],
		['the second of one name', { 'X-FLAG': 'perhaps' }],
		['a text over two lines, as written', { 'List-ID': '=?utf-8?Q?Gr=C3=BC=C3=9Fe?= <team' }],
		['a text as it reads', { 'list-id': 'GRÜßE <TEAM' }],
		['two headers at once', { 'X-Flag': 'NO', 'List-ID': 'team' }],
	])('fit %s', (_name, header) => {
		expect(fits({ headers }, { header })).toBe(true);
	});

	it.each([
		['a text in another header', { 'X-Flag': 'team' }],
		['a header that is missing', { 'X-Other': 'NO' }],
		['a part of a name', { 'X-Fla': 'NO' }],
		['only one of two', { 'X-Flag': 'NO', 'List-ID': 'NO' }],
	])('do not fit %s', (_name, header) => {
		expect(fits({ headers }, { header })).toBe(false);
	});
});
