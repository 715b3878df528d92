import { labelled } from './label';
import { judged, LONGEST_JUDGED } from './line';
import { isProse } from './prose';
import { CONTACT_LABELS, WEAK_CONTACT_LABELS } from './words';

const ADDRESS = /https?:\/\/|www\.|\S@[^\s@]*\.\p{L}/u;
const NUMBER = /\+?\(?\d[\d ()/.\-–]{6,}\d/g;
/** What looks like a telephone number and is none: digits alone, a day, or an amount such as "1.250.000". */
const NO_TELEPHONE =
	/^\d+$|^\d{1,2}[./-]\d{1,2}[./-](?:(?:19|20)\d\d(?!\d)|\d\d$)|^(?:19|20)\d\d[./-]\d\d?[./-]\d\d?(?!\d)|^\d{1,3}(?:\.\d{3})+$/;
const NAMED_NUMBER =
	/(?:(?<!\p{L})(?:tel|ph|phone|mob|mobile|mobil|fon|fax|cell?|gsm|tél|telefono?|telefax|tlf|puh|тел|моб|τηλ)(?!\p{L})|電話|电话|手机|전화)\D{0,20}\d(?:[ ()/.-]{0,2}\d){5}/u;
const COMPANY = /\b(?:gmbh|ltd|llc|corp|s\.a\.|b\.v\.|sp\. z)(?!\p{L})|株式会社/iu;
/** Forms of companies that are words or units as well: "Beispiel AG", and neither "ab Montag" nor "5 kg". */
const COMPANY_BY_CASE = /\b(?:Inc|INC)\b|(?<=[\p{L}.&)] )(?:AG|AB|KG|Oy|OY|Ab|A\/S)(?![\p{L}\d])/u;
const REGISTERED = /\b(?:hr[ab]|ust)\b/;
/** "25 pcs", "3 x", "500 EUR", and neither the price of a call nor the capital of a company. */
const AMOUNT =
	/(?<![\p{L}\d.,])\d[\d.,]{0,12} ?(?:€|\$|£|¥|元|円|eur|euro|usd|gbp|chf|pln|sek|dkk|nok|kg|pcs|pc|pieces|units|boxes|stk|stück|st|pièces|unités|piezas|unidades|uds|pezzi|pz|stuks|szt|ks|шт|руб|个|個|개)\.?(?![\p{L}\d]| ?\/)|(?:^|\s)[x×] ?\d|\d ?[x×](?=\s)|[€$£¥] ?\d/u;
const CAPITAL = /capital|kapital|cap\. soc/;
/** A link to something, and neither to the website of a company nor to the page of a person. */
const LINK_TO_SOMETHING =
	/^https?:\/\/(?![^/]{0,40}(?:linkedin|xing|twitter|facebook|instagram|youtube|calendly))[^\s/]{1,99}\/\S{0,300}[\d?]\S{0,300}$/;
const LETTERS = /[^\p{L}\p{M}]+/u;

/** Whether the line tells how to reach somebody, or names a company. */
export function isContact(line: string): boolean {
	const text = judged(line);
	if (ADDRESS.test(text) || hasTelephone(text) || NAMED_NUMBER.test(text) || isCompany(line) || REGISTERED.test(text)) return true;
	return /\d{7}/.test(text) && isContactLabel(labelled(line));
}

/** Whether the line is neither a name nor a contact, but something that the sender wants to tell. */
export function isOwn(line: string): boolean {
	return isProse(line) || isOwnData(line) || isSentenceWithContact(line);
}

/** Whether the line is "PO number: 4711", a heading such as "Items:", a link, or one of a list with amounts. */
export function isOwnData(line: string): boolean {
	const text = judged(line);
	const label = labelled(line);
	// "Tel: 030 1234567 x 12" has an extension and no amount.
	const isNumber = hasTelephone(text) && isContactLabel(label);
	if ((AMOUNT.test(text) && !CAPITAL.test(text) && !isNumber) || LINK_TO_SOMETHING.test(text)) return true;
	if (label === undefined || !/^\p{L}[^@<>[\]]*$/u.test(label.name)) return false;
	// "https://…", "10:30", and "Local court: HRB 4711".
	if (/^\/\/|^ ?(?:hr[ab]|iban)\b/.test(label.value) || (/\d$/.test(label.name) && /^\d/.test(label.value))) return false;
	return !isContactLabel(label);
}

/** "Send it to bob@example.com", and not "tel. 030 1234567, fax 030 1234568". */
function isSentenceWithContact(line: string): boolean {
	if (/[|•·]/.test(line) || !isContact(line)) return false;
	const words = line.slice(0, LONGEST_JUDGED).split(/\s+/);
	const lower = words.map((word) => /^[^\p{L}@/]{0,4}(\p{Ll}+)[^\p{L}@/]{0,4}$/u.exec(word)?.[1] ?? '').filter((word) => word !== '');
	return lower.filter((word) => !CONTACT_LABELS.has(word) && !WEAK_CONTACT_LABELS.has(word)).length > 1;
}

/** Whether all words of the label are of contacts. Of "Example Ltd, Tel: …", the label is the last part. */
function isContactLabel(label: { name: string; value: string } | undefined): boolean {
	if (label === undefined) return false;
	if (isCompany(label.name)) return true;
	const [last = ''] = label.name.split(/[|,;·•]| [-–] /).slice(-1);
	const words = last.split(LETTERS).filter((word) => word !== '');
	if (words.length === 0 || !words.every((word) => CONTACT_LABELS.has(word) || WEAK_CONTACT_LABELS.has(word))) return false;
	return words.some((word) => CONTACT_LABELS.has(word)) || ADDRESS.test(label.value) || /\d(?:[ ()/.-]{0,2}\d){5}/.test(label.value);
}

function isCompany(line: string): boolean {
	const cut = line.slice(0, LONGEST_JUDGED);
	return COMPANY.test(cut) || COMPANY_BY_CASE.test(cut);
}

function hasTelephone(text: string): boolean {
	return [...text.matchAll(NUMBER)].some(([number]) => !NO_TELEPHONE.test(number));
}
