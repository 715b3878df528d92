/** Maximum length of a date in characters. The rest is not read. */
const LONGEST = 300;

/**
 * Returns the moment of a Date header in epoch milliseconds; undefined if it cannot be read. In addition to RFC 5322 (section 3.3, and 4.3
 * for two-digit years), it reads what email programs really write: names of months in many languages, dots in times, AM and PM, asctime,
 * ISO 8601, names of zones. A zone that is missing or unknown counts as UTC (RFC 5322, section 4.3).
 */
export function readDate(header: string): number | undefined {
	const usual = USUAL.exec(header);
	return usual === null ? readUnusual(header) : (momentOf(usual) ?? readUnusual(header));
}

/** As RFC 5322 wants it, and nearly every email program writes it. */
const USUAL =
	/^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-3]?\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ((?:19|20)\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) (?:GMT|([+-](?:0\d|1[0-3]))([0-5]\d))(?: \([A-Z]{3,4}\))?$/;

function momentOf([, date, month = '', year, hours, minutes, seconds, east, more]: RegExpExecArray): number | undefined {
	const midnight = Date.UTC(Number(year), ENGLISH.indexOf(month.toLowerCase()), Number(date));
	if (new Date(midnight).getUTCDate() !== Number(date)) return undefined;
	const zone = east === undefined ? 0 : Number(east) * 60 + (east.startsWith('-') ? -Number(more) : Number(more));
	return midnight + ((Number(hours) * 60 + Number(minutes) - zone) * 60 + Number(seconds)) * 1000;
}

function readUnusual(header: string): number | undefined {
	const { text, comments } = withoutComments(header.slice(0, LONGEST));
	const words = wordsOf(text);
	const time = takeTime(words);
	const day = takeDay(words);
	if (day === undefined || time === undefined) return undefined;
	const zone = zoneOf(words) ?? zoneOf(wordsOf(comments)) ?? 0;
	const midnight = Date.UTC(day.year, day.month, day.date);
	return new Date(midnight).getUTCDate() === day.date ? midnight + time - zone * 60_000 : undefined;
}

/** Returns the moment after the last semicolon of a Received header (RFC 5321, section 4.4). */
export function readReceived(header: string): number | undefined {
	const semicolon = header.lastIndexOf(';');
	return semicolon === -1 ? undefined : readDate(header.slice(semicolon + 1).trim());
}

/** Comments can be nested (RFC 5322, section 3.2.2). One that is not closed reaches to the end. */
function withoutComments(header: string): { text: string; comments: string } {
	let [text, comments, depth] = ['', '', 0];
	for (const character of header) {
		if (character === '(') depth += 1;
		if (depth === 0) text += character;
		else comments += character === '(' || character === ')' ? ' ' : character;
		if (character === ')') depth = Math.max(0, depth - 1);
	}
	return { text, comments };
}

