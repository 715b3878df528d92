import { labelled } from './label';
import { isQuoted, judged } from './line';
import { FORM_MESSAGES, FORM_NAMES, LABEL_KINDS, SEPARATORS, VAGUE_SEPARATORS, type Label } from './words';

/** Long lists of recipients take several lines. */
const MOST_LINES = 14;

/** What tells a quoted email from a form that was filled in, which has similar lines. */
export interface Surroundings {
	/** Whether the headers say that the email answers or forwards another. */
	answers: boolean;
	/** Whether there is text above. */
	hasBegun: boolean;
	/** Whether a line is drawn above, or a device is named, as email programs do above what they quote. */
	isMarked: boolean;
}

/** Whether the answered email begins here with its sender, date, recipients and subject, as in Outlook. */
export function isHeaderBlock(lines: readonly string[], first: number, { answers, hasBegun, isMarked }: Surroundings): boolean {
	const { kinds, hasFormLabels } = blockAt(lines, first);
	const from = kinds.get('from');
	if (from === undefined || !(kinds.has('date') || kinds.has('subject'))) return false;
	const isWhole = kinds.has('to') && kinds.has('date');
	if (hasFormLabels && !isWhole) return false;
	// Programs write the recipients too; only few leave them out. Forms do not have them.
	if (!answers) return isWhole && isMarked && from.includes('@');
	if (isMarked && from.includes('@')) return true;
	if (kinds.size < 3 || !(hasBegun || isMarked || kinds.has('to'))) return false;
	// "From: Berlin, To: Paris, Date: 3 November" is not an email.
	return isMarked || from.includes('@') || (isWhole && kinds.has('subject'));
}

function blockAt(lines: readonly string[], first: number): { kinds: Map<Label, string>; hasFormLabels: boolean } {
	const kinds = new Map<Label, string>();
	let others = 0;
	let hasFormLabels = false;
	let isBroken = false;
	for (let at = first; at < first + MOST_LINES && at < lines.length; at++) {
		const line = lines[at] ?? '';
		const label = labelOf(line);
		if (at === first && (label === undefined || label.kind === 'cc')) break;
		if (at > first && (isRule(line) || (label?.kind === 'from' && kinds.has('from')))) break;
		if (label?.kind === 'from' && isBlockOfItsOwn(lines, at, kinds)) return { kinds: new Map(), hasFormLabels };
		if (label !== undefined) {
			kinds.set(label.kind, label.value);
			others = 0;
			continue;
		}
		isBroken ||= line.trim() === '';
		hasFormLabels ||= !isBroken && isFormLine(line);
		others += line.trim() === '' ? 1 : 0.5;
		// A blank line between two labels comes from HTML that was converted to text. Two of them end the block.
		if (others > 1.5) break;
	}
	return { kinds, hasFormLabels };
}

/** Whether the quotation begins only here, with labels such as the person wrote above it: "Date: Monday", a blank line, "From: …". */
function isBlockOfItsOwn(lines: readonly string[], at: number, above: ReadonlyMap<Label, string>): boolean {
	if (above.size === 0 || (lines[at - 1] ?? '').trim() !== '') return false;
	const { kinds } = blockAt(lines, at);
	return [...above.keys()].every((kind) => kinds.has(kind));
}

/** "Name: …", "Message: …". */
function isFormLine(line: string): boolean {
	const name = labelled(line)?.name ?? '';
	return FORM_NAMES.has(name) || FORM_MESSAGES.has(name);
}

/** Whether somebody filled in a form: there are both who writes and a message, each behind its label. */
export function isForm(lines: readonly string[]): boolean {
	const names = lines.map((line) => labelled(line)?.name ?? '');
	return names.some((name) => FORM_MESSAGES.has(name)) && names.some((name) => FORM_NAMES.has(name));
}

/** Whether the line is one such as "From: …" or "Subject: …". */
export function isHeaderLine(line: string): boolean {
	return labelOf(line) !== undefined;
}

function labelOf(line: string): { kind: Label; value: string } | undefined {
	const found = labelled(line);
	const kind = found && LABEL_KINDS.get(found.name);
	return kind && { kind, value: found.value };
}

/** "-----Original Message-----" and similar lines. */
export function isSeparator(lines: readonly string[], at: number, answers: boolean): boolean {
	const text = judged(lines[at] ?? '');
	if (text.length > 120) return false;
	const isRuled = /^[-—–_=*#+]{2}/.test(text);
	if (!isRuled && !/[:：]$/.test(text)) return false;
	const words = text
		.replace(/^[-—–_=*#+ ]{1,60}/, '')
		.replace(/[-—–_=*#+:： ]{1,60}$/, '')
		.replace(/’/g, "'");
	if (!SEPARATORS.has(words)) return false;
	return (isRuled && answers && !VAGUE_SEPARATORS.has(words)) || isIntroduction(lines, at);
}

/** Whether what is below belongs to a quoted email. Of a form, "Message:" may be a line too. */
function isIntroduction(lines: readonly string[], at: number): boolean {
	const next = lines.slice(at + 1, at + 4).find((line) => line.trim() !== '') ?? '';
	return isQuoted(next) || isHeaderLine(next);
}

/** The line that Outlook on the web and on phones, Exchange and others draw above the answered email. */
export function isRule(line: string): boolean {
	return /^[_\-—–=*]{5,200}$/.test(judged(line));
}
