/**
 * Character sets of seven bits that switch between alphabets: ISO-2022-JP and its variants (RFC 1468, 1554, 2237),
 * ISO-2022-KR (RFC 1557), ISO-2022-CN (RFC 1922), HZ (RFC 1843). Neither Node nor iconv-lite reads them all, but Node
 * reads the alphabets in their form of eight bits, so each stretch is decoded by itself.
 */

interface Alphabet {
	/** The same characters in a set that Node's TextDecoder reads. */
	label: string;
	/** Bytes of a character. */
	width: 1 | 2;
	/** Stands before each character there (code sets 2 and 3 of EUC). */
	prefix?: number;
}

const ASCII: Alphabet = { label: 'windows-1252', width: 1 };
/** What follows ESC, and the alphabet that it switches to. */
const SWITCHES: Array<[string, Alphabet]> = [
	['(B', ASCII],
	['(J', ASCII],
	['(H', ASCII],
	['(I', { label: 'euc-jp', width: 1, prefix: 0x8e }],
	['$@', { label: 'euc-jp', width: 2 }],
	['$B', { label: 'euc-jp', width: 2 }],
	['$(B', { label: 'euc-jp', width: 2 }],
	['$(O', { label: 'euc-jp', width: 2 }],
	['$(Q', { label: 'euc-jp', width: 2 }],
	['$(D', { label: 'euc-jp', width: 2, prefix: 0x8f }],
	['$A', { label: 'gbk', width: 2 }],
	['$(A', { label: 'gbk', width: 2 }],
	['$(C', { label: 'euc-kr', width: 2 }],
];
/** What ESC says the alphabet between SHIFT OUT and SHIFT IN shall be. */
const SHIFTED: Array<[string, Alphabet]> = [
	['$)C', { label: 'euc-kr', width: 2 }],
	['$)A', { label: 'gbk', width: 2 }],
];
const [ESCAPE, SHIFT_OUT, SHIFT_IN] = [0x1b, 0x0e, 0x0f];

/** ISO-2022-JP, -JP-1, -JP-2, -JP-3, -KR and -CN alike: their switches do not contradict each other. */
export function decodeIso2022(bytes: Buffer, korean = false): string {
	const text = new Stretches();
	let shifted = (korean ? SHIFTED[0] : SHIFTED[1])?.[1] ?? ASCII;
	let begin = 0;
	for (let at = 0; at < bytes.length; at++) {
		const byte = bytes[at];
		if (byte === SHIFT_OUT || byte === SHIFT_IN) {
			text.add(bytes.subarray(begin, at), byte === SHIFT_OUT ? shifted : ASCII);
			begin = at + 1;
		} else if (byte === ESCAPE) {
			const next = bytes.toString('latin1', at + 1, at + 4);
			const designation = SHIFTED.find(([code]) => next.startsWith(code));
			const found = designation ?? SWITCHES.find(([code]) => next.startsWith(code));
			if (found === undefined) continue;
			if (designation !== undefined) shifted = designation[1];
			text.add(bytes.subarray(begin, at), designation === undefined ? found[1] : undefined);
			at += found[0].length;
			begin = at + 1;
		}
	}
	return text.add(bytes.subarray(begin)).toString();
}

/** Tilde and brace switch to GB 2312 and back; a tilde at the end of a line joins it to the next. */
export function decodeHz(bytes: Buffer): string {
	const text = new Stretches();
	let begin = 0;
	for (let at = bytes.indexOf(0x7e); at !== -1 && at < bytes.length; at = bytes.indexOf(0x7e, at)) {
		const next = bytes.toString('latin1', at + 1, at + 2);
		const alphabet = next === '{' ? ({ label: 'gbk', width: 2 } satisfies Alphabet) : next === '}' ? ASCII : undefined;
		if (alphabet !== undefined || next === '\n' || next === '~') {
			// Of two tildes the first is text.
			text.add(bytes.subarray(begin, next === '~' ? at + 1 : at), alphabet);
			begin = at + 2;
		}
		at += 2;
	}
	return text.add(bytes.subarray(begin)).toString();
}

class Stretches {
	#text = '';
	#alphabet: Alphabet = ASCII;
	readonly #decoders = new Map<string, InstanceType<typeof TextDecoder>>();

	/** @param next the alphabet of what comes after; without it as before */
	add(bytes: Buffer, next?: Alphabet): this {
		if (bytes.length > 0) this.#text += this.#decoder().decode(this.#eightBit(bytes));
		this.#alphabet = next ?? this.#alphabet;
		return this;
	}

	toString(): string {
		return this.#text;
	}

	#decoder(): InstanceType<typeof TextDecoder> {
		const { label } = this.#alphabet;
		const decoder = this.#decoders.get(label) ?? new TextDecoder(label);
		this.#decoders.set(label, decoder);
		return decoder;
	}

	/** Control characters stay: a line's end ends no alphabet in what some programs write. */
	#eightBit(bytes: Buffer): Buffer {
		const { width, prefix } = this.#alphabet;
		if (width === 1 && prefix === undefined) return bytes;
		const out = Buffer.alloc(bytes.length * (prefix === undefined ? 1 : 2));
		let length = 0;
		for (let at = 0; at < bytes.length; at++) {
			const byte = bytes[at] ?? 0;
			if (byte > 0x20) {
				if (prefix !== undefined) out[length++] = prefix;
				out[length++] = byte | 0x80;
				if (width === 2 && at + 1 < bytes.length) out[length++] = (bytes[++at] ?? 0) | 0x80;
			} else out[length++] = byte;
		}
		return out.subarray(0, length);
	}
}
