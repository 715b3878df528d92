/** Replaces a secret. */
export const HIDDEN = '[secret]';

/** Maximum number of characters that are examined; the rest is dropped. No error or answer that is worth reading is longer. */
const LONGEST = 64 * 1024;

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;
/** A run of the characters that a JWT consists of. */
const RUN = /[A-Za-z0-9._-]{16,}/g;
/** The base64 line of XOAUTH2 begins with `user=`. */
const XOAUTH2 = /(?<![A-Za-z0-9+/])dXNlcj[A-Za-z0-9+/=]{8,}/g;
const BEARER = /\b(Bearer )\s*[A-Za-z0-9._~+/=-]{8,}/gi;
/** In JSON. Replaced before {@link FORM_FIELD}, because a password may contain blanks. */
const JSON_FIELD = /("(?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password)"\s*:\s*")(?:[^"\\]|\\.)*/gi;
const FORM_FIELD =
	/\b(client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password|code)(["']?\s*[=:]\s*["']?)[^&\s"',;}]+/gi;

/**
 * Removes everything that looks like a credential: JWTs, bearer strings, the base64 line of XOAUTH2, client secrets and passwords in form
 * bodies, PEM keys. Servers and senders write these texts, so the time is linear in the length for any text. Only the first 64 KB of a text
 * are kept.
 */
export function redact(text: string): string {
	return text
		.slice(0, LONGEST)
		.replace(PRIVATE_KEY, HIDDEN)
		.replace(RUN, withoutJwt)
		.replace(XOAUTH2, HIDDEN)
		.replace(BEARER, `$1${HIDDEN}`)
		.replace(JSON_FIELD, `$1${HIDDEN}`)
		.replace(FORM_FIELD, `$1$2${HIDDEN}`);
}

/** A JWT begins with the base64 of `{"`, and has a payload after its first dot. */
function withoutJwt(run: string): string {
	const begin = run.search(/(?<![A-Za-z0-9_])eyJ/);
	const dot = begin < 0 ? -1 : run.indexOf('.', begin + 10);
	return dot < 0 || run.length - dot <= 8 ? run : run.slice(0, begin) + HIDDEN;
}

/**
 * Returns one line that terminals and pages show as written. Control characters become spaces, so that a line break cannot fake a log
 * entry, and an escape sequence cannot colour or erase one. Characters that change the direction of writing become spaces too.
 */
