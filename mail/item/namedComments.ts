import { escaped } from './encodedWords';

/** An encoded word (RFC 2047), which stays as it is. */
const WORD = /(=\?[\w.:()*+-]{1,60}\?[bq]\?(?:[^?\s]|\?(?!=)){0,100000}\?=)/i;

/** In characters. Longer comments are no names. */
const LONGEST = 10_000;

/** A comment outside quotes, with the blanks around it. */
interface Comment {
	at: number;
	end: number;
}

/**
 * Makes comments a part of the name in front of an address in angle brackets, as email programs show them: `Ada (Example GmbH)
 * <a@example.com>`. They become encoded words, which hold nothing that could take the address apart. A comment that is the only name, or
 * stands behind the address, is left to the parser.
 *
 * @param header addresses in which quotes and comments are closed
 */
export function withNamedComments(header: string): string {
	if (!header.includes('(') || !header.includes('<')) return header;
	let [result, from] = ['', 0];
	for (const { at, end } of commentsOfNames(header)) {
		result += header.slice(from, at) + encoded(header.slice(at, end));
		from = end;
	}
	return result + header.slice(from);
}

function commentsOfNames(header: string): Comment[] {
	const found: Comment[] = [];
	let [isQuoted, isAngle, hasText]: boolean[] = [false, false, false];
	let comments: Comment[] = [];
	for (let at = 0; at < header.length; at++) {
		const sign = header[at] ?? '';
		if (sign === '\\') at += 1;
		else if (sign === '"') isQuoted = !isQuoted;
		if (isQuoted || sign === '"' || sign === '\\') hasText = true;
		else if (sign === '(') {
			const end = endOfComment(header, at);
			if (!isAngle && end - at < LONGEST) comments.push(withBlanks(header, at, end));
			at = end - 1;
		} else if (sign === '<') {
			if (hasText && !isAngle) found.push(...comments);
			[isAngle, comments] = [true, []];
		} else if (sign === '>') isAngle = false;
		else if (/[,;:]/.test(sign) && !isAngle) [hasText, comments] = [false, []];
		else if (!/\s/.test(sign)) hasText = true;
	}
	return found;
}

/** Comments can be nested (RFC 5322, section 3.2.2). */
function endOfComment(header: string, from: number): number {
	let depth = 0;
	for (let at = from; at < header.length; at++) {
		if (header[at] === '\\') at += 1;
		else if (header[at] === '(') depth += 1;
		else if (header[at] === ')' && --depth === 0) return at + 1;
	}
	return header.length;
}

/** Blanks beside encoded words could get lost. */
function withBlanks(header: string, from: number, to: number): Comment {
	let [at, end] = [from, to];
	if (/\s/.test(header[at - 1] ?? '')) at -= 1;
	if (/\s/.test(header[end] ?? '') && header[end + 1] !== '(') end += 1;
	return { at, end };
}

function encoded(comment: string): string {
	return comment
		.split(WORD)
		.map((part, at, parts) => {
			const isBetweenWords = at > 0 && at < parts.length - 1 && part.trim() === '';
			return at % 2 === 1 || isBetweenWords || part === '' ? part : `=?utf-8?Q?${escaped(part.replace(/\\(.)/g, '$1'))}?=`;
		})
		.join('');
}
