import { DOUBT, DOUBT_WITHIN, KNOWING, NEGATING, NEGATIONS, NUMBERS, PONDERING, REFUSING } from './doubtWords';
import { ACCEPTING, AGREEING, COURTESY, HARMLESS } from './harmlessWords';
import { withoutGreeting } from './replyGreeting';
import { isAddressing, isCourtesy, isName, isSigned, MONTH_OR_NAME } from './replyNames';
import { doubtfulWordIn, phraseIn, strangeIn, withoutSignature, wordIn, type Written } from './replySignature';
import { acknowledges, asksForMore, asksMore } from './replyRequests';
import { BARE, hasNoObjection, letsGoAhead } from './replyNoObjection';
import { isUnable, meaningOfPhrase, needsNothingElse, PREFACE } from './replyPhrases';
import { contains, linesOf, normalized, partsOf, piecesOf, plain, wordsOf } from './replyText';
import { ACKNOWLEDGING, AGAINST, ASSENTING, IN_FAVOUR, SENTENCES } from './replyWords';

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
 * Reads the new text of a reply. It counts if it begins with an answering word or the label of a button, perhaps below a greeting or
 * thanks, and nothing after that adds a condition or takes it back: an approval has only harmless words, names and a signature beside it.
 * Everything else is unclear.
 * @param written without the quoted emails
 */
