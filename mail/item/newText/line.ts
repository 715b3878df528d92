/** Number of characters of a line that are compared. No email program writes longer ones around a quotation. */
export const LONGEST_JUDGED = 600;

// Marks that are not seen (byte order, zero width, direction) and spaces that do not break stand in what Outlook and Gmail write.
const UNSEEN = /[\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const SPACES = /[\s\u00a0\u202f\u3000]+/g;

// Proton Mail drew its lines with hyphens of Unicode, and others draw them with lines of tables.
const HYPHENS = /[\u2010-\u2012\u2015\u2212\u2500\u2501]/g;
// Dates in Arabic and Persian.
const DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/g;

// Most lines of most emails: nothing to normalize, no mark and no other space in them.
const PLAIN = /^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/;

/**
 * Each line is judged by several questions in turn, and again with the lines around it, so the last answers are kept, except those of plain
 * lines: to find them takes longer than to answer again.
 */
const answered = new Map<string, string>();
const MOST_ANSWERED = 32;

/**
 * Returns the line for comparisons: cut, in lower case, without invisible characters, with single spaces, and with the digits and hyphens
 * of ASCII.
 */
export function judged(line: string): string {
	const cut = line.length > LONGEST_JUDGED ? line.slice(0, LONGEST_JUDGED) : line;
	if (PLAIN.test(cut)) return cut.toLowerCase();
	const known = answered.get(cut);
	if (known !== undefined) return known;
	const plain = normalized(cut).toLowerCase();
	if (answered.size >= MOST_ANSWERED) answered.clear();
	answered.set(cut, plain);
	return plain;
}

function normalized(text: string): string {
	const seen = text.normalize('NFC').replace(UNSEEN, '').replace(HYPHENS, '-');
	const digits = seen.replace(DIGITS, (digit) => String(((digit.codePointAt(0) ?? 0) - 0x660) % 16));
	return digits.replace(SPACES, ' ').trim();
}

export function isQuoted(line: string): boolean {
	// "> text" and "|> text" as well; a bare ">" stands for an empty line of the quotation.
	return /^[ \t]{0,3}>/.test(line) && !/^[ \t]{0,3}>[=\d]/.test(line);
}

/** Returns "AL>" of a line that The Bat! quoted with the initials of Ada Lovelace. */
export function initialsOf(line: string): string | undefined {
	return /^ {0,2}(\p{Lu}{1,4}>)/u.exec(line.slice(0, 10))?.[1];
}
