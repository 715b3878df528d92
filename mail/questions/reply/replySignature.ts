import { ALSO_NAMES, DOUBT, FIRST_ONLY } from './doubtWords';
import { HARMLESS } from './harmlessWords';
import { isCourtesy, isName, isNameLine, isSigned, isTitle } from './replyNames';
import { AGAINST, table } from './replyWords';
import { contains, partsOf, piecesOf, wordsOf, writtenWordsOf } from './replyText';

/** The line that a mobile phone or a program adds. */
const DEVICE =
	/^\W{0,3}(?:(?:sent|gesendet|envoyé|enviado|inviato|verzonden|verstuurd|skickat|sendt|lähetetty|wysłane|отправлено) (?:from|with|via|using|von|mit|aus|de|depuis|à partir|desde|do|da|vanaf|met|från|fra|z|с|из)|get outlook|发自我的|von mein|diese nachricht wurde von|télécharge).{0,30}(?:iphone|ipad|mobil|phone|handy|android|samsung|galaxy|huawei|outlook|mail|yahoo|proton|blackberry|tablet|ios).{0,30}$/iu;

const isDeviceLine = (line: string): boolean => DEVICE.test(line) || /^\p{L}{3,12}(?:から送信|에서 보냄)$/u.test(line);

/** Number of words without a capital letter that make a line a sentence, in a signature that begins with a full name. */
const SENTENCE = 3;

/** A reply after its answering word, divided into what the person writes, and the signature below it. */
export interface Written {
	body: readonly string[];
	signature: readonly string[];
	/** Whether the first line of the signature is nothing but a name. */
	isNamed: boolean;
}

/** A signature begins with a name on its own line, and ends before a postscript. */
export function withoutSignature(lines: readonly string[]): Written {
	const begin = lines.findIndex((_, at) => at > 0 && beginsSignature(lines, at));
	if (begin === -1) return { body: lines, signature: [], isNamed: false };
	const postscript = lines.findIndex((line, at) => at > begin && /^\W{0,3}p\. ?s\b|^\W{0,3}ps\b/i.test(line));
	const end = postscript === -1 ? lines.length : postscript;
	return {
		body: [...lines.slice(0, begin), ...lines.slice(end)],
		signature: lines.slice(begin, end).map((line) => line.replace(/\bno\. ?(?=\d)/gi, '').replace(/\b(pvt|pty|co)\. /gi, '$1 ')),
		isNamed: isNameLine(lines[begin] ?? '', placeOf(lines, begin)),
	};
}

function beginsSignature(lines: readonly string[], at: number): boolean {
	const [line = '', above = ''] = [lines[at], lines[at - 1]];
	const pieces = piecesOf(above);
	const last = pieces.at(-1)?.text ?? '';
	const isSignedAbove = isSigned(pieces, pieces.length - 1) || (isCourtesy(last) && isName(last.split(' ').slice(1).join(' ')));
	return isSignedAbove || isDeviceLine(line) || isNameLine(line, placeOf(lines, at));
}

function placeOf(lines: readonly string[], at: number): { isClosed: boolean; isLast: boolean } {
	return { isClosed: isCourtesy(partsOf(lines[at - 1] ?? '').at(-1) ?? ''), isLast: at === lines.length - 1 };
}

/** What does not belong to a signature: a word of doubt, an amount of money, or a sentence. */
export function strangeIn({ signature: written, isNamed }: Written): string | undefined {
	const [named = '', ...others] = written;
	if (isNamed && hasAmount(named)) return named;
	const signature = isNamed ? others : written;
	const length = isNamed && !/\s/.test(named) ? SENTENCE - 1 : SENTENCE;
	const contact = signature.findIndex((line) => /@|\d(?:\D?\d){5}/.test(line));
	return (
		signature
			.flatMap((line) => partsOf(line))
			.map((part) => (isName(part) || isTitle(part) ? undefined : doubtfulWordIn(part)))
			.find((word) => word !== undefined) ??
		signature.find((line, at) => hasAmount(line) || ((contact === -1 || at < contact) && isSentence(line, length)))
	);
}

const isSentence = (line: string, length: number): boolean =>
	!isDeviceLine(line) &&
	writtenWordsOf(line).filter((word) => /^\p{Ll}/u.test(word) && !HARMLESS.has(word) && !BETWEEN.has(word)).length +
		(/^\p{Ll}/u.test(line) ? 1 : 0) >=
		length;

