/** Maximum number of Message-IDs that are remembered. The oldest are removed first. */
const MOST = 5_000;

interface Entry {
	/** Where the email was handed over. */
	place: string;
	state: 'running' | 'succeeded';
}

/**
 * Remembers by Message-ID which emails the folders of one trigger have handed over. An email that appears in another of these folders
 * has been moved or copied there, however new it is.
 */
export class Handed {
	readonly #entries = new Map<string, Entry>();

	/** Adds emails that were handed over successfully in an earlier life of the trigger. */
	remember(place: string, messageIds: readonly string[]): void {
		for (const messageId of messageIds) this.#set(messageId, { place, state: 'succeeded' });
	}

	/** Called when the execution of these emails begins. */
	began(place: string, mails: ReadonlyArray<{ messageId: string }>): void {
		for (const { messageId } of mails) this.#set(messageId, { place, state: 'running' });
	}

	/** Called when their execution has ended. Emails whose execution did not succeed count as never handed over. */
	ended(place: string, mails: ReadonlyArray<{ messageId: string }>, succeeded: boolean): void {
		for (const { messageId } of mails) {
			if (this.#entries.get(messageId)?.place !== place) continue;
			if (succeeded) this.#set(messageId, { place, state: 'succeeded' });
			else this.#entries.delete(messageId);
		}
	}

	/** What another folder has done with this email; undefined if no other folder has had it. */
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
