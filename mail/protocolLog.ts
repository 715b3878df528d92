import type { Protocol } from './clouds';
import { oneLine, redact } from './redact';

/**
 * Receives a conversation line by line: `C` is the client, `S` the server. It never receives a secret: the writer of a secret line passes a
 * form of it that may be shown.
 */
export type Listener = (who: 'C' | 'S', line: string) => void;

/** Maximum number of lines that are kept for each protocol. A connection test has some dozens. */
const KEPT = 500;
const LONGEST = 1_000;

/** Records conversations. The server's lines are searched for secrets too, because a server may repeat what it was sent. */
export class ProtocolLog {
	readonly #lines = new Map<Protocol, string[]>();

	listen(protocol: Protocol): Listener {
		const lines = this.#lines.get(protocol) ?? [];
		this.#lines.set(protocol, lines);
		return (who, text) => {
			for (const line of text.split(/\r?\n/)) if (lines.length < KEPT) lines.push(`${who}: ${oneLine(redact(line)).slice(0, LONGEST)}`);
		};
	}

	/** Returns the lines of each protocol in order, as `C: …` and `S: …`. */
	toJSON(): Partial<Record<Protocol, string[]>> {
		return Object.fromEntries(this.#lines);
	}
}
