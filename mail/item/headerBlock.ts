import { decodeHeader } from './encodedWords';

/** A header field. */
export interface Field {
	/** In lower case. */
	key: string;
	/** As written. */
	name: string;
	/** Unfolded (RFC 5322, section 2.2.3), one character for each byte. A tab with which a line begins counts as a blank. */
	value: string;
}

/** RFC 5322, section 3.6.8, less what no name holds and lines of text and HTML do; blanks before the colon as in section 4.5. */
const FIELD = /^([!#-'*+\-./0-9A-Z^_`a-z|~\\$?&%]{1,200})[ \t]{0,50}:/;
/** Names that begin a header line and hardly ever a line of text. */
const FAMILIAR =
	/^(?:from|to|cc|bcc|subject|date|received|received-spf|sender|reply-to|message-id|in-reply-to|references|return-path|mime-version|content-[a-z-]{1,30}|x-[a-z0-9-]{1,60}|dkim-signature|domainkey-signature|arc-[a-z-]{1,30}|authentication-results|list-[a-z-]{1,30}|resent-[a-z-]{1,30}|delivered-to|errors-to|envelope-to|apparently-to|return-receipt-to|disposition-notification-[a-z]{1,20}|auto-submitted|feedback-id|accept-language|user-agent|importance|priority|thread-[a-z]{1,20})[ \t]{0,50}:/i;

/** Whether a line can be a header field. */
export function isField(line: string): boolean {
	return FIELD.test(line);
}

/** Whether a line is a usual header field, and not text with a colon. */
export function isFamiliarField(line: string): boolean {
	return FAMILIAR.test(line);
}

/** One parameter of a header, without the blanks around it. */
const PARAMETER = /^([\w*-]{1,60})\s{0,9}=\s{0,9}(?:"[^"]*"?|[^\s;="][^\s;]*)$/;
const KNOWN_PARAMETER = /^(?:charset|format|delsp|name|filename|boundary|type|start|method|protocol|micalg|size)\b/i;
/** Number of lines among which the beginning of a folded header is searched for. */
const MOST_FOLDS = 50;
/** What a header ends with that goes on in the next line: the base64 of an encoded word, a whole one, the name of a file, an address. */
const OPEN_BASE64 = /=\?[\w.:*+-]{1,60}\?b\?[A-Za-z0-9+/= \t]{0,600}$/i;
const WHOLE_WORD = /\?=[ \t]*$/;
const OPEN_NAME = /name[\w*]{0,9}[ \t]{0,9}=[ \t]{0,9}"[^"]*$/i;
const OPEN_ADDRESSES = /^(?:to|cc|bcc)[ \t]{0,50}:[^]*,[ \t]*$/i;

/**
 * Whether a line holds nothing but parameters of the header before, so that only the blank before it is missing.
 * @param before the lines of the header so far
 */
export function isLooseParameter(line: string, before: readonly string[]): boolean {
	const text = line.replace(/^[;\s]+/, '').trimEnd();
	const alone = text.endsWith(';') ? text.slice(0, -1).trimEnd() : text;
	const pieces = PARAMETER.test(alone) ? [alone] : alone.split(';', 20).map((piece) => piece.trim());
	if (!pieces.every((piece) => PARAMETER.test(piece))) return false;
	if (before.at(-1)?.trimEnd().endsWith(';') === true) return true;
	const header = before.slice(-MOST_FOLDS).findLast((one) => !/^[ \t]/.test(one)) ?? '';
	return /^content-(?:type|disposition)[ \t]{0,50}:/i.test(header) && KNOWN_PARAMETER.test(text);
}

/**
 * Whether a line is the rest of the header before it, so that only the blank before it is missing: of an encoded word that a script has
 * cut into lines, of the name of a file in quotes, or of a list of recipients.
 * @param before the lines of the header so far
 */
export function isRestOfHeader(line: string, before: readonly string[]): boolean {
	const lines = before.slice(-MOST_FOLDS);
	const begin = lines.findLastIndex((one) => !/^[ \t]/.test(one));
	const header = lines.slice(Math.max(0, begin)).join('');
	if (OPEN_BASE64.test(header)) return /^[A-Za-z0-9+/=]*(?:\?=|$)/.test(line);
	if (WHOLE_WORD.test(header) && /^=\?[^ \t]*\?="?;?$/.test(line)) return true;
	if (OPEN_NAME.test(header)) return /^[^"]*"[ \t]*(?:;|$)/.test(line) || /^=\?[^ \t"]*\?=$/.test(line);
	return line.includes('@') && OPEN_ADDRESSES.test(header);
}

/** Returns the fields in order. Other lines are left out. @param lines without line ends, one character for each byte */
export function readFields(lines: readonly string[]): Field[] {
	const fields: Field[] = [];
	let parts: string[] = [];
	let name = '';
	const close = (): void => {
		// A lone CR ends no line here, but would do so in another program.
		const value = parts.join('').replace(/[\r\0]+/g, ' ');
		if (name !== '') fields.push({ key: name.toLowerCase(), name, value: value.trim() });
		[name, parts] = ['', []];
	};
	for (const line of lines) {
		if (/^[ \t]/.test(line)) {
			if (name !== '') parts.push(line.replace(/^ {0,99}\t[ \t]*/, ' '));
			continue;
		}
		const found = FIELD.exec(line);
		if (found === null) continue;
		close();
		name = found[1] ?? '';
		parts.push(line.slice(found[0].length));
	}
	close();
	return fields;
}

/** Returns the headers at the beginning of these bytes, up to the empty line. */
export function fieldsAtBeginning(bytes: Buffer): Field[] {
	const text = bytes.toString('latin1');
	const lines = (text.includes('\n') ? text : text.replace(/\r/g, '\n'))
		.replace(/^(?:\xef\xbb\xbf)?[\r\n]{0,100}/, '')
		.split('\n')
		.map(withoutReturns);
	const end = lines.indexOf('');
	return readFields(end === -1 ? lines : lines.slice(0, end));
}

/** CRLF, and CRCRLF, which some gateways write. */
export function withoutReturns(line: string): string {
	let end = line.length;
	while (end > 0 && line[end - 1] === '\r') end -= 1;
	return end === line.length ? line : line.slice(0, end);
}

/**
 * Returns the value of a header; empty if there is none. Of two with the same name, the first one that is not empty counts, because the
 * server that accepted the email last has seen it.
 */
export function firstOf(fields: readonly Field[], key: string): string {
	return fields.find((field) => field.key === key && field.value !== '')?.value ?? '';
}

/** The same, decoded. */
export function decodedFirst(fields: readonly Field[], key: string, charsets: readonly string[]): string {
	return decodeHeader(firstOf(fields, key), charsets);
}
