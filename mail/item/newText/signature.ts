import { judged } from './line';
import { CLOSINGS, DEVICE_LINES } from './words';

/** More lines than this below a closing are not a signature. */
const LONGEST_SIGNATURE = 40;

const CONTACT =
	/\+?\(?\d[\d ()/.\-–]{6,}\d|https?:\/\/|www\.|\S@\S|\b(?:tel|phone|mobile|mobil|fon|fax|cell|tél|telefon|tlf|gmbh|inc|ltd|llc|corp|s\.a\.|b\.v\.|kg|ag|oy|ab|a\/s|sp\. z|hrb|ust|電話|电话|株式会社|전화)\b/;
const POSTSCRIPT = /^p\.? ?s\.?\b|^n\.? ?b\.?\b/;
const LIST_FOOTER =
	/mailing list|listinfo|unsubscribe|you received this message because|google groups|to unsubscribe|abmelden|se désabonner|mailman/;

/** Returns the lines that the sender wrote, without the signature below them. */
export function withoutSignature(lines: readonly string[]): string[] {
	const body = withoutListFooter(lines);
	// RFC 3676, section 4.3: "-- ". The blank is often lost on the way. Then an empty line or the end of a sentence has to come before it.
	const from = body.length - LONGEST_SIGNATURE;
	const marker = body.findIndex((line, at) => line === '-- ' || (at >= from && /^(?:--|—|––)\s*$/.test(line)));
	return withoutContacts(withoutDeviceLines(marker === -1 ? body : body.slice(0, marker)));
}

export function isDeviceLine(line: string): boolean {
	const text = judged(line).replace(/^[*_<[( ]{1,4}/, '');
	if (text === '' || text.length > 160) return false;
	return (
		DEVICE_LINES.some((start) => text.startsWith(start)) ||
		/^(?:von meinem|mit meinem) .{1,60} gesendet/.test(text) ||
		/から送信$|에서 보냄|ile gönderildi$/.test(text)
	);
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

/** Mailman draws a line and names the list below it. */
function withoutListFooter(lines: readonly string[]): string[] {
	const at = lines.findIndex((line, index) => {
		if (lines.length - index > 12 || !/^[_-]{20,}$/.test(line.trim())) return false;
		return LIST_FOOTER.test(judged(lines.slice(index + 1, index + 6).join(' ')));
	});
	return at === -1 ? [...lines] : lines.slice(0, at);
}

/** Below a closing, the name is kept, and phone numbers, addresses and disclaimers are removed. A postscript is kept. */
function withoutContacts(lines: string[]): string[] {
	const from = Math.max(0, lines.length - LONGEST_SIGNATURE);
	const closing = lines.findIndex((line, at) => at >= from && isClosing(line));
	if (closing === -1) return lines;
	let name = closing + 1;
	while (name < lines.length && (lines[name] ?? '').trim() === '') name++;
	const first = lines[name] ?? '';
	if (CONTACT.test(judged(first)) || first.length > 80) name = closing;
	const below = lines.slice(name + 1);
	if (!below.some((line) => CONTACT.test(judged(line)))) return lines;
	const postscript = below.findIndex((line) => POSTSCRIPT.test(judged(line)));
	return [...lines.slice(0, name + 1), ...(postscript === -1 ? [] : ['', ...below.slice(postscript)])];
}

const LONGEST_CLOSING = Math.max(...[...CLOSINGS].map(({ length }) => length));

function isClosing(line: string): boolean {
	const text = judged(line);
	// With the signs around it. Most lines are longer, and this tells it much faster.
	if (text.length > LONGEST_CLOSING + 9) return false;
	return CLOSINGS.has(text.replace(/[,.!！。、*_ ]{1,6}$/, '').replace(/^[*_]{1,3}/, ''));
}
