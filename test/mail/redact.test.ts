import { stringify } from 'node:querystring';

import { describe, expect, it } from 'vitest';

import { looksSecret, oneLine, quoted, redact, Secrets } from '../../mail/redact';

describe('text of others', () => {
	it.each([
		['a JWT from its beginning to its end', 'at eyJhbGciOiJub25lIn0.eyJhIjoxfQ99.c2ln,', 'at [secret],'],
		['a JWT, but not the word before it', 'token=host-eyJhbGciOiJub25lIn0.eyJhIjoxfQ99', 'token=host-[secret]'],
		['a JWT that is cut off in its payload', 'eyJhbGciOiJub25lIn0.12345678', '[secret]'],
		['each of two private keys alone', key('A', 'RSA ') + ' and ' + key('B', ''), '[secret] and [secret]'],
		['a private key whose end is missing', `before ${key('A', 'EC ').slice(0, 50)}`, 'before [secret]'],
		['the line of XOAUTH2', 'AUTH XOAUTH2 dXNlcj1hZGFAZXhhbXBsZQ== sent', 'AUTH XOAUTH2 [secret] sent'],
		['a bearer string in any case', 'BEARER  abc-._~+/=12 sent', 'BEARER [secret] sent'],
		['a bearer string after one blank', 'Bearer abcdefgh sent', 'Bearer [secret] sent'],
		['a password with blanks in JSON without any', '{"password":"a b","x":1}', '{"password":"[secret]","x":1}'],
		['a code in JSON', '{"code":"ab"}', '{"code":"[secret]"}'],
		['a password with blanks and quotes in JSON', '{"Password" : "a \\"b\\" c","x":1}', '{"Password" : "[secret]","x":1}'],
		[
			'the fields of a form',
			'client_secret=a&x=1&code=b;refresh_token: "c"',
			'client_secret=[secret]&x=1&code=[secret];refresh_token: "[secret]"',
		],
	])('loses %s', (_name, text, shown) => {
		expect(redact(text)).toBe(shown);
	});

	it.each([
		['a host name that begins like a JWT', 'eyJafjallajokull.exampl'],
		['a host name', 'at protection.outlook.example.com'],
		['what is too short for a JWT behind its dot', 'eyJhbGciOiJub25lIn0.1234567'],
		['a run of which only the middle looks like a JWT', 'xxeyJhbGciOiJub25lIn0.eyJhIjoxfQ99'],
		['a word with a dot near its beginning', 'eyJ.hbGciOiJub25lIn0eyJhIjoxfQ99'],
		['words that only end like the name of a field', 'barcode=12 and encode: x'],
		['what follows the word bearer and is short', 'bearer of bad news'],
		['base64 that only contains the beginning of XOAUTH2', 'xxdXNlcj1hZGFAZXhhbXBsZQ=='],
	])('keeps %s', (_name, text) => {
		expect(redact(text)).toBe(text);
	});

	it('is examined up to 64 KB, and the rest is dropped', () => {
		const long = 'a b '.repeat(16 * 1024);
		expect(redact(`${long}c`)).toBe(long);
		expect(new Secrets(['secret of a user']).hide(`${long}c`)).toBe(long);
	});

	it('shows no control characters and no change of direction, and keeps everything beside them', () => {
		for (const [first, last] of [
			[0x00, 0x1f],
			[0x7f, 0x9f],
			[0x2028, 0x2029],
			[0x202a, 0x202e],
			[0x2066, 0x2069],
		] as const) {
			for (const code of [first, last]) expect(oneLine(`a${String.fromCharCode(code)}b`)).toBe('a b');
		}
		expect(oneLine('a ~\u00a0\u2027\u2030é')).toBe('a ~\u00a0\u2027\u2030é');
		expect(oneLine('a\r\n\tb')).toBe('a b');
	});
});

/** Its base64 has other signs than that for URLs. */
const LONG = 'a>>>>>b??????cd~~~~~~efg';

