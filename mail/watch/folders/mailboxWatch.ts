import type { MailError } from '../../errors';
import { Complaints } from '../reports/complaints';
import { forgetOld } from '../memory/former';
import { FolderWatch } from './folderWatch';
import type { MailboxWatchOptions } from './options';
import { TreeWatch } from './treeWatch';

/** Watches the folders of one mailbox until it is stopped. */
export class MailboxWatch<Item> {
	/** Each of them has its own session. */
	readonly #folders: ReadonlyArray<FolderWatch<Item> | TreeWatch<Item>>;

	constructor(options: MailboxWatchOptions<Item>) {
		const complaints = new Complaints();
		forgetOld(options.memory, Date.now());
		if (options.tree !== undefined) {
			this.#folders = [new TreeWatch(options, options.tree, complaints)];
			return;
		}
		const claims = new Map<string, string>();
		this.#folders = [...new Set(options.folders)].map((folder) => new FolderWatch(folder, options, complaints, claims));
	}

	/**
	 * Opens the first sessions and finds out where to begin. Nothing is handed over yet.
	 * @returns the faults that occurred; {@link run} goes on in spite of them
	 */
	async open(): Promise<MailError[]> {
		const faults = await Promise.all(this.#folders.map(async (folder) => await folder.open()));
		return faults.filter((fault) => fault !== undefined);
	}

	/** Starts handing over emails, and keeps running without anybody waiting. */
	run(): void {
		for (const folder of this.#folders) folder.run();
	}

	/** Opens the sessions and runs. */
	async start(): Promise<MailError[]> {
		const faults = await this.open();
		this.run();
		return faults;
	}

	/** Ends at once, even if the server is dead. */
	stop(): void {
		for (const folder of this.#folders) folder.stop();
	}

	/** Whether every email that was seen has been settled. */
	get idle(): boolean {
		return this.#folders.every((folder) => folder.idle);
	}
}
