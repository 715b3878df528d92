import { codePoint } from './pasted';

/** Letters of other scripts that stand among Latin ones only to deceive, or by a slip of the keyboard. */
const FOREIGN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
const LATIN = /[A-Za-z]/;
/** A whole word of these reads as Latin (Unicode, confusables.txt). */
const READS_AS_LATIN = /^[авеікмнорсстухуѕјԁԛԝһӏАВЕІКМНОРСТУХЅЈ\d-]+$/;
/** At signs and dots of East Asian typefaces, and of one that is only a leader. */
const MARKS = /[＠﹫．。｡﹒․]/u;

/**
 * The character of an address that looks like another one, with what it looks like; undefined where there is none. Nobody
 * types such an address: the mail would go to somebody else, or nowhere.
 */
export function lookAlike(address: string): string | undefined {
	const mark = MARKS.exec(address)?.[0] ?? compatible(address);
	if (mark !== undefined) return `"${mark}" (${codePoint(mark)}), which only looks like "${mark === '。' || mark === '｡' ? '.' : mark.normalize('NFKC')}"`;
	const at = address.lastIndexOf('@');
	const labels = address.slice(at + 1).split('.');
	const mixed = [address.slice(0, at), ...labels].find((part) => LATIN.test(part) && FOREIGN.test(part));
	const letter = FOREIGN.exec(mixed ?? (isAscii(labels.at(-1) ?? '') ? labels.find((label) => !isAscii(label) && READS_AS_LATIN.test(label)) : undefined) ?? '')?.[0];
	return letter === undefined ? undefined : `"${letter}" (${codePoint(letter)}), a letter of another script that looks like a Latin one`;
}

const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** A variant of an ASCII character, as fullwidth or mathematical letters are (Unicode, annex 15). */
function compatible(address: string): string | undefined {
	if (isAscii(address)) return undefined;
	return [...address].find((character) => !isAscii(character) && character.normalize('NFKC') !== character.normalize('NFC') && isAscii(character.normalize('NFKC')));
}
