import { ACKNOWLEDGING, AGAINST, AGREEING, ASSENTING, COURTESY, DOUBT, DOUBT_WITHIN, GREETINGS, IN_FAVOUR, PONDERING } from './replyWords';

/** The answer of a reply to an approval, or why only a person can tell. */
export type Verdict = { approved: boolean } | { unclear: string };

/** The labels of the buttons of an approval. Without `decline`, it can only be approved. */
export interface Labels {
	approve: string;
	decline?: string;
}

/** In characters. An answer is at the beginning, and a long text says more than yes or no. */
const LONGEST = 2_000;
/** In words. What follows a mere "OK" may be a thank-you, a closing or a name, but no sentence. */
const LONGEST_CLOSING = 4;

/**
 * Reads the new text of a reply. It counts if it begins with an answering word or the label of a button, and nothing after that adds a
 * condition or takes it back. Everything else is unclear.
 * @param written without the quoted emails
 */
export function readVerdict(written: string, labels: Labels): Verdict {
	const text = written
		.normalize('NFKC')
		.replace(/[’‘`´]/g, "'")
		.trim();
	if (text === '') return { unclear: 'the reply has no new text' };
	if (text.length > LONGEST) return { unclear: 'the reply is too long to be a plain yes or no' };
	const lines = text
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '');
	const [first = '', ...others] = isGreeting(lines[0] ?? '', lines.length) ? lines.slice(1) : lines;
	for (const { word, rest } of openings(first)) {
		const approved = meaning(word, labels);
		if (approved === undefined) continue;
		const after = [rest, ...others].join('\n');
		if (!approved && labels.decline === undefined) return { unclear: `the question can only be answered with "${labels.approve}"` };
		const doubt = doubtIn(after, approved) ?? (approved ? restOf(withoutCourtesy(plain(word)), rest, others, labels) : undefined);
		return doubt === undefined ? { approved } : { unclear: doubt };
	}
	return { unclear: 'the reply does not begin with an answer' };
}

function isGreeting(line: string, count: number): boolean {
	return count > 1 && line.length <= 60 && GREETINGS.has(plain(line).split(' ')[0] ?? '') && meaningOfWord(plain(line)) === undefined;
}

/** Returns the whole line, and the part before its first punctuation mark. */
function openings(line: string): Array<{ word: string; rest: string }> {
	const mark = /[.,;:!()–—。、，！]|\s-\s/.exec(line);
	const whole = { word: line, rest: '' };
	return mark === null ? [whole] : [whole, { word: line.slice(0, mark.index), rest: line.slice(mark.index) }];
}

function meaning(words: string, { approve, decline }: Labels): boolean | undefined {
	const word = plain(words);
	if (decline !== undefined && word === plain(decline)) return word === plain(approve) ? undefined : false;
	if (word === plain(approve)) return true;
	return meaningOfWord(word) ?? meaningOfWord(withoutCourtesy(word));
}

function meaningOfWord(word: string): boolean | undefined {
	if (AGAINST.has(word)) return false;
	return IN_FAVOUR.has(word) ? true : undefined;
}

function withoutCourtesy(word: string): string {
	const at = word.indexOf(' ');
	if (at === -1) return word;
	const last = word.lastIndexOf(' ');
	if (COURTESY.has(word.slice(at + 1))) return word.slice(0, at);
	return COURTESY.has(word.slice(last + 1)) ? word.slice(0, last) : word;
}

function wordsOf(text: string): string[] {
	return text.toLowerCase().match(/[\p{L}\p{N}'+👍👎✅❌-]+/gu) ?? [];
}

/** Why the following text leaves the answer open. */
function doubtIn(text: string, approved: boolean): string | undefined {
	if (/[?？؟]/.test(text)) return 'the reply contains a question';
	const words = wordsOf(text);
	const contrary = words.find((word) => (approved ? AGAINST.has(word) || DOUBT.has(word) : IN_FAVOUR.has(word)));
	const within = approved ? DOUBT_WITHIN.find((one) => text.includes(one)) : undefined;
	// "No, that is not in order" does not approve.
	const isNegated = words.some((word) => DOUBT.has(word));
	const phrases = approved ? AGAINST : isNegated ? [] : IN_FAVOUR;
	const phrase = [...phrases].find((one) => one.includes(' ') && ` ${words.join(' ')} `.includes(` ${one} `));
	const found = contrary ?? within ?? phrase;
	return found === undefined ? undefined : changesMeaning(found);
}

/**
 * Why a word that may only acknowledge the email does not answer. Who writes "yes" may only have read it, or still think. After "OK",
 * nothing counts but thanks, names and words that approve.
 */
function restOf(word: string, rest: string, others: readonly string[], labels: Labels): string | undefined {
	const isMere = ACKNOWLEDGING.has(word);
	if (!isMere && !ASSENTING.has(word)) return undefined;
	const pondering = wordsOf([rest, ...others].join('\n')).find((one) => PONDERING.has(one));
	if (pondering !== undefined) return changesMeaning(pondering);
	if (!isMere) return undefined;
	const found =
		partsOf(rest).find((part) => !isClosing(part, labels)) ??
		partsOf(others.join('\n')).find((part) => part.split(/\s+/).length > LONGEST_CLOSING);
	return found === undefined ? undefined : changesMeaning(found);
}

/** What stands between punctuation marks. */
function partsOf(text: string): string[] {
	return text
		.split(/[\n.,;:!()—–。、，！]|\s-\s/)
		.map((part) => part.trim())
		.filter((part) => plain(part) !== '');
}

/** One to three words with capital letters. */
const NAME = /^\p{Lu}[\p{L}'.-]{0,40}(?: \p{Lu}[\p{L}'.-]{0,40}){0,2}$/u;

function isClosing(part: string, labels: Labels): boolean {
	const words = plain(part);
	const first = part.split(' ', 1)[0] ?? '';
	return (
		NAME.test(part) ||
		COURTESY.has(words) ||
		AGREEING.has(words) ||
		meaning(part, labels) === true ||
		(COURTESY.has(plain(first)) && NAME.test(part.slice(first.length).trim()))
	);
}

function changesMeaning(words: string): string {
	return `the reply continues with "${words.slice(0, 40)}", which may change its meaning`;
}

/** In lower case, with one blank between words, without punctuation at both ends. */
function plain(text: string): string {
	return text
		.normalize('NFKC')
		.replace(/\ufe0f|[\u{1f3fb}-\u{1f3ff}]/gu, '')
		.toLowerCase()
		.replace(/^[\s"'*_.,;:!>()[\]-]{1,20}/, (marks) => (/^-1/.test(text.trim()) ? marks.replace(/[^-]/g, '') : ''))
		.replace(/[\s"'*_.,;:!()[\]。！、]{1,20}$/, '')
		.replace(/\s+/g, ' ');
}
