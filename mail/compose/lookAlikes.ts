import { codePoint } from './pasted';

/** Letters of other scripts that appear among Latin letters only to deceive, or by mistake. */
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
const LATIN = /[A-Za-z]/;
/**
 * A whole word of these reads as Latin: the small letters that Unicode's confusables.txt maps to ASCII letters, and capitals, of which more
 * do. So the small letters of "москва" are none of these.
 */
const READS_AS_LATIN = /^(?:[аеіорсухѕјԁԛԝһӏАВЕІКМНОРСТУХЅЈ\d-]+|[ονρΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\d-]+)$/;
/** Under these, such words are words of the country (as in Chromium's idn_spoof_checker.cc, whole-script confusables). */
const AT_HOME = /^(?:bg|by|kz|ru|su|ua|uz|mk|rs|mn|gr|cy|eu)$/i;
/**
 * At signs and dots of East Asian typefaces, one that is only a leader, and the dashes and apostrophes that word processors
 * put in place of those that are typed.
 */
const MARKS = /[＠﹫．。｡﹒․‐‑‒–—―−‘’ʼ′]/u;

function readsAs(mark: string): string {
	if (/[。｡]/.test(mark)) return '.';
	if (/[‐‑‒–—―−]/.test(mark)) return '-';
	return /[‘’ʼ′]/.test(mark) ? "'" : mark.normalize('NFKC');
}

/**
 * Returns the first character of an address that looks like another one, and what it looks like; undefined if there is none. Nobody types
 * such an address: the email would go to somebody else, or nowhere.
 */
export function lookAlike(address: string): string | undefined {
	const mark = MARKS.exec(address)?.[0] ?? compatible(address);
	if (mark !== undefined) return `"${mark}" (${codePoint(mark)}), which looks like "${readsAs(mark)}"`;
	const at = address.lastIndexOf('@');
	const labels = address.slice(at + 1).split('.');
	const top = labels.at(-1) ?? '';
	const isAbroad = isAscii(top) && !AT_HOME.test(top);
	const doubtful = isAbroad ? labels.find((label) => !isAscii(label) && READS_AS_LATIN.test(label)) : undefined;
	const letter = FOREIGN.exec(
		mixedWord(address.slice(0, at), isAbroad) ?? labels.find((label) => LATIN.test(label) && FOREIGN.test(label)) ?? doubtful ?? '',
	)?.[0];
	return letter === undefined ? undefined : `"${letter}" (${codePoint(letter)}), a letter of another script that looks like a Latin one`;
}

/**
 * Before the at sign, words of several scripts may stand side by side ("hr-отдел"). Letters of several scripts within a
 * word may not, nor may words that read as Latin beside Latin ones or a domain that is none of the country.
 */
function mixedWord(local: string, isAbroad: boolean): string | undefined {
	const words = local.split(/[^\p{L}\p{M}]+/u);
	const hasLatin = words.some((word) => LATIN.test(word));
	return words.find((word) => FOREIGN.test(word) && (LATIN.test(word) || ((hasLatin || isAbroad) && READS_AS_LATIN.test(word))));
}

const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** A variant of an ASCII character, as fullwidth or mathematical letters are (Unicode, annex 15). */
function compatible(address: string): string | undefined {
	if (isAscii(address)) return undefined;
	return [...address].find(
		(character) =>
			!isAscii(character) && character.normalize('NFKC') !== character.normalize('NFC') && isAscii(character.normalize('NFKC')),
	);
}