/** Lower case without accents. Numbers that are joined by dots, colons, slashes or hyphens stay one word. */
function wordsOf(text: string): string[] {
	const plain = text
		.replace(/(\d{4})년 ?(\d{1,2})월 ?(\d{1,2})일/g, '$1-$2-$3')
		// The short form in Korean: 2026. 3. 3.
		.replace(/(?<!\d)(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.(?=\s|$)/g, '$1-$2-$3')
		// 3月, 三月 and 3월 as the name of a month, with the day before it.
		.replace(/(?<!\d)(\d{1,2}) ?[月월](?=[\s,])/g, (_, month: string) => ENGLISH[Number(month) - 1] ?? '')
		.replace(/([一二三四五六七八九]|十[一二]?)月(?=[\s,])/g, (_, month: string) => ENGLISH[CHINESE.indexOf(month)] ?? '')
		.replace(/上午|午前|오전/g, ' am ')
		.replace(/下午|午後|오후/g, ' pm ')
		.normalize('NFKD')
		// In Thai, vowels are marks, and months differ in nothing else. Signs that nobody sees tell the direction of the text.
		.replace(/(?!\p{Script=Thai})\p{M}|\p{Cf}/gu, '')
		.toLowerCase()
		// 20260303T091500Z, the short form of ISO 8601, also without the T, or with colons in the time.
		.replace(/(?<!\d)(\d{4})(\d\d)(\d\d)t?(\d\d)(\d\d)(\d\d)(?!\d)/g, '$1-$2-$3 $4:$5:$6')
		.replace(/(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?=[ t]\d\d:)/g, '$1-$2-$3')
		// 2026-03-03-09.15.00.
		.replace(/(?<=\d{4}-\d\d-\d\d)-(?=\d\d[.:]\d\d)/g, ' ')
		// 09 : 15 : 00 (RFC 5322, section 4.3).
		.replace(/(?<=\d)\s{0,9}:\s{0,9}(?=\d)/g, ':')
		// 2026年3月3日, and 3-Mar-2026: separates the name of the month. GMT-0300 is a zone.
		.replace(/[年月]/g, '-')
		.replace(/日/g, ' ')
		.replace(/(?<=\d)-(?=\p{L})|(?<=\p{L})(?<!(?<!\p{L})(?:gmt|utc|ut))-(?=\d{2,4}\b(?!:))/gu, ' ')
		// T between date and time, and 9h15 as in French.
		.replace(/(?<=\d)t(?=\d)/g, ' ')
		.replace(/(?<=\d) ?h ?(?=\d)/g, ':')
		.replace(/(?<=\d)(?=[ap]\.?m\b|z\b)/g, ' ')
		.replace(/(?<=\d:\d\d(?:[.,]\d{1,9})?)(?=[+-]\d)/g, ' ');
	return plain.split(/[\s,،;"'<>]+/).filter((word) => word !== '');
}

/** Returns milliseconds since midnight; 0 if there is no time; undefined if it is invalid. Removes its words. */
function takeTime(words: string[]): number | undefined {
	const hasMonth = words.some((word) => monthOf(word) !== undefined);
	const isDotted = (word: string): boolean => /^\d{1,2}\.\d\d(\.\d\d)?$/.test(word);
	let at = words.findIndex((word) => /^\d{1,2}:\d{1,2}(:\d{1,2}([.,]\d*)?)?$/.test(word));
	// 18.55.07 can also be a date: it is the time if the month is named elsewhere, or if it is the last of two.
	if (at === -1) at = hasMonth ? words.findIndex(isDotted) : words.findLastIndex((word, index) => index > 0 && isDotted(word));
	if (at === -1 && words.some((word) => /^\d{1,2}:\d/.test(word))) return undefined;
	if (at === -1) at = hasMonth ? timeOfDigits(words) : -1;
	if (at === -1) return 0;
	const digits = /^\d{4,6}$/.test(words[at] ?? '') ? words[at]?.match(/\d\d/g) : words[at]?.split(/[:.,]/);
	const [hours = 0, minutes = 0, seconds = 0] = (digits ?? []).map(Number);
	words.splice(at, 1);
	const half = [words[at], words[at - 1]].map((word) => halfOfDay(word ?? '')).find((found) => found !== undefined);
	if (minutes > 59 || seconds > 60 || hours > 24 || (hours > 12 && half === 0)) return undefined;
	const shift = half === undefined ? 0 : half === 1 && hours < 12 ? 12 : half === 0 && hours === 12 ? -12 : 0;
	return (((hours + shift) * 60 + minutes) * 60 + seconds) * 1000;
}

/** 0915 or 091500, beside the year. */
function timeOfDigits(words: readonly string[]): number {
	return words.findLastIndex(
		(word, at) =>
			/^(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?$/.test(word) &&
			words.some((other, index) => index !== at && /^(?:19|20|25)\d\d\.?$/.test(other)),
	);
}

function halfOfDay(word: string): 0 | 1 | undefined {
	if (/^a\.?m\.?$/.test(word)) return 0;
	return /^p\.?m\.?$/.test(word) ? 1 : undefined;
}

interface Day {
	year: number;
	/** From 0. */
	month: number;
	date: number;
}

function takeDay(words: readonly string[]): Day | undefined {
	for (const word of words) {
		const numbers = /^(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})\.?$/.exec(word);
		if (numbers !== null) return numericDay(Number(numbers[1]), Number(numbers[3]), numbers[4] ?? '', numbers[2] ?? '', words);
	}
	// In "mar. 3 mars 2026", the first one can be a day of the week.
	const at = words.findLastIndex((word) => monthOf(word) !== undefined);
	const month = monthOf(words[at] ?? '');
	const numbers = words.flatMap((word) => /^(\d{1,4})(?:st|nd|rd|th|er|\.|o|a)?$/.exec(word)?.[1] ?? []);
	const yearAt = numbers.findIndex((digits) => digits.length > 2 || Number(digits) > 31);
	const [year] = yearAt === -1 ? numbers.splice(1, 1) : numbers.splice(yearAt, 1);
	const [date] = numbers;
	return month === undefined || year === undefined || date === undefined ? undefined : { year: fullYear(year), month, date: Number(date) };
}

/** 2026-03-24, 24.03.2026. With slashes, only if it is clear which number is the month. */
function numericDay(first: number, second: number, third: string, between: string, words: readonly string[]): Day | undefined {
	if (first > 31) return { year: first, month: second - 1, date: Number(third) };
	const american = words.some((word) => halfOfDay(word) !== undefined) || second > 12;
	if (between === '/' && !american && first <= 12 && first !== second) return undefined;
	const [date, month] = between === '/' && american ? [second, first] : [first, second];
	return month > 12 ? undefined : { year: fullYear(third), month: month - 1, date };
}

/** RFC 5322, section 4.3. Thai programs can count from the death of Buddha. */
function fullYear(digits: string): number {
	const year = Number(digits);
	if (digits.length > 3) return year > 2400 ? year - 543 : year;
	return digits.length === 3 || year >= 50 ? year + 1900 : year + 2000;
}

/** Minutes east of UTC; undefined if there is no zone. Military letters other than Z count as UTC (RFC 5322, section 4.3). */
function zoneOf(words: readonly string[]): number | undefined {
	for (const word of words) {
		const offset = /^(?:utc|gmt|ut)?([+-])[+-]?(\d{1,2}):?(\d\d)?[.=]?$/.exec(word);
		if (offset !== null) {
			const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
			if (minutes > FARTHEST) return undefined;
			return offset[1] === '-' ? -minutes : minutes;
		}
	}
	const spelled = words.findIndex(
		(word, index) => (word === 'standard' || word === 'daylight' || word === 'summer') && words[index + 1] === 'time',
	);
	if (spelled > 0) return spelledZone(words.slice(0, spelled), words[spelled] !== 'standard');
	const named = words.findIndex((word) => ZONES.has(word));
	const zone = ZONES.get(words[named] ?? '');
	// MET DST, as Unix writes it.
	return zone !== undefined && words[named + 1] === 'dst' ? zone + 60 : zone;
}

/** Minutes; the date line lies 14 hours from Greenwich, and no zone is farther. */
const FARTHEST = 15 * 60;
/** What stands before "Standard Time" as Windows writes it, in hours east of UTC. */
const SPELLED: Array<[string, number]> = [
	['hawaiian', -10],
	['alaskan', -9],
	['pacific', -8],
	['mountain', -7],
	['central', -6],
	['eastern', -5],
	['atlantic', -4],
	['gmt', 0],
	['w. europe', 1],
	['central europe', 1],
	['central european', 1],
	['romance', 1],
	['e. europe', 2],
	['fle', 2],
	['gtb', 2],
	['russian', 3],
	['india', 5.5],
	['china', 8],
	['singapore', 8],
	['tokyo', 9],
	['korea', 9],
	['aus eastern', 10],
];

function spelledZone(words: readonly string[], isSummer: boolean): number | undefined {
	for (const count of [2, 1]) {
		const name = words.slice(-count).join(' ');
		const found = SPELLED.find(([spelled]) => spelled === name);
		if (found !== undefined) return (found[1] + (isSummer ? 1 : 0)) * 60;
	}
	return undefined;
}

/** Hours east of UTC. If a name has several meanings, that of RFC 5322 or of most people counts. */
const ZONE_NAMES: Array<[number, string]> = [
	[-10, 'hst'],
	[-9, 'akst'],
	[-8, 'pst akdt'],
	[-7, 'mst pdt'],
	[-6, 'cst mdt'],
	[-5, 'est cdt cot pet'],
	[-4, 'ast edt clt vet'],
	[-3.5, 'nst'],
	[-3, 'adt brt art clst'],
	[-2.5, 'ndt'],
	[-2, 'brst'],
	[0, 'ut utc gmt z wet'],
	[1, 'cet met mez bst west wat'],
	[2, 'cest mest mesz eet sast cat'],
	[3, 'eest msk trt eat idt'],
	[4, 'msd gst'],
	[5, 'pkt uzt'],
	[5.5, 'ist'],
	[7, 'ict wib'],
	[8, 'hkt sgt awst myt pht'],
	[9, 'jst kst'],
	[9.5, 'acst'],
	[10, 'aest'],
	[10.5, 'acdt'],
	[11, 'aedt'],
	[12, 'nzst'],
	[13, 'nzdt'],
];
const ZONES = new Map(ZONE_NAMES.flatMap(([hours, names]) => names.split(' ').map((name): [string, number] => [name, hours * 60])));

const CHINESE = ['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '十一', '十二'];
const ENGLISH = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** If two languages use one name for different months, the first language counts. */
const LANGUAGES = [
	...'en de fr es it pt nl pl sv da nb fi cs sk hu ro tr ru uk bg el ca he hr sl sr sr-Latn lt lv et'.split(' '),
	...['ar-u-nu-latn-ca-gregory', 'th-u-nu-latn-ca-gregory'],
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
];

let months: Map<string, number> | undefined;

/** From 0. */
function monthOf(word: string): number | undefined {
	const name = word.replaceAll('.', '');
	// Thai abbreviations have two letters: ม.ค.
	if (!/^(?:\p{L}{3,}|\p{Script=Thai}{2,})$/u.test(name)) return undefined;
	const english = ENGLISH.indexOf(name);
	if (english !== -1) return english;
	months ??= namesOfMonths();
	return months.get(name);
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
					if (!names.has(name)) names.set(name, index);
				}
			}
		}
	}
	addShortened(names);
	return names;
}
