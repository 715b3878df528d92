import { ENGLISH, wordsOf } from './dateWords';

/** If two languages use one name for different months, the first language counts. */
const LANGUAGES = [
	...'en de fr es it pt nl pl sv da nb fi cs sk hu ro tr ru uk bg el ca he hr sl sr sr-Latn lt lv et id ms'.split(' '),
	...['ar-u-nu-latn-ca-gregory', 'th-u-nu-latn-ca-gregory', 'fa-u-nu-latn-ca-gregory'],
	...'is mk be gl lb hi ka hy kk'.split(' '),
];
/** Abbreviations that only email programs use. */
const MORE_NAMES: Array<[string, number]> = [
	['mrz', 2],
	['maer', 2],
	['maerz', 2],
	['sept', 8],
	['set', 8],
	['setiembre', 8],
	['jän', 0],
	['janner', 0],
	['fev', 1],
	['ago', 7],
	['feber', 1],
	['cec', 6],
	...numbered('januarja februarja marca aprila maja junija julija avgusta'),
	...numbered('saus vas kov bal geg birz liep rugp rugs spal lapkr gruodz'),
];

function numbered(inOrder: string): Array<[string, number]> {
	return inOrder.split(' ').map((name, index) => [name, index]);
}

let months: Map<string, number> | undefined;

/** From 0; undefined if it is none. */
export function monthOf(word: string): number | undefined {
	const name = word.replaceAll('.', '');
	// Thai abbreviations have two letters: ม.ค.
	if (hasLost(name)) return monthWithLost(name);
	if (!/^(?:\p{L}{3,}|\p{Script=Thai}{2,})$/u.test(name)) return undefined;
	const english = ENGLISH.indexOf(name);
	if (english !== -1) return english;
	months ??= namesOfMonths();
	// In Hebrew, "in" is written together with the month.
	return months.get(name) ?? months.get(name.replace(/^ב/, ''));
}

/** Whether a program has lost a letter of the word: M?rz. */
export function hasLost(word: string): boolean {
	return /[?\ufffd]/.test(word);
}

/** Names whose letters beyond ASCII a program has lost: M?rz. Undefined where several months are called so. */
const lost = new Map<string, number | undefined>();

function monthWithLost(name: string): number | undefined {
	months ??= namesOfMonths();
	return lost.get(name.replace(/[?\ufffd]+/g, '?'));
}

function addLost(name: string, index: number): void {
	for (const form of [name, name.slice(0, 3)]) {
		const key = form.replace(/[^a-z]+/g, '?');
		if (/^[a-z]*\?[a-z]*$/.test(key) && key.length > 2) lost.set(key, lost.has(key) && lost.get(key) !== index ? undefined : index);
	}
}

/** Names that mail programs cut to three letters in their own way, where they mean one month of the language. */
function addShortened(names: Map<string, number>): void {
	const shortened = new Map<string, number | undefined>();
	for (const [name, index] of names) {
		const short = name.slice(0, 3);
		shortened.set(short, shortened.has(short) && shortened.get(short) !== index ? undefined : index);
	}
	for (const [short, index] of shortened) if (index !== undefined && !names.has(short)) names.set(short, index);
}

/** From Node's language data: alone ("październik") and with a day ("3 października"). */
function namesOfMonths(): Map<string, number> {
	const names = new Map<string, number>(MORE_NAMES);
	for (const language of LANGUAGES) {
		for (const month of ['long', 'short'] as const) {
			for (const format of [
				new Intl.DateTimeFormat(language, { month, timeZone: 'UTC' }),
				new Intl.DateTimeFormat(language, { month, day: 'numeric', timeZone: 'UTC' }),
			]) {
				for (let index = 0; index < 12; index++) {
					const part = format.formatToParts(Date.UTC(2026, index, 1)).find(({ type }) => type === 'month')?.value ?? '';
					const [name = ''] = wordsOf(part.replace(/\./g, ''));
					addLost(part.toLowerCase().replace(/\./g, ''), index);
					if (!names.has(name)) names.set(name, index);
				}
			}
		}
	}
	addShortened(names);
	return names;
}
