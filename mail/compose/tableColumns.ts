import { GrowingText } from '../item/growingText';

interface Table {
	/** Number of empty cells before the first words of the current row. */
	empty: number;
	/** Number of cells of the current row that have words. */
	filled: number;
	hasWords: boolean;
	/** Smallest number of empty cells at the beginning of a row with several filled cells; infinite if there is no such row. */
	least: number;
	/** It contains another table, or a cell of several lines. */
	isLayout: boolean;
	/** Number of the current row, from 1 on. */
	row: number;
	/** The column after the current cell. */
	column: number;
	/** For each column the last row of a cell of several rows. */
	readonly taken: number[];
	/** Number of columns to leave out before the next cell, because the last one has several. */
	wide: number;
	/** Number of columns without a cell between the last words of the row and the next. */
	gap: number;
}

/** Further columns are not kept in line, so that the time and the text of each row are bounded. */
const MOST_COLUMNS = 20;

/**
 * Keeps the columns of tables in line whose rows begin with empty cells, as in the corner above the titles of rows and columns, or that
 * have cells of several rows or columns. Whether these are columns of data, or parts of a layout, is known only at the end of the table.
 * Therefore, the tabs for them are added when the whole text is there.
 */
export class TableColumns {
	readonly #open: Table[] = [];
	/** Words after columns without words, in the order of the text. */
	readonly #gaps: Array<{ table: Table; at: number; empty: number; isBeginning: boolean }> = [];

	beginTable(): void {
		const outer = this.#open.at(-1);
		if (outer !== undefined) outer.isLayout = true;
		const row = { row: 1, column: 0, taken: [], wide: 0, gap: 0 };
		this.#open.push({ empty: 0, filled: 0, hasWords: false, least: Infinity, isLayout: false, ...row });
	}

	endTable(): void {
		this.beginRow();
		this.#open.pop();
	}

	beginRow(): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		if (table.filled > 1) table.least = Math.min(table.least, table.empty);
		Object.assign(table, { empty: 0, filled: 0, hasWords: false, row: table.row + 1, column: 0, wide: 0, gap: 0 });
	}

	/** @param across number of columns of the cell @param down number of its rows */
	beginCell(across: number, down: number): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		let column = table.column;
		while ((table.taken[column] ?? 0) >= table.row) column += 1;
		const left = table.wide + column - table.column;
		if (table.hasWords) table.gap += left;
		else table.empty += left;
		const end = Math.min(MOST_COLUMNS, column + across);
		table.wide = Math.max(0, end - column - 1);
		table.column = Math.max(column + 1, end);
		if (down > 1) for (; column < end; column += 1) table.taken[column] = table.row + down - 1;
	}

	/** A cell at the beginning of a row has no words. */
	emptyCell(): void {
		const table = this.#open.at(-1);
		if (table !== undefined && !table.hasWords) table.empty += 1;
	}

	/** A cell turns out to have several lines. */
	longCell(): void {
		const table = this.#open.at(-1);
		if (table !== undefined) table.isLayout = true;
	}

	/** @param at position in the text @param areFirst whether they are the first words of a cell */
	words(at: number, areFirst: boolean): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		if (areFirst) table.filled += 1;
		const empty = table.hasWords ? table.gap : table.empty;
		if (empty > 0) this.#gaps.push({ table, at, empty, isBeginning: !table.hasWords });
		table.gap = 0;
		table.hasWords = true;
	}

	/** Returns the text with tabs for the empty cells at the beginning of rows, and for columns that a cell of several takes. */
	aligned(text: string): string {
		while (this.#open.length > 0) this.endTable();
		const made = new GrowingText();
		let from = 0;
		for (const { table, at, empty, isBeginning } of this.#gaps) {
			// Columns that are empty in each row have no meaning.
			const tabs = table.isLayout ? 0 : Math.max(0, empty - (isBeginning ? table.least : 0));
			if (tabs === 0) continue;
			made.add(text.slice(from, at));
			made.add('\t'.repeat(tabs));
			from = at;
		}
		if (made.isEmpty) return text;
		made.add(text.slice(from));
		return made.toString();
	}
}
