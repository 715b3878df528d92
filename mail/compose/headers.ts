import { inputError } from '../errors';
import { refuseControl } from './addresses';

/** Headers that other fields create. Setting them by hand would contradict those. */
const OWN_HEADERS =
	/^(from|to|cc|bcc|reply-to|subject|date|message-id|mime-version|content-.*|in-reply-to|references|sender|return-path|received|dkim-signature|resent-.*|disposition-notification-to)$/i;

/** Headers of which an email has at most one (RFC 2369, RFC 2919, RFC 3834, RFC 8058, and those of Outlook). */
const ONCE =
	/^(?:(?:x-(?:msmail-)?)?priority|importance|sensitivity|auto-submitted|thread-(?:index|topic)|list-(?:unsubscribe|subscribe|help|post|owner|archive|unsubscribe-post|id))$/i;
const OF_PRIORITY = /^(?:importance|x-priority|x-msmail-priority)$/i;

export type Priority = 'normal' | 'high' | 'low';

/** A header line has at most 998 bytes, and a Message-ID cannot be folded (RFC 5322, section 2.1.1). */
export const LONGEST_MESSAGE_ID = 900;

/** @throws MailError `input` */
export function checkHeaders(headers: ReadonlyArray<{ name: string; value: string }>): void {
	const names = new Set<string>();
	for (const { name, value } of headers) {
		refuseControl('Headers', name);
		refuseControl(`Header ${name}`, value);
		if (!/^[!-9;-~]{1,76}$/.test(name))
			throw inputError(
				'Headers',
				`"${name.slice(0, 100)}" is not a header name.`,
				'Use letters, digits and hyphens, for example X-Order-ID.',
			);
		if (STRUCTURED.test(name) && (/[^ -~]/.test(value) || /\S{961}/.test(value))) {
			throw inputError(
				`Header ${name}`,
				'the value cannot be sent because it contains a character that is not ASCII, or a word of more than 960 characters.',
				'Use percent encoding (%C3%A4) in web addresses, and use shorter addresses.',
			);
		}
		if (OWN_HEADERS.test(name))
			throw inputError('Headers', `"${name}" cannot be set here.`, 'Use the field or option that makes this header.');
		if (ONCE.test(name) && names.has(name.toLowerCase()))
			throw inputError('Headers', `"${name}" is given more than once.`, 'Keep one of them, because an email has at most one.');
		names.add(name.toLowerCase());
	}
}

/** Lists of addresses in angle brackets, in which encoded words are not allowed (RFC 2369, section 2). */
const STRUCTURED =
	/^(?:list-(?:unsubscribe|subscribe|help|post|owner|archive|unsubscribe-post|id)|archived-at|auto-submitted|thread-index)$/i;

/**
 * In nodemailer's form: folded, and encoded if it has to be. nodemailer would also encode ASCII that contains quotes, so that programs
 * would find neither JSON nor an address in it.
 */
export function headerLine({ name, value }: { name: string; value: string }): {
	key: string;
	value: string | { prepared: boolean; foldLines: boolean; value: string };
} {
	const text = STRUCTURED.test(name) ? withFewBlanks(value) : foldable(value);
	return { key: name, value: /^[\t -~]*$/.test(text) ? { prepared: true, foldLines: true, value: text } : text };
}

/** @throws MailError `input` naming the field */
export function checkMessageIds(field: string, value: string): void {
	refuseControl(field, value);
	// Blanks between angle brackets are left out, so that what is between them, and what follows without a blank, travels as one word.
	const pieces = value.split('>');
	const sent = pieces.map((text, at) => {
		const begin = at === pieces.length - 1 ? -1 : text.indexOf('<');
		return begin === -1 ? text : text.slice(0, begin) + text.slice(begin).replace(/\s+/g, '');
	});
	const wrong = sent
		.join('>')
		.split(/\s/)
		.find((id) => id.length > LONGEST_MESSAGE_ID || /[^\u0021-\u007e]/.test(id));
	if (wrong !== undefined)
		throw inputError(field, `"${wrong.slice(0, 100)}" is not a Message-ID.`, 'Enter the value of the field messageId of a message item.');
}

/**
 * Of such runs, nodemailer would make lines of blanks alone, which are forbidden (RFC 5322, section 3.2.2): for some programs the headers
 * end there. They come from columns of fixed width in databases.
 */
const MANY_BLANKS = /[\t ]{60,}/g;

export const withFewBlanks = (text: string): string => text.replace(MANY_BLANKS, ' ');

/**
 * Lines are folded at white space, after 998 bytes at the latest (RFC 5322, section 2.1.1). Longer words and long runs of blanks are sent
 * as encoded words (RFC 2047).
 */
export function foldable(value: string): string {
	if (withFewBlanks(value) === value && value.split(/\s/).every((word) => word.length < 900)) return value;
	const parts: string[] = [''];
	for (const character of value) {
		// So short, the first one stands on the line of the header's name. Some programs take a line break there for a blank of the text.
		if (Buffer.byteLength(`${parts.at(-1)}${character}`) > 36) parts.push('');
		parts.push(`${parts.pop()}${character}`);
	}
	return parts.map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
}

/**
 * In the form of Outlook and Thunderbird.
 * @param own headers of the user. If one of them is for the priority, it is the only one, because the others may contradict it.
 */
export function priorityHeaders(priority: Priority, own: ReadonlyArray<{ name: string }>): Array<{ key: string; value: string }> {
	if (priority === 'normal' || own.some(({ name }) => OF_PRIORITY.test(name))) return [];
	const [xPriority, label] = priority === 'high' ? ['1 (Highest)', 'High'] : ['5 (Lowest)', 'Low'];
	return [
		{ key: 'X-Priority', value: xPriority },
		{ key: 'X-MSMail-Priority', value: label },
		{ key: 'Importance', value: label },
	];
}
