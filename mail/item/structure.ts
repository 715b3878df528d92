import { firstOf, isFamiliarField, isField, isLooseParameter, isRestOfHeader, readFields, withoutReturns, type Field } from './headerBlock';
import { checkMemory } from './memoryLimit';
import { OpenMultiparts, type PartsReader } from './openMultiparts';
import { setsOfWords } from './encodedWords';
import { partOf, type Part } from './part';

const [LF, CR, HYPHEN] = [0x0a, 0x0d, 0x2d];
const NOTHING: Buffer = Buffer.alloc(0);
const DELIMITER = Buffer.from('\n--');
/** In bytes. A boundary has 70 characters (RFC 2046, section 5.1.1), a line 998 (RFC 5322, section 2.1.1). */
const LONGEST_BOUNDARY_LINE = 2000;
const LONGEST_LINE = 8 * 1024 * 1024;
const LONGEST_HEADER = 8 * 1024 * 1024;
/** A list of 20,000 recipients, one a line, has a fifth of them. */
const MOST_LINES = 100_000;
/** Until so many bytes have come it may be that lines end in CR alone. */
const UNDECIDED = 64 * 1024;
/** A header of a part that is not plain text as it stands. */
const NO_TEXT = /^content-(?:transfer-encoding[ \t]{0,9}:[ \t]{0,9}base64|type[ \t]{0,9}:(?![ \t]{0,9}text\/))/i;
/** A header line of a part, as no text begins. */
const LATE_HEADER =
	/^content-(?:type[ \t]{0,9}:[ \t]{0,9}[\w-]{1,40}\/[\w.+-]{1,99}|disposition[ \t]{0,9}:[ \t]{0,9}(?:attachment|inline)|transfer-encoding[ \t]{0,9}:[ \t]{0,9}(?:7bit|8bit|binary|base64|quoted-printable))[ \t]{0,9}(?:;|$)/i;
const MOST_PARTS = 20_000;
const MOST_SETS = 20;

/**
 * Takes an email apart, piece by piece, in memory that does not grow with it. What is written wrongly is read as it was
 * meant: blanks behind boundaries, inner boundaries that do not end, a boundary that is not declared, headers without an
 * empty line behind them, lines that end in CR or CRCRLF.
 */
export class Structure {
	readonly root: () => Part | undefined = () => this.#root;
	#root: Part | undefined;
	#pending: Buffer = Buffer.alloc(0);
	#lineEnd: 'lf' | 'cr' | undefined;
	#inHeader = true;
	#lines: string[] = [];
	#headerLength = 0;
	/** Content begins where a line begins: a boundary may come at once. */
	#atLine = false;
	#parts = 0;
	readonly #multiparts: OpenMultiparts;
	#leaf: Part | undefined;
	/** Sets that encoded words in the subject and the author name: the files of the email may have names in raw bytes of one. */
	#wordSets: readonly string[] = [];

	/** @param isWithin what it reads has been decoded already */
	constructor(
		private readonly reader: PartsReader,
		isWithin = false,
	) {
		this.#multiparts = new OpenMultiparts(reader, isWithin ? undefined : (part, content) => this.#readDecoded(part, content));
	}

