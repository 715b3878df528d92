import { judged } from './line';

/** Banners, and lines of banners, that mail servers put above an email. */
const [MOST_BANNERS, MOST_LINES] = [3, 8];

/** "[EXTERNAL]", "*** EXTERNAL EMAIL ***", alone on a line. */
const TAG =
	/^[^\p{L}]{0,10}(?:external|extern|ext|externe|externo|esterna|esterno)(?:[ -](?:e-?mail|mail|sender|message|nachricht|absender))?[^\p{L}]{0,10}$/u;
const BRACKETED = /^[[(*#=!_-]/;
/** How the sentence of a banner begins. */
const WARNS =
	/^[^\p{L}]{0,10}(?:caution|warning|external|externe?|notice|attention|achtung|vorsicht|warnung|hinweis|avertissement|prudence|precaución|atención|advertencia|atenção|cuidado|attenzione|let op|waarschuwing|advarsel|varning|uwaga)\b[^\p{L}]{0,10}/u;
/** Says that the email came from outside, as no person would write. */
const OUTSIDE =
	/originated (?:from )?outside|(?:comes|came|is|sent|received) from (?:an external|outside)|external (?:e-?mail|sender)\b|externe e-?mail|externer absender|von (?:außerhalb|ausserhalb|einem externen)|(?:extérieur|en dehors) de|expéditeur externe|fuera de (?:la|su|tu) organización|remitente externo|fora da (?:sua )?organização|all'esterno del|mittente esterno|van buiten (?:de|uw|onze) organisatie|externe afzender|utanför organisationen|uden for organisationen|spoza organizacji/;
/** What the next line of a banner is about. */
const ADVISES =
	/\b(?:links?|click|attachments?|sender|klicken|anhänge|absender|liens|pièces|expéditeur|enlaces|adjuntos|remitente|anexos|allegati|bijlagen|afzender)\b/;
/** Outlook writes it in every language, with this address. */
const RARE_SENDER = /aka\.ms\/learnaboutsenderidentification|^\[?you don'?t often get email from /;

/** Returns where the text begins below the warnings of the recipient's own mail server. */
export function belowBanners(lines: readonly string[]): number {
	let begin = 0;
	for (let count = 0; count < MOST_BANNERS; count++) {
		let first = begin;
		while (first < lines.length && (lines[first] ?? '').trim() === '') first += 1;
		const end = bannerEnd(lines, first);
		if (end === undefined) break;
		begin = end;
	}
	return begin;
}

function bannerEnd(lines: readonly string[], first: number): number | undefined {
	const line = judged(lines[first] ?? '').replace(/’/g, "'");
	if (TAG.test(line) && (BRACKETED.test(line) || (lines[first + 1] ?? '').trim() === '')) return first + 1;
	let paragraph = '';
	for (let at = first; at < first + MOST_LINES && at < lines.length; at++) {
		const next = judged(lines[at] ?? '').replace(/’/g, "'");
		if (next === '' || /^[-_=*]{3,}$/.test(next)) return isBanner(paragraph) ? at + (next === '' ? 0 : 1) : undefined;
		paragraph = `${paragraph} ${next}`.trim();
		// The text of the email may follow without a blank line.
		if (/[.!\])>]$/.test(next) && isBanner(paragraph) && !ADVISES.test(judged(lines[at + 1] ?? ''))) return at + 1;
	}
	return undefined;
}

function isBanner(text: string): boolean {
	return text.length <= 800 && (RARE_SENDER.test(text) || (WARNS.test(text) && OUTSIDE.test(text)));
}
