import { ENGLISH, wordsOf } from './dateWords';
import { momentIn } from './calendar/zone';
import { placeOf, zoneOf } from './dateZones';
import { decodeHeader } from './encodedWords';
import type { Field } from './headerBlock';
import { hasLost, monthOf } from './monthNames';

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

/** How many Date headers are looked at, where the first ones cannot be read. */
const MOST_DATES = 10;

/** Returns when an email was written: by the first of its Date headers that can be read. */
export function dateOf(fields: readonly Field[], charsets: readonly string[]): number | undefined {
	for (const { value } of fields.filter(({ key }) => key === 'date').slice(0, MOST_DATES)) {
		const moment = readDate(decodeHeader(value, charsets));
		if (moment !== undefined) return moment;
	}
	return undefined;
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
	// Java writes the place behind the offset: +01:00[Europe/Berlin].
	const { text, comments } = withoutComments(header.slice(0, LONGEST).replace(/\[([\w/+-]{1,60})\]/g, ' $1 '));
	const words = wordsOf(text);
	const time = takeTime(words);
	const day = takeDay(words, /^\s*[^\s\d,]+[,،]/.test(text));
	if (day === undefined || time === undefined) return undefined;
	const midnight = Date.UTC(day.year, day.month, day.date);
	if (new Date(midnight).getUTCDate() !== day.date) return undefined;
	const zone = zoneOf(words) ?? zoneOf(wordsOf(comments));
	const place = zone === undefined ? (placeOf(words) ?? placeOf(wordsOf(comments))) : undefined;
	return place === undefined ? midnight + time - (zone ?? 0) * 60_000 : momentIn(midnight + time, place).getTime();
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

/** Returns milliseconds since midnight; 0 if there is no time; undefined if it is invalid. Removes its words. */
function takeTime(words: string[]): number | undefined {
	const hasMonth = words.some((word) => monthOf(word) !== undefined);
	const isDotted = (word: string): boolean => /^\d{1,2}\.\d\d(\.\d\d)?$/.test(word);
	// 18-55-07 is the time only beside a year.
	const hasYear = words.some((word) => /^(?:19|20|25)\d\d$/.test(word));
	const isHyphened = (word: string): boolean => hasYear && /^\d{1,2}-\d\d-\d\d$/.test(word);
	let at = words.findIndex((word) => /^\d{1,2}:\d{1,2}(:\d{1,2}([.,:]\d*)?)?$/.test(word));
	// 18.55.07 can also be a date: it is the time if the month is named elsewhere, or if it is the last of two.
	if (at === -1)
		at = hasMonth
			? words.findIndex((word) => isDotted(word) || isHyphened(word))
			: words.findLastIndex((word, index) => index > 0 && isDotted(word));
	if (at === -1 && words.some((word) => /^\d{1,2}:\d/.test(word))) return undefined;
	if (at === -1) at = hasMonth ? timeOfDigits(words) : -1;
	if (at === -1) return 0;
	const digits = /^\d{4,6}$/.test(words[at] ?? '') ? words[at]?.match(/\d\d/g) : words[at]?.split(/[:.,-]/);
	const [hours = 0, minutes = 0, seconds = 0] = (digits ?? []).map(Number);
	words.splice(at, 1);
	// "p. m." in Spanish has a blank in it.
	const near = [words[at] ?? '', words[at - 1] ?? '', `${words[at] ?? ''}${words[at + 1] ?? ''}`];
	const half = near.map(halfOfDay).find((found) => found !== undefined);
	if (minutes > 59 || seconds > 60 || hours > 24 || (hours === 24 && minutes + seconds > 0) || (hours > 12 && half === 0)) return undefined;
	const shift = half === undefined ? 0 : half === 1 && hours < 12 ? 12 : half === 0 && hours === 12 ? -12 : 0;
	return (((hours + shift) * 60 + minutes) * 60 + seconds) * 1000;
}

const YEAR = /^(?:19|20|25)\d\d\.?$/;

/** 0915 or 091500, beside the year, or beside the day and a year of two digits. */
function timeOfDigits(words: readonly string[]): number {
	return words.findLastIndex(
		(word, at) =>
			/^(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?$/.test(word) &&
			(words.some((other, index) => index !== at && YEAR.test(other)) ||
				(!YEAR.test(word) && words.filter((other) => /^\d{1,2}\.?$/.test(other)).length === 2)),
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

function takeDay(words: readonly string[], startsWithDayOfWeek: boolean): Day | undefined {
	for (const word of words) {
		const numbers = /^(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})\.?$/.exec(word);
		if (numbers !== null) return numericDay(numbers[1] ?? '', Number(numbers[3]), numbers[4] ?? '', numbers[2] ?? '', words);
	}
	// In "mar. 3 mars 2026", the first one can be a day of the week. So can one behind the month that has lost a letter.
	const whole = words.findLastIndex((word) => monthOf(word) !== undefined && !hasLost(word));
	const isBehindDay =
		whole === 0 && /^\d{1,2}\.?$/.test(words[1] ?? '') && hasLost(words[2] ?? '') && monthOf(words[2] ?? '') !== undefined;
	const at = isBehindDay ? 2 : whole >= 0 ? whole : words.findLastIndex((word) => monthOf(word) !== undefined);
	if (at === 0 && startsWithDayOfWeek && hasUnknownMonth(words)) return undefined;
	const month = monthOf(words[at] ?? '');
	const numbers = words.flatMap((word) => /^(\d{1,4})(?:st|nd|rd|th|er|\.|o|a)?$/.exec(word)?.[1] ?? []);
	const yearAt = numbers.findIndex((digits) => digits.length > 2 || Number(digits) > 31);
	const [year] = yearAt === -1 ? numbers.splice(1, 1) : numbers.splice(yearAt, 1);
	const [date] = numbers;
	return month === undefined || year === undefined || date === undefined ? undefined : { year: fullYear(year), month, date: Number(date) };
}

/** Whether a word that is no month stands where it should: "Paz, 3 xyz 2026". Paz is a Sunday in Turkish, and October in Polish. */
function hasUnknownMonth([first = '', date = '', month = '', year = '']: readonly string[]): boolean {
	const isEnglish = /^[a-z]{3,9}$/.test(first) && ENGLISH.includes(first.slice(0, 3));
	return !isEnglish && /^\d{1,2}\.?$/.test(date) && /^\D/.test(month) && /^\d{4}\.?$/.test(year);
}

/** 2026-03-24, 24.03.2026. With slashes, only if it is clear which number is the month. */
function numericDay(begin: string, second: number, third: string, between: string, words: readonly string[]): Day | undefined {
	const first = Number(begin);
	if (first > 31 || begin.length > 3)
		return second < 1 || second > 12 ? undefined : { year: fullYear(begin), month: second - 1, date: Number(third) };
	const american = second > 12 || (between === '/' && words.some((word) => halfOfDay(word) !== undefined));
	if (between === '/' && !american && first <= 12 && first !== second) return undefined;
	const [date, month] = american ? [second, first] : [first, second];
	return month < 1 || month > 12 ? undefined : { year: fullYear(third), month: month - 1, date };
}

/** RFC 5322, section 4.3. Thai programs can count from the death of Buddha. NaN for a year such as 0001, which means that there is none. */
function fullYear(digits: string): number {
	const year = Number(digits);
	if (digits.length > 3) return year < 1000 ? NaN : year > 2400 ? year - 543 : year;
	return digits.length === 3 || year >= 50 ? year + 1900 : year + 2000;
}
