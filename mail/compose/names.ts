const SIGNS = new Set('|<>–—-:*,;→'.split(''));

/** Returns a name without the signs around it, such as borders of table cells or the hyphen of "Ada - ada@example.com". */
export function nameOnly(text: string): string {
	// Equals signs are signs, too, except in encoded words (RFC 2047).
	const hasEncodedWord = text.includes('=?');
	const isSign = (character: string): boolean => SIGNS.has(character) || character.trim() === '' || (character === '=' && !hasEncodedWord);
	let [from, to] = [0, text.length];
	while (from < to && isSign(text.charAt(from))) from += 1;
	while (to > from && isSign(text.charAt(to - 1))) to -= 1;
	return text.slice(from, to);
}

/** Returns an entry of a list of addresses. */
export function bracketed(name: string, address: string): string {
	return name === '' || name.toLowerCase() === address.toLowerCase() ? address : `"${name.replace(/["\\]/g, '')}" <${address}>`;
}
