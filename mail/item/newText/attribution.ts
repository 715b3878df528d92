import { isQuoted, judged } from './line';
import { ATTRIBUTION_START, WROTE } from './words';

/** The lines, first to last, in which an email program says whose words follow. `certain`: even if those are not marked as quoted. */
export interface Attribution {
	first: number;
	last: number;
	certain: boolean;
}

/** Gmail breaks the line at 78 characters, so a long name and address take four lines. */
const MOST_LINES = 4;

const DAY = /\b(?:19|20)\d\d\b|\b(?:19|20)\d\d ?[年년.]|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b/;
const TIME = /\b\d{1,2}[:.h]\d\d\b/;
const ADDRESS = /[<([][^<>()[\]\s]{1,200}@[^<>()[\]\s]{1,200}[>)\]]/;
const LOOSE_ADDRESS = /[^\s@]@[^\s@]/;

/** Returns the attribution that ends on this line, if there is one. */
export function attributionEndingAt(lines: readonly string[], last: number): Attribution | undefined {
	const line = lines[last] ?? '';
	// Most lines have no colon, and this tells it much faster.
	if (!line.includes(':') && !line.includes('：')) return undefined;
	if (!/[:：][*_>]?$/.test(line.slice(-200).trimEnd())) return undefined;
	const followed = isFollowedByQuote(lines, last);
	let found: Attribution | undefined;
	let joined = '';
	for (let first = last; first > last - MOST_LINES && first >= 0; first--) {
		const line = lines[first] ?? '';
		if (judged(line) === '' || isQuoted(line)) break;
		// Gmail breaks inside the brackets: "<" at the end of a line, the address on the next one.
		joined = joined === '' ? judged(line) : `${judged(line)} ${joined}`.replace('< ', '<');
		if (joined.length > 500) break;
		const strength = strengthOf(joined);
		if (strength === 'none' || (strength === 'weak' && !followed)) continue;
		const begins = ATTRIBUTION_START.some((start) => joined.startsWith(start)) || /^\d{1,4} ?[年년./-]/.test(joined);
		// The shortest one with a typical beginning, otherwise the shortest possible one.
		if (begins && (strength === 'strong' || found === undefined)) return { first, last, certain: strength === 'strong' };
		if (found === undefined || (strength === 'strong' && !found.certain)) found = { first, last, certain: strength === 'strong' };
	}
	return found;
}

function strengthOf(joined: string): 'none' | 'weak' | 'strong' {
	const says = WROTE.some((verb) => joined.includes(verb));
	const day = DAY.test(joined);
	if (day && (ADDRESS.test(joined) || (says && (TIME.test(joined) || /\d/.test(joined))))) return 'strong';
	return says || (LOOSE_ADDRESS.test(joined) && (day || TIME.test(joined) || ADDRESS.test(joined))) ? 'weak' : 'none';
}

function isFollowedByQuote(lines: readonly string[], last: number): boolean {
	for (let next = last + 1; next <= last + 3 && next < lines.length; next++) {
		const line = lines[next] ?? '';
		if (isQuoted(line)) return true;
		if (line.trim() !== '') return false;
	}
	return false;
}
