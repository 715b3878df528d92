import { attributionEndingAt } from './attribution';
import { belowBanners } from './banner';
import { isDeviceLine } from './deviceLine';
import { isHeaderBlock, isRule, isSeparator } from './quotedHeaders';
import { isQuoted } from './line';
import { withoutSignature } from './signature';

/** Number of characters of a longer text that are read, because the new text is at the top. */
const LONGEST = 200_000;

/**
 * What a line has that is quoted, or in which a quotation, a header block or an attribution begins or ends, and any line with characters
 * that are compared in another form. Most lines have none of it, and this tells it much faster than all questions in turn.
 */
const TELLING = /[:>]|[-_=*#+]{2}|[^\t\x20-\x7e\u00a1-\u024f]/;
/** Number of lines behind a line that can decide about it. */
const LOOK_AHEAD = 3;

/**
 * Returns what the sender wrote this time: without the email that is answered or forwarded, without the signature, and without the warning
 * of the recipient's mail server above it. Answers between quoted lines are kept, and the quoted lines are removed. Takes time in
 * proportion to the text.
 *
 * @param answers whether the headers say that this is an answer or a forwarded email (In-Reply-To, References, "Re:", "Fwd:"). If not, an
 * email that begins with lines such as "From: … Subject: …" is a filled-in form.
 */
export function newText(text: string, answers: boolean): string {
	const cut = text.slice(0, LONGEST);
	const lines = (cut.includes('\r') ? cut.replace(/\r\n?/g, '\n') : cut).split('\n');
	const written: string[][] = [[]];
	/** Whether a line with text has been taken; to look through those taken each time would take the square of their number. */
	let hasBegun = false;
	/** The first line from this one on that is {@link TELLING}. */
	let telling = 0;
	for (let at = belowBanners(lines); at < lines.length; at++) {
		const line = lines[at] ?? '';
		if (telling < at) telling = at;
		while (telling < lines.length && !TELLING.test(lines[telling] ?? '')) telling += 1;
		if (telling > at + LOOK_AHEAD) {
			written[written.length - 1]?.push(line);
			hasBegun ||= line.trim() !== '';
			continue;
		}
		if (isQuoted(line)) {
			// The text between two quotations may have its own signature.
			if ((written[written.length - 1] ?? []).length > 0) written.push([]);
			continue;
		}
		const attribution = attributionFrom(lines, at);
		if (attribution?.certain === true && !isQuotedBelow(lines, attribution.last)) break;
		if (attribution !== undefined) {
			at = attribution.last;
			continue;
		}
		if (isHistory(lines, at, answers || hasBegun)) break;
		written[written.length - 1]?.push(line);
		hasBegun ||= line.trim() !== '';
	}
	const parts = written.map((part) => trimmed(withoutSignature(part)));
	return parts.filter((part) => part !== '').join('\n\n');
}

/** Returns the attribution that begins on this line. */
function attributionFrom(lines: readonly string[], first: number): { last: number; certain: boolean } | undefined {
	for (let last = first; last <= first + LOOK_AHEAD && last < lines.length; last++) {
		if ((lines[last] ?? '').trim() === '') return undefined;
		const found = attributionEndingAt(lines, last);
		if (found !== undefined) return found.first === first ? found : undefined;
	}
	return undefined;
}

function isQuotedBelow(lines: readonly string[], last: number): boolean {
	const next = lines.slice(last + 1, last + 6).find((line) => line.trim() !== '');
	return next !== undefined && isQuoted(next);
}

/** Whether everything from here on is the email that is answered or forwarded. */
function isHistory(lines: readonly string[], at: number, answers: boolean): boolean {
	const line = lines[at] ?? '';
	if (isSeparator(line)) return true;
	if (isRule(line)) {
		const next = lines.findIndex((below, index) => index > at && index <= at + 3 && below.trim() !== '');
		return next !== -1 && isHeaderBlock(lines, next, () => true);
	}
	return answers && isHeaderBlock(lines, at, () => at > 0 && isDeviceLine(lines[at - 1] ?? ''));
}

function trimmed(lines: readonly string[]): string {
	const kept = lines.map((line) => line.trimEnd());
	return kept
		.join('\n')
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+/, '')
		.trimEnd();
}
