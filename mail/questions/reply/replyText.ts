import { NO_OBJECTION } from './harmlessWords';

/**
 * Returns the text with straight apostrophes, and with every emoji between commas, because people put emojis before and behind words, and
 * several in a row.
 */
export function normalized(text: string): string {
	return text
		.normalize('NFKC')
		.replace(/[’‘`´]/g, "'")
		.replace(/[\ufe0e\ufe0f\u200d\u{1f3fb}-\u{1f3ff}♀♂]/gu, '')
		.replace(/\p{Extended_Pictographic}/gu, (emoji) => `, ${emoji}, `)
		.replace(/^[, ]{1,4}/gm, '')
		.trim();
}

/**
 * Returns the lines of a text without empty ones and without the notice about confidentiality that a server adds. Addresses of any kind
 * become "@".
 */
export function linesOf(text: string): string[] {
	const lines = text.split('\n').map((line) =>
		line
			.split(/\s/)
			.filter((word) => word !== '')
			.map((word) => (isAddress(word) ? '@' : word))
			.join(' '),
	);
	const begin = lines.findIndex((_, at) => isNotice(lines, at));
	const end = lines.indexOf('', begin);
	const kept = (begin === -1 ? lines : [...lines.slice(0, begin), ...(end === -1 ? [] : lines.slice(end))]).map(withoutMarks);
	return kept.filter((line) => line !== '' && !ON_PAPER.test(line));
}

/** Removes the signs of bold text around a line and the place of a picture, which programs write when they make text of HTML. */
function withoutMarks(line: string): string {
	return /^\[(?:cid|image):[^\]]*\]$/i.test(line) ? '' : line.replace(/^[*_]{1,3}(?=\p{L})(.*?)[*_]{1,3}$/u, '$1');
}

/** Such a notice is a paragraph, or stands below more than the answer. */
function isNotice(lines: readonly string[], at: number): boolean {
	if (!NOTICE.test(lines[at] ?? '') || !isConfidential(lines.slice(at, at + 12).join(' '))) return false;
	const above = lines.slice(0, at);
	return above.at(-1) === '' || above.filter((line) => line !== '').length > 1;
}

const NOTICE =
	/^\W{0,3}(?:(?:this|the information|diese|dieses|ce|cette|este|esta|questo|questa|dit|deze) .{0,60}(?:e-?mail|message|communication|nachricht|courriel|correo|mensaje|messaggio|mensagem|bericht)|confiden|disclaimer|vertraulich|important notice)/i;

/** The usual request not to print an email. */
const ON_PAPER = new RegExp(
	'^(?!.*\\b(?:if|unless|only|until|wenn|nur|si|solo|se|mits|budget)\\b)' +
		'(?=.*(?:environment|planet|trees?\\b|umwelt|environnement|ambiente|milieu))' +
		'(?=.*(?:print|druck|imprim|stampa|e-?mail|environment\\W*$|umwelt\\W*$|environnement\\W*$|ambiente\\W*$|milieu\\W*$))' +
		"\\W{0,3}(?:(?:please )?(?:consider|think of|think about|save) |before printing|bitte (?:denken|prüfen)|avant d'imprimer|" +
		'pensez|antes de imprimir|prima di stampare|denk (?:aan|eerst))[^\\d]{0,120}$',
	'i',
);

function isConfidential(text: string): boolean {
	return /confiden|privileged|intended|vertraulich|riservat|vertrouwelijk/i.test(text) && RECIPIENT.test(text);
}

const RECIPIENT = /recipient|addressee|empfänger|adressat|destinat|geadresseerde|ontvanger/i;

/** An email address, a URL, or the name of a host that is written like one. */
function isAddress(word: string): boolean {
	return (
		/^\W?(?:https?:\/\/|www\.)/i.test(word) ||
		/[^@]@[^@]+\.\p{L}/u.test(word) ||
		/[\p{L}\d]\.(?:com|net|org|eu|de|at|ch|fr)[)>,]?$/iu.test(word)
	);
}

/** What stands between punctuation marks, with the marks before and after it. */
export interface Piece {
	text: string;
	before: string;
	after: string;
}

const MARK = /([\n.,;:!()|—–。、@]|\s-\s)/;

export function piecesOf(text: string): Piece[] {
	const split = text.split(MARK);
	return split
		.map((part, at) => ({ text: part.trim(), before: split[at - 1] ?? '', after: split[at + 1] ?? '' }))
		.filter((piece, at) => at % 2 === 0 && plain(piece.text) !== '');
}

export function partsOf(text: string): string[] {
	return piecesOf(text).map((piece) => piece.text);
}

const WORD = new RegExp(`${NO_OBJECTION.source}|[\\p{L}\\p{M}\\p{N}'+-]+|\\p{Extended_Pictographic}`, 'giu');

/** Returns the words as they are written, without hyphens and apostrophes around them. "no objections" is one word. */
export function writtenWordsOf(text: string): string[] {
	const words = text.match(WORD) ?? [];
	return words.map((word) => (word === '-1' ? word : word.replace(/^['-]{1,9}|['-]{1,9}$/g, ''))).filter((word) => word !== '');
}

/** {@link writtenWordsOf}, in lower case. */
export function wordsOf(text: string): string[] {
	return writtenWordsOf(text).map((word) => word.toLowerCase());
}

/** Whether these words stand in the text one after another. */
export function contains(words: readonly string[], phrase: string): boolean {
	return phrase !== '' && ` ${words.join(' ')} `.includes(` ${phrase} `);
}

/** Returns the text in lower case, with one blank between words and without punctuation at its ends. */
export function plain(text: string): string {
	return text
		.normalize('NFKC')
		.toLowerCase()
		.replace(/^[\s"'*_.,;:!>()[\]-]{1,20}/, (marks) => (/^-1/.test(text.trim()) ? marks.replace(/[^-]/g, '') : ''))
		.replace(/[\s"'*_.,;:!()[\]。！、]{1,20}$/, '')
		.replace(/\s+/g, ' ');
}
