import { CLOSINGS } from '../../item/newText/words';
import { ALSO_NAMES, DOUBT, FAMILY_NAMES, NOT_NAMES, STANDINGS, WEEKDAYS } from './doubtWords';
import { COURTESY, HARMLESS, WISHES } from './harmlessWords';
import { AGAINST, IN_FAVOUR, table } from './replyWords';
import { piecesOf, plain, wordsOf, writtenWordsOf, type Piece } from './replyText';

/** One to five words with capital letters, as in "Ludwig van Beethoven" and "Head of Finance". */
const NAME =
	/^\p{Lu}[\p{L}'-]{0,40}(?: (?:\p{Lu}[\p{L}'-]{0,40}|&|of|de|da|di|do|dos|das|del|della|van|von|der|den|la|le|ten|ter|zu)){0,4}$/u;

export function isName(part: string): boolean {
	const words = writtenWordsOf(part);
	if (!hasShapeOfName(part) || / (?:\p{L}|of)$/u.test(part)) return false;
	if (words.length === 1 && /^(?!Kimberly).{6,}ly$/.test(part)) return false;
	return words.every((written, at) => {
		const word = written.toLowerCase();
		if (word === 'salvo' && words.length > 1) return false;
		if (at > 0 && FAMILY_NAMES.has(word)) return !ALSO_NAMES.has(words[0]?.toLowerCase() ?? '');
		if (ALSO_NAMES.has(word)) return words.length > 1 || ![IN_FAVOUR, AGAINST, STANDINGS].some((list) => list.has(word));
		return written === word || !isOrdinary(word);
	});
}

const hasShapeOfName = (part: string): boolean => NAME.test(part) && /\p{Ll}/u.test(part);

/** Whether a word with a capital letter is an ordinary word. There are too many adverbs such as "Theoretically" for a list. */
function isOrdinary(word: string): boolean {
	return [AGAINST, DOUBT, HARMLESS, NOT_NAMES].some((list) => list.has(word)) || /^.{4,}(?:ally|edly|ively|ently|antly|arily)$/.test(word);
}

/** "JD". */
function isInitials(part: string): boolean {
	return /^\p{Lu}{2,3}$/u.test(part) && !isOrdinary(part.toLowerCase());
}

/** The name of a person and a day, as in "Petra Freitag", or "John Minor". It counts below a closing only: "Ab Freitag" is a condition. */
function hasNameOfDay(part: string): boolean {
	const [given = '', family = '', ...others] = wordsOf(part);
	return (
		hasShapeOfName(part) &&
		others.length === 0 &&
		(WEEKDAYS.has(family) || /^(?:morgen|minor|note|haus)$/.test(family)) &&
		!isOrdinary(given) &&
		!DOUBT.has(plain(part))
	);
}

/** The title of a post or the name of a company, in which words of doubt mean something else: "Change Manager", "Example Limited". */
export function isTitle(part: string): boolean {
	const words = wordsOf(part);
	if (/^(?:part|member|division) of(?: the)?(?: \p{Lu}[\p{L}&-]{0,30}){1,4}$/iu.test(part)) return true;
	if (isCompany(part)) return true;
	return hasShapeOfName(part) && words.length > 1 && (words.at(-1) === 'limited' || words.some((word) => POSTS.has(word)));
}

/** "Net Solutions GmbH", "The Weekly Times". */
const isCompany = (part: string): boolean =>
	hasShapeOfName(part) &&
	(/^\p{Lu}.+ (?:GmbH|AG|SE|KG|Ltd|Inc|LLC|BV|NV|AB|AS|Oy|SAS|Srl|SpA|SL|SA)$/u.test(part) ||
		/^The (?:Weekly|Monthly|Quarterly) (?:Times|Post|News|Journal|Review|Mail|Herald|Magazine|Standard)$/.test(part));

const POSTS = table(
	'manager, director, officer, head, lead, leader, engineer, consultant, analyst, specialist, coordinator, advisor, adviser, assistant',
	'leiter, leiterin, berater, beraterin, referent, referentin',
);

