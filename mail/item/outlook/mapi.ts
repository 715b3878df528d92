/** MAPI properties as TNEF holds them (MS-OXTNEF, section 2.1.3.4), by their number without the type. */
export type MapiValues = ReadonlyMap<number, MapiValue>;
type MapiValue = { kind: 'text'; text: string } | { kind: 'bytes'; bytes: Buffer } | { kind: 'number'; number: number };

export const PROPERTY = {
	subject: 0x0037,
	body: 0x1000,
	rtf: 0x1009,
	html: 0x1013,
	data: 0x3701,
	shortName: 0x3704,
	longName: 0x3707,
	mimeType: 0x370e,
	contentId: 0x3712,
	internetCodepage: 0x3fde,
} as const;

const WANTED = new Set<number>(Object.values(PROPERTY));
const MOST_PROPERTIES = 5_000;
const MANY_VALUED = 0x1000;
const NAMED = 0x8000;
const [TEXT8, TEXT16, OBJECT, BYTES] = [0x1e, 0x1f, 0x0d, 0x102];
/** Sizes of fixed types, padded to four bytes. */
const SIZES = new Map<number, number>([
	...[
		[0x02, 4],
		[0x03, 4],
		[0x04, 4],
		[0x05, 8],
		[0x06, 8],
		[0x07, 8],
		[0x0a, 4],
		[0x0b, 4],
		[0x14, 8],
		[0x40, 8],
		[0x48, 16],
	].map(([type = 0, size = 0]): [number, number] => [type, size]),
]);

/** Reads on until the bytes end or make no sense. @param decode for 8-bit text, which is in the code page of the message */
export function readMapi(bytes: Buffer, decode: (text: Buffer) => string): MapiValues {
	const values = new Map<number, MapiValue>();
	const reader = new Reader(bytes);
	const count = Math.min(reader.u32(), MOST_PROPERTIES);
	for (let at = 0; at < count && !reader.failed; at++) {
		const type = reader.u16();
		const id = reader.u16();
		if (id >= NAMED) skipName(reader);
		const plain = type & ~MANY_VALUED;
		const size = SIZES.get(plain);
		const isVariable = plain === TEXT8 || plain === TEXT16 || plain === OBJECT || plain === BYTES;
		if (size === undefined && !isVariable) break;
		const values32 = isVariable || (type & MANY_VALUED) !== 0 ? reader.u32() : 1;
		for (let value = 0; value < values32 && !reader.failed; value++) {
			const content = size === undefined ? reader.padded(reader.u32()) : reader.take(size);
			if (value === 0 && WANTED.has(id) && !reader.failed) values.set(id, valueOf(plain, content, decode));
		}
	}
	return values;
}

function skipName(reader: Reader): void {
	reader.take(16);
	if (reader.u32() === 0) reader.take(4);
	else reader.padded(reader.u32());
}

function valueOf(type: number, content: Buffer, decode: (text: Buffer) => string): MapiValue {
	if (type === TEXT16) return { kind: 'text', text: untilZero(content.toString('utf16le')) };
	if (type === TEXT8) return { kind: 'text', text: untilZero(decode(content)) };
	if (type === BYTES || type === OBJECT) return { kind: 'bytes', bytes: content };
	return { kind: 'number', number: content.length >= 4 ? content.readInt32LE(0) : 0 };
}

export function untilZero(text: string): string {
	const end = text.indexOf('\0');
	return end === -1 ? text : text.slice(0, end);
}

/** Little-endian; what lies beyond the end is empty and counts as failure. */
export class Reader {
	#at = 0;
	failed = false;

	constructor(private readonly bytes: Buffer) {}

	get left(): number {
		return this.bytes.length - this.#at;
	}

	take(length: number): Buffer {
		if (length > this.left) {
			this.failed = true;
			this.#at = this.bytes.length;
			return Buffer.alloc(0);
		}
		const taken = this.bytes.subarray(this.#at, this.#at + length);
		this.#at += length;
		return taken;
	}

	padded(length: number): Buffer {
		const taken = this.take(length);
		this.take(Math.min((4 - (length % 4)) % 4, this.left));
		return taken;
	}

	u8(): number {
		return this.take(1)[0] ?? 0;
	}

	u16(): number {
		const taken = this.take(2);
		return taken.length === 2 ? taken.readUInt16LE(0) : 0;
	}

	u32(): number {
		const taken = this.take(4);
		return taken.length === 4 ? taken.readUInt32LE(0) : 0;
	}
}
