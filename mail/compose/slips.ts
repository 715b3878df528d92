import { isAddress, LONGEST_ADDRESS } from './addressSyntax';

/** Quick check, because most texts contain none of these. */
const MAY_HOLD_SLIP = /[='•·▪|]|%20|https?:\/\/|\{\{/i;
const WORD = /[^\s,;<>()[\]"]+/g;
const SLIPS = /^(?:=|'|%20|https?:\/\/(?![^@]{0,320}[/?])|[•·▪]|i:0[#.\w]{1,4}\|membership\|){1,9}/i;
/** An address in the braces of an expression. */
const BRACES = /^(=?\{\{)([^{}]{1,320})\}\}$/;
/** The same with blanks around the address. */
const BLANK_BRACES = /(\{\{)[ \t]{1,9}([^\s{}]{1,320})[ \t]{1,9}(?=\}\})/g;
const ENCODED_BLANKS = /(?:%20){1,9}$/i;
/** An equals sign before a name. Encoded words begin with `=?` (RFC 2047). */
const BEFORE_ALL = /^=(?=["<\p{L}\p{N}])/u;

/**
 * Removes what got next to an address by a slip. Servers would accept most of it as part of the address and return the email later:
 * - an equals sign, if somebody types `={{ $json.email }}` into a field that is an expression already,
 * - an apostrophe, with which Excel and Google Sheets mark a cell as text,
 * - `https://`, which some programs put before everything with a dot, unless the address is in the path or query of a link,
 * - `i:0#.f|membership|`, which SharePoint puts before the sign-in names of its people,
 * - `%20`, an encoded blank of a web address, also after it,
 * - a bullet in the middle of a line,
 * - the braces of an expression around an address.
 *
 * Most of these may be part of an address (`prvs=abc=ada@example.com`), so they are removed only at the ends of a word, and only if the
 * rest of the word is an address.
 * @returns also what was removed, each once
 */
export function withoutSlips(given: string): { text: string; slips: string[] } {
	if (!MAY_HOLD_SLIP.test(given) || !given.includes('@')) return { text: given, slips: [] };
	const slips = new Set<string>();
	const noted = (address: string, slip: string): string => {
		slips.add(slip);
		return address;
	};
	const text = given.replace(BLANK_BRACES, '$1$2').replace(WORD, (word, at: number, whole: string) => {
		// Here, the word belongs to a quoted local part.
		if (word.length > 2 * LONGEST_ADDRESS || whole.startsWith('"@', at + word.length)) return word;
		const [, open, inner = ''] = BRACES.exec(word) ?? [];
		if (open !== undefined && isAddress(inner)) return noted(inner, `${open}…}}`);
		const slip = SLIPS.exec(word)?.[0] ?? '';
		const rest = word.slice(slip.length);
		if (slip !== '' && isAddress(rest)) return noted(rest, slip);
		const end = ENCODED_BLANKS.exec(rest)?.[0] ?? '';
		const between = rest.slice(0, rest.length - end.length);
		return end !== '' && isAddress(between) ? noted(between, `${slip}${end}`) : word;
	});
	if (!BEFORE_ALL.test(text)) return { text, slips: [...slips] };
	return { text: text.slice(1), slips: [...new Set(['=', ...slips])] };
}