describe('the secrets of an owner', () => {
	const hide = (secret: string | undefined, text: string): string => new Secrets([secret]).hide(text);

	it('are hidden from 6 characters on, because shorter ones are part of words', () => {
		expect(hide('abcde', 'abcdef')).toBe('abcdef');
		expect(hide('abcdef', 'xabcdefy abcdefabcdef abcde')).toBe('x[secret]y [secret] abcde');
		expect(hide(undefined, 'undefined')).toBe('undefined');
		expect(new Secrets([]).hide('x'.repeat(70_000))).toHaveLength(70_000);
	});

	it.each(['""""""', '       ', '\\\\"\'"\'"', 'a"b" "`c"'])('of too few letters and digits hide nothing and end: %j', (secret) => {
		expect(hide(secret, `hello about ${secret} it`)).toBe(`hello about ${secret} it`);
	});

	it('are recognized by parts of 8 characters if they have 24', () => {
		expect(hide(LONG, `x${LONG.slice(3, 11)}y`)).toBe('x[secret]y');
		expect(hide(LONG, `x${LONG.slice(-8)}`)).toBe('x[secret]');
		expect(hide(LONG, `x${LONG.slice(3, 10)}y`)).toBe(`x${LONG.slice(3, 10)}y`);
		const shorter = LONG.slice(0, 23);
		expect(hide(shorter, `x${shorter.slice(3, 11)}y ${shorter}`)).toBe(`x${shorter.slice(3, 11)}y [secret]`);
	});

	it('are hidden in base64 if it is the same as that for URLs', () => {
		const plain = 'abcdefghijklmnopqrstuvwxyz1';
		expect(hide(plain, `at ${Buffer.from(plain).toString('base64')} end`)).toBe('at [secret] end');
	});

	it.each(['', 'x', 'xx'])('are hidden in base64 as far as it depends on them alone, after "%s"', (before) => {
		const own = before === '' ? 0 : before.length + 1;
		for (const encoding of ['base64', 'base64url'] as const) {
			const encoded = Buffer.from(before + LONG).toString(encoding);
			const rest = encoded.replace(/[^=]/g, '');
			expect(hide(LONG, `at ${encoded} end`)).toBe(`at ${encoded.slice(0, own)}[secret]${rest} end`);
		}
	});

	it.each(["p@ss w+r'd~(1)", 'Zm9v~bar+baz/qux==Zm9v~bar+baz', 'plain.secret-1'])('are hidden as they stand in a form: %s', (secret) => {
		const forms = [secret, encodeURIComponent(secret), new URLSearchParams({ secret }).toString().slice(7), stringify({ secret }).slice(7)];
		for (const form of forms) expect(hide(secret, `you sent ${form} as the secret`), form).toBe('you sent [secret] as the secret');
	});

	it('are hidden with what a server put between their characters', () => {
		for (const between of [' ', '\t', '\r\n', '"', "'", '\\', '\x7f', '\r\n535-', '\r\n535 '])
			expect(hide('abcdef', `x abc${between}def y`)).toBe('x [secret] y');
		for (const between of ['-', '535-', '\n53-', '\n535.', '\n5355-']) {
			const text = `x abc${between}def y`;
			expect(hide('abcdef', text)).toBe(text);
		}
		expect(hide('abc def', 'x abcdef y')).toBe('x [secret] y');
	});

	it('are hidden as one where they overlap or follow each other, and each alone where they do not', () => {
		const secrets = new Secrets(['abcdef', 'efghij', 'klmnop', 'bcdefghi']);
		expect(secrets.hide('1abcdefghij2klmnop3')).toBe('1[secret]2[secret]3');
		expect(secrets.hide('1abcdefklmnop2')).toBe('1[secret]2');
		expect(secrets.hide('klmnop abcdef')).toBe('[secret]');
		expect(secrets.hide('klmnop, abcdef')).toBe('[secret], [secret]');
		expect(new Secrets(['abcdefgh', 'cdefgh']).hide('abcdefgh1')).toBe('[secret]1');
	});
});

describe('what was entered', () => {
	it.each([
		['a sign that no name has', 'pass!'],
		['more than 100 characters', 'word '.repeat(20) + 'x'],
		['a word of more than 30 letters', 'a'.repeat(31)],
		['a word of 6 characters with letters and a digit', 'Abcde1'],
		['a capital within a word', 'secretWord'],
		['such a word among others', 'tenant: x / ab3cdef'],
	])('is only described if it has %s', (_name, value) => {
		expect(looksSecret(value)).toBe(true);
		expect(quoted(value)).toBe(`What was entered (${value.length} characters, not repeated here because it looks like a secret)`);
	});

	it.each([
		'',
		'word '.repeat(20),
		'a'.repeat(30),
		'abcd1',
		'1234567',
		'Contoso',
		'contoso.onmicrosoft.com',
		'UPPER lower',
		'smtp1.a-b2_c3',
	])('is quoted if it looks like a name: "%s"', (value) => {
		expect(quoted(value)).toBe(`"${value}"`);
	});
});

function key(content: string, kind: string): string {
	return `-----BEGIN ${kind}PRIVATE KEY-----\n${content.repeat(30)}\n-----END ${kind}PRIVATE KEY-----`;
}