	push(bytes: Buffer): void {
		this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
		if (this.#lineEnd === undefined) {
			if (!this.#pending.includes(LF) && this.#pending.length < UNDECIDED) return;
			this.#decide();
		} else if (this.#lineEnd === 'cr') this.#pending = withLineFeeds(this.#pending);
		this.#run(false);
	}

	end(): void {
		this.#decide();
		this.#run(true);
		if (this.#inHeader && (this.#lines.length > 0 || this.#root === undefined)) this.#openPart();
		if (this.#leaf !== undefined) this.#closeLeaf(this.#multiparts.areCut);
		this.#multiparts.closeAbove(-1);
	}

	#decide(): void {
		if (this.#lineEnd !== undefined) return;
		this.#lineEnd = this.#pending.includes(LF) || !this.#pending.includes(CR) ? 'lf' : 'cr';
		if (this.#lineEnd === 'cr') this.#pending = withLineFeeds(this.#pending);
		// A byte order mark and empty lines before the header.
		let begin = this.#pending[0] === 0xef && this.#pending[1] === 0xbb && this.#pending[2] === 0xbf ? 3 : 0;
		while (this.#pending[begin] === LF || this.#pending[begin] === CR) begin += 1;
		this.#pending = this.#pending.subarray(begin);
	}

	#run(isLast: boolean): void {
		while (this.#inHeader ? this.#headerLine(isLast) : this.#content(isLast));
	}

	/** The line at this offset and where the next begins; undefined where it has not come to its end. */
	#lineAt(offset: number, isLast: boolean): { text: string; next: number } | undefined {
		const end = this.#pending.indexOf(LF, offset);
		if (end === -1 && !(isLast && offset < this.#pending.length) && this.#pending.length - offset < LONGEST_LINE) return undefined;
		const stop = end === -1 ? this.#pending.length : end;
		return { text: withoutReturns(this.#pending.toString('latin1', offset, stop)), next: end === -1 ? stop : end + 1 };
	}

	#headerLine(isLast: boolean): boolean {
		const line = this.#lineAt(0, isLast);
		if (line === undefined) return false;
		const { text, next } = line;
		// Empty lines before the header of the email are no end of it.
		if (text === '') return this.#emptyLine(next, isLast);
		if (text.startsWith('--') && this.#multiparts.matching(text) !== undefined) return this.#beginContent(0, this.#linesOfText());
		if (text.startsWith('--') && this.#declares(text.slice(2).trimEnd())) return this.#beginContent(0);
		const isContinuation = /^[ \t]/.test(text);
		if (isField(text) || (isContinuation && text.trim() !== '' && this.#lines.length > 0)) return this.#addLine(text, next);
		if (text.includes('=') && isLooseParameter(text, this.#lines)) return this.#addLine(` ${text}`, next);
		if (text.trim() !== '' && isRestOfHeader(text, this.#lines)) return this.#addLine(` ${text}`, next);
		const after = this.#lineAt(next, isLast);
		if (after === undefined && !isLast) return false;
		const following = after?.text ?? '';
		if (text.trim() === '') {
			// An empty line of blanks within a folded header (RFC 5322, section 4.2), or the one that ends it.
			const behind = after !== undefined && /^[ \t]/.test(following) ? this.#lineAt(after.next, isLast) : undefined;
			const goesOn = isField(following) || following === '' || isFamiliarField(behind?.text ?? '');
			return goesOn ? this.#addLine(text, next) : this.#beginContent(next);
		}
		// A line that is no field is passed over where the header goes on; else the empty line before the content is missing.
		const beginsLate = this.#root === undefined && (isField(following) || /^>From /.test(following));
		const isWord = this.#lines.length > 0 && text.startsWith('=?');
		const goesOn = this.#lines.length === 0 ? beginsLate : isFamiliarField(following) || (isWord && following.startsWith('=?'));
		// An encoded word belongs to the header before: only the blank is missing.
		if (goesOn) return this.#addLine(isWord ? ` ${text}` : '', next);
		const before = this.#root === undefined || this.#lines.some((line) => NO_TEXT.test(line)) ? NOTHING : this.#linesOfText();
		return this.#beginContent(0, before.length === 0 ? before : Buffer.concat([before, Buffer.from('\r\n')]));
	}

	/** The end of a header, except before it: some programs leave a line between the boundary and the header. */
	#emptyLine(next: number, isLast: boolean): boolean {
		if (this.#lines.length > 0) return this.#beginContent(next);
		if (this.#root === undefined) return this.#addLine('', next);
		const inDigest = this.#multiparts.inmost?.part.type === 'multipart/digest';
		if (inDigest || !mayBeContentHeader(this.#pending.subarray(next, next + 8))) return this.#beginContent(next);
		const line = this.#lineAt(next, isLast);
		if (line === undefined && !isLast) return false;
		return LATE_HEADER.test(line?.text ?? '') ? this.#addLine('', next) : this.#beginContent(next);
	}

	/** Whether the header that is being read has this boundary, so that it ends here, without an empty line. */
	#declares(boundary: string): boolean {
		return (
			boundary !== '' && this.#lines.slice(-20).some((line) => line.length < 2000 && /boundary/i.test(line) && line.includes(boundary))
		);
	}

	#addLine(text: string, next: number): boolean {
		this.#pending = this.#pending.subarray(next);
		this.#headerLength += next;
		if (this.#headerLength >= LONGEST_HEADER || this.#lines.length >= MOST_LINES)
			this.reader.damage(`A header is longer than 8 MB or ${MOST_LINES} lines, and its end was not read.`);
		else if (text !== '') this.#lines.push(text);
		return true;
	}

	#beginContent(offset: number, content = NOTHING): boolean {
		this.#pending = this.#pending.subarray(offset);
		const before = this.#openPart();
		this.#emit(Buffer.concat([before, content]));
		return true;
	}

	/** A header that ends without an empty line: what stands behind its last familiar field is text, "Note: …" too. */
	#linesOfText(): Buffer {
		let end = this.#lines.findLastIndex(isFamiliarField) + 1;
		while (/^[ \t]/.test(this.#lines[end] ?? '')) end += 1;
		return Buffer.from(this.#lines.splice(end).join('\r\n'), 'latin1');
	}

	/** @returns what belongs to the content of the part already */
	#openPart(): Buffer {
		const parent = this.#multiparts.inmost?.part;
		const lines = this.#lines;
		this.#lines = [];
		this.#headerLength = 0;
		this.#inHeader = false;
		this.#atLine = true;
		this.#parts += 1;
		if (this.#parts > MOST_PARTS) {
			if (this.#parts === MOST_PARTS + 1) this.reader.damage(`The email has more than ${MOST_PARTS} parts.`);
			return NOTHING;
		}
		const fields = readFields(lines);
		// In a digest the header of the email itself may stand where that of the part should.
		const isBareMail = parent?.type === 'multipart/digest' && isMailHeader(fields);
		if (this.#root === undefined) this.#wordSets = setsNamedIn(fields);
		const part = partOf(isBareMail ? [] : fields, parent, [...this.reader.charsets, ...this.#wordSets]);
		this.#root ??= part;
		parent?.children.push(part);
		this.reader.open(part);
		if (part.type.startsWith('multipart/')) this.#multiparts.open(part);
		else this.#leaf = part;
		return isBareMail ? Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1') : NOTHING;
	}

	/** Passes content on up to the next boundary; false where more has to come first. */
	#content(isLast: boolean): boolean {
		let from = 0;
		for (;;) {
			const found = this.#atLine && from === 0 && startsWithHyphens(this.#pending) ? -1 : this.#pending.indexOf(DELIMITER, from);
			if (found === -1 && !(this.#atLine && from === 0 && startsWithHyphens(this.#pending))) return this.#passOn(isLast);
			const line = this.#lineAt(found + 1, isLast);
			if (line === undefined && this.#pending.length - found < LONGEST_BOUNDARY_LINE) return this.#keep(found);
			const hit = line === undefined || line.text.length > LONGEST_BOUNDARY_LINE ? undefined : this.#hit(line, isLast);
			if (hit === 'wait') return this.#keep(found);
			if (hit !== undefined && line !== undefined) {
				this.#emit(this.#pending.subarray(0, lineEndBefore(this.#pending, found)));
				this.#pending = this.#pending.subarray(line.next);
				this.#cross(hit.level, hit.isClose);
				return true;
			}
			from = found + 3;
			this.#atLine = this.#atLine && from === 0;
		}
	}

	/** Everything but what may be the beginning of a boundary. */
	#passOn(isLast: boolean): boolean {
		if (this.#pending.length === 0) return false;
		if (this.#atLine && !isLast && this.#pending.length < 2) return false;
		let end = this.#pending.length;
		if (!isLast) {
			if (this.#pending[end - 1] === HYPHEN && (end === 1 || this.#pending[end - 2] === LF)) end -= 1;
			if (this.#pending[end - 1] === LF) end -= 1;
			if (this.#pending[end - 1] === CR) end -= 1;
		}
		this.#emit(this.#pending.subarray(0, end));
		if (end > 0) this.#atLine = false;
		this.#pending = this.#pending.subarray(end);
		return false;
	}

	/** Passes on what stands before a line that is not whole yet. */
	#keep(newline: number): boolean {
		const end = lineEndBefore(this.#pending, newline);
		if (end > 0) {
			this.#emit(this.#pending.subarray(0, end));
			this.#pending = this.#pending.subarray(end);
			this.#atLine = false;
		}
		return false;
	}

	#hit(line: { text: string; next: number }, isLast: boolean): { level: number; isClose: boolean } | 'wait' | undefined {
		const match = this.#multiparts.matching(line.text);
		const open = this.#multiparts.inmost;
		if (match !== undefined || open === undefined || this.#leaf !== undefined || open.begun > 0 || open.closed) return match;
		// Before the first part, a line that looks like a boundary with a header behind it: another one was declared, or none.
		const candidate = /^--(\S.{0,198}?)\s{0,9}$/.exec(line.text)?.[1];
		if (candidate === undefined || open.boundaries.length > 1) return undefined;
		const after = this.#lineAt(line.next, isLast);
		if (after === undefined && !isLast) return 'wait';
		const isUndeclared = open.boundaries.length === 0 && /[^-=_*\s]/.test(candidate) && (after?.text === '' || isField(after?.text ?? ''));
		if (!isUndeclared && !/^(?:content-[a-z-]{1,30}|mime-version)[ \t]{0,9}:/i.test(after?.text ?? '')) return undefined;
		open.boundaries.push(candidate);
		return { level: this.#multiparts.depth - 1, isClose: false };
	}

	#cross(level: number, isClose: boolean): void {
		this.#closeLeaf(false);
		this.#multiparts.cross(level, isClose);
		this.#atLine = true;
		if (!isClose) this.#inHeader = true;
	}

	/** A multipart that was encoded as a whole, which no multipart may be (RFC 2045, section 6.4). */
	#readDecoded(part: Part, content: Buffer): void {
		const inner = new Structure(this.reader, true);
		inner.push(Buffer.from(`Content-Type: ${firstOf(part.fields, 'content-type')}\r\n\r\n`, 'latin1'));
		for (let from = 0; from < content.length && inner.#parts <= MOST_PARTS; from += UNDECIDED) {
			checkMemory();
			inner.push(content.subarray(from, from + UNDECIDED));
		}
		inner.end();
		part.children.push(...(inner.root()?.children ?? []));
	}

	#closeLeaf(cut: boolean): void {
		if (this.#leaf === undefined) return;
		this.reader.close(this.#leaf, cut);
		this.#leaf = undefined;
	}

	#emit(bytes: Buffer): void {
		if (bytes.length === 0) return;
		if (this.#leaf === undefined) this.#multiparts.keep(bytes);
		else this.reader.content(this.#leaf, bytes);
	}
}

/** Not all, because a hostile header has a great many, and none in which a name in Latin letters would be something else. */
function setsNamedIn(fields: readonly Field[]): string[] {
	const sets = new Set<string>();
	for (const key of ['subject', 'from']) {
		for (const set of setsOfWords(firstOf(fields, key))) {
			if (/^utf-?(?:7|16|32)/.test(set)) continue;
			if (sets.size === MOST_SETS) return [...sets];
			sets.add(set);
		}
	}
	return [...sets];
}

/** Whether these bytes are the beginning of such a header, as far as they have come. */
function mayBeContentHeader(bytes: Buffer): boolean {
	return 'content-'.startsWith(bytes.toString('latin1').toLowerCase());
}

/** Whether this is the header of an email, and not that of a part. */
function isMailHeader(fields: readonly Field[]): boolean {
	if (fields.some(({ key, value }) => key === 'content-type' && /^message\//i.test(value))) return false;
	const isNoPart = fields.every(({ key }) => !key.startsWith('content-'));
	return fields.length > 0 && (isNoPart || fields.some(({ key }) => key === 'from' || key === 'date' || key === 'subject'));
}

function startsWithHyphens(bytes: Buffer): boolean {
	return bytes[0] === HYPHEN && bytes[1] === HYPHEN;
}

/** Where the line before this newline ends: its own CR belongs to it. */
function lineEndBefore(bytes: Buffer, newline: number): number {
	const end = Math.max(0, newline);
	return end > 0 && bytes[end - 1] === CR ? end - 1 : end;
}

function withLineFeeds(bytes: Buffer): Buffer {
	const copy = Buffer.from(bytes);
	for (let at = copy.indexOf(CR); at !== -1; at = copy.indexOf(CR, at + 1)) copy[at] = LF;
	return copy;
}
