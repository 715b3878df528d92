import { isContact, isOwn, isOwnData } from './contact';
import { isDeviceLine } from './deviceLine';
import { judged, LONGEST_JUDGED } from './line';
import { isName, isPlainName, isProse } from './prose';
import { isForm } from './quotedHeaders';
import { CLOSINGS } from './words';

/** More lines than this below a closing are not a signature. */
const LONGEST_SIGNATURE = 40;

const POSTSCRIPT =
	/^p\.? ?s\.?\b|^n\.? ?b\.?\b|^(?:anlagen?|attach(?:ed|ments?)|enclosures?|pièces? jointes?|anexos?|adjuntos?|allegat[oi]|bijlagen?)\b ?:/;
/** Below the mark of a signature, the same letters may be the initials of a name: "P.S. Rao", "NB Networks AB", "nb@example.com". */
const MARKED_POSTSCRIPT = /^\s{0,8}(?:p\.? ?s\.?|n\.? ?b\.?)(?: ?([:!.,–—-](?=\s|$)|：)(.*))?$/i;
const NAME_PARTICLES = new Set('al and bin da de del della den der di dos du el ibn la le of ten ter und van von zu'.split(' '));
/** Between two paragraphs. */
const BETWEEN = /^[-_—–*=\s]*$/;
const LISTED = /^\s{0,8}(?:[-*•]|\d{1,2}[.)])\s/;
/** In what a company has its people send below their signature. */
const DISCLAIMER =
	/confidential|intended|privileged|disclaimer|unauthori[sz]ed|recipient|environment|printing|virus|registered|privacy|gdpr|vertraulich|unbefugt|empfänger|umwelt|ausdrucken|dsgvo|datenschutz|registergericht|handelsregister|geschäftsführ|confidentiel|destinataire|imprimer|confidencial|destinatari|imprimir|riservat|privacidad|stampare|vertrouwelijk|geadresseerde|konfidens|fortrolig|poufn|adresat|luottamuksel|конфиденциальн|机密|機密|保密/;
const LIST_FOOTER =
	/mailing list|listinfo|unsubscribe|you received this message because|google groups|to unsubscribe|abmelden|se désabonner|mailman/;

/** Returns the lines that the sender wrote, without the signature below them. */
export function withoutSignature(lines: readonly string[]): string[] {
	const body = withoutListFooter(lines);
	// RFC 3676, section 4.3: "-- ". The blank is often lost on the way.
	const from = body.length - LONGEST_SIGNATURE;
	const marker = body.findIndex((line, at) => line === '-- ' || (at >= from && isLooseMarker(body, at)));
	const signed = withoutContacts(withoutDeviceLines(marker === -1 ? body : body.slice(0, marker)));
	const postscript = marker === -1 ? [] : postscriptIn(body.slice(marker + 1));
	return postscript.length === 0 ? signed : [...signed, '', ...postscript];
}

/** What somebody wrote below the signature may be a condition. */
function postscriptIn(signature: readonly string[]): string[] {
	const first = signature.findIndex((_line, at) => isPostscript(signature, at));
	if (first === -1) return [];
	const below = signature.slice(first);
	const breaks = below.flatMap((line, at) => (BETWEEN.test(line) ? [at] : []));
	return withoutDeviceLines(
		below.slice(
			0,
			breaks.find((at, index) => isDisclaimer(below.slice(at, breaks[index + 1]))),
		),
	);
}

/** "PS: …", "P.S. Bring the key", and "PS" above a line that tells something. */
function isPostscript(signature: readonly string[], at: number): boolean {
	const found = MARKED_POSTSCRIPT.exec((signature[at] ?? '').slice(0, LONGEST_JUDGED).trimEnd());
	if (found === null) return false;
	const [, sign = '', rest = ''] = found;
	if (rest === '') return tells(signature.slice(at + 1, at + 4).find((line) => line.trim() !== '') ?? '');
	return /[:：!]/.test(sign) || tells(rest.trim());
}

