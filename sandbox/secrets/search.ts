import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';

import type { Secret } from './registry';

/** A piece of this length cannot turn up by chance; a leak shorter than two pieces goes unseen. */
const PIECE = 16;
const CHUNK = 4 * 1024 * 1024;
const BASE = 0x01000193;
/** Bits of a first, quick look: most places of a file fall through it. */
const BITS = 27;

/**
 * Looks for many secrets at once, each as it is and in base64 (XOAUTH2, Basic, at each of the three alignments). Cut
 * secrets are found by their pieces. What JWTs have in common, their header, is none, and neither is the mailbox that one is for.
 */
export class Search {
	readonly #pieces = new Map<string, string>();
	readonly #short: Secret[] = [];
	readonly #bits = new Uint32Array(2 ** (BITS - 5));
	/** 1 for each byte that some piece has. */
	readonly #occurs = new Uint8Array(256);

	/** @param harmless texts without a secret; a piece that one of them has too says nothing and is not looked for */
	constructor(secrets: readonly Secret[], harmless: readonly string[] = []) {
		for (const secret of secrets) {
			for (const text of characteristic(secret.value)) {
				if (text.length < PIECE) this.#short.push({ what: secret.what, value: text });
				else for (const form of [text, ...base64Forms(text)]) this.#add(secret.what, form);
			}
		}
		const mailboxes = secrets.flatMap(({ value }) => addressesIn(value).flatMap(wholeGroups));
		for (const text of [...harmless, ...mailboxes])
			for (let at = 0; at + PIECE <= text.length; at += 1) this.#pieces.delete(text.slice(at, at + PIECE));
	}

	/** What of it is in there: one line a kind of secret, with the place, without the secret. */
	find(bytes: Buffer): string[] {
		const found = new Map<string, string>();
		const tell = (what: string, at: number): void => {
			if (!found.has(what)) found.set(what, `${what} at byte ${at}, after "${before(bytes, at)}"`);
		};
		for (const { what, value } of this.#short) {
			const at = bytes.indexOf(value);
			if (at >= 0) tell(what, at);
		}
		let power = 1;
		for (let index = 1; index < PIECE; index += 1) power = Math.imul(power, BASE);
		for (let start = 0; start + PIECE <= bytes.length;) {
			// No piece lies across a byte that no piece has.
			let last = start + PIECE - 1;
			while (last >= start && this.#occurs[bytes[last] ?? 0] === 1) last -= 1;
			if (last >= start) {
				start = last + 1;
				continue;
			}
			let hash = 0;
			for (let index = start; index < start + PIECE; index += 1) hash = (Math.imul(hash, BASE) + (bytes[index] ?? 0)) | 0;
			for (;;) {
				if (this.#maybe(hash)) {
					const what = this.#pieces.get(bytes.toString('latin1', start, start + PIECE));
					if (what !== undefined) tell(what, start);
				}
				const next = bytes[start + PIECE];
				if (next === undefined || this.#occurs[next] !== 1) break;
				hash = (Math.imul((hash - Math.imul(bytes[start] ?? 0, power)) | 0, BASE) + next) | 0;
				start += 1;
			}
			start += PIECE + 1;
		}
		return [...found.values()];
	}

	#add(what: string, form: string): void {
		// Short ones at every place, so that no cut hides them; long ones piece by piece.
		const step = form.length < 8 * PIECE ? 1 : PIECE;
		for (let at = 0; at + PIECE <= form.length; at += step) {
			const piece = form.slice(at, at + PIECE);
			this.#pieces.set(piece, what);
			let hash = 0;
			for (let index = 0; index < PIECE; index += 1) {
				const byte = piece.charCodeAt(index);
				this.#occurs[byte] = 1;
				hash = (Math.imul(hash, BASE) + byte) | 0;
			}
			const bit = this.#bitOf(hash);
			this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
		}
	}

	#maybe(hash: number): boolean {
		const bit = this.#bitOf(hash);
		return ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
	}

	#bitOf(hash: number): number {
		return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> (32 - BITS);
	}
}

/** The parts of a secret that are its own: of a key the lines but the first, of a JWT what follows the header. */
function characteristic(value: string): string[] {
	if (value.includes('-----BEGIN')) {
		return value
			.split('-----BEGIN')
			.filter((block) => /^[A-Z ]*PRIVATE KEY/.test(block))
			.flatMap((block) =>
				block
					.split(/\s+/)
					.filter((line) => /^[A-Za-z0-9+/=]{32,}$/.test(line))
					.slice(1),
			);
	}
	const [header = '', ...rest] = value.split('.');
	return header.startsWith('eyJ') && rest.length > 1 ? rest : [value];
}

/** The addresses that a JWT tells: an encoded name in an email has the same base64. */
function addressesIn(value: string): string[] {
	const payload = /^eyJ[\w-]*\.(eyJ[\w-]+)\./.exec(value)?.[1];
	if (payload === undefined) return [];
	return (
		Buffer.from(payload, 'base64url')
			.toString()
			.match(/[^"\s]+@[^"\s]+/g) ?? []
	);
}

/** Base64 of what lies wholly within a text, at each of the three alignments. */
function wholeGroups(text: string): string[] {
	const bytes = Buffer.from(text);
	return [0, 1, 2].map((skip) => bytes.subarray(skip, skip + 3 * Math.floor((bytes.length - skip) / 3)).toString('base64url'));
}

/** Base64 of it wherever it stands in a text; the characters at both ends depend on its neighbours. */
function base64Forms(text: string): string[] {
	return [0, 1, 2].map((skip) => Buffer.from(text.slice(skip)).toString('base64').replace(/=+$/, '').slice(0, -2));
}

/** The printable rest of the line before a place. */
function before(bytes: Buffer, at: number): string {
	return bytes
		.toString('latin1', Math.max(0, at - 60), at)
		.replace(/[^\x20-\x7e]+/g, ' ')
		.replaceAll('"', "'");
}

/** What one search looked through and found. */
interface Report {
	place: string;
	bytes: number;
	found: string[];
}

/** Looks through every file of a folder; does not follow links. */
export function searchFolder(search: Search, folder: string): Report {
	const result: Report = { place: folder, bytes: 0, found: [] };
	const visit = (path: string): void => {
		const stat = lstatSync(path, { throwIfNoEntry: false });
		if (stat === undefined) return;
		if (stat.isDirectory()) for (const entry of present(() => readdirSync(path)) ?? []) visit(join(path, entry));
		else if (stat.isFile()) searchFile(search, path, relative(folder, path), result);
	};
	visit(folder);
	return result;
}

/** For the contents of files, one after the other. */
const buffer = Buffer.allocUnsafe(CHUNK);

function searchFile(search: Search, path: string, name: string, result: Report): void {
	const file = present(() => openSync(path, 'r'));
	if (file === undefined) return;
	try {
		let kept = 0;
		for (;;) {
			const read = readSync(file, buffer, kept, CHUNK - kept, null);
			if (read === 0) return;
			result.bytes += read;
			const text = buffer.subarray(0, kept + read);
			result.found.push(...search.find(text).map((line) => `${name}: ${line}`));
			// The end once more, with what follows it.
			kept = Math.min(PIECE - 1, text.length);
			text.copy(buffer, 0, text.length - kept);
		}
	} finally {
		closeSync(file);
	}
}

/** Whoever still runs may have removed a file or a folder since it was listed. @returns undefined if so */
function present<T>(look: () => T): T | undefined {
	try {
		return look();
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
		throw error;
	}
}
