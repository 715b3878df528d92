import type { Protocol } from './clouds';
import { oneLine, redact } from './redact';

/**
 * Hears one conversation line by line: `C` the client, `S` the server. Secrets never get here: whoever writes a secret line
 * tells the form of it that may be seen.
 */
export type Listener = (who: 'C' | 'S', line: string) => void;

/** Lines that are kept of each protocol; a test of the connection has some dozens. */
const KEPT = 500;
const LONGEST = 1_000;

/** Writes conversations down. What servers say is searched for secrets too, since a server may repeat what it was told. */
export class ProtocolLog {
	readonly #lines = new Map<Protocol, string[]>();

	listen(protocol: Protocol): Listener {
		const lines = this.#lines.get(protocol) ?? [];
		this.#lines.set(protocol, lines);
		return (who, text) => {
			for (const line of text.split(/\r?\n/)) if (lines.length < KEPT) lines.push(`${who}: ${oneLine(redact(line)).slice(0, LONGEST)}`);
		};
	}

	/** `C: …` and `S: …` by protocol, in their order. */
	toJSON(): Partial<Record<Protocol, string[]>> {
		return Object.fromEntries(this.#lines);
	}
}
