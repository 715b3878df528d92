import { GrowingText } from '../item/growingText';

interface Table {
	/** Number of cells of the current row that have words. */
	filled: number;
	hasWords: boolean;
	/** Column of the first words of the current row. */
	first: number;
	/** Smallest column in which a row with several filled cells begins; infinite if there is no such row. */
	least: number;
	/** It contains another table, or a cell of several lines. */
	isLayout: boolean;
	/** Number of the current row, from 1 on. */
	row: number;
	/** Column in which the current cell begins. */
	at: number;
	/** The column after the current cell. */
	column: number;
	/** For each column the last row of a cell of several rows. */
	readonly taken: number[];
	/** A bit for each column without a tab between the last words of the row and the next. */
	gap: number;
	/** Number of such columns that have no bit. */
	further: number;
	/** A bit for each column in which a cell of the current row begins after the last words. */
	begins: number;
	/** A bit for each column in which a cell begins that is not behind the last words of its row. */
	used: number;
}

/** Further columns are not kept in line, so that the time and the text of each row are bounded. */
const MOST_COLUMNS = 20;

/** Returns a bit for each column before this one. */
const before = (column: number): number => 2 ** Math.min(MOST_COLUMNS, column) - 1;

/**
 * Keeps the columns of tables in line whose rows begin with empty cells, as in the corner above the titles of rows and columns, or that
 * have cells of several rows or columns. Which columns have cells, and whether these are columns of data or parts of a layout, is known
 * only at the end of the table. Therefore, the tabs for them are added when the whole text is there.
 */
export class TableColumns {
	readonly #open: Table[] = [];
	/** Words after columns without words, in the order of the text. */
	readonly #gaps: Array<{ table: Table; at: number; columns: number; further: number }> = [];

	beginTable(): void {
		const outer = this.#open.at(-1);
		if (outer !== undefined) outer.isLayout = true;
		const cell = { at: 0, column: 0, taken: [], gap: 0, further: 0, begins: 0, used: 0 };
		this.#open.push({ filled: 0, hasWords: false, first: 0, least: Infinity, isLayout: false, row: 1, ...cell });
	}

	endTable(): void {
		this.beginRow();
		this.#open.pop();
	}

	/** No cell reaches from the head or a body of a table into the next, nor into its foot. */
	breakGroup(): void {
		this.beginRow();
		this.#open.at(-1)?.taken.splice(0);
	}

	beginRow(): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		if (table.filled > 1) table.least = Math.min(table.least, table.first);
		const cell = { at: 0, column: 0, gap: 0, further: 0, begins: 0 };
		Object.assign(table, { filled: 0, hasWords: false, first: 0, row: table.row + 1, ...cell });
	}

	/** @param across number of columns of the cell @param down number of its rows */
	beginCell(across: number, down: number): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		let { column } = table;
		const after = column === 0 ? 0 : table.at + 1;
		while ((table.taken[column] ?? 0) >= table.row) column += 1;
		table.gap |= before(column) & ~before(after);
		table.begins |= before(column + 1) & ~before(column);
		table.at = column;
		const end = Math.min(MOST_COLUMNS, column + across);
		table.column = Math.max(column + 1, end);
		if (down > 1) for (; column < end; column += 1) table.taken[column] = table.row + down - 1;
	}

	/** A cell at the beginning of a row has no words. */
	emptyCell(): void {
		const table = this.#open.at(-1);
		if (table === undefined || table.hasWords) return;
		if (table.at < MOST_COLUMNS) table.gap |= before(table.at + 1) & ~before(table.at);
		else table.further += 1;
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
		const { gap: columns, further } = table;
		if (columns > 0 || further > 0) this.#gaps.push({ table, at, columns, further });
		if (!table.hasWords) table.first = table.at;
		table.used |= table.begins;
		Object.assign(table, { hasWords: true, gap: 0, further: 0, begins: 0 });
	}

	/** Returns the text with tabs for the empty cells at the beginning of rows, and for columns that a cell of several takes. */
	aligned(text: string): string {
		while (this.#open.length > 0) this.endTable();
		const made = new GrowingText();
		let from = 0;
		for (const { table, at, columns, further } of this.#gaps) {
			if (table.isLayout) continue;
			// Columns that are empty in each row have no meaning.
			const tabs = count(columns & table.used & ~before(table.least)) + Math.max(0, further - Math.max(0, table.least - MOST_COLUMNS));
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

/** Number of bits. */
function count(bits: number): number {
	let sum = 0;
	for (let left = bits; left > 0; left &= left - 1) sum += 1;
	return sum;
}