/** Whether the text has a word that no name has, and is neither "Rao, head of sales" nor a line of contacts. */
function tells(text: string): boolean {
	if (/^\p{Lu}[\p{L}'’-]+,/u.test(text) || (isContact(text) && !isOwn(text))) return false;
	const words = text.split(/\s+/);
	if (!/[\p{Lu}\p{Ll}]/u.test(text)) return isProse(text);
	if (/[!?]$/.test(text)) return true;
	return words.some((word) => /^\p{Ll}{2}/u.test(word) && !NAME_PARTICLES.has(word) && !word.includes('@'));
}

function withoutDeviceLines(lines: string[]): string[] {
	let end = lines.length;
	for (let at = lines.length - 1; at >= 0 && at >= lines.length - 8; at--) {
		const line = lines[at] ?? '';
		if (isDeviceLine(line)) end = at;
		else if (line.trim() !== '' && !/^[-_—–*]{2,}$/.test(line.trim()) && !/^<?https?:\S+>?$/.test(line.trim())) break;
	}
	const kept = lines.slice(0, end);
	// The line above the name of the device, or above the quotation.
	while (kept.length > 0 && /^\s*[-_—–*=]{2,}\s*$|^\s*$/.test(kept[kept.length - 1] ?? '')) kept.pop();
	return kept;
}

/** "--" or a dash, without the blank: not in the middle of a sentence, between two parts of the text, or above an announced list. */
function isLooseMarker(lines: readonly string[], at: number): boolean {
	if (!/^(?:--|—|––)\s*$/.test(lines[at] ?? '')) return false;
	const above = (lines[at - 1] ?? '').trim();
	const text = lines.slice(Math.max(0, at - 4), at).findLast((line) => line.trim() !== '') ?? '';
	if (/[:：]\s*$/.test(text.slice(-20))) return false;
	return (above === '' || /[^\p{L}\p{N}]$/u.test(above)) && ownBelow(lines.slice(at + 1)).length === 0;
}

/** Mailman draws a line and names the list below it. */
function withoutListFooter(lines: readonly string[]): string[] {
	const at = lines.findIndex((line, index) => {
		if (lines.length - index > 12 || !/^[_-]{20,}$/.test(line.trim())) return false;
		return LIST_FOOTER.test(judged(lines.slice(index + 1, index + 6).join(' ')));
	});
	return at === -1 ? [...lines] : lines.slice(0, at);
}

/** Below a closing, the name is kept, and phone numbers, addresses and disclaimers are removed. Sentences and a postscript are kept. */
function withoutContacts(lines: string[]): string[] {
	for (let at = Math.max(0, lines.length - LONGEST_SIGNATURE); at < lines.length; at++) {
		if (!isClosing(lines[at] ?? '')) continue;
		const signed = signedAt(lines, at);
		// Forms have telephone numbers and addresses below the message.
		if (signed !== undefined) return isForm(lines) ? lines : signed;
	}
	return lines;
}

/** Returns the lines without the contacts of the signature, if one is below this closing: an email may also begin with thanks. */
function signedAt(lines: readonly string[], closing: number): string[] | undefined {
	let name = closing + 1;
	while (name < lines.length && (lines[name] ?? '').trim() === '') name++;
	const contact = lines.findIndex((line, at) => at >= name && isContact(line));
	if (contact === -1) return undefined;
	const first = lines[name] ?? '';
	// "Thanks" may stand above "Kind regards", and above links.
	if (isClosing(first) || /^\s{0,8}(?:<?https?:|www\.|[+(\d])/i.test(first)) return undefined;
	const signature = lines.slice(name, contact + 1);
	if (signature.some(isOwn) || signature.slice(1).some((line) => LISTED.test(line) || POSTSCRIPT.test(judged(line))) || !isName(first))
		return undefined;
	if (isAmongData(lines, name, contact)) return undefined;
	if (isOpening(lines, closing) && (contact === name || !isPlainName(first))) return undefined;
	if (contact === name || first.length > 80) name = closing;
	const below = ownBelow(lines.slice(contact + 1));
	return [...lines.slice(0, name + 1), ...(below.length === 0 ? [] : ['', ...below])];
}

/** Whether the contact stands in a paragraph of its own, below the name, that holds data as well: "IBAN: …" above "Amount: 500 EUR". */
function isAmongData(lines: readonly string[], name: number, contact: number): boolean {
	const isBelowName = lines.slice(name, contact).some((line) => line.trim() === '');
	const end = lines.findIndex((line, at) => at > contact && line.trim() === '');
	return isBelowName && lines.slice(contact + 1, end === -1 ? lines.length : end).some(isOwnData);
}

/** Whether nothing but a salutation is above. */
function isOpening(lines: readonly string[], closing: number): boolean {
	const above = lines.slice(0, closing).filter((line) => line.trim() !== '');
	const [first = '', ...others] = above.map((line) => line.trim());
	return others.length === 0 && first.split(/\s+/, 5).length < 5 && !/[.?。]$/.test(first);
}

/** What somebody wrote below the contacts: a postscript, and paragraphs with sentences, lists or data, up to a disclaimer. */
function ownBelow(lines: readonly string[]): string[] {
	const own: string[] = [];
	let paragraph: string[] = [];
	for (const [at, line] of [...lines, ''].entries()) {
		if (POSTSCRIPT.test(judged(line))) return [...own, ...lines.slice(at)];
		if (line.trim() !== '') {
			paragraph.push(line);
			continue;
		}
		if (isDisclaimer(paragraph)) break;
		own.push(...ownOf(paragraph, at === paragraph.length));
		paragraph = [];
	}
	return own;
}

/** Returns the paragraph if the sender wrote it. One that continues the contacts begins with more of them, which are left out. */
function ownOf(paragraph: readonly string[], continues: boolean): string[] {
	if (paragraph.some((line) => isProse(line) || LISTED.test(line))) return [...paragraph, ''];
	const first = paragraph.findIndex(isOwnData);
	return first === -1 ? [] : [...paragraph.slice(continues ? first : 0), ''];
}

/** "Recipient: Ada" has a word of disclaimers, but it is data. */
function isDisclaimer(paragraph: readonly string[]): boolean {
	return DISCLAIMER.test(judged(paragraph.join(' '))) && !paragraph.every((line) => isOwnData(line) && !isProse(line));
}

const LONGEST_CLOSING = Math.max(...[...CLOSINGS].map(({ length }) => length));

/** Also in two languages: "Mit freundlichen Grüßen / Kind regards". */
function isClosing(line: string): boolean {
	const text = judged(line);
	// With the signs around it. Most lines are longer, and this tells it much faster.
	if (text.length > 2 * LONGEST_CLOSING + 12) return false;
	return text.split(/ ?[/|] ?/).every((part) => CLOSINGS.has(part.replace(/[,.!！。、*_ ]{1,6}$/, '').replace(/^[*_]{1,3}/, '')));
}
