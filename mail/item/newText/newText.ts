import { attributionEndingAt, namesSomebody, ruledAttributionAt, type Attribution } from './attribution';
import { belowBanners } from './banner';
import { isDeviceLine } from './deviceLine';
import { isHeaderBlock, isHeaderLine, isRule, isSeparator } from './quotedHeaders';
import { initialsOf, isQuoted } from './line';
import { withoutSignature } from './signature';

/** Number of characters of a longer text that are read, because the new text is at the top. */
const LONGEST = 200_000;

/**
 * What a line has that is quoted, or in which a quotation, a header block or an attribution begins or ends, and any line with characters
 * that are compared in another form. Most lines have none of it, and this tells it much faster than all questions in turn.
 */
const TELLING = /[:>]|[-_=*#+]{2}|[^\t\x20-\x7e\u00a1-\u024f]/;
/** A line without any sign that can be {@link TELLING}. This finds out about most lines in half the time. */
const HAS_NO_SIGN = /^[^-:>_=*#+\0-\x08\x0a-\x1f\x7f-\xa0\u0250-\uffff]*$/;
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
	const written = new Written();
	/** The attributions that end on each line: every line is asked about by those above it. */
	const ended = new Map<number, Attribution | undefined>();
	/** "AL>" before the lines that The Bat! quotes. */
	let initials: string | undefined;
	/** Whether an email program has said that something is quoted. */
	let isIntroduced = answers;
	/** The first line from this one on that is {@link TELLING}. */
	let telling = 0;
	for (let at = belowBanners(lines); at < lines.length; at++) {
		const line = lines[at] ?? '';
		if (telling < at) telling = at;
		while (telling < lines.length && !isTelling(lines[telling] ?? '')) telling += 1;
		if (telling > at + LOOK_AHEAD) {
			written.take(line);
			continue;
		}
		const attribution = attributionFrom(lines, at, ended);
		if (attribution !== undefined) {
			const next = nextText(lines, attribution.last);
			isIntroduced = true;
			if (isQuoted(next) || initialsOf(next) !== undefined) {
				initials = initialsOf(next) ?? initials;
				at = attribution.last;
				continue;
			}
			if (attribution.strength === 'strong' || (answers && written.isBegun && isProgramsOwn(lines, attribution))) break;
		}
		isIntroduced ||= isQuotedAttribution(line);
		if ((isQuoted(line) && isIntroduced) || (initials !== undefined && initialsOf(line) === initials)) {
			written.divide();
			continue;
		}
		if (isHistory(lines, at, answers, written.isBegun)) break;
		written.take(line);
	}
	return written.text();
}

function isTelling(line: string): boolean {
	return !HAS_NO_SIGN.test(line) && TELLING.test(line);
}

/** What is not quoted, in parts: the text between two quotations may have its own signature. */
class Written {
	readonly #parts: string[][] = [[]];
	/** Whether a line with text has been taken; to look through those taken each time would take the square of their number. */
	isBegun = false;

	take(line: string): void {
		this.#parts[this.#parts.length - 1]?.push(line);
		this.isBegun ||= line.trim() !== '';
	}

	divide(): void {
		if ((this.#parts[this.#parts.length - 1] ?? []).length > 0) this.#parts.push([]);
	}

	text(): string {
		const parts = this.#parts.map((part) => trimmed(withoutSignature(part)));
		return parts.filter((part) => part !== '').join('\n\n');
	}
}

/** Returns the attribution that begins on this line. */
function attributionFrom(lines: readonly string[], first: number, ended: Map<number, Attribution | undefined>): Attribution | undefined {
	const ruled = ruledAttributionAt(lines, first, isHeaderLine);
	if (ruled !== undefined || isQuoted(lines[first] ?? '')) return ruled;
	for (let last = first; last <= first + LOOK_AHEAD && last < lines.length; last++) {
		if ((lines[last] ?? '').trim() === '') return undefined;
		if (!ended.has(last)) ended.set(last, attributionEndingAt(lines, last));
		const found = ended.get(last);
		if (found !== undefined) return found.first === first ? found : undefined;
	}
	return undefined;
}

/** Apple Mail quotes the attribution as well. */
function isQuotedAttribution(line: string): boolean {
	if (!isQuoted(line)) return false;
	return attributionEndingAt([line.replace(/^[>\s]{1,20}/, '')], 0) !== undefined;
}

/** Whether it stands alone, and nobody has announced or quoted by hand what follows. */
function isProgramsOwn(lines: readonly string[], { first, last, strength }: Attribution): boolean {
	if ((lines[first - 1] ?? '').trim() !== '') return false;
	if (strength === 'named' && !namesSomebody(lines, { first, last, strength })) return false;
	const above =
		lines
			.slice(Math.max(0, first - 3), first)
			.reverse()
			.find((line) => line.trim() !== '') ?? '';
	return !/[:：]\s*$/.test(above.slice(-20)) && !/^\s{0,8}["'“”„«]/.test(nextText(lines, last));
}

function nextText(lines: readonly string[], last: number): string {
	return lines.slice(last + 1, last + 6).find((line) => line.trim() !== '') ?? '';
}

/** Whether everything from here on is the email that is answered or forwarded. */
function isHistory(lines: readonly string[], at: number, answers: boolean, hasBegun: boolean): boolean {
	const line = lines[at] ?? '';
	if (isSeparator(lines, at, answers)) return true;
	if (isRule(line)) {
		const next = lines.findIndex((below, index) => index > at && index <= at + 3 && below.trim() !== '');
		// Outlook's own line; a form may have drawn any other.
		const isMarked = answers || /^_{20,}$/.test(line.trim());
		return next !== -1 && isHeaderBlock(lines, next, { answers, hasBegun, isMarked });
	}
	// Most lines have no label, and this tells it much faster.
	if (!isHeaderLine(line)) return false;
	return isHeaderBlock(lines, at, { answers, hasBegun, isMarked: at > 0 && isDeviceLine(lines[at - 1] ?? '') });
}

function trimmed(lines: readonly string[]): string {
	const kept = lines.map((line) => line.trimEnd());
	return kept
		.join('\n')
		.replace(/\n{3,}/g, '\n\n')
		.replace(/^\n+/, '')
		.trimEnd();
}
