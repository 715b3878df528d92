/** Joiners belong to a word or sign if they stand within it, as in Persian. U+034F is a mark that is not seen. */
const JOINED = String.raw`(?!\u034f)[\p{L}\p{M}\p{So}\p{Sk}]`;
/** Invisible blanks and marks. Newsletters pad their hidden beginning with runs of them. */
const INVISIBLE = new RegExp(
	String.raw`[\u00ad\u034f\u200b\u200e\u200f\u2060\ufeff]+|(?<!${JOINED})[\u200c\u200d]+|[\u200c\u200d]+(?!${JOINED})`,
	'gu',
);
/** Characters that mean something in Markdown. */
const SPECIAL = /[\\`*_[\]~]/g;
const WIDEST_INDENT = 24;

/** Writes Markdown piece by piece, up to a maximum length. Every call takes time in proportion to its text. */
export class Writer {
	readonly #out: string[] = [];
	#length = 0;
	#cut = false;
	/** Line breaks to write before the next word, and whether a blank is needed. */
	#breaks = 0;
	#space = false;
	/** Marks such as ** that are written before the next word. */
	#marks: string[] = [];
	/** Number of elements that are open within {@link marked}, by their mark. */
	readonly #marked = new Map<string, number>();
	readonly #indents: string[] = [];
	/** The bullet or number of a list item that has no words yet. */
	#bullet = '';
	/** A cell has ended, so the next one of the row continues on the same line. */
	#cellEnded = false;
	#preformatted = 0;
	#code = 0;
	#lastIndent = '';
	#breaksWritten = 0;
	/** Between two cells. */
	#separator = '';
	/** Line breaks that are left out where a separator is written in their place. */
	#replaced = 0;

	constructor(private readonly longest: number) {}

	get isFull(): boolean {
		return this.#cut;
	}

	end(): { text: string; cut: boolean } {
		return { text: this.#out.join('').trim(), cut: this.#cut };
	}

	text(text: string): void {
		const seen = text.replace(INVISIBLE, '');
		if (this.#preformatted > 0) {
			for (const [index, line] of seen.split(/\r?\n/).entries()) {
				if (index > 0) this.#breaks += 1;
				if (line !== '') this.#put(line);
			}
			return;
		}
		const words = seen.replace(/[\s\u00a0]+/g, ' ');
		if (words.startsWith(' ')) this.#space = true;
		const core = words.trim();
		if (core === '') return;
		this.#put(this.#code > 0 ? core : core.replace(SPECIAL, (mark, at: number) => (needsEscape(mark, core, at) ? `\\${mark}` : mark)));
		if (words.endsWith(' ')) this.#space = true;
	}

	/** @param lines 1 for a new line, 2 for a blank line in between */
	block(lines: number): void {
		this.#space = false;
		if (this.#bullet !== '' || this.#cellEnded) return;
		// Outlook puts a paragraph into each cell.
		if (this.#separator !== '' && this.#breaks === 0) this.#replaced = Math.max(this.#replaced, lines);
		else this.#breaks = Math.max(this.#breaks, lines);
	}

	lineBreak(): void {
		this.#space = false;
		this.#breaks = Math.min(2, this.#breaks + 1);
	}

	rule(): void {
		this.block(2);
		this.#put('---');
		this.block(2);
	}

	picture(alt: string): void {
		const text = alt.replace(INVISIBLE, '').replace(/\s+/g, ' ').trim().slice(0, 200);
		if (text !== '') this.#put(text);
	}

	marked(mark: string): () => void {
		const open = this.#marked.get(mark) ?? 0;
		this.#marked.set(mark, open + 1);
		// Within another one of its kind, it has no marks.
		if (open === 0) this.#marks.push(mark);
		const opened = this.#out.length;
		return () => {
			this.#marked.set(mark, open);
			if (open > 0) return;
			// It was empty.
			const waiting = this.#marks.lastIndexOf(mark);
			if (waiting !== -1) this.#marks.splice(waiting, 1);
			else if (this.#out.length > opened) this.#append(mark);
		};
	}

	/** Code in a line. Nothing in it is escaped; preformatted text is code already. */
	code(): () => void {
		if (this.#preformatted > 0) return () => undefined;
		this.#code += 1;
		const end = this.marked('`');
		return () => {
			this.#code -= 1;
			end();
		};
	}

	heading(level: number): () => void {
		this.#bullet ||= `${'#'.repeat(level)} `;
		return () => (this.#bullet = '');
	}

	indent(by: string): () => void {
		this.#indents.push(this.#indents.join('').length < WIDEST_INDENT ? by : '');
		return () => void this.#indents.pop();
	}

	item(bullet: string): () => void {
		this.block(1);
		this.#bullet = bullet;
		const outdent = this.indent(' '.repeat(bullet.length));
		return () => {
			this.#bullet = '';
			outdent();
			this.block(1);
		};
	}

	preformatted(): () => void {
		this.#put('```');
		this.#breaks = 1;
		this.#preformatted += 1;
		return () => {
			this.#preformatted -= 1;
			this.#breaks = 1;
			this.#put('```');
		};
	}

	row(): () => void {
		this.#cellEnded = false;
		return () => (this.#cellEnded = false);
	}

	/** Cells of one line stand beside each other. */
	cell(): () => void {
		const begun = this.#out.length;
		const lines = this.#breaksWritten;
		const follows = this.#cellEnded;
		this.#cellEnded = false;
		if (follows) {
			[this.#breaks, this.#replaced] = [0, 0];
			this.#separator = ' | ';
		}
		return () => {
			if (this.#out.length > begun && this.#breaksWritten <= lines + 1) {
				this.#breaks = 0;
				this.#cellEnded = true;
			} else this.#cellEnded = follows && this.#out.length === begun;
			this.#separator = '';
		};
	}

	/** The words of a link in brackets, followed by its address. */
	link(href: string): () => void {
		if (href === '') return () => undefined;
		const mark = '[';
		this.#marks.push(mark);
		const before = this.#out.length;
		return () => {
			const waiting = this.#marks.lastIndexOf(mark);
			if (waiting !== -1) {
				this.#marks.splice(waiting, 1);
				return;
			}
			if (this.#out.length === before) return;
			this.#append(`](${href.replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'))})`);
		};
	}

	#put(text: string): void {
		if (this.#cut) return;
		const indent = this.#indents.join('');
		// A heading, a list or a quotation begins a line of its own.
		if (this.#separator !== '' && (this.#bullet !== '' || indent !== this.#lastIndent))
			this.#breaks = Math.max(this.#breaks, this.#replaced);
		if (this.#separator !== '' && this.#breaks === 0) this.#append(this.#separator);
		else if (this.#breaks > 0 || this.#out.length === 0) {
			if (this.#out.length > 0) {
				// A blank line has the common prefix of the lines before and after it.
				const blank = indent.startsWith(this.#lastIndent) ? this.#lastIndent : this.#lastIndent.startsWith(indent) ? indent : '';
				this.#append(`\n${blank.trimEnd()}`.repeat(this.#breaks - 1) + '\n');
				this.#breaksWritten += 1;
			}
			const isItem = this.#bullet !== '' && /^(?:- |\d)/.test(this.#bullet);
			this.#append(`${isItem ? indent.slice(0, indent.length - this.#bullet.length) : indent}${this.#bullet}`);
			this.#bullet = '';
			this.#lastIndent = indent;
		} else if (this.#space) this.#append(' ');
		this.#append(this.#marks.join(''));
		this.#marks = [];
		[this.#breaks, this.#space, this.#separator, this.#cellEnded] = [0, false, '', false];
		this.#append(text);
	}

	#append(text: string): void {
		if (text === '' || this.#cut) return;
		const left = this.longest - this.#length;
		this.#out.push(text.slice(0, left));
		this.#length += text.length;
		if (this.#length > this.longest) this.#cut = true;
	}
}

/** An underscore within a word and a single tilde mean nothing. */
function needsEscape(mark: string, text: string, at: number): boolean {
	if (mark === '_') return !/\w/.test(text[at - 1] ?? ' ') || !/\w/.test(text[at + 1] ?? ' ');
	if (mark === '~') return text[at + 1] === '~';
	return true;
}