export function readVerdict(written: string, { approve, decline }: Labels): Verdict {
	if (written.trim() === '') return { unclear: 'the reply has no new text' };
	if (written.trim().length > LONGEST) return { unclear: 'the reply is too long to be a plain yes or no' };
	const labels = asWritten({ approve, ...(decline !== undefined && { decline }) });
	const [first = '', ...others] = withoutThanks(withoutGreeting(linesOf(normalized(written))), labels);
	for (const { word, rest } of openings(withoutEmojiOf(decline ?? '', withoutEmojiOf(approve, first)), labels)) {
		const approved = meaning(word, labels);
		if (approved === undefined) continue;
		if (!approved && decline === undefined) return { unclear: `the question can only be answered with "${approve}"` };
		const after = [rest, ...others].join('\n');
		const parts = withoutSignature([rest, ...others]);
		if (/[?？؟]/.test(after)) return { unclear: 'the reply contains a question' };
		const found =
			otherLabelIn([...parts.body, ...parts.signature].join('\n'), approved, labels) ??
			(approved
				? (doubtIn(after, parts, labels) ??
					askedIn(parts.body) ??
					afterMereWord(withoutCourtesy(plain(word)), parts.body, labels) ??
					moreIn(parts.body, labels))
				: (agreementIn(after, BARE.has(withoutCourtesy(plain(word)))) ?? (isUnable(plain(word)) ? moreIn(parts.body, labels) : undefined)));
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

/** Removes the emoji of a label at the beginning of a reply, because the label is compared without it. */
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

/**
 * Without thanks or praise before the answer, as in "Thanks, approved." A word that may only acknowledge the email does not answer after
 * that.
 */
function withoutThanks(lines: readonly string[], labels: Labels): readonly string[] {
	const [first = '', ...others] = lines;
	const [regret = ''] = REGRET.exec(first) ?? [];
	const refused = first.slice(regret.length);
	if (regret !== '' && openings(refused, labels).some(({ word }) => meaning(word, labels) === false)) return [refused, ...others];
	const [, before = '', rest = ''] = /^([^,!.:–—]{1,40}?) ?(?:[,!.:–—]| - |$) ?(.*)$/.exec(first) ?? [];
	const word = plain(before);
	if (
		before === '' ||
		meaning(before, labels) !== undefined ||
		!(COURTESY.has(word) || AGREEING.has(word) || isThanks(before) || PREFACE.test(word))
	)
		return lines;
	const more = rest === '' ? others : [rest, ...others];
	const found = openings(more[0] ?? '', labels).find((one) => meaning(one.word, labels) !== undefined);
	if (found === undefined) return more.length === 0 ? lines : withoutThanks(more, labels);
	if (ACKNOWLEDGING.has(withoutCourtesy(plain(found.word)))) return lines;
	return meaning(found.word, labels) === true || COURTESY.has(word) || PREFACE.test(word) ? more : lines;
}

/** Before a refusal: "Sorry, no." */
const REGRET =
	/^(?:sorry|leider|unfortunately|i'm afraid|désolée?|lo siento|purtroppo|infelizmente|helaas|tyvärr|desværre|dessverre)[,:.]? /i;

/**
 * Returns the whole line, the part before its first punctuation mark, and the approving words at its beginning if only harmless words
 * follow them, as in "Yes I approve".
 */
function openings(line: string, labels: Labels): Array<{ word: string; rest: string }> {
	const mark = /[.,;:!()–—。、]|\s-\s/.exec(line)?.index ?? line.length;
	const words = line.slice(0, mark).split(' ');
	const begun = [1, 2, 3, 4, 5]
		.map((count) => ({ word: words.slice(0, count).join(' '), more: words.slice(count).join(' ') }))
		.find(
			({ word, more }) =>
				more !== '' &&
				meaning(word, labels) === true &&
				(plain(word) === labels.approve || !needsNothingElse(plain(word))) &&
				areHarmless(wordsOf(more.replace(AS_SAID, ' ')), labels),
		);
	const [name, addressed] = [words.slice(1).join(' '), plain(words[0] ?? '')];
	if (line[mark] === ',' && isName(name) && (ACKNOWLEDGING.has(addressed) || ASSENTING.has(addressed))) {
		return [{ word: addressed, rest: line.slice(mark) }];
	}
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
	const found = meaningOfWord(word) ?? meaningOfWord(withoutCourtesy(word));
	if (found !== undefined) return found;
	const phrase = meaningOfPhrase(word) ?? meaningOfPhrase(withoutCourtesy(word));
	return phrase === true && decline !== undefined && contains(wordsOf(word), wordsOf(decline).join(' ')) ? undefined : phrase;
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
	const parts = partsOf(text).filter((part) => approved || !refuses(part));
	const words = wordsOf(parts.join('\n')).filter((word) => !word.includes(' '));
	const rest = contains(own ?? [], otherWords) ? ` ${words.join(' ')} `.replaceAll(` ${ownWords} `, ' / ').split(' ') : words;
	return contains(rest, otherWords) ? otherWords : undefined;
}

const refuses = (part: string): boolean => AGAINST.has(plain(part)) || meaningOfPhrase(plain(part)) === false;

/** What adds a condition to an approval or takes it back. */
function doubtIn(text: string, written: Written, labels: Labels): string | undefined {
	const parts = partsOf(written.body.join('\n')).filter((part) => !changesNothing(part, labels));
	return (
		DOUBT_WITHIN.find((one) => text.includes(one)) ??
		parts.map((part) => doubtfulWordIn(part)).find((word) => word !== undefined) ??
		strangeIn(written)
	);
}

/**
 * What agrees after a "no". A refusal usually comes with a reason, so other words change nothing.
 * @param isBare whether it was a mere "no"
 */
function agreementIn(text: string, isBare: boolean): string | undefined {
	return partsOf(text).find((part) => {
		if (isName(part) || isThanks(part) || refuses(part) || phraseIn(part, [AGAINST]) !== undefined) return false;
		const words = wordsOf(part);
		const isNegated = words.some((word) => NEGATIONS.has(word));
		return (
			words.some((word) => word.includes(' ')) ||
			hasNoObjection(part, isBare) ||
			wordIn(part, [IN_FAVOUR]) !== undefined ||
			(!isNegated && (phraseIn(part, [IN_FAVOUR, AGREEING]) !== undefined || (isBare && letsGoAhead(part)))) ||
			(words.every((word) => HARMLESS.has(word)) && !isCourtesy(part))
		);
	});
}

/**
 * Why a word that may only acknowledge the email does not answer. Who writes "yes" may only have read it, or still think. After "OK",
 * nothing counts but thanks, names, words that approve and a request to go ahead.
 */
function afterMereWord(word: string, [rest = '', ...others]: readonly string[], labels: Labels): string | undefined {
	const next = plain(partsOf(rest)[0] ?? '');
	if (meaning(next, labels) === true && !ACKNOWLEDGING.has(next) && !ASSENTING.has(next)) return undefined;
	const isMere = ACKNOWLEDGING.has(word);
	const isSentence = SENTENCES.has(word);
	if ((!isMere && !ASSENTING.has(word)) || (isSentence && word === labels.approve)) return undefined;
	if (word === 'yeah' && next === 'right') return next;
	const pondering = ponderingIn([rest, ...others].join('\n'), labels);
	if (pondering !== undefined || !isMere) return pondering;
	const tells = (part: string): boolean => !(isSentence && isThanks(part));
	return (
		partsOf(rest).find((part) => !changesNothing(part, labels) && !isRequest(part, labels) && tells(part)) ??
		partsOf(others.join('\n')).find((part) => part.split(/\s+/).length > LONGEST_CLOSING && tells(part))
	);
}

/** What tells that the person only knows of the matter, or has yet to think. */
function ponderingIn(text: string, { approve }: Labels): string | undefined {
	const own = new Set(wordsOf(approve));
	const parts = partsOf(text).filter((part) => !isThanks(part));
	const known = parts.filter((part) => !PRAISE.test(part)).flatMap((part) => wordsOf(part.replace(AS_SAID, ' ')));
	return (
		wordsOf(text).find((word) => PONDERING.has(word)) ??
		known.find((word) => KNOWING.has(word)) ??
		parts.find((part) => acknowledges(part, own))
	);
}

/** What an approval says beside it, unless that is harmless, a closing or the name of somebody. */
function moreIn(body: readonly string[], labels: Labels): string | undefined {
	return body
		.flatMap((line) => {
			const pieces = piecesOf(line);
			return pieces.filter(({ text }, at) => !isSigned(pieces, at) && !isAddressing(pieces, at) && !saysNothing(text, labels));
		})
		.find((piece) => piece.text !== '')?.text;
}

function saysNothing(part: string, labels: Labels): boolean {
	if (MONTH_OR_NAME.test(part)) return false;
	return (
		(!isName(part) && changesNothing(part, labels)) ||
		isThanks(part) ||
		PRAISE.test(part) ||
		areHarmless(wordsOf(part.replace(NUMBERED, '$1').replace(AS_SAID, ' ')), labels)
	);
}

/** "Thank you for handling this". Thanks add no condition, unless they have a word of doubt. */
const THANKS_FOR =
	/^(?:many |viel(?:en)? |muchas |mille |muito )?(?:thanks|thank you|thx|danke?|merci|gracias|grazie|obrigad[oa]|bedankt|tack|takk|tak)(?: again| so much| very much| a lot| schön| beaucoup| mille)? (?:for|für|pour|por|per|pela|pelo|voor|för)(?: [\p{L}'-]+){1,7}$/iu;

const isThanks = (part: string): boolean => THANKS_FOR.test(part) && !wordsOf(part).some((word) => NUMBERS.has(word));

/** What an approval asks for beside it. */
const askedIn = (body: readonly string[]): string | undefined => partsOf(body.join('\n')).find((part) => !isThanks(part) && asksMore(part));

/** "For invoice 4711". Any other number may be an amount. */
const NUMBERED =
	/((?:^|\s)(?:of|for|the|this|pay|der|die|von|für|zur|la|le|de|del|della|da|van|voor) (?:invoice|order|request|po|rechnung|bestellung|antrag|auftrag|angebot|facture|commande|factura|pedido|fattura|ordine|fatura|factuur|bestelling)) #?[A-Z]{0,4}-?\d[\d/-]{0,20}(?!\S)/i;

/** After more than a mere "OK", praise says nothing. */
const PRAISE = /^(?:well done|(?:good|great|nice|excellent) (?:job|work))(?: (?:team|everyone|everybody|all))?$/i;

const AS_SAID = /(?:^| )as (?:requested|discussed|planned)(?: |$)/i;

function areHarmless(words: readonly string[], { approve }: Labels): boolean {
	const own = new Set(wordsOf(approve));
	return words.every((word) => HARMLESS.has(word) || own.has(word) || word.includes(' '));
}

function isRequest(part: string, labels: Labels): boolean {
	const words = wordsOf(part);
	const own = new Set(wordsOf(labels.approve));
	return /^(?:please|pls|bitte)$/.test(words[0] ?? '') && areHarmless(words, labels) && !asksForMore(words, own);
}

const isNoObjection = ([word = '', ...others]: readonly string[]): boolean => others.length === 0 && word.includes(' ');

/** Thanks, a closing, a name, or words that approve. */
function changesNothing(part: string, labels: Labels): boolean {
	const words = plain(part);
	return isName(part) || AGREEING.has(words) || meaning(part, labels) === true || isNoObjection(wordsOf(part)) || isCourtesy(part);
}
