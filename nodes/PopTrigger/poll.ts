import type { INodeExecutionData, IPollFunctions } from 'n8n-workflow';

import { DAY_MS } from '../../mail/durations';
import { collectNew, type Collection } from '../../mail/collect/collect';
import type { Ledger } from '../../mail/collect/ledger';
import { openPatiently } from '../../mail/collect/patience';
import { lostMemory, newestPollMemory, PollAttempts, readPollMemory, takenUp, type PollMemory } from '../../mail/collect/pollAttempts';
import { isSameMailbox } from '../../mail/collect/sameMailbox';
import type { Wish } from '../../mail/collect/wish';
import { diagnose } from '../../mail/diagnosis';
import type { MailError } from '../../mail/errors';
import { JournalFile } from '../../mail/journal';
import type { PopSession } from '../../mail/pop3/session';
import { Complaints } from '../../mail/watch/reports/complaints';
import { SKEW_MS } from '../../mail/watch/memory/cursor';
import { openAccount, requireRenewal } from '../signIn/credentialAccount';
import { warnOf } from '../signIn/endingWarnings';
import { journalFolder } from '../journalFolder';
import { nodeError } from '../nodeError';
import { accountChoice, record } from '../parameters/parameterValues';
import { itemMaker, mailboxName, withoutIdText } from '../popMail';
import { isRunning, triggerName } from '../executions/activeTriggers';
import { deliver, Handover } from './handover';
import { readSettings } from './settings';

/** POP has one folder. */
const INBOX = 'INBOX';
/** Share of the time of a poll that is used for downloading. The rest is for the email in progress and for QUIT. */
const SHARE = 0.6;

/** One trigger of this process, over all its polls. */
interface State {
	book: PollAttempts;
	complaints: Complaints;
	busy: boolean;
	/** Number of emails without a unique ID at the last poll. The log reports only when it grows. */
	withoutId: number;
}

const states = new Map<string, State>();

/**
 * Checks the mailbox once. It starts the executions itself to learn how they end, because only then do their emails count as fetched.
 * Throws at the first activation if waiting cannot help. A test run does not come here, but to `runExecution`.
 */
export async function pollOnce(context: IPollFunctions): Promise<INodeExecutionData[][] | null> {
	const attended = !['init', 'leadershipChange'].includes(context.getActivationMode());
	const key = triggerName(context.getWorkflow(), context.getNode());
	const known = states.get(key);
	const isNew = known === undefined;
	if (isNew && attended) requireSupport(context);
	// While another main process was n8n's leader, that process went on.
	const state = known === undefined || (!known.busy && known.book.isOlderThan(ownMemory(context))) ? newState(context, key) : known;
	states.set(key, state);
	isRunning(key);
	// n8n does not wait for the end of a poll before the next one.
	if (state.busy) return null;
	state.busy = true;
	try {
		await look(context, state);
		if (state.complaints.recovered(INBOX)) context.logger.info('POP Trigger: the mailbox can be reached again');
	} catch (error) {
		const fault = diagnose(error, { speaker: 'pop' });
		// A trigger that throws when n8n starts is never started again, so this throws only if a person has just activated it.
		if (isNew && fault.permanent && state.book.isUnused && attended) {
			states.delete(key);
			throw nodeError(context.getNode(), error);
		}
		if (state.book.postpone()) store(context, state);
		complain(context, state, fault, error);
	} finally {
		state.busy = false;
	}
	return null;
}

/** @throws NodeOperationError if this n8n is too old, even for a trigger that worked before */
function requireSupport(context: IPollFunctions): void {
	try {
		requireRenewal(context, accountChoice(context.getNodeParameter('authentication', 'oAuth2'), {}));
	} catch (error) {
		throw nodeError(context.getNode(), error);
	}
}

function newState(context: IPollFunctions, key: string): State {
	let isAnyDamaged = record(context.getWorkflowStaticData('node')).pop !== undefined && storedMemory(context) === undefined;
	const parse = (value: unknown): PollMemory | undefined => {
		const memory = readPollMemory(value);
		isAnyDamaged ||= memory === undefined;
		return memory;
	};
	const journal = new JournalFile<PollMemory>(journalFolder(), `pop ${key}`, parse, (reason) =>
		context.logger.warn(`POP Trigger: the journal cannot be written, so a restart may repeat the last emails: ${reason}`),
	);
	const written = journal.read();
	const stored = newestPollMemory(ownMemory(context) ?? (written === undefined ? storedMemory(context) : undefined), written);
	if (stored === undefined && isAnyDamaged)
		context.logger.warn(
			'POP Trigger: its memory is damaged or of a newer version and cannot be read, so all emails in the inbox count as new, ' +
				'and none is skipped',
		);
	const known = stored ?? (isAnyDamaged ? lostMemory() : undefined);
	const book = new PollAttempts(known && takenUp(known), (memory) => journal.write(memory));
	const state = { book, complaints: new Complaints(), busy: false, withoutId: 0 };
	// n8n stores it with the activation, even if this poll fails. So the process that was leader before learns of it.
	if (stored !== undefined) store(context, state);
	return state;
}

