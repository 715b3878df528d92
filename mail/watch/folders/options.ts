import type { Account } from '../../account';
import type { MailError } from '../../errors';
import type { Criteria } from '../../imap/criteria';
import type { FetchedMail } from '../../imap/fetch';
import type { Patience } from '../../imap/limits';
import type { StartFrom } from '../memory/cursor';
import type { Outcome } from '../handover/executions';
import type { TreeWish } from './treeFolders';
import type { AlsoStartOn, StartedBy } from '../memory/marks';
import type { WatchMemory } from '../memory/memory';
import type { Rules } from '../handover/rules';

/** Options for the watch of one mailbox. */
export interface MailboxWatchOptions<Item> {
	/** Called for each new session, so that an edited credential counts. @throws MailError */
	account: () => Promise<Account>;
	/** Folders as the user wrote them. */
	folders: readonly string[];
	/** If set, the folders below them or all folders of the mailbox are watched too, over one session. */
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
	/** Whether another watch has taken over. */
	superseded?: () => boolean;
	/** Writes one line to the log for each change of state, with the mailbox and the folder only. */
	log: (text: string, about: { mailbox: string; folder: string }) => void;
	/** Reports what a person has to know: a lasting failure, or an email that is no longer retried. */
	report: (error: MailError) => void;
	heartbeatMs?: number;
	pollMs?: number;
	/** How long servers may take, if not the default. */
	patience?: Partial<Patience>;
}
