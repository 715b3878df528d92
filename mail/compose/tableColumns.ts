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
}

/**
 * Keeps the columns of tables in line whose rows begin with empty cells, as in the corner above the titles of rows and columns. Whether
 * these are columns of data, or the space at the sides of a layout, is known only at the end of the table. Therefore, the tabs for these
 * cells are added when the whole text is there.
 */
export class TableColumns {
	readonly #open: Table[] = [];
	/** Rows that begin with empty cells, in the order of the text. */
	readonly #rows: Array<{ table: Table; at: number; empty: number }> = [];

	beginTable(): void {
		const outer = this.#open.at(-1);
		if (outer !== undefined) outer.isLayout = true;
		this.#open.push({ empty: 0, filled: 0, hasWords: false, least: Infinity, isLayout: false });
	}

	endTable(): void {
		this.beginRow();
		this.#open.pop();
	}

	beginRow(): void {
		const table = this.#open.at(-1);
		if (table === undefined) return;
		if (table.filled > 1) table.least = Math.min(table.least, table.empty);
		Object.assign(table, { empty: 0, filled: 0, hasWords: false });
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
		if (table.empty > 0 && !table.hasWords) this.#rows.push({ table, at, empty: table.empty });
		table.hasWords = true;
	}

	/** Returns the text with tabs for the empty cells at the beginning of rows. */
	aligned(text: string): string {
		while (this.#open.length > 0) this.endTable();
		const made = new GrowingText();
		let from = 0;
		for (const { table, at, empty } of this.#rows) {
			// Columns that are empty in each row have no meaning.
			const tabs = table.isLayout ? 0 : Math.max(0, empty - table.least);
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