const BETWEEN = table('of, at, on, du, des, et, im, zur, zum, och, og, für, della, dei, delle, van, voor');

/** "Seats: 3", "Until: 16.12.", which a signature has of rooms and telephones only. */
const LABELLED =
	/^(\p{L}{2,20}(?: \p{L}{2,20}){0,2})\.? ?(?:[:=] ?[^\p{L}\d]{0,3}\d{1,4}(?:[.,/]\d{0,4}){0,3}|[-–—] ?\d{1,3}(?:[.,/]\d{0,4}){0,3})\D{0,4}$/u;

/** "14.12. - 16.12." */
const DAYS = /^\d{1,2}[./]\d{0,2}[./]?\d{0,4} ?[-–] ?\d{1,2}[./]\d{0,2}[./]?\d{0,4}$/;

/** "50 units" */
const QUANTITY =
	/^\W{0,3}\d+(?:[.,]\d+)? ?(?:units?|pieces?|pcs|items?|licen[cs]es?|seats?|hours?|days?|weeks?|months?|stück|stk|tage?|wochen?|monate?|stunden?|unités?|pièces?|jours?|mois|unidades|piezas|días|pezzi|giorni|stuks|dagen|weken)[^\p{L}\d]{0,4}$/iu;

/** "8.00 - 16.00" */
const HOURS = /^\d{1,2}\.(?:00|1[3-9]|[2-5]\d) ?[-–] ?\d{1,2}\.(?:00|1[3-9]|[2-5]\d)$/;

const CONTACTS = table(
	'tel, telefon, telephone, phone, mobile, mobil, cell, fax, ext, extension, direct, office, room, raum, zimmer, büro, floor, desk, dw',
	'durchwahl, klappe, nebenstelle, ramal, toestel, fon, etage, suite, abteilung',
	'bureau, poste, interno, kamer, rum, building, box, postfach, zip, plz, hrb, hra, id, nr, no',
);

/** They stand in the label of a contact, but are none alone. */
const BESIDE_CONTACTS = table('po, central, main, conference, business, work, home, private, number, nummer');

/** "Direct Phone", but not "Room Budget" and "PO No". */
function isContact(label: string): boolean {
	const words = wordsOf(label);
	if (words[0] === 'po') return words[1] === 'box' && words.length === 2;
	return words.some((word) => CONTACTS.has(word)) && words.every((word) => CONTACTS.has(word) || BESIDE_CONTACTS.has(word));
}

/** An amount of money, unless it is the capital of a company. */
function hasAmount(line: string): boolean {
	const currency = '(?:[€$£¥₹%]|eur|euros?|usd|gbp|chf|sek|nok|dkk|pln|dollars?|pounds?|kr)';
	const [, label = ''] = LABELLED.exec(line) ?? [];
	const isStrange = label !== '' && !isContact(label);
	if (isStrange || QUANTITY.test(line) || (DAYS.test(line) && !HOURS.test(line))) return true;
	const amount = new RegExp(`\\d ?k? ?${currency}(?![\\p{L}])|(?<![\\p{L}])${currency} ?\\d|(?<![\\p{L}])(?:to|auf|naar) \\d`, 'iu');
	if (/^(?:\d{1,4}|\d{1,3}[.,]\d{2,3})$/.test(line)) return true;
	return amount.test(line) && !/capital|kapital/i.test(line);
}

/** A word or a phrase that adds a condition or takes an approval back. */
export function doubtfulWordIn(part: string): string | undefined {
	return wordIn(part, [AGAINST, DOUBT]) ?? phraseIn(part, [AGAINST, DOUBT]);
}

/** The first of these words in a part. "Ali" and "Om" within a part are names, and so is the "de" between two of them. */
export function wordIn(part: string, lists: ReadonlyArray<ReadonlySet<string>>): string | undefined {
	const found = writtenWordsOf(part).find((written, at) => {
		const word = written.toLowerCase();
		if (!lists.some((list) => list.has(word))) return false;
		return at === 0 || !ALSO_NAMES.has(word) || !(FIRST_ONLY.has(word) || (isName(part) && /^\p{Lu}\p{Ll}/u.test(written)));
	});
	return found?.toLowerCase();
}

export function phraseIn(part: string, lists: ReadonlyArray<ReadonlySet<string>>): string | undefined {
	const words = wordsOf(part);
	return lists.flatMap((list) => [...list]).find((phrase) => phrase.includes(' ') && contains(words, phrase));
}
