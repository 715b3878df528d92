import { judged } from './line';
import { DEVICE_ENDS, DEVICE_LINES, DEVICE_WORDS, DEVICES, SHORT_DEVICES } from './words';

const LONGEST = 160;
const LINK = /<?https?:\S{1,300}/g;
/** "…, please excuse typos". */
const EXCUSED =
	/\b(?:typos?|brevity|autocorrect|mistakes|tippfehler|schreibfehler|kürze|fautes|brièveté|errores|brevedad|errori|brevità|typefouten)\b/;
/** "Mail app", and in other languages "l'application Mail". */
const APPS = new Set(['app', 'application', "l'application", 'appli']);
/** "Mail for Windows" is an app: with windows alone, somebody may have sent windows. */
const FOR = new Set(['for', 'für', 'pour', 'para', 'per', 'voor', 'för', 'til', 'dla', 'для']);

/**
 * Whether a telephone or an email program says on this line that the email was sent with it. "Sent via DHL on Monday" is a sentence: only
 * lines that name a device or an app, and have no words beyond such lines, are meant.
 */
export function isDeviceLine(line: string): boolean {
	const text = judged(line)
		.replace(LINK, ' ')
		.replace(/^[*_<[( ]{1,4}/, '')
		.trimEnd();
	if (text === '' || text.length > LONGEST) return false;
	const begin = DEVICE_LINES.find((start) => text.startsWith(start));
	if (begin !== undefined) return namesDevice(text.slice(begin.length));
	const end = DEVICE_ENDS.find((end) => text.endsWith(end));
	return end !== undefined ? namesDevice(text.slice(0, -end.length)) : /^von unterwegs gesendet\.?$/.test(text);
}

function namesDevice(text: string): boolean {
	const words = withoutExcuse(text)
		.split(/[\s,;:!()[\]<>/|"“”*_-]+|\.(?=\s|$)/)
		.filter((word) => word !== '');
	let named = false;
	for (const [at, word] of words.entries()) {
		const before = words[at - 1] ?? '';
		if (isDevice(word) || (word === 'windows' && FOR.has(before)) || isMailApp(before, word)) named = true;
		else if (!DEVICE_WORDS.has(word) && !/\d/.test(word)) return false;
	}
	return named;
}

function isMailApp(before: string, word: string): boolean {
	return (before === 'mail' && APPS.has(word)) || (APPS.has(before) && word === 'mail');
}

function isDevice(word: string): boolean {
	return SHORT_DEVICES.has(word) || DEVICES.some((device) => word.includes(device));
}

function withoutExcuse(text: string): string {
	if (!EXCUSED.test(text)) return text;
	const at = text.search(/[.,;(–—]|\s-\s/);
	return at === -1 || text.length - at > 80 ? text : text.slice(0, at);
}
