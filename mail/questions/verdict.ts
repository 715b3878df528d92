import { ALSO_NAMES, DOUBT, DOUBT_WITHIN, FIRST_ONLY, NEGATING, NEGATIONS, PONDERING, REFUSING } from './doubtWords';
import { ACCEPTING, AGREEING, COURTESY, HARMLESS } from './harmlessWords';
import { ACKNOWLEDGING, AGAINST, ASSENTING, GREETINGS, IN_FAVOUR } from './replyWords';
import { contains, linesOf, normalized, partsOf, plain, sentenceOf, wordsOf, writtenWordsOf } from './replyText';

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
 * condition or takes it back: the sentence of an approval has harmless words and names only, and later sentences have no word of doubt.
 * Everything else is unclear.
 * @param written without the quoted emails
 */
export function readVerdict(written: string, { approve, decline }: Labels): Verdict {
	if (written.trim() === '') return { unclear: 'the reply has no new text' };
	if (written.trim().length > LONGEST) return { unclear: 'the reply is too long to be a plain yes or no' };
	const labels = asWritten({ approve, ...(decline !== undefined && { decline }) });
	const lines = linesOf(normalized(written));
	const [first = '', ...others] = isGreeting(lines[0] ?? '', lines.length) ? lines.slice(1) : lines;
	for (const { word, rest } of openings(withoutEmojiOf(decline ?? '', withoutEmojiOf(approve, first)), labels)) {
		const approved = meaning(word, labels);
		if (approved === undefined) continue;
		if (!approved && decline === undefined) return { unclear: `the question can only be answered with "${approve}"` };
		const after = [rest, ...others].join('\n');
		if (/[?？؟]/.test(after)) return { unclear: 'the reply contains a question' };
		const found =
			otherLabelIn(after, approved, labels) ??
			(approved
				? (doubtIn(after, labels) ?? afterMereWord(withoutCourtesy(plain(word)), rest, others, labels) ?? moreIn(rest, labels))
				: agreementIn(after));
		if (found === undefined) return { approved };
		return { unclear: `the reply continues with "${found.slice(0, 40)}", which may change its meaning` };
	}
	return { unclear: 'the reply does not begin with an answer' };
}

/** As people write them in a reply: without emojis, unless nothing else or no difference is left. */
function asWritten({ approve, decline }: Labels): Labels {
	const written = [approve, decline ?? ''].map((label) => plain(normalized(label)));
	const bare = written.map((label) => withoutEmojis(label) || label);
	const [first = '', second = ''] = bare[0] === bare[1] ? written : bare;
	return { approve: first, ...(decline !== undefined && { decline: second }) };
}

/** A reply may also repeat the emoji of a label. It is no answer by itself. */
function withoutEmojiOf(label: string, line: string): string {
	const written = plain(normalized(label));
	const bare = withoutEmojis(written);
	return bare !== '' && line.toLowerCase().startsWith(written) ? `${bare}${line.slice(written.length)}` : line;
}

function withoutEmojis(text: string): string {
	return /\p{Extended_Pictographic}/u.test(text)
		? text
				.replace(/(?:, ?)?\p{Extended_Pictographic}(?: ?,)?/gu, ' ')
				.replace(/ {2,}/g, ' ')
				.trim()
		: text;
}

function isGreeting(line: string, count: number): boolean {
	return count > 1 && line.length <= 60 && GREETINGS.has(plain(line).split(' ')[0] ?? '') && meaningOfWord(plain(line)) === undefined;
}

/**
 * Returns the whole line, the part before its first punctuation mark, and the approving words at its beginning if only harmless words
 * follow them, as in "Yes I approve".
 */
function openings(line: string, labels: Labels): Array<{ word: string; rest: string }> {
	const mark = /[.,;:!()–—。、]|\s-\s/.exec(line)?.index ?? line.length;
	const words = line.slice(0, mark).split(' ');
	const begun = [1, 2, 3]
		.map((count) => ({ word: words.slice(0, count).join(' '), more: words.slice(count).join(' ') }))
		.find(({ word, more }) => more !== '' && meaning(word, labels) === true && areHarmless(wordsOf(more), labels));
	return [
		{ word: line, rest: '' },
		{ word: line.slice(0, mark), rest: line.slice(mark) },
		...(begun === undefined ? [] : [{ word: begun.word, rest: line.slice(begun.word.length) }]),
	];
}

function meaning(words: string, labels: Labels): boolean | undefined {
	const { approve, decline } = labels;
	const word = plain(words);
	if (word === '') return undefined;
	if (decline !== undefined && word === decline) return word === approve ? undefined : false;
	if (word === approve) return true;
	if (areReversed(labels)) return undefined;
	return meaningOfWord(word) ?? meaningOfWord(withoutCourtesy(word));
}

