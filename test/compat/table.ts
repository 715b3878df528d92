import { readFileSync, writeFileSync } from 'node:fs';

/** One version's line in README. */
export interface Row {
	version: string;
	/** Of the Node that ran it. */
	node: string;
	cells: Array<{ problem?: string }>;
}

const BEGIN = '<!-- npm run compat writes from here -->';
const END = '<!-- to here -->';
/** The rest of a problem is in what the command prints. */
const LONGEST_CELL = 120;

/** What stands in a line that is older than its column. */
const NOT_TRIED = 'not tried';

/** Puts a version's line into the table of a page, in place of its last one; the others stay. */
export function writeRow(file: string, columns: string[], row: Row): void {
	writeFileSync(file, withRow(readFileSync(file, 'utf8'), columns, row));
}

/** @throws Error where the page has no place for the table */
export function withRow(page: string, columns: string[], { version, node, cells }: Row): string {
	const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
	if (begin < 0 || end < begin) throw new Error(`README.md has no "${BEGIN}" and "${END}".`);
	const [titles, ...lines] = page
		.slice(begin + BEGIN.length, end)
		.split('\n')
		.filter((line) => /^\| (?:n8n|\d)/.test(line))
		.map(cellsOf);
	const old = lines
		.filter(([first]) => first !== version)
		.map((line) => new Map(titles?.map((title, index) => [title, line[index] ?? NOT_TRIED])))
		.map((line) => lineOf(['n8n', 'Node', ...columns].map((title) => line.get(title) ?? NOT_TRIED)));
	const own = lineOf([version, node, ...cells.map(({ problem }) => (problem === undefined ? '✓' : cell(problem)))]);
	const rows = [...old, own].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
	const head = lineOf(['n8n', 'Node', ...columns]);
	return `${page.slice(0, begin)}${BEGIN}\n${[head, head.replace(/[^|]+/g, ' --- '), ...rows].join('\n')}\n${page.slice(end)}`;
}

const lineOf = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const cellsOf = (line: string): string[] =>
	line
		.split('|')
		.slice(1, -1)
		.map((text) => text.trim());

function cell(problem: string): string {
	const line = (problem.split('\n', 1)[0] ?? '').replaceAll('|', '/');
	return line.length > LONGEST_CELL ? `${line.slice(0, LONGEST_CELL)} …` : line;
}