/** Thanks or a closing, which may have a name behind it. */
export function isCourtesy(part: string): boolean {
	const both = /^(.{2,40}) (?:and|und|et|y|e|en|&|och|og) (.{2,60})$/iu.exec(part);
	if (
		WISHES.has(plain(part)) ||
		CLOSINGS.has(plain(part)) ||
		(both !== null && COURTESY.has(plain(both[1] ?? '')) && isCourtesy(both[2] ?? ''))
	)
		return true;
	const written = part.split(' ');
	return written.some(
		(_, at) =>
			COURTESY.has(plain(written.slice(0, at + 1).join(' '))) && (at === written.length - 1 || isName(written.slice(at + 1).join(' '))),
	);
}

/** In one line with the answer it is rather a month. */
export const MONTH_OR_NAME = /^(?:April|May|Mai|June|Juni|August)$/i;

/**
 * Whether a part of a line is the name of the person who writes or reads. Such a name is the last part of its sentence, and neither behind
 * a dash or a colon nor in parentheses, where qualifiers stand: "Approved - Tentative". A sentence of its own with a full stop is none
 * either: "Void." The name of a month is rather a date.
 */
export function isSigned(pieces: readonly Piece[], at: number): boolean {
	const piece = pieces[at];
	if (piece === undefined) return false;
	if (/^\p{Lu}$/u.test(piece.text) && isCourtesy(pieces[at - 1]?.text ?? '')) return true;
	// "Thanks, May".
	const isThanked = piece.before === ',' && isCourtesy(pieces[at - 1]?.text ?? '');
	if ((MONTH_OR_NAME.test(piece.text) && !isThanked) || !(isName(piece.text) || isInitials(piece.text))) return false;
	// "Yes, JK" and "Approved, COD" change an answer.
	if (isInitials(piece.text) && !(pieces.length === 1 && piece.before === '') && !isCourtesy(pieces[at - 1]?.text ?? '')) return false;
	if (/[-—–(:]/.test(piece.before)) return false;
	if (piece.before === '.' && piece.after === '.') return false;
	const end = pieces.findIndex(({ after }, other) => other >= at && /[.!。\n]/.test(after));
	const others = pieces.slice(at + 1, end === -1 ? undefined : end + 1).map(({ text }) => text);
	return others.every((text) => isName(text) || isCourtesy(text) || /^\p{Extended_Pictographic}$/u.test(text));
}

/** "Great job, team!" */
export function isAddressing(pieces: readonly Piece[], at: number): boolean {
	const [above, piece] = [pieces[at - 1], pieces[at]];
	const isPraise = above !== undefined && (isCourtesy(above.text) || /^(?:well done|(?:good|great|nice) (?:job|work))$/i.test(above.text));
	return piece?.before === ',' && isPraise && /^(?:team|everyone|everybody|all|folks)$/i.test(piece.text);
}

/** Names in letters without case, and too short for a sentence. */
const UNCASED = /^(?:\p{Script=Han}{2,4}|\p{Script=Hangul}{2,4}|[\p{Script=Arabic}\p{Script=Hebrew}]{2,15}(?: [\p{L}]{2,15}){0,2})$/u;

/** Characters of conditions, such as "half" and "after". */
const CONDITIONAL = /[半改再付发發待后減减额額价價元円暂暫先]/;

/** "i. A. Petra Müller", "Dr. Ada Lovelace". */
const BEFORE_NAMES =
	/^(?:(?:i\. ?[av]\.|ppa\.|p\. ?p\.|dr\.|prof\.|dipl\.-[a-z]{2,5}\.|mr\.|ms\.|mrs\.|m\.|mme|on behalf of|im auftrag) ?){1,3}(?=\p{Lu})/iu;

/** What may be a telephone number, behind a mark or a label such as "Tel.", and before a mark or the end: no currency and no unit. */
const PHONE = new RegExp(
	'(?<before>[|,;] ?| [-–—/] | (?=[(+]))' +
		'(?<label>(?:tel|telefon|telephone|phone|mobile?|mob|cell|fax|fon|direct|office|work|home|büro' +
		'|ext|extension|durchwahl|dw)\\b\\.?:? ?)?' +
		'(?<number>[+(]{0,2}\\d+(?:(?:\\) ?\\(?|\\(| [-/] ?\\(?|[ ./-]\\(?)\\d+)*)' +
		'(?= ?(?:[|,;)]| [-–—/] |$))',
	'giu',
);

/** An account or a purchase, whose number is none of a telephone. */
const ACCOUNT =
	/(?:^| )(?:account|konto|kostenstelle|cost|costs|cent(?:er|re)|budget|project|projekt|menge|quantity|po|iban|nummer|number|reference|referenz|vertrag)(?: |$)/i;

/** Without telephone numbers behind a full name, with their label, or with the code of a country. */
function withoutPhones(line: string): string {
	const [name = ''] = /^[^|,;(+\d]*/.exec(line) ?? [];
	if (ACCOUNT.test(name.trim())) return line;
	const isFullName = name.trim().includes(' ');
	return line.replace(PHONE, (found, before: string, label: string | undefined, number: string) => {
		const isExtension = label !== undefined && /^\d{2,6}$/.test(number);
		const isInternational = /^\+(?:\D*\d){10}/.test(number) && before !== ' ';
		return isExtension || ((label !== undefined || isFullName || isInternational) && isPhone(number)) ? before : found;
	});
}

/** Neither amounts nor dates look like that. */
function isPhone(number: string): boolean {
	const digits = number.replace(/\D/g, '');
	if (digits.length > 15 || digits.length < (number.startsWith('+') ? 8 : 7)) return false;
	if (number.startsWith('+')) return true;
	const isAmount = digits.length < 9 && /^[1-9]\d{0,2}(?:[ .]\d{3})+$|^[1-9]\d*00$|^[1-9]\d*0 ?- ?[1-9]\d*0$/.test(number);
	const marks = number.replace(/[^./-]/g, '');
	const isDate = /(?<!\d)20[2-9]\d(?!\d)/.test(number) || (marks.includes('.') && /[-/]/.test(marks)) || marks.split('/').length > 2;
	return !isAmount && !isDate && (/\d{3}/.test(number) || /^0\d(?:[ .]\d\d){4}$/.test(number));
}

/**
 * Whether a line has only a name, and may have further names and telephone numbers, as in "Ma Long | Senior Buyer".
 * @param isClosed whether the line above ends with a closing
 */
export function isNameLine(line: string, { isClosed, isLast }: { isClosed: boolean; isLast: boolean }): boolean {
	const written = withoutPhones(line.replace(/^[-—–*/~\s]{1,4}/, ''))
		.replace(BEFORE_NAMES, '')
		.replace(/(?:^|(?<= ))\p{Lu}\. ?(?=\p{Lu})/gu, '');
	if (isClosed && /^\p{Lu}\.?$/u.test(written)) return true;
	const [named, ...further] = piecesOf(written);
	// A label, as in "Total: 300".
	if (named === undefined || named.after === ':') return false;
	const [first, others] = [named.text, further.map(({ text }) => text)];
	const isFirst =
		isName(first) || isInitials(first) || (isClosed && (hasNameOfDay(first) || isNameBelowClosing(first) || isCompany(first)));
	if (!isFirst) return isLast && UNCASED.test(written) && !CONDITIONAL.test(written) && !wordsOf(written).some(isOrdinary);
	return others.every(
		(text) => isName(text) || isInitials(text) || isCourtesy(text) || isTitle(text) || /^[^\p{L}\d]+$|^\p{Ll}+\/\p{Ll}+$/u.test(text),
	);
}

/** "ada", "ANNA SMITH", "The Example Team", "Anna and Bob". */
function isNameBelowClosing(part: string): boolean {
	const words = part.split(' ');
	const names = words.filter((word) => !/^(?:the|team|and|und|et|y|e|en|och|og|&)$/i.test(word));
	const isInCapitals = part === part.toUpperCase() || names.every((word) => /^\p{Lu}/u.test(word));
	return (
		names.length > 0 &&
		words.length <= (isInCapitals ? 4 : 2) &&
		names.every((word) => /^\p{L}[\p{L}'-]{0,40}$/u.test(word) && !isOrdinary(word.toLowerCase()))
	);
}
