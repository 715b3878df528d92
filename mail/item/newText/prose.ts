/** Number of characters of a line, or of a paragraph, that are looked at. */
const LONGEST = 400;

/** Words that titles have too: "Directeur des achats et de la logistique". */
const PARTICLES = new Set([
	...['de', 'des', 'du', 'd’', 'la', 'le', 'les', 'et', 'y', 'e', 'di', 'del', 'della', 'dei', 'da', 'do', 'dos', 'das'],
	...['en', 'und', 'für', 'der', 'the', 'of', 'and', 'for', 'in', 'van', 'het', 'von', 'i', 'og', 'och', 'para', 'per', 'pour'],
]);
const CASED = /[\p{Lu}\p{Ll}]/u;
const LOWER = /^[("'„“«]?\p{Ll}/u;
const WORD = /^[("'„“«]?\p{L}/u;

/** Whether the line is a sentence or a part of one, and neither a name nor a title, a company or an address. */
export function isProse(line: string): boolean {
	const text = line.slice(0, LONGEST).trim();
	const words = text.split(/\s+/).filter((word) => WORD.test(word) && !/[@/]/.test(word));
	if (!CASED.test(text)) return /[。！？，、؟]/.test(text) || words.length > 6;
	// A heading of what follows.
	if (words.length > 1 && text.endsWith(':')) return true;
	if (words.length < 3) return false;
	if (/[!?…]["”“»)]?$/.test(text)) return true;
	// "Example Inc." is the name of a company.
	if (words.length > 3 && /\p{L}{4}\.["”“»)]?$|\d\.$/u.test(text)) return true;
	// "i. A. Anna Beispiel" signs for somebody.
	if (LOWER.test(words[0] ?? '') && !/^\p{L}{1,3}\./u.test(text)) return true;
	const telling = words.filter((word) => !PARTICLES.has(word.toLowerCase()));
	const lower = telling.filter((word) => LOWER.test(word));
	return telling.length > 3 && lower.length >= telling.length * 0.6;
}

/** Whether the line may be the name of a person or a team below a closing. */
export function isName(line: string): boolean {
	const words = line
		.slice(0, LONGEST)
		.split(/\s+/)
		.filter((word) => WORD.test(word));
	return words.length < 3 || words.filter((word) => LOWER.test(word)).length * 2 < words.length;
}

/** The same with nothing to tell that an email ends there: few words, all with a capital. */
export function isPlainName(line: string): boolean {
	const words = line.trim().slice(0, LONGEST).split(/\s+/);
	return words.length <= 4 && (words.length === 1 ? CASED.test(line) : words.every((word) => /^\p{Lu}/u.test(word)));
}