export function oneLine(text: string): string {
	return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

/** Number of consecutive characters of a long secret that count as a part of it. */
const GRAM = 8;
/** A secret of at least this length is recognized by its parts. A shorter one may share parts with ordinary words. */
const TOLD_BY_PARTS = 24;
/** A shorter secret would be part of ordinary words. */
const SHORTEST = 6;

/**
 * Secrets of one owner. Removes them from what a server said: whole, cut at either end, spread over lines, in base64, and as in a form,
 * whatever stood before them. A server may repeat what it was sent in any of these ways.
 */
export class Secrets {
	readonly #long: string[] = [];
	readonly #short = new Set<string>();

	constructor(values: Iterable<string | undefined>) {
		for (const value of values) {
			if (value === undefined) continue;
			// Quotes and blanks do not count, because nothing can be told by them.
			const { text } = squeeze(value);
			if (text.length < SHORTEST) continue;
			for (const form of formsOf(value)) {
				if (text.length < TOLD_BY_PARTS) this.#short.add(squeeze(form).text);
				else this.#long.push(form);
			}
		}
	}

	hide(text: string): string {
		if (this.#long.length === 0 && this.#short.size === 0) return text;
		const given = text.slice(0, LONGEST);
		const squeezed = squeeze(given);
		let [shown, from] = ['', 0];
		for (const [begin, end] of this.#found(squeezed.text)) {
			shown += given.slice(from, squeezed.places[begin]) + HIDDEN;
			from = (squeezed.places[end - 1] ?? given.length) + 1;
		}
		return shown + given.slice(from);
	}

	/** Returns the ranges of the secrets, in order and without overlap. */
	#found(text: string): Array<[number, number]> {
		const found: Array<[number, number]> = [];
		for (const word of this.#short) {
			for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) found.push([at, at + word.length]);
		}
		const parts = this.#partsIn(text);
		if (parts.size > 0) forEachGram(text, (_, at) => void (parts.has(text.slice(at, at + GRAM)) && found.push([at, at + GRAM])));
		const apart: Array<[number, number]> = [];
		for (const [begin, end] of found.sort(([one], [other]) => one - other)) {
			const last = apart.at(-1);
			if (last === undefined || begin > last[1]) apart.push([begin, end]);
			else last[1] = Math.max(last[1], end);
		}
		return apart;
	}

	/**
	 * Returns the sequences of {@link GRAM} characters of the long secrets that may be in the text. An index of all of them would take less
	 * time, but half a megabyte for each token.
	 */
	#partsIn(text: string): Set<string> {
		const [sums, parts] = [new Set<number>(), new Set<string>()];
		if (this.#long.length > 0) forEachGram(text, (sum) => sums.add(sum));
		for (const value of sums.size === 0 ? [] : this.#long)
			for (const form of [squeeze(value).text, ...inBase64(value)])
				forEachGram(form, (sum, at) => void (sums.has(sum) && parts.add(form.slice(at, at + GRAM))));
		return parts;
	}
}

/** Returns a secret as it is, and as it stands in the body of a request for a token, where a sign is written as `%2B`. */
function formsOf(value: string): Iterable<string> {
	if (/^[\w.-]*$/.test(value)) return [value];
	const form = new URLSearchParams([['', value]]).toString().slice(1);
	// MSAL and n8n write a blank otherwise, and leave more signs as they are.
	return new Set([value, form, form.replaceAll('+', '%20').replace(/%(?:7E|2[1789])/g, decodeURIComponent)]);
}

const BASE = 0x01000193;
const OLDEST = Array.from({ length: GRAM }).reduce<number>((power) => Math.imul(power, BASE), 1);

/** Visits each sequence of {@link GRAM} characters with a sum that equal ones have in common, and with its place (Rabin and Karp). */
function forEachGram(text: string, visit: (sum: number, at: number) => void): void {
	let sum = 0;
	for (let end = 0; end < text.length; end += 1) {
		sum = (Math.imul(sum, BASE) + text.charCodeAt(end)) | 0;
		if (end >= GRAM) sum = (sum - Math.imul(text.charCodeAt(end - GRAM), OLDEST)) | 0;
		if (end >= GRAM - 1) visit(sum, end - GRAM + 1);
	}
}

/** Removes blanks, quotes, line breaks, and the code at the beginning of SMTP lines. Returns the remaining characters and their places. */
function squeeze(given: string): { text: string; places: number[] } {
	const places: number[] = [];
	let text = '';
	for (let at = 0; at < given.length; at += 1) {
		const character = given.charAt(at);
		if (character === '\n' && /^\d{3}[- ]/.test(given.slice(at + 1, at + 5))) at += 4;
		if (character <= ' ' || character === '"' || character === "'" || character === '\\' || character === '\x7f') continue;
		text += character;
		places.push(at);
	}
	return { text, places };
}

/**
 * Base64 encodes three bytes at a time, so a text within a longer one has three forms. The characters at its ends depend on its neighbours.
 */
function inBase64(value: string): string[] {
	const forms = [0, 1, 2].map((before) =>
		Buffer.from('\0'.repeat(before) + value, 'utf8')
			.toString('base64')
			.replaceAll('=', '')
			.slice(before && before + 1),
	);
	return forms.flatMap((form) => (/[+/]/.test(form) ? [form, form.replaceAll('+', '-').replaceAll('/', '_')] : [form]));
}

/**
 * Quotes what was entered, for an error. If it looks like a secret that was pasted into the wrong field, it is only described: letters
 * mixed with digits, capitals within words, signs that no name has, or a great length.
 */
export function quoted(value: string): string {
	return looksSecret(value)
		? `What was entered (${value.length} characters, not repeated here because it looks like a secret)`
		: `"${value}"`;
}

export function looksSecret(value: string): boolean {
	if (value.length > 100 || /[~!$%^&*#?+=|`{}]/.test(value)) return true;
	const words = value.split(/[\s.@:,;/<>"'()_\\-]/);
	return words.some((word) => word.length > 30 || (word.length >= 6 && /\d/.test(word) && /[a-z]/i.test(word)) || /[a-z][A-Z]/.test(word));
}
