import iconv from 'iconv-lite';

import { GrowingText } from './growingText';

/**
 * Johab (KS C 5601-1992, annex 3; Windows code page 1361), which neither Node nor iconv-lite knows. A syllable is written as its three
 * letters of five bits each; signs and Chinese characters are those of EUC-KR in other rows.
 */
export function decodeJohab(bytes: Buffer): string {
	const text = new GrowingText();
	/** Begin of the ASCII that has not been taken yet. */
	let begin = 0;
	for (let at = 0; at < bytes.length; at++) {
		const [first = 0, second] = [bytes[at], bytes[at + 1]];
		if (first < 0x80) continue;
		text.add(bytes.toString('latin1', begin, at));
		begin = at + 1;
		const character = second === undefined ? undefined : (syllable((first << 8) | second) ?? sign(first, second));
		text.add(character ?? '\ufffd');
		// A byte that ends no character stands for itself.
		if (character === undefined && (second ?? 0) < 0x80) continue;
		at += 1;
		begin = at + 1;
	}
	text.add(bytes.toString('latin1', begin));
	return text.toString();
}

/** The letters that stand in Unicode's order of each place, and where their groups begin in Johab. */
const MEDIALS = [3, 10, 18, 26].flatMap((from, group) =>
	Array.from({ length: group === 0 ? 5 : group === 3 ? 4 : 6 }, (_, index) => from + index),
);
/** Alone, they are letters of the block Hangul Compatibility Jamo, whose order is another one. */
const INITIALS_ALONE = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ';
const FINALS_ALONE = 'ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ';
const [NO_INITIAL, NO_MEDIAL, NO_FINAL] = [1, 2, 1];

function syllable(code: number): string | undefined {
	const [first, second, third] = [(code >> 10) & 31, (code >> 5) & 31, code & 31];
	const initial = first - 2;
	const medial = MEDIALS.indexOf(second);
	// The place of ㅂ as a second letter, 18, is empty.
	const final = third === 18 ? -1 : third > 18 ? third - 2 : third - 1;
	const hasInitial = initial >= 0 && initial < INITIALS_ALONE.length;
	const hasFinal = final >= 1 && final <= FINALS_ALONE.length;
	if (hasInitial && medial !== -1 && (hasFinal || third === NO_FINAL))
		return String.fromCharCode(0xac00 + (initial * 21 + medial) * 28 + (hasFinal ? final : 0));
	if (hasInitial && second === NO_MEDIAL && third === NO_FINAL) return INITIALS_ALONE[initial];
	if (first !== NO_INITIAL) return undefined;
	if (second === NO_MEDIAL && third === NO_FINAL) return '\u3000';
	if (medial !== -1 && third === NO_FINAL) return String.fromCharCode(0x314f + medial);
	return hasFinal && second === NO_MEDIAL ? FINALS_ALONE[final - 1] : undefined;
}

function sign(first: number, second: number): string | undefined {
	if (first < 0xd9 || first === 0xdf || first > 0xf9 || second < 0x31 || second === 0xff || (second > 0x7e && second < 0x91))
		return undefined;
	const row = first < 0xe0 ? 2 * (first - 0xd9) : 2 * first - 0x197;
	const cell = second < 0x91 ? second - 0x31 : second - 0x43;
	signs ??= signsOfEuc();
	const character = signs[(row + (cell < 94 ? 0 : 1)) * 94 + (cell % 94)];
	return character === '\ufffd' ? undefined : character;
}

let signs: string[] | undefined;

/** By row and cell. */
function signsOfEuc(): string[] {
	return Array.from({ length: 94 * 94 }, (_, index) =>
		iconv.decode(Buffer.from([0xa1 + Math.floor(index / 94), 0xa1 + (index % 94)]), 'cp949'),
	);
}
