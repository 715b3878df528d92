import { readTable, RULE } from './pastedTable';

const LINE_END = /\r\n|[\n\r\u000b\u000c\u0085\u2028\u2029]/;
const BULLET = /^\s*(?:[•·▪]\s*|(?:[-*+–]|\d{1,5}[.)]|[a-z]\))\s+)(?:\[[ xX]?\]\s)?/;
/** A mark that may be part of an address, without the blank after it. */
const TIGHT_MARK = /^([-*])\s*(?![-*\s])(?!.*\*$)/;
const TIGHT_NUMBER = /^(\d{1,5})[.)]\s*(?=\S)/;
/** Another header, if the line break got into one (CWE-93). */
const HEADER = /^\s*(?!<?mailto:)[!-9;-~]{1,76}\s*:/i;

/**
 * Joins the lines of a list to one, with commas between them. What may be an injected header stays unchanged, including line breaks.
 * @returns also why it is unclear who is meant, if it is
 */
export function oneLine(text: string): { text: string; unclear?: string } {
	const given = text
		.split(LINE_END)
		.map((line) => line.trim())
		.filter((line) => line !== '');
	const table = readTable(given);
	if (table !== undefined) return 'unclear' in table ? { text, ...table } : { text: table.entries.join(', ') };
	if (!LINE_END.test(text)) return { text: text.replace(BULLET, '') };
	const lines = withoutTightMarks(given.filter((line) => !RULE.test(line))).map((line) => line.replace(BULLET, ''));
	const open = (line: string): boolean => (line.split('"').length - 1) % 2 === 1;
	if (lines.some((line, index) => open(line) || (index > 0 && HEADER.test(line)))) return { text };
	const isNameOfNext = (index: number): boolean => isName(lines[index] ?? '') && lines[index + 1]?.startsWith('<') === true;
	const wrong = lines.find((line, index) => isName(line) && !/[,;:]$/.test(line) && !isNameOfNext(index));
	return {
		text: lines
			.map((line, index) => (index === lines.length - 1 || /[,;]$/.test(line) ? line : `${line}${isNameOfNext(index) ? ' ' : ','}`))
			.join(' '),
		...(wrong !== undefined && { unclear: `the line "${wrong.replace(/\s+/g, ' ').slice(0, 100)}" does not contain an address.` }),
	};
}

/**
 * Without a blank after it, a hyphen, asterisk or number is a bullet only if each line of several has the same one or the next number, and
 * one of them shows that it is a list: by a blank, or by `1)`, which no address has. `1.a@school.example` may be the address of a class.
 */
function withoutTightMarks(lines: string[]): string[] {
	const [first = ''] = lines;
	if (lines.length < 2) return lines;
	const mark = TIGHT_MARK.exec(first)?.[1];
	const areMarked = mark !== undefined && lines.every((line) => TIGHT_MARK.exec(line)?.[1] === mark);
	const areNumbered = lines.every((line, index) => TIGHT_NUMBER.exec(line)?.[1] === String(index + 1));
	const isList = lines.some((line) => BULLET.test(line) || (areNumbered && /^\d+\)/.test(line)));
	if ((!areMarked && !areNumbered) || !isList) return lines;
	// With a blank, there may be a check box behind it.
	return lines.map((line) => (BULLET.test(line) ? line : line.replace(areMarked ? TIGHT_MARK : TIGHT_NUMBER, '')));
}

/** The address of a name is on the next line. Fullwidth at signs are refused with an error of their own. */
const isName = (line: string): boolean => !/[@＠﹫]/.test(line);
