import { isAddress, LONGEST_ADDRESS } from './addressSyntax';

/** Quick check, because most texts contain none of these. */
const MAY_HOLD_SLIP = /[=']|%20|https?:\/\//i;
const WORD = /[^\s,;<>()[\]"]+/g;
const SLIPS = /^(?:=|'|%20|https?:\/\/){1,9}/i;
/** An equals sign before a name. Encoded words begin with `=?` (RFC 2047). */
const BEFORE_ALL = /^=(?=["<\p{L}\p{N}])/u;

/**
 * Removes what got in front of an address by a slip. Servers would accept most of it as part of the address and return the email later:
 * - an equals sign, if somebody types `={{ $json.email }}` into a field that is an expression already,
 * - an apostrophe, with which Excel and Google Sheets mark a cell as text,
 * - `https://`, which some programs put before everything with a dot,
 * - `%20`, an encoded blank of a web address.
 *
 * All of these may be part of an address (`prvs=abc=ada@example.com`), so they are removed only at the beginning of a word, and only if the
 * rest of the word is an address.
 * @returns also what was removed, each once
 */
export function withoutSlips(given: string): { text: string; slips: string[] } {
	if (!MAY_HOLD_SLIP.test(given) || !given.includes('@')) return { text: given, slips: [] };
	const slips = new Set<string>();
	const text = given.replace(WORD, (word, at: number) => {
		const slip = SLIPS.exec(word)?.[0] ?? '';
		const rest = word.slice(slip.length);
		// Here, the word belongs to a quoted local part.
		if (slip === '' || rest.length > LONGEST_ADDRESS || given.startsWith('"@', at + word.length) || !isAddress(rest)) return word;
		slips.add(slip);
		return rest;
	});
	if (!BEFORE_ALL.test(text)) return { text, slips: [...slips] };
	return { text: text.slice(1), slips: [...new Set(['=', ...slips])] };
}
