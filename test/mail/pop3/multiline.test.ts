import { describe, expect, it } from 'vitest';

import { Multiline } from '../../../mail/pop3/multiline';

/** What comes out of each piece, and what follows the end; undefined if the end has not come. */
function decoded(...pieces: string[]): { content: string[]; rest: string | undefined } {
	const multiline = new Multiline();
	const content = pieces.map((piece) => multiline.push(Buffer.from(piece, 'latin1')).toString('latin1'));
	return { content, rest: multiline.rest?.toString('latin1') };
}

const whole = (...pieces: string[]): { content: string; rest: string | undefined } => {
	const { content, rest } = decoded(...pieces);
	return { content: content.join(''), rest };
};

describe('the end of a multi-line answer', () => {
	it.each([
		['an answer without content', '.\r\n+OK next\r\n', { content: '', rest: '+OK next\r\n' }],
		['an answer that ends the connection', 'a\r\n.\r\n', { content: 'a\r\n', rest: '' }],
		['an answer with more behind it', 'a\r\n.\r\n+OK next\r\n', { content: 'a\r\n', rest: '+OK next\r\n' }],
	])('is found in %s, at once and byte by byte', (_what, answer, expected) => {
		expect(whole(answer)).toEqual(expected);
		const ending = answer.slice(0, answer.indexOf('.\r\n') + 3);
		expect(whole(...ending)).toEqual({ ...expected, rest: '' });
	});

	it.each([
		['a CR alone', '.\ra', '\ra'],
		['an LF alone', '.\na', '\na'],
		['another character and an LF', '.x\n', 'x\n'],
	])('is not a dot with %s behind it, in the first line or a later one', (_what, line, content) => {
		expect(whole(line)).toEqual({ content, rest: undefined });
		expect(whole(...line).rest).toBeUndefined();
		expect(whole(`a\r\n${line}`)).toEqual({ content: `a\r\n${content}`, rest: undefined });
	});

	it('is found in the first line if a piece without bytes comes before it', () => {
		expect(whole('', '.\r\n')).toEqual({ content: '', rest: '' });
	});
});

describe('the content of a multi-line answer', () => {
	it.each(['a', 'a\n', 'a\rb', 'a\r\nb', '.a', 'a\r\n.b', 'a\r\n.b\nc'])('comes out at once where it cannot begin the end: %j', (piece) => {
		expect(decoded(piece).content).toEqual([piece.replace(/(^|\r\n)\./g, '$1')]);
	});

	it('keeps a dot that begins a piece and no line', () => {
		expect(decoded('a', '.b', '.\r\n.\r\n')).toEqual({ content: ['a', '.b', '.\r\n'], rest: '' });
	});

	it.each([
		['a\r', 'a'],
		['a\r\n', 'a'],
		['a\r\n.', 'a'],
		['a\r\n.\r', 'a'],
	])('of %j is kept from where the end may begin', (piece, out) => {
		expect(decoded(piece).content).toEqual([out]);
	});
});