/** Whether the button that approves says no, or the one that declines says yes. Then nobody can tell what a "yes" means. */
function areReversed({ approve, decline = '' }: Labels): boolean {
	const [approving, declining] = [wordsOf(approve), wordsOf(decline)];
	return (
		approving.some((word) => AGAINST.has(word) || REFUSING.has(word) || NEGATING.has(word)) ||
		declining.some((word) => word.includes(' ')) ||
		(declining.some((word) => IN_FAVOUR.has(word) || ACCEPTING.has(word)) &&
			!declining.some((word) => AGAINST.has(word) || NEGATIONS.has(word) || DOUBT.has(word)))
	);
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

/** The label of the button that was not decided. One label may contain the other: "Do not approve" is not "Approve". */
function otherLabelIn(text: string, approved: boolean, { approve, decline = '' }: Labels): string | undefined {
	const [own, other] = [approved ? approve : decline, approved ? decline : approve].map((label) => wordsOf(label));
	const [ownWords, otherWords] = [own?.join(' ') ?? '', other?.join(' ') ?? ''];
	const words = wordsOf(text).filter((word) => !word.includes(' '));
	const rest = contains(own ?? [], otherWords) ? ` ${words.join(' ')} `.replaceAll(` ${ownWords} `, ' / ').split(' ') : words;
	return contains(rest, otherWords) ? otherWords : undefined;
}

/** What adds a condition to an approval or takes it back. */
function doubtIn(text: string, labels: Labels): string | undefined {
	const parts = partsOf(text).filter((part) => !changesNothing(part, labels));
	return (
		DOUBT_WITHIN.find((one) => text.includes(one)) ??
		parts.map((part) => wordIn(part, [AGAINST, DOUBT])).find((word) => word !== undefined) ??
		parts.map((part) => phraseIn(part, [AGAINST, DOUBT])).find((phrase) => phrase !== undefined)
	);
}

/** What agrees after a "no". A refusal usually comes with a reason, so other words change nothing. */
function agreementIn(text: string): string | undefined {
	return partsOf(text).find((part) => {
		if (isName(part)) return false;
		const words = wordsOf(part);
		const isNegated = words.some((word) => NEGATIONS.has(word));
		return (
			words.some((word) => word.includes(' ')) ||
			wordIn(part, [IN_FAVOUR]) !== undefined ||
			(!isNegated && phraseIn(part, [IN_FAVOUR, AGREEING]) !== undefined) ||
			(words.every((word) => HARMLESS.has(word)) && !isCourtesy(part))
		);
	});
}

/** Thanks or a closing, which may have a name behind it. */
function isCourtesy(part: string): boolean {
	const written = part.split(' ');
	return written.some(
		(_, at) =>
			COURTESY.has(plain(written.slice(0, at + 1).join(' '))) && (at === written.length - 1 || isName(written.slice(at + 1).join(' '))),
	);
}

/** The first of these words in a part. "Ali" and "Om" within a part are names, and so is the "de" between two of them. */
function wordIn(part: string, lists: ReadonlyArray<ReadonlySet<string>>): string | undefined {
	const found = writtenWordsOf(part).find((written, at) => {
		const word = written.toLowerCase();
		if (!lists.some((list) => list.has(word))) return false;
		return at === 0 || !ALSO_NAMES.has(word) || !(FIRST_ONLY.has(word) || (isName(part) && /^\p{Lu}\p{Ll}/u.test(written)));
	});
	return found?.toLowerCase();
}

function phraseIn(part: string, lists: ReadonlyArray<ReadonlySet<string>>): string | undefined {
	const words = wordsOf(part);
	return lists.flatMap((list) => [...list]).find((phrase) => phrase.includes(' ') && contains(words, phrase));
}

/**
 * Why a word that may only acknowledge the email does not answer. Who writes "yes" may only have read it, or still think. After "OK",
 * nothing counts but thanks, names, words that approve and a request to go ahead.
 */
function afterMereWord(word: string, rest: string, others: readonly string[], labels: Labels): string | undefined {
	const isMere = ACKNOWLEDGING.has(word);
	if (!isMere && !ASSENTING.has(word)) return undefined;
	const pondering = wordsOf([rest, ...others].join('\n')).find((one) => PONDERING.has(one));
	if (pondering !== undefined || !isMere) return pondering;
	return (
		partsOf(rest).find((part) => !changesNothing(part, labels) && !isRequest(part, labels)) ??
		partsOf(others.join('\n')).find((part) => part.split(/\s+/).length > LONGEST_CLOSING)
	);
}

/** What the sentence of an approval says beside it, unless that is harmless. */
function moreIn(rest: string, labels: Labels): string | undefined {
	return partsOf(sentenceOf(rest)).find((part) => !changesNothing(part, labels) && !areHarmless(wordsOf(part), labels));
}

function areHarmless(words: readonly string[], { approve }: Labels): boolean {
	const own = new Set(wordsOf(approve));
	return words.every((word) => HARMLESS.has(word) || own.has(word) || word.includes(' '));
}

function isRequest(part: string, labels: Labels): boolean {
	const words = wordsOf(part);
	return /^(?:please|pls|bitte)$/.test(words[0] ?? '') && areHarmless(words, labels);
}

/** One to five words with capital letters, as in "Ludwig van Beethoven" and "Head of Finance". */
const NAME =
	/^\p{Lu}[\p{L}'-]{0,40}(?: (?:\p{Lu}[\p{L}'-]{0,40}|&|of|de|da|di|do|dos|das|del|della|van|von|der|den|la|le|ten|ter|zu)){0,4}$/u;

function isName(part: string): boolean {
	const words = writtenWordsOf(part);
	if (!NAME.test(part) || !/\p{Ll}/u.test(part) || / \p{L}$/u.test(part)) return false;
	return words.every((written) => {
		const word = written.toLowerCase();
		if (ALSO_NAMES.has(word)) return words.length > 1 || !IN_FAVOUR.has(word);
		return written === word || ![AGAINST, DOUBT, HARMLESS].some((list) => list.has(word));
	});
}

const isNoObjection = ([word = '', ...others]: readonly string[]): boolean => others.length === 0 && word.includes(' ');

/** Thanks, a closing, a name, or words that approve. */
function changesNothing(part: string, labels: Labels): boolean {
	const words = plain(part);
	return isName(part) || AGREEING.has(words) || meaning(part, labels) === true || isNoObjection(wordsOf(part)) || isCourtesy(part);
}
