import { judged } from './line';
import { LABEL_KINDS, SEPARATORS, type Label } from './words';

/** Long lists of recipients take several lines. */
const MOST_LINES = 14;

/** Whether the answered email begins here with its sender, date, recipients and subject, as in Outlook. */
export function isHeaderBlock(lines: readonly string[], first: number, isAfterRule: () => boolean): boolean {
	const begin = labelOf(lines[first] ?? '');
	if (begin === undefined || begin.kind === 'cc') return false;
	const kinds = new Map<Label, string>([[begin.kind, begin.value]]);
	let others = 0;
	for (let at = first + 1; at < first + MOST_LINES && at < lines.length; at++) {
		const line = lines[at] ?? '';
		const label = labelOf(line);
		if (label !== undefined) {
			kinds.set(label.kind, label.value);
			others = 0;
			continue;
		}
		others += line.trim() === '' ? 1 : 0.5;
		// A blank line between two labels comes from HTML that was converted to text. Two of them end the block.
		if (others > 1.5) break;
	}
	const from = kinds.get('from');
	if (from === undefined || !(kinds.has('date') || kinds.has('subject')) || kinds.size < 3) return false;
	// "From: Berlin, To: Paris, Date: 3 November" is not an email.
	return kinds.has('subject') || from.includes('@') || isAfterRule();
}

function labelOf(line: string): { kind: Label; value: string } | undefined {
	const text = judged(line).replace(/^[*_ ]{1,6}/, '');
	const colon = text.search(/[:：]/);
	if (colon < 1 || colon > 40) return undefined;
	const kind = LABEL_KINDS.get(text.slice(0, colon).replace(/[*_ ]{1,6}$/, ''));
	return kind && { kind, value: text.slice(colon + 1) };
}

/** "-----Original Message-----" and similar lines. */
export function isSeparator(line: string): boolean {
	const text = judged(line);
	if (text.length > 120) return false;
	if (!/^[-—–_=*#+]{2}|[:：]$/.test(text)) return false;
	const words = text
		.replace(/^[-—–_=*#+ ]{1,60}/, '')
		.replace(/[-—–_=*#+:： ]{1,60}$/, '')
		.replace(/’/g, "'");
	return SEPARATORS.has(words);
}

/** The line that Outlook on the web and on phones, Exchange and others draw above the answered email. */
export function isRule(line: string): boolean {
	return /^[_\-—–=*]{5,200}$/.test(judged(line));
}
