import { initialsOf, isQuoted, judged, LONGEST_JUDGED } from './line';
import { ATTRIBUTION_START, FORWARDED_BY, WROTE } from './words';

/** The lines, first to last, in which an email program says whose words follow. */
export interface Attribution {
	first: number;
	last: number;
	strength: Strength;
}

/**
 * `strong`: no person writes so, and what follows is history even if it is not marked as quoted. `named`: with a date, a time and a verb,
 * but without an address. `verbless`: with a date, a time and an address. `weak`: only above quoted lines.
 */
type Strength = 'weak' | 'verbless' | 'named' | 'strong';

/** Gmail breaks the line at 78 characters, so a long name and address take four lines. */
const MOST_LINES = 4;

const DAY = /\b(?:19|20)\d\d\b|\b(?:19|20)\d\d ?[年년.]|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b1[34]\d\d\b|\b25[6-9]\d\b/;
const TIME = /\b\d{1,2}[:.h]\d\d\b/;
const ADDRESS = /[<([][^<>()[\]\s]{1,200}@[^<>()[\]\s]{1,200}[>)\]]/;
const LOOSE_ADDRESS = /[^\s@]@[^\s@]/;
const ENDS_WITH_ADDRESS = /@[^<>()[\]\s]{1,200}[>)\]]{1,2},? ?[:：]$/;
const PERSONAL = /\b(?:I|we|he|she|they|me|us|you|ich|wir|er|sie|Sie|mir|uns|Ihnen|je|nous|il m|yo|me)\b/;
/** How a date ends, with a time or without. */
const ENDS_WITH_DATE = /(?:\d\)?|\b(?:uhr|h|[ap]\.?m\.?|gmt|utc|ces?t|mesz?|[ecmp][sd]t|z)|[年日년일])$/;
/** The end of a sentence, and not "Prof. Example" or "2. marrask. 2026". */
const SENTENCE = /(?<!\b(?:prof|corp|dept|univ|inst|bros))(?<=\p{L}{4})[.!?] \p{L}/u;

/** Returns the attribution that ends on this line, if there is one. */
export function attributionEndingAt(lines: readonly string[], last: number): Attribution | undefined {
	const line = lines[last] ?? '';
	if (line.length > LONGEST_JUDGED) return undefined;
	// Most lines have no colon, and this tells it much faster.
	if ((!line.includes(':') && !line.includes('：')) || !/[:：][*_>]?$/.test(judged(line))) return bareAttributionEndingAt(lines, last);
	const followed = isFollowedByQuote(lines, last);
	let found: Attribution | undefined;
	let joined = '';
	for (let first = last; first > last - MOST_LINES && first >= 0; first--) {
		const line = lines[first] ?? '';
		if (judged(line) === '' || isQuoted(line)) break;
		joined = joined === '' ? judged(line) : joinedTo(judged(line), joined);
		if (joined.length > 500) break;
		const strength = strengthOf(joined);
		if (strength === undefined || (strength === 'weak' && !followed)) continue;
		const begins = strength === 'verbless' || hasTypicalBegin(joined);
		if (strength === 'named' && !begins && !followed) continue;
		// The shortest one with a typical beginning, otherwise the shortest possible one.
		if (begins && (strength !== 'weak' || found === undefined)) return { first, last, strength };
		if (found === undefined || (strength !== 'weak' && found.strength === 'weak')) found = { first, last, strength };
	}
	return found;
}

/** Some programs write no colon: "Ada Beispiel schrieb am 02.11.2026 um 10:00". This counts only directly above quoted lines. */
function bareAttributionEndingAt(lines: readonly string[], last: number): Attribution | undefined {
	const below = (lines[last + 1] ?? '').trim() === '' ? last + 2 : last + 1;
	if (!isQuoted(lines[below] ?? '')) return undefined;
	let joined = '';
	for (let first = last; first > last - MOST_LINES && first >= 0; first--) {
		const line = (lines[first] ?? '').trim();
		if (line === '' || isQuoted(line)) break;
		joined = joined === '' ? line : joinedTo(line, joined);
		if (joined.length > 500) break;
		if (isBareAttribution(joined)) return { first, last, strength: 'weak' };
	}
	return undefined;
}

/** Whether the text is only a name, a verb and a date, in this order or with the date first. */
function isBareAttribution(text: string): boolean {
	const lower = judged(text);
	if (!DAY.test(lower) || SENTENCE.test(lower) || PERSONAL.test(text)) return false;
	const verb = WROTE.find((one) => lower.includes(one));
	const at = verb === undefined ? -1 : text.toLowerCase().indexOf(verb);
	if (verb === undefined || at === -1) return false;
	const [above, below] = [text.slice(0, at).trim(), text.slice(at + verb.length).trim()];
	if (areNames(above)) return DAY.test(judged(below)) && ENDS_WITH_DATE.test(judged(below)) && below.split(/\s+/).length < 10;
	// "On 2 November 2026 at 10:00 the customer wrote" names nobody.
	const namedAbove = above.split(/[\s,]+/).slice(-1);
	return hasTypicalBegin(lower) && TIME.test(judged(above)) && areNames(below === '' ? namedAbove.join('') : below);
}

