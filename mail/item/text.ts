import { escapeHtml } from '../escapeHtml';
import { changed, GrowingText } from './growingText';

/** Line ends as n8n's users know them: CRLF, CRCRLF and lone CR become LF. */
export function withPlainLineEnds(text: string): string {
	if (!text.includes('\r')) return text;
	return changed(text, (slice) => slice.replace(/\r{1,3}\n|\r/g, '\n'), '\r');
}

/**
 * Joins what format=flowed has broken into lines (RFC 3676): a line that ends in a blank goes on in the next one of the
 * same depth of quotation. Quoted lines keep their marks.
 * @param deleteSpace DelSp=yes: the blank at the end is not part of the text
 */
export function unflow(text: string, deleteSpace: boolean): string {
	const out = new GrowingText();
	let [isFirst, isWithin, depth] = [true, false, 0];
	for (const line of linesOf(text)) {
		const marks = marksOf(line);
		// Space-stuffing (section 4.4).
		const content = line.slice(line[marks] === ' ' ? marks + 1 : marks);
		// The line before a signature ends it, blank or not (section 4.3).
		const isSignature = content === '-- ';
		const isFlowed = content.endsWith(' ') && !isSignature;
		const kept = isFlowed && deleteSpace ? content.slice(0, -1) : content;
		if (!isWithin || marks !== depth || isSignature) {
			if (!isFirst) out.add('\n');
			if (marks > 0) out.add('>'.repeat(marks) + (kept === '' ? '' : ' '));
		}
		out.add(kept);
		[isFirst, isWithin, depth] = [false, isFlowed, marks];
	}
	return out.toString();
}

function marksOf(line: string): number {
	let marks = 0;
	while (line[marks] === '>') marks += 1;
	return marks;
}

/** One after the other, since all at once take many times the memory of the text. */
function* linesOf(text: string): Generator<string> {
	for (let from = 0; from <= text.length;) {
		const found = text.indexOf('\n', from);
		const end = found === -1 ? text.length : found;
		yield text.slice(from, end);
		from = end + 1;
	}
}

/** Text as HTML shows it: paragraphs, lines, links. */
export function htmlOfText(text: string): string {
	const html = new GrowingText();
	const isPlain = !SPECIAL.test(text);
	let blank = 0;
	for (const line of linesOf(text.trim())) {
		const content = line.trimEnd();
		if (content === '') {
			blank += 1;
			continue;
		}
		if (!html.isEmpty) html.add(blank > 0 ? '</p><p>' : '<br/>');
		blank = 0;
		if (isPlain) html.add(content);
		else for (let from = 0; from < content.length; from += LONGEST_LINE) html.add(linked(content.slice(from, from + LONGEST_LINE)));
	}
	return `<p>${html.toString()}</p>`;
}

/** In characters. A longer one is no text that people wrote; it is taken in pieces, and an address at their ends is not linked whole. */
const LONGEST_LINE = 100_000;
/** What has to be escaped, or can be a link. */
const SPECIAL = /[&<>"'@]|:\/\//;
const LINK = /\bhttps?:\/\/[^\s<>"]{1,2000}|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/gi;

function linked(line: string): string {
	// Most lines have no link, and this tells it much faster.
	if (!line.includes('@') && !line.includes('://')) return escapeHtml(line);
	const html: string[] = [];
	let end = 0;
	for (const match of line.matchAll(LINK)) {
		// The full stop of the sentence is not part of the address.
		const link = match[0].replace(/[.,;:!?)\]']{1,9}$/, '');
		const target = /^https?:/i.test(link) ? link : `mailto:${link}`;
		html.push(escapeHtml(line.slice(end, match.index)), `<a href="${escapeHtml(target)}">${escapeHtml(link)}</a>`);
		end = match.index + link.length;
	}
	html.push(escapeHtml(line.slice(end)));
	return html.join('');
}
