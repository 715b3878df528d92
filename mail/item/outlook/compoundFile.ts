import { untilZero } from './mapi';

/** Sizes of a compound file (MS-CFB), the form of `.msg`. */
const SIGNATURE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const [HEADER, ENTRY, SMALL_SECTOR, SMALL_LIMIT] = [512, 128, 64, 4096];
const [LAST, FREE, NO_ENTRY] = [0xfffffffe, 0xffffffff, 0xffffffff];
/** More than any email has; what lies within the library's reach is read without such bounds. */
const MOST_ENTRIES = 50_000;
const DEEPEST = 20;
/** In bytes, of all texts together. The library takes up to thirty times the memory of a text, in one step; a large one is a bomb. */
const MOST_TEXT = 8_000_000;
/** Streams of `.msg` are called by property and type (MS-OXMSG, section 2.1.3), and these are the types of texts. */
const TEXT = /001[EF]$/;

export function isCompoundFile(bytes: Buffer): boolean {
	return bytes.length >= HEADER && bytes.subarray(0, 8).equals(SIGNATURE);
}

/**
 * Whether a compound file is sound: every chain of sectors ends within the file, no sector belongs to two of them, the
 * directory is a tree, no stream claims more than its chain holds, and texts are no longer than texts are. The library that reads it
 * looks after none of these:
 * a chain that bites its tail goes on for ever, and a thousand names for one stream are a thousand copies.
 */
export function isSoundCompoundFile(bytes: Buffer): boolean {
	try {
		return new Inspection(bytes).isSound();
	} catch (error) {
		if (error instanceof RangeError) return false;
		throw error;
	}
}

class Inspection {
	readonly #size: number;
	readonly #sectors: number;
	readonly #table: number[] = [];
	readonly #used: Uint8Array;

	constructor(private readonly bytes: Buffer) {
		this.#size = bytes.readUInt16LE(30) === 12 ? 4096 : 512;
		this.#sectors = Math.ceil(bytes.length / this.#size);
		this.#used = new Uint8Array(this.#sectors);
	}

	isSound(): boolean {
		if (!isCompoundFile(this.bytes) || !this.#readTable()) return false;
		const directory = this.#chain(this.bytes.readUInt32LE(48));
		const smallTable = this.#chain(this.bytes.readUInt32LE(60));
		if (directory === undefined || smallTable === undefined || directory.length === 0) return false;
		const perSector = this.#size / ENTRY;
		const entries = directory.flatMap((sector) => Array.from({ length: perSector }, (_, at) => this.#offset(sector) + at * ENTRY));
		if (entries.length > MOST_ENTRIES || !this.#isTree(entries)) return false;
		const small = smallTable.flatMap((sector) =>
			Array.from({ length: this.#size / 4 }, (_, at) => this.bytes.readUInt32LE(this.#offset(sector) + at * 4)),
		);
		return this.#areStreamsSound(entries, small);
	}

	#offset(sector: number): number {
		return (sector + 1) * this.#size;
	}

	/** The table that tells which sector follows which: its own sectors are listed in the header and in a chain behind it. */
	#readTable(): boolean {
		const count = this.bytes.readUInt32LE(44);
		if (count > this.#sectors) return false;
		const places: number[] = [];
		for (let at = 0; at < Math.min(count, 109); at++) places.push(this.bytes.readUInt32LE(76 + at * 4));
		let more = this.bytes.readUInt32LE(68);
		const perSector = this.#size / 4 - 1;
		for (let step = 0; places.length < count && more < LAST; step++) {
			if (step > this.#sectors) return false;
			for (let at = 0; at < perSector && places.length < count; at++) places.push(this.bytes.readUInt32LE(this.#offset(more) + at * 4));
			more = this.bytes.readUInt32LE(this.#offset(more) + perSector * 4);
		}
		for (const place of places) {
			if (place >= this.#sectors) return false;
			for (let at = 0; at < this.#size / 4; at++) this.#table.push(this.bytes.readUInt32LE(this.#offset(place) + at * 4));
		}
		return true;
	}

	/** Undefined where it does not end, leaves the file, or meets another one. */
	#chain(first: number): number[] | undefined {
		const chain: number[] = [];
		for (let sector = first; sector !== LAST && sector !== FREE; sector = this.#table[sector] ?? -1) {
			if (sector < 0 || sector >= this.#sectors || this.#used[sector] === 1) return undefined;
			this.#used[sector] = 1;
			chain.push(sector);
		}
		return chain;
	}

	#isTree(entries: readonly number[]): boolean {
		const seen = new Uint8Array(entries.length);
		const open: Array<{ at: number; depth: number }> = [{ at: 0, depth: 0 }];
		for (let next = open.pop(); next !== undefined; next = open.pop()) {
			const { at, depth } = next;
			const entry = entries[at];
			if (entry === undefined || seen[at] === 1 || depth > DEEPEST) return false;
			seen[at] = 1;
			const [left = NO_ENTRY, right = NO_ENTRY, child = NO_ENTRY] = [68, 72, 76].map((field) => this.bytes.readUInt32LE(entry + field));
			// The root has no neighbours; those of a stream have no children.
			for (const [index, deeper] of [
				[left, 0],
				[right, 0],
				[child, 1],
			] satisfies Array<[number, number]>) {
				if (index !== NO_ENTRY) open.push({ at: index, depth: depth + deeper });
			}
		}
		return true;
	}

	#nameOf(entry: number): string {
		const length = Math.min(64, this.bytes.readUInt16LE(entry + 64));
		return untilZero(this.bytes.toString('utf16le', entry, entry + length));
	}

	#areStreamsSound(entries: readonly number[], small: readonly number[]): boolean {
		const smallUsed = new Uint8Array(small.length);
		let texts = 0;
		for (const [index, entry] of entries.entries()) {
			const type = this.bytes[entry + 66];
			const first = this.bytes.readUInt32LE(entry + 116);
			const size = this.bytes.readUInt32LE(entry + 120);
			if ((type !== 2 && index !== 0) || size === 0) continue;
			if (size > this.bytes.length || (TEXT.test(this.#nameOf(entry)) && (texts += size) > MOST_TEXT)) return false;
			if (index === 0 || size >= SMALL_LIMIT) {
				const chain = this.#chain(first);
				if (chain === undefined || (index !== 0 && chain.length * this.#size < size)) return false;
				continue;
			}
			let length = 0;
			for (let sector = first; sector !== LAST; sector = small[sector] ?? FREE) {
				if (sector >= small.length || smallUsed[sector] === 1) return false;
				smallUsed[sector] = 1;
				length += SMALL_SECTOR;
			}
			if (length < size) return false;
		}
		return true;
	}
}