/** "Ada Beispiel", "Prof. Ada van Dijk <ada@example.com>". */
function areNames(text: string): boolean {
	const words = text.split(/[\s,]+/).filter((word) => word !== '');
	if (words.length === 0 || words.length > 8 || !/^["“„(<]?(?:\p{Lu}|\p{Lo})|@/u.test(words[0] ?? '')) return false;
	return words.every((word) => /^["“„(<]?(?:\p{Lu}|\p{Lo})|@|^(?:von|van|der|den|de|da|di|del|la|le|dr\.|zu|bin|ibn|al)$/u.test(word));
}

/**
 * Whether the words around the verb are those of a program, with the name of somebody: "schrieb Ada Lovelace", and neither "schrieb ich
 * Ihnen" nor "schrieb der Kunde".
 */
export function namesSomebody(lines: readonly string[], { first, last }: Attribution): boolean {
	const text = lines
		.slice(first, last + 1)
		.join(' ')
		.trim();
	if (/^\p{Ll}/u.test(text) || PERSONAL.test(text)) return false;
	const lower = text.toLowerCase();
	const verb = WROTE.find((one) => lower.includes(one)) ?? '';
	const at = lower.indexOf(verb);
	const above = text
		.slice(0, at)
		.split(/[\s,]+/)
		.filter((word) => word !== '' && word !== 'Uhr');
	const [below = ''] = text
		.slice(at + verb.length)
		.trim()
		.split(/\s+/, 1);
	return [above[above.length - 1] ?? '', below].some((word) => /^["“„(<]?(?:\p{Lu}|\p{Lo})/u.test(word));
}

/** Gmail breaks inside the brackets: "<" at the end of a line, the address on the next one. */
function joinedTo(above: string, below: string): string {
	return `${above} ${below}`.replace('< ', '<');
}

/** "пн, 2 нояб. 2026 г. в 10:00, Ada <ada@example.com>:" begins with the date and ends with the address. */
function isWithoutVerb(joined: string): boolean {
	return ENDS_WITH_ADDRESS.test(joined) && /^(?:\d|\p{L}{1,14}\.?, ?\d|בתאריך|ב-\d|بتاريخ|في |در |به تاریخ)/u.test(joined);
}

function hasTypicalBegin(joined: string): boolean {
	return ATTRIBUTION_START.some((start) => joined.startsWith(start)) || /^\d{1,4} ?[년년./-]/.test(joined);
}

function strengthOf(joined: string): Strength | undefined {
	// An attribution is one sentence; only a person writes two before the colon.
	if (SENTENCE.test(joined)) return undefined;
	const says = WROTE.some((verb) => joined.includes(verb));
	const day = DAY.test(joined);
	const time = TIME.test(joined);
	if (day && says && (time || joined.includes('<')) && ADDRESS.test(joined)) return 'strong';
	if (day && time && !says && isWithoutVerb(joined)) return 'verbless';
	if (day && time && says) return 'named';
	const loose = LOOSE_ADDRESS.test(joined);
	// "Ada Lovelace wrote:", and not "I disagree with what Ada wrote:".
	if (says) return day || time || loose || joined.split(' ', 6).length < 6 ? 'weak' : undefined;
	return loose && (day || time || ADDRESS.test(joined)) ? 'weak' : undefined;
}

/**
 * Returns the attribution between lines of Notes ("-----Ada Lovelace wrote: -----"), Zoho ("---- On Wed, … wrote ----") and GroupWise
 * (">>> Ada Lovelace 03.06.2026 10:00 >>>") that begins here. `isHeader` tells whether a line is one of a header block.
 */
export function ruledAttributionAt(lines: readonly string[], first: number, isHeader: (line: string) => boolean): Attribution | undefined {
	const begin = judged(lines[first] ?? '');
	const mark = begin.startsWith('----') ? '---' : begin.startsWith('>>> ') ? '>>>' : undefined;
	if (mark === undefined) return undefined;
	let joined = '';
	for (let last = first; last < first + MOST_LINES && last < lines.length; last++) {
		const line = judged(lines[last] ?? '');
		if (line === '') break;
		joined = joined === '' ? line : joinedTo(joined, line);
		if (joined.length > 500) break;
		const ends = line.endsWith(mark) || (mark === '>>>' && /[:：]$/.test(line));
		if (!ends || /^[->]+$/.test(line)) continue;
		return isRuled(joined, mark, lines[last + 1] ?? '', isHeader) ? { first, last, strength: 'strong' } : undefined;
	}
	return undefined;
}

function isRuled(joined: string, mark: string, below: string, isHeader: (line: string) => boolean): boolean {
	const day = DAY.test(joined);
	const says = WROTE.some((verb) => joined.includes(verb));
	if (mark === '>>>') return day && (TIME.test(joined) || says);
	if (FORWARDED_BY.some((words) => joined.includes(words))) return day;
	return says && (day || ADDRESS.test(joined) || isHeader(below) || isQuoted(below));
}

function isFollowedByQuote(lines: readonly string[], last: number): boolean {
	for (let next = last + 1; next <= last + 3 && next < lines.length; next++) {
		const line = lines[next] ?? '';
		if (isQuoted(line) || initialsOf(line) !== undefined) return true;
		if (line.trim() !== '') return false;
	}
	return false;
}
