import { inputError } from '../errors';

const FIELD = 'List-Unsubscribe';
/** A header line has at most 998 bytes, and an address in it cannot be folded (RFC 5322, section 2.1.1). */
const LONGEST = 960;

/** Commas are parts of web addresses, too: one separates where white space or another address follows. */
const SEPARATOR = /[\s<>]+|,(?=$|[\s<>,]|https?:|mailto:|[^\s,<>/?]{1,320}@)|;(?=$|[\s<>]|https?:|mailto:)/i;
/** Blanks in the subject or text of a mailto link, as people type it. */
const MAILTO_SUBJECT = /mailto:[^\s,<>?]{1,320}\?[^,<>]{1,500}/gi;

/**
 * Returns the headers with which an email program offers to unsubscribe (RFC 2369), with one click if the web address accepts a POST for it
 * (RFC 8058).
 * @param value email addresses and web addresses, separated by commas or white space, with or without angle brackets
 * @throws MailError `input`
 */
export function unsubscribeHeaders(value: string, oneClick: boolean): Array<{ name: string; value: string }> {
	const links = pasted(value)
		.replace(MAILTO_SUBJECT, withBlanks)
		.split(SEPARATOR)
		.filter((part) => part !== '')
		.map(link);
	if (links.length === 0) return [];
	if (oneClick && !links.some((one) => one.startsWith('https:')))
		throw inputError(
			FIELD,
			'one-click unsubscribe needs a web address that begins with https://.',
			'Enter one, or turn off One-Click Unsubscribe.',
		);
	return [
		{ name: FIELD, value: links.map((one) => `<${one}>`).join(', ') },
		...(oneClick ? [{ name: `${FIELD}-Post`, value: 'List-Unsubscribe=One-Click' }] : []),
	];
}

/** Without what comes along when a link or a whole header is copied. */
function pasted(value: string): string {
	return value
		.replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
		.replace(/^\s*list-unsubscribe\s*:/i, '')
		.replace(/\[[^[\]]{0,320}\]\(([^()\s]{1,2000})\)/g, '$1')
		.replace(/(^|[\s,;])["'`]([^\s"'`]{1,2000})["'`](?=$|[\s,;])/g, '$1$2');
}

function withBlanks(mailto: string): string {
	return mailto.replace(/[ \t]+(\S*)/g, (words, next: string) =>
		next === '' || /^(?:https?:|mailto:|[^\s@]{1,320}@)/i.test(next) ? words : `%20${next}`,
	);
}

function link(text: string): string {
	const given = /^[^@:/]+@[^@:/]+$/.test(text) ? `mailto:${text}` : text;
	const url = URL.canParse(given) ? new URL(given) : undefined;
	const isAddress = url?.protocol === 'mailto:' && /^[^@]+(?:@|%40)[^@]+$/i.test(url.pathname);
	if (url === undefined || !(isAddress || ['https:', 'http:'].includes(url.protocol)))
		throw inputError(
			FIELD,
			`"${text.slice(0, 100)}" is neither an email address nor a web address.`,
			'Enter, for example, https://example.com/unsubscribe?id=17 or unsubscribe@example.com.',
		);
	if (url.href.length > LONGEST)
		throw inputError(
			FIELD,
			`the address has ${url.href.length} characters, but a header line has room for ${LONGEST}.`,
			'Use a shorter one.',
		);
	return url.href;
}
