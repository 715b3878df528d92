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

/** Puts a version's line into the table of a page, in place of its last one; the others stay. */
export function writeRow(file: string, columns: string[], row: Row): void {
	writeFileSync(file, withRow(readFileSync(file, 'utf8'), columns, row));
}

/** @throws Error where the page has no place for the table */
export function withRow(page: string, columns: string[], { version, node, cells }: Row): string {
	const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
	if (begin < 0 || end < begin) throw new Error(`README.md has no "${BEGIN}" and "${END}".`);
	const old = page
		.slice(begin + BEGIN.length, end)
		.split('\n')
		.filter((line) => /^\| \d/.test(line) && !line.startsWith(`| ${version} |`));
	const own = `| ${[version, node, ...cells.map(({ problem }) => (problem === undefined ? '✓' : cell(problem)))].join(' | ')} |`;
	const rows = [...old, own].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
	const head = `| ${['n8n', 'Node', ...columns].join(' | ')} |`;
	return `${page.slice(0, begin)}${BEGIN}\n${[head, head.replace(/[^|]+/g, ' --- '), ...rows].join('\n')}\n${page.slice(end)}`;
}

function cell(problem: string): string {
	const line = (problem.split('\n', 1)[0] ?? '').replaceAll('|', '/');
	return line.length > LONGEST_CELL ? `${line.slice(0, LONGEST_CELL)} …` : line;
}
