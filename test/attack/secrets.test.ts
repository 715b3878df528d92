import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { diagnose } from '../../mail/diagnosis';
import { MailError, type Speaker } from '../../mail/errors';
import { oneLine, redact, Secrets } from '../../mail/redact';
import { AccessToken } from '../../mail/signIn/token';
import { initialResponse } from '../../mail/signIn/xoauth2';

/** As those of personal accounts: no JWT, nothing that tells it from other text. */
const opaque = (): string => `EwB${randomBytes(900).toString('base64')}`;
const MAILBOX = 'ada@example.test';

/** Every way in which an error shows itself. */
function shownBy(error: MailError): string {
	return [
		error.message,
		error.remedy,
		error.response,
		error.command,
		error.stack,
		inspect(error, { depth: 9 }),
		JSON.stringify(error),
		String(error.cause),
	].join('\n');
}

/** The longest part of the secret that stands in the text, in characters, when blanks and line codes are left out. */
function leaked(secret: string, text: string): number {
	const plain = text.replace(/\n\d{3}[- ]/g, '').replace(/\s/g, '');
	let longest = 0;
	for (let from = 0; from + longest < secret.length; from += 1)
		while (from + longest < secret.length && plain.includes(secret.slice(from, from + longest + 1))) longest += 1;
	return longest;
}

describe('a token that a server repeats', () => {
	const token = opaque();
	const line = initialResponse(MAILBOX, new AccessToken(token, 0));
	const echoes: Record<string, string> = {
		whole: `535 5.7.8 bad token ${token} for you`,
		'cut at its end': `NO bad token ${token.slice(0, 300)}`,
		'cut at its beginning': `NO …${token.slice(40)}`,
		'a part of it': `NO ${token.slice(100, 160)} unknown`,
		'over lines of an SMTP answer': (token.match(/.{1,60}/g) ?? [])
			.map((part, index, all) => `535${index === all.length - 1 ? ' ' : '-'}${part}`)
			.join('\r\n'),
		'over short lines': (token.match(/.{1,5}/g) ?? []).join('\r\n '),
		'letter by letter': [...token].join(' '),
		'the line of XOAUTH2': `-ERR what is ${line}`,
		'the line of XOAUTH2 from its middle on': `-ERR what is ${line.slice(60)}`,
		'the line of XOAUTH2 over lines': (line.match(/.{1,70}/g) ?? []).join('\r\n'),
		'base64 of it alone, for URLs': Buffer.from(token).toString('base64url'),
	};
	const secrets = [
		token,
		line,
		...['', 'x', 'xx'].map((before) =>
			Buffer.from(before + token)
				.toString('base64')
				.slice(4),
		),
		Buffer.from(token).toString('base64url'),
	];

	it.each(Object.entries(echoes))('stands in no error: %s', (_name, answer) => {
		for (const speaker of ['smtp', 'imap', 'pop'] satisfies Speaker[]) {
			const cause = Object.assign(new Error(answer), { response: answer, responseText: answer });
			const error = diagnose(cause, { speaker, mailbox: MAILBOX, command: 'AUTH XOAUTH2', token: new AccessToken(token, 0) });
			for (const secret of secrets) expect(leaked(secret, shownBy(error))).toBeLessThan(24);
			expect(shownBy(error)).toContain('[secret]');
		}
	});

	it('leaves the words around it as they are', () => {
		// Otherwise the letters beside the part, n and f, could by chance be those of the token itself.
		const marked = `${token.slice(0, 4)}-${token.slice(5, 80)}-${token.slice(81)}`;
		expect(new AccessToken(marked, 0).hide(`bad token ${marked.slice(5, 80)} for you`)).toBe('bad token [secret] for you');
		const ordinary = '535 5.7.3 Authentication unsuccessful [AM0PR02CA0008.eurprd02.prod.outlook.com 2026-11-26T10:00:00.000Z 08DE2C]';
		expect(new AccessToken(token, 0).hide(ordinary)).toBe(ordinary);
	});

	it('hides short secrets whole and leaves words that are shorter still', () => {
		expect(new Secrets(['Pa55 word!', 'mail']).hide('"Pa55 word!" of the mailbox')).toBe('"[secret]" of the mailbox');
	});
});

describe('what looks like a secret', () => {
	const jwt = `eyJ${randomBytes(20).toString('base64url')}.eyJ${randomBytes(60).toString('base64url')}.${randomBytes(60).toString('base64url')}`;

	it.each([
		['a JWT', jwt],
		['a JWT behind the code of an SMTP answer', `535-${jwt}`],
		['a JWT that is cut off', jwt.slice(0, 70)],
		['a JWT beside a hyphenated word', `x-${jwt}`],
		['a bearer string', `Bearer ${randomBytes(30).toString('hex')}`],
		['a private key that is cut off', `-----BEGIN RSA PRIVATE KEY-----\n${randomBytes(300).toString('base64')}`],
		['a secret in a form', `client_secret=${randomBytes(20).toString('hex')}`],
		['a password with blanks in JSON', `{"password":"${randomBytes(20).toString('hex')} and more"}`],
	])('is taken out: %s', (_name, text) => {
		const shown = redact(`the server said ${text}`);
		expect(shown).toContain('[secret]');
		expect(leaked(text, shown)).toBeLessThan(30);
	});

	it('leaves a challenge and host names', () => {
		const challenge = Buffer.from('{"status":"401","schemes":"bearer","scope":"x"}').toString('base64');
		expect(redact(`334 ${challenge} by eyjafjallajokull.example.com.and.more`)).toBe(
			`334 ${challenge} by eyjafjallajokull.example.com.and.more`,
		);
	});
});

describe('control characters of servers and folders', () => {
	it('begin no line and no escape sequence in an error', () => {
		const error = new MailError('The folder "In\u001b[2Jbox\r\nINFO all is well" is missing.\u202e', {
			code: 'notFound',
			response: 'NO \u001b]0;x\u0007\r\n* OK',
			remedy: 'a\nb',
			command: 'SELECT x\r\ny',
		});
		for (const text of [error.message, error.response, error.remedy, error.command]) expect(text).not.toMatch(/[\0-\x1f\x7f\u202e]/);
	});

	it('are spaces on one line', () => {
		expect(oneLine('a\r\nb\u001b[31mc\u009bd\u2028e')).toBe('a b [31mc d e');
	});
});
