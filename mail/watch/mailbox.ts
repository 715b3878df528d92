import type { Account } from '../account';
import type { MailError } from '../errors';
import type { Criteria } from '../imap/criteria';
import type { FetchedMail } from '../imap/fetch';
import type { Patience } from '../imap/limits';
import { Complaints } from './complaints';
import type { StartFrom } from './cursor';
import type { Outcome, Rules } from './delivery';
import { FolderWatch } from './folder';
import type { WatchMemory } from './memory';

export interface MailboxWatchOptions<Item> {
	/** Asked at each new session, so that an edited credential counts. @throws MailError */
	account: () => Promise<Account>;
	/** As the user wrote them. */
	folders: readonly string[];
	criteria: Criteria;
	startFrom: StartFrom;
	rules: Rules;
	memory: WatchMemory;
	/** Stores the memory; called before each hand-over and after each change. */
	save: (memory: WatchMemory) => void;
	make: (mail: FetchedMail, folder: string, uidValidity: string) => Promise<Item | undefined>;
	send: (items: Item[], key: string) => Promise<Outcome>;
	running: Map<string, Promise<Outcome>>;
	/** Another watch has taken over. */
	superseded?: () => boolean;
	/** One line for each change of state; mailbox and folder only. */
	log: (text: string, about: { mailbox: string; folder: string }) => void;
	/** What a person has to know: a failure that lasts, a mail given up. */
	report: (error: MailError) => void;
	heartbeatMs?: number;
	pollMs?: number;
	/** How long servers may take, where that is not the default. */
	patience?: Partial<Patience>;
}

/** Watches the folders of one mailbox until it is stopped. */
export class MailboxWatch<Item> {
	readonly #folders: Array<FolderWatch<Item>>;

	constructor(options: MailboxWatchOptions<Item>) {
		const complaints = new Complaints();
		const claims = new Map<string, string>();
		this.#folders = [...new Set(options.folders)].map((folder) => new FolderWatch(folder, options, complaints, claims));
	}

	/**
	 * Opens the first sessions and finds out where to begin; hands nothing over yet.
	 * @returns the faults met, which {@link run} goes on with all the same
	 */
	async open(): Promise<MailError[]> {
		const faults = await Promise.all(this.#folders.map(async (folder) => await folder.open()));
		return faults.filter((fault) => fault !== undefined);
	}

	/** Lives by itself from now on. */
	run(): void {
		for (const folder of this.#folders) folder.run();
	}

	/** Both at once. */
	async start(): Promise<MailError[]> {
		const faults = await this.open();
		this.run();
		return faults;
	}

	/** Ends at once, with a dead server too. */
	stop(): void {
		for (const folder of this.#folders) folder.stop();
	}

	/** Every mail that was seen has been settled. */
	get idle(): boolean {
		return this.#folders.every((folder) => folder.idle);
	}
}
