/**
 * The folders that a client was told or has made, to know whether there is one above another: Exchange makes none for RENAME, and says that
 * the argument is wrong (Imap4RequestRename of Exchange Server 2013).
 */
export class ToldFolders {
	readonly #paths = new Set<string>();

	/** A line of the server. */
	hear(line: string): void {
		const name = /^\* LIST \([^)]*\) \S+ (.+)\r\n$/.exec(line)?.[1];
		if (name !== undefined) this.#paths.add(plain(name));
	}

	/** A command of the client. @returns whether Exchange refuses it */
	refuses(command: string): boolean {
		const made = /^\S+ CREATE (.+)$/i.exec(command)?.[1];
		if (made !== undefined) this.#paths.add(plain(made));
		const [, to] = /^\S+ RENAME (?:"(?:[^"\\]|\\.)*"|\S+) (.+)$/i.exec(command) ?? [];
		const above = to === undefined ? '' : plain(to).split('/').slice(0, -1).join('/');
		// A client that has asked for no list is not judged.
		return above !== '' && this.#paths.size > 0 && !this.#paths.has(above);
	}
}

/** Without the quotes, in lower case. */
function plain(name: string): string {
	return (name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name).toLowerCase();
}