function storedMemory(context: IPollFunctions): PollMemory | undefined {
	return readPollMemory(context.getWorkflowStaticData('node').pop);
}

/**
 * Returns the stored memory, unless another trigger stored it that had the same name before, because n8n stores it under the name. Version
 * 0.2.0 did not store which trigger it was.
 */
function ownMemory(context: IPollFunctions): PollMemory | undefined {
	const { trigger } = record(context.getWorkflowStaticData('node').pop);
	return typeof trigger === 'string' && trigger !== context.getNode().id ? undefined : storedMemory(context);
}

/** n8n stores it at activation, and when the next execution starts. */
function store(context: IPollFunctions, { book }: State): void {
	const { ledger, ...rest } = book.memory;
	context.getWorkflowStaticData('node').pop = { ...rest, ledger: { ...ledger }, trigger: context.getNode().id };
}

async function look(context: IPollFunctions, state: State): Promise<void> {
	const started = Date.now();
	const settings = readSettings(context, (name, fallback) => context.getNodeParameter(name, fallback));
	const account = await openAccount(context, settings.account);
	warnOf(context, 'POP Trigger', { id: account.id, endings: account.endings ?? [] }, started);
	const mailbox = mailboxName(account);
	// Later versions of n8n say how long a poll may take.
	const budget = typeof context.getPollBudgetMs === 'function' ? context.getPollBudgetMs() : Infinity;
	const triedForMs = started - state.book.triedSince(mailbox, started);
	const start: Wish['start'] = state.book.isLost ? { kind: 'all' } : startOf(settings.wish, triedForMs);
	const wish = { ...settings.wish, start, enough: () => Date.now() - started > budget * SHARE };
	const make = itemMaker(settings.item, wish.maxBytes);
	const collectFrom = async (session: PopSession): Promise<{ ledger: Ledger; collection: Collection<INodeExecutionData> }> => {
		await recogniseMailbox(context, state.book, mailbox, session);
		const { ledger, reservations } = state.book.open(mailbox, started);
		return { ledger, collection: await collectNew(session, ledger, reservations, wish, make, started) };
	};
	const session = await openPatiently(account);
	const { ledger, collection } = await collectFrom(session).finally(() => session.close());
	deliver(context, new Handover(state.book, mailbox, settings.retry, ledger, collection), () => store(context, state));
	if (collection.withoutId > state.withoutId) context.logger.warn(`POP Trigger: ${withoutIdText(collection.withoutId)}`);
	state.withoutId = collection.withoutId;
	if (collection.undeletable !== undefined)
		context.logger.warn(`POP Trigger: an email could not be deleted. ${collection.undeletable.summary}`);
	if (collection.failure !== undefined) {
		if (collection.items.length === 0) throw collection.failure;
		context.logger.warn(
			`POP Trigger: ${collection.failure.summary} The ${collection.items.length} emails fetched before that start an ` +
				'execution. The next poll fetches the rest.',
		);
	}
}

/** The address in the credential may change, or the name of the host, while the mailbox stays the same. */
async function recogniseMailbox(context: IPollFunctions, book: PollAttempts, mailbox: string, session: PopSession): Promise<void> {
	const other = book.ledgerOfOther(mailbox);
	if (other === undefined) return;
	if (await isSameMailbox(session, other.ledger)) return book.rename(mailbox);
	context.logger.warn(
		`POP Trigger: it checked ${other.name} before and now checks ${mailbox}. The emails there do not show that it is the same mailbox, ` +
			'so it begins anew, and Start From says which of them count',
	);
}

/** "Now" is the first check, even if it failed. After a failed one, the time of receipt counts. */
function startOf({ start }: Wish, sinceMs: number): Wish['start'] {
	if (start.kind === 'all' || sinceMs === 0) return start;
	// The clock may have been set back since.
	const triedForMs = Math.max(sinceMs, 1);
	return { kind: 'lastDays', days: start.kind === 'lastDays' ? start.days + triedForMs / DAY_MS : (triedForMs + SKEW_MS) / DAY_MS };
}

function complain(context: IPollFunctions, state: State, fault: MailError, error: unknown): void {
	const failure = nodeError(context.getNode(), error);
	context.logger.warn(`POP Trigger: ${failure.message}`);
	// Shown as a failed execution at most once an hour for each cause. The next poll tries again in any case.
	if (state.complaints.failed(fault, INBOX)) context.__emitError(failure);
}
