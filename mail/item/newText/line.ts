/** Number of characters of a line that are compared. No email program writes longer ones around a quotation. */
const LONGEST_JUDGED = 600;

// Marks that are not seen (byte order, zero width, direction) and spaces that do not break stand in what Outlook and Gmail write.
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const SPACES = /[\s\u00a0\u202f\u3000]+/g;

// Most lines of most emails: nothing to normalize, no mark and no other space in them.
const PLAIN = /^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/;

/** Each line is judged by several questions in turn, so the last answer is kept. */
let last = { line: '', judged: '' };

/** Returns the line for comparisons: cut, in lower case, without invisible characters, with single spaces. */
export function judged(line: string): string {
	if (line === last.line) return last.judged;
	const cut = line.slice(0, LONGEST_JUDGED);
	const plain = PLAIN.test(cut) ? cut : cut.normalize('NFC').replace(UNSEEN, '').replace(SPACES, ' ').trim();
	last = { line, judged: plain.toLowerCase() };
	return last.judged;
}

export function isQuoted(line: string): boolean {
	// "> text" and "|> text" as well; a bare ">" stands for an empty line of the quotation.
	return /^[ \t]{0,3}>/.test(line) && !/^[ \t]{0,3}>[=\d]/.test(line);
}
