import { bracketed, nameOnly } from './names';

/** A line that only separates others: `|---|:-:|` below the titles of a table, `+----+`, `=====`. */
export const RULE = /^[\s|:+*=_~–—-]+$/;
const NAME_TITLE = /^(?:(?:full|first|last|display|given|family|vor|nach)[\s_-]?)?name$/i;
const ADDRESS_TITLE = /mail|address/i;

/**
 * Reads a table of Markdown or of a terminal. A name is taken only from a column whose title says so, or from the only other column of a
 * table without titles.
 * @param lines trimmed and not empty
 * @returns one entry for each row, or the reason why it is unclear who is meant; undefined if it is not a table
 */
export function readTable(lines: readonly string[]): { entries: string[] } | { unclear: string } | undefined {
	const rows = lines.filter((line) => !RULE.test(line));
	const hasRule = lines.some((line) => RULE.test(line) && /[|+]/.test(line) && line.includes('-'));
	const beside = rows.find((line) => !(hasRule ? line.includes('|') : line.startsWith('|')));
	if (rows.length === 0 || (beside !== undefined && !hasRule)) return undefined;
	if (beside !== undefined) return { unclear: `there is text next to the table, such as the line "${beside.slice(0, 100)}".` };
	const cells = rows.map(cellsOf);
	const titles = hasTitles(lines, rows, cells) ? cells[0] : undefined;
	const body = titles === undefined ? cells : cells.slice(1);
	const entries = body.map((row) => entryOf(row, nameColumns(row, titles)));
	const wrong = entries.indexOf(undefined);
	if (wrong === -1) return { entries: entries.filter((entry) => entry !== undefined) };
	const row = rows[wrong + rows.length - body.length] ?? '';
	return { unclear: `the table row "${row.slice(0, 100)}" does not contain exactly one address.` };
}

function cellsOf(row: string): string[] {
	return row
		.replace(/^\|/, '')
		.replace(/\|$/, '')
		.split('|')
		.map((cell) => cell.trim());
}

/** The first row has titles if there is a line below it, or if the title of the addresses says so. Otherwise, it may be a person. */
function hasTitles(lines: readonly string[], [first = '']: readonly string[], [titles = [], next = []]: readonly string[][]): boolean {
	if (first.includes('@')) return false;
	const below = lines[lines.indexOf(first) + 1] ?? '';
	const title = titles[next.findIndex((cell) => cell.includes('@'))] ?? '';
	return (RULE.test(below) && below.includes('-')) || ADDRESS_TITLE.test(title);
}

function nameColumns(row: readonly string[], titles: readonly string[] | undefined): number[] {
	if (titles === undefined) return row.length === 2 ? [0, 1] : [];
	return [...titles.keys()].filter((index) => NAME_TITLE.test(nameOnly(titles[index] ?? '')));
}

/** @returns undefined if the row has no address, or several */
function entryOf(cells: readonly string[], names: readonly number[]): string | undefined {
	const [address, ...others] = new Set(cells.filter((cell) => cell.includes('@')).map((cell) => (/\s/.test(cell) ? cell : nameOnly(cell))));
	if (address === undefined || others.length > 0) return undefined;
	const name = names
		.map((index) => nameOnly(cells[index] ?? ''))
		.filter((part) => part !== '' && !/@|\]\(/.test(part))
		.join(' ');
	// A cell with a list or with a name of its own.
	const isMore = /[\s,;<]/.test(address) || (address.includes('](') && !/^\[[^\]@]{0,64}@/.test(address));
	return isMore ? address : bracketed(name, address);
}
