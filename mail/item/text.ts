/** Line ends as n8n's users know them: CRLF, CRCRLF and lone CR become LF. */
export function withPlainLineEnds(text: string): string {
	if (!text.includes('\r')) return text;
	return text.replaceAll('\r\r\n', '\n').replaceAll('\r\n', '\n').replaceAll('\r', '\n');
}

/**
 * Joins what format=flowed has broken into lines (RFC 3676): a line that ends in a blank goes on in the next one of the
 * same depth of quotation. Quoted lines keep their marks.
 * @param deleteSpace DelSp=yes: the blank at the end is not part of the text
 */
export function unflow(text: string, deleteSpace: boolean): string {
	const out: string[] = [];
	let paragraph: string[] = [];
	let depth = 0;
	const close = (): void => {
		if (paragraph.length > 0) out.push(`${'>'.repeat(depth)}${depth > 0 && paragraph[0] !== '' ? ' ' : ''}${paragraph.join('')}`);
		paragraph = [];
	};
	for (const line of text.split('\n')) {
		const marks = /^>*/.exec(line)?.[0].length ?? 0;
		// Space-stuffing (section 4.4).
		const content = line.slice(line[marks] === ' ' ? marks + 1 : marks);
		if (marks !== depth) close();
		depth = marks;
		// The line before a signature ends it, blank or not (section 4.3).
		if (content === '-- ') {
			close();
			paragraph.push(content);
			close();
			continue;
		}
		const isFlowed = content.endsWith(' ');
		paragraph.push(isFlowed && deleteSpace ? content.slice(0, -1) : content);
		if (!isFlowed) close();
	}
	close();
	return out.join('\n');
}

/** Text as HTML shows it: paragraphs, lines, links. */
export function htmlOfText(text: string): string {
	const lines = text
		.trim()
		.split('\n')
		.map((line) => linked(line.trimEnd()));
	return `<p>${lines.join('\n').replace(/\n\n+/g, '</p><p>').replaceAll('\n', '<br/>')}</p>`;
}

const LINK = /\bhttps?:\/\/[^\s<>"]{1,2000}|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/gi;

function linked(line: string): string {
	let [html, end] = ['', 0];
	for (const match of line.matchAll(LINK)) {
		// The full stop of the sentence is not part of the address.
		const link = match[0].replace(/[.,;:!?)\]']{1,9}$/, '');
		const target = /^https?:/i.test(link) ? link : `mailto:${link}`;
		html += `${escapeHtml(line.slice(end, match.index))}<a href="${escapeHtml(target)}">${escapeHtml(link)}</a>`;
		end = match.index + link.length;
	}
	return html + escapeHtml(line.slice(end));
}

export function escapeHtml(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#x27;');
}
