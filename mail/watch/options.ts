import type { Account } from '../account';
import type { MailError } from '../errors';
import type { Criteria } from '../imap/criteria';
import type { FetchedMail } from '../imap/fetch';
import type { Patience } from '../imap/limits';
import type { StartFrom } from './cursor';
import type { Outcome } from './executions';
import type { TreeWish } from './folderTree';
import type { AlsoStartOn, StartedBy } from './marks';
import type { WatchMemory } from './memory';
import type { Rules } from './rules';

/** What a watch of one mailbox is told. */
export interface MailboxWatchOptions<Item> {
	/** Asked at each new session, so that an edited credential counts. @throws MailError */
	account: () => Promise<Account>;
	/** As the user wrote them. */
	folders: readonly string[];
	/** Watches the folders below them too, or all folders of the mailbox, over one session. */
	tree?: TreeWish;
	/** What starts an execution besides new emails. */
	alsoStartOn?: AlsoStartOn;
	criteria: Criteria;
	startFrom: StartFrom;
	rules: Rules;
	memory: WatchMemory;
	/** Stores the memory; called before each hand-over and after each change. */
	save: (memory: WatchMemory) => void;
	make: (mail: FetchedMail, folder: string, uidValidity: string, startedBy: StartedBy) => Promise<Item | undefined>;
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
