/** So many Message-IDs are remembered; the oldest go first. */
const MOST = 5_000;

interface Entry {
	/** Where the email was handed over. */
	place: string;
	state: 'running' | 'succeeded';
}

/**
 * Which emails the folders of one trigger have handed over, by Message-ID. An email that turns up in another of its folders
 * has been moved or copied there, however new it is.
 */
export class Handed {
	readonly #entries = new Map<string, Entry>();

	/** Handed over in an earlier life, successfully. */
	remember(place: string, messageIds: readonly string[]): void {
		for (const messageId of messageIds) this.#set(messageId, { place, state: 'succeeded' });
	}

	/** Their execution begins. */
	began(place: string, mails: ReadonlyArray<{ messageId: string }>): void {
		for (const { messageId } of mails) this.#set(messageId, { place, state: 'running' });
	}

	/** Their execution has ended. Emails whose execution did not succeed count as never handed over. */
	ended(place: string, mails: ReadonlyArray<{ messageId: string }>, succeeded: boolean): void {
		for (const { messageId } of mails) {
			if (this.#entries.get(messageId)?.place !== place) continue;
			if (succeeded) this.#set(messageId, { place, state: 'succeeded' });
			else this.#entries.delete(messageId);
		}
	}

	/** What another folder has done with this email; undefined where none has had it. */
	elsewhere(place: string, messageId: string): Entry['state'] | undefined {
		const entry = messageId === '' ? undefined : this.#entries.get(messageId);
		return entry === undefined || entry.place === place ? undefined : entry.state;
	}

	#set(messageId: string, entry: Entry): void {
		if (messageId === '') return;
		this.#entries.delete(messageId);
		this.#entries.set(messageId, entry);
		if (this.#entries.size <= MOST) return;
		const [oldest] = this.#entries.keys();
		if (oldest !== undefined) this.#entries.delete(oldest);
	}
}
