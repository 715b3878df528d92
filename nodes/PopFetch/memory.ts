import { createHash } from 'node:crypto';

import type { IDataObject } from 'n8n-workflow';

/** Characters of a remembered id: 72 bits of SHA-256, so that 30,000 mails take 360 kB and never meet. */
const WIDTH = 12;

const digest = (uidl: string): string => createHash('sha256').update(uidl).digest('base64url').slice(0, WIDTH);

/**
 * The unique ids that this node has fetched, by mailbox, in n8n's static data: n8n saves it when a production execution
 * ends, so a mail counts as fetched only when its execution got it. What left the server is forgotten.
 */
export class Fetched {
	readonly #known: Set<string>;

	constructor(
		private readonly staticData: IDataObject,
		private readonly mailbox: string,
	) {
		const stored = fetchedOf(staticData)[mailbox];
		const text = typeof stored === 'string' ? stored : '';
		this.#known = new Set(Array.from({ length: Math.floor(text.length / WIDTH) }, (_, index) => text.slice(index * WIDTH, (index + 1) * WIDTH)));
	}

	has(uidl: string): boolean {
		return this.#known.has(digest(uidl));
	}

	/** Adds what was fetched now, keeps of the rest only what the server still has. */
	remember(fetched: Iterable<string>, onServer: Iterable<string>): void {
		const present = new Set(Array.from(onServer, digest));
		const added = Array.from(fetched, digest);
		const kept = [...this.#known].filter((id) => present.has(id));
		const all = new Set([...kept, ...added.filter((id) => present.has(id))]);
		// Assigned as a whole: n8n notices changes of the first level only.
		this.staticData.fetched = { ...fetchedOf(this.staticData), [this.mailbox]: [...all].join('') };
	}
}

function fetchedOf(staticData: IDataObject): IDataObject {
	const value = staticData.fetched;
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
