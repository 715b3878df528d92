import type { Decoder } from './decoder';

const NOTHING = Buffer.alloc(0);
/** Number of characters in which the line "begin" is searched for. */
const LONGEST_LOOK = 64 * 1024;
const LONGEST_LINE = 1000;
/** 45 bytes take 61 characters; some programs add a check sum. */
export const LONGEST_UU_LINE = 90;

/** As POSIX describes it: a length, then groups of four characters, between begin and end. Some programs leave out the line "begin". */
export class Uuencode implements Decoder {
	damaged = false;
	/** What came before the line "begin", or the last line, whose end has not come. */
	#rest = '';
	#state: 'before' | 'within' | 'behind' | 'raw' = 'before';

	push(bytes: Buffer): Buffer {
		if (this.#state === 'raw') return bytes;
		this.#rest += bytes.toString('latin1');
		if (this.#state !== 'before') return this.#lines();
		const begin = /^begin [0-7]{3,4} [^\n]*\n/m.exec(this.#rest);
		if (begin === null) return this.#rest.length > LONGEST_LOOK ? this.#withoutBegin() : NOTHING;
		this.#state = 'within';
		this.#rest = this.#rest.slice(begin.index + begin[0].length);
		return this.#lines();
	}

	end(): Buffer {
		const before = this.#state === 'before' ? this.#withoutBegin() : NOTHING;
		return Buffer.concat([before, this.#decoded([this.#rest])]);
	}

	/** Where all lines are of this encoding, they are decoded; what is none stays as it is. */
	#withoutBegin(): Buffer {
		const lines = this.#rest.split('\n').map((line) => line.trimEnd());
		// The last line may not be whole.
		const whole = lines.slice(0, -1).filter((line) => line !== '');
		if (/^begin [0-7]{3,4} /.test(whole[0] ?? lines[0] ?? '') || (whole.length > 0 && whole.every(isUuLine))) {
			this.#state = 'within';
			return this.#lines();
		}
		const raw = Buffer.from(this.#rest, 'latin1');
		[this.#state, this.#rest, this.damaged] = ['raw', '', raw.length > 0];
		return raw;
	}

	/** Decodes the lines that are whole. */
	#lines(): Buffer {
		const lines = this.#rest.split('\n');
		this.#rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
		return this.#decoded(lines);
	}

	#decoded(lines: readonly string[]): Buffer {
		const out = Buffer.alloc(lines.reduce((sum, line) => sum + lengthOfUuLine(line), 0));
		let length = 0;
		for (const line of lines) {
			if (this.#state !== 'within') break;
			if (/^end\s*$/.test(line)) this.#state = 'behind';
			else length += decodeUuLine(line, out, length);
		}
		return out.subarray(0, length);
	}
}

/** Whether a line is as long as it says, and has no other characters. Blanks at its end may be lost. */
function isUuLine(line: string): boolean {
	if (line === 'end') return true;
	const length = 4 * Math.ceil(lengthOfUuLine(line) / 3);
	return !/[^ -`]/.test(line) && line.length <= Math.min(LONGEST_UU_LINE, length + 5) && line.length > length / 2;
}

/** @returns how many bytes the line holds; what it is too short for, since blanks at its end were lost, is zero */
export function decodeUuLine(line: string, out: Buffer, at: number): number {
	const length = lengthOfUuLine(line);
	for (let byte = 0, from = 1; byte < length && from < line.length; byte += 3, from += 4) {
		const group = (sixBits(line, from) << 18) | (sixBits(line, from + 1) << 12) | (sixBits(line, from + 2) << 6) | sixBits(line, from + 3);
		for (let shift = 0; shift < 3 && byte + shift < length; shift++) out[at + byte + shift] = (group >> (16 - 8 * shift)) & 0xff;
	}
	return length;
}

/** How many bytes a line says that it holds. */
export function lengthOfUuLine(line: string): number {
	return sixBits(line, 0);
}

/** What stands behind the end of a line, its CR among it, is zero. */
function sixBits(line: string, at: number): number {
	const code = line.charCodeAt(at);
	return code >= 0x20 ? (code - 0x20) & 0x3f : 0;
}
