/** What stands where a secret stood. */
export const HIDDEN = '[secret]';

/** So much of a text is looked at, in characters; what follows is dropped. No error and no answer worth reading is longer. */
const LONGEST = 64 * 1024;

const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;
/** A run of the characters that JWTs are made of. */
const RUN = /[A-Za-z0-9._-]{16,}/g;
/** The base64 line of XOAUTH2 begins with `user=`. */
const XOAUTH2 = /(?<![A-Za-z0-9+/])dXNlcj[A-Za-z0-9+/=]{8,}/g;
const BEARER = /\b(Bearer )\s*[A-Za-z0-9._~+/=-]{8,}/gi;
/** In JSON. It is looked for before {@link FORM_FIELD}, since a password may have blanks. */
const JSON_FIELD = /("(?:client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password)"\s*:\s*")(?:[^"\\]|\\.)*/gi;
const FORM_FIELD =
	/\b(client_secret|client_assertion|assertion|refresh_token|access_token|id_token|password|code)(["']?\s*[=:]\s*["']?)[^&\s"',;}]+/gi;

/**
 * Takes out whatever looks like a credential: JWTs, bearer strings, the base64 line of XOAUTH2, client secrets and
 * passwords in form bodies, PEM keys. It takes time in proportion to the text, whatever the text is: servers and mails
 * write it. Of a text beyond 64 KB the beginning is kept.
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
 * One line that a terminal and a page show as it is written: control characters become spaces, so that neither a line
 * break begins a log entry of somebody else's making nor an escape sequence colours or erases one; so do those that
 * turn the direction of writing round.
 */
export function oneLine(text: string): string {
	return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

/** So many characters of a token in a row give it away. */
const GRAM = 8;
/** A secret of this length is told by its parts; a shorter one may share parts with ordinary words. */
const TOLD_BY_PARTS = 24;
/** A shorter one would be a part of ordinary words itself. */
const SHORTEST = 6;

/**
 * Secrets that somebody holds, for taking them out of what a server said: whole, cut off at either end, spread over
 * lines, and in base64 whatever stood before them. A server may repeat what it was told in any of these forms.
 */
export class Secrets {
	/** All sequences of {@link GRAM} characters of the long ones. */
	readonly #grams = new Set<string>();
	readonly #short = new Set<string>();

	constructor(values: Iterable<string | undefined>) {
		for (const value of values) {
			if (value === undefined || value.length < SHORTEST) continue;
			if (value.length < TOLD_BY_PARTS) this.#short.add(squeeze(value).text);
			else for (const form of [value, ...inBase64(value)]) this.#learn(squeeze(form).text);
		}
	}

	#learn(text: string): void {
		for (let at = 0; at + GRAM <= text.length; at += 1) this.#grams.add(text.slice(at, at + GRAM));
	}

	hide(text: string): string {
		if (this.#grams.size === 0 && this.#short.size === 0) return text;
		const given = text.slice(0, LONGEST);
		const squeezed = squeeze(given);
		let [shown, from] = ['', 0];
		for (const [begin, end] of this.#found(squeezed.text)) {
			shown += given.slice(from, squeezed.places[begin]) + HIDDEN;
			from = (squeezed.places[end - 1] ?? given.length) + 1;
		}
		return shown + given.slice(from);
	}

	/** Where secrets stand, in order and apart. */
	#found(text: string): Array<[number, number]> {
		const found: Array<[number, number]> = [];
		for (const word of this.#short) {
			for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) found.push([at, at + word.length]);
		}
		for (let at = 0; at + GRAM <= text.length; at += 1) if (this.#grams.has(text.slice(at, at + GRAM))) found.push([at, at + GRAM]);
		const apart: Array<[number, number]> = [];
		for (const [begin, end] of found.sort(([one], [other]) => one - other)) {
			const last = apart.at(-1);
			if (last === undefined || begin > last[1]) apart.push([begin, end]);
			else last[1] = Math.max(last[1], end);
		}
		return apart;
	}
}

/** The characters that count, and where each stood: without blanks, quotes, line breaks and the code that SMTP begins lines with. */
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

/** base64 goes by threes of bytes, so there are three forms of what stands within a longer text; the ends depend on the neighbours. */
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
 * What was entered, for an error: in quotes, or in words where it looks like a secret that was pasted into the wrong field:
 * letters mixed with digits, capitals within words, signs that no name has, or a great length.
 */
export function quoted(value: string): string {
	return looksSecret(value)
		? `What was entered (${value.length} characters, not repeated here since it looks like a secret)`
		: `"${value}"`;
}

export function looksSecret(value: string): boolean {
	if (value.length > 100 || /[~!$%^&*#?+=|`{}]/.test(value)) return true;
	const words = value.split(/[\s.@:,;/<>"'()_\\-]+/);
	return words.some((word) => word.length > 30 || (word.length >= 6 && /\d/.test(word) && /[a-z]/i.test(word)) || /[a-z][A-Z]/.test(word));
}
