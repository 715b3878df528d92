import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import type { IBinaryData, IExecuteFunctions, INodeExecutionData, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import type { FetchedMail } from '../../mail/imap/fetch';
import { toItem } from '../../mail/item/item';
import { journalOf, newestMemory, newMemory, readMemory, takenUp, type WatchMemory } from '../../mail/watch/memory/memory';
import { MailboxWatch } from '../../mail/watch/folders/mailboxWatch';
import type { StartedBy } from '../../mail/watch/memory/marks';
import type { MailboxWatchOptions } from '../../mail/watch/folders/options';
import { hasEndedWithin, isLive, takeOver } from '../../mail/watch/registry';
import { isRunning, triggerName } from '../executions/activeTriggers';
import { openAccount, readEndings } from '../signIn/credentialAccount';
import { keepWarning } from '../signIn/endingWarnings';
import { journalFolder } from '../journalFolder';
import { nodeError } from '../nodeError';
import { sender } from './sender';
import type { Settings } from './settings';

/** Time within which n8n replaces one trigger by another when a workflow is published, in ms. */
const REPLACED_MS = 60_000;

/** Activates the trigger. Throws only if waiting cannot help and a person has just activated the workflow. */
export async function activate(context: ITriggerFunctions, settings: Settings): Promise<ITriggerResponse> {
	const key = triggerName(context.getWorkflow(), context.getNode());
	const journal = journalOf(journalFolder(), key, (reason) =>
		context.logger.warn(`IMAP Trigger: the journal cannot be written, so a restart may repeat the last emails: ${reason}`),
	);
	let stop = (): void => undefined;
	const { legacy, release, superseded } = takeOver(key, () => stop());
	const staticData = context.getWorkflowStaticData('node');
	const attended = !isUnattended(context);
	const memory = earlierMemory(context, journal.read(), legacy.memory) ?? newMemory(randomUUID(), Date.now());
	const isFirst = Object.keys(memory.folders).length === 0;
	// A copy, because the previous watch may still hold the other one.
	const own = { ...takenUp(memory), node: context.getNode().id };
	const save = (current: WatchMemory): void => {
		if (superseded()) return;
		legacy.memory = current;
		// n8n stores it when the next execution starts.
		staticData.watch = current;
		journal.write(current);
	};
	const watch = new MailboxWatch<INodeExecutionData>({
		account: async () => await openAccount(context, settings.account),
		...wishesIn(settings),
		memory: own,
		save,
		make: async (mail, folder, uidValidity, startedBy) => await itemOf(context, settings, mail, { folder, uidValidity, startedBy }),
		send: sender(context, settings.handOver, key),
		running: legacy.running,
		superseded,
		// Also in the text, because n8n's usual log format leaves out the rest.
		log: (text, about) =>
			context.logger.info(`IMAP Trigger (${about.folder}${about.mailbox === '' ? '' : ` of ${about.mailbox}`}): ${text}`, {
				...about,
				workflowId: context.getWorkflow().id,
			}),
		report: (error) => report(context, error),
	});
	stop = warningWhile(context, settings, watch);
	save(own);
	isRunning(key);
	const opening = watch.open();
	const closeFunction = async (): Promise<void> => {
		release();
		await journal.flushed();
	};
	if (!attended) {
		// n8n starts one workflow after the other, so a server that does not answer would delay all the following ones.
		void opening.then(() => watch.run());
		return { closeFunction };
	}
	// A wrong field stays wrong, even if another setting worked before.
	const hopeless = (await opening).find((fault) => fault.code === 'input' || (isFirst && fault.permanent));
	if (hopeless !== undefined) {
		await closeFunction();
		throw nodeError(context.getNode(), hopeless);
	}
	watch.run();
	return { closeFunction };
}

/** What the trigger knew before, the newest of what n8n, its journal and the earlier watch in this process kept. */
function earlierMemory(
	context: ITriggerFunctions,
	journaled: WatchMemory | undefined,
	handedOn: WatchMemory | undefined,
): WatchMemory | undefined {
	// n8n loses its copy if a workflow is imported over itself, or if the node gets another name. If a person activates the trigger, it
	// begins anew. If a person publishes a change while it is active (`update`), it goes on.
	const goesOn = isUnattended(context) || context.getActivationMode() === 'update';
	const kept = readMemory(context.getWorkflowStaticData('node').watch);
	const stored = (isOfAnother(context, kept) ? undefined : kept) ?? (goesOn ? (journaled ?? handedOn) : undefined);
	return newestMemory(stored, journaled, handedOn);
}

/**
 * Whether another node stored it that had the name before and was renamed or deleted. n8n gives nodes other IDs if a workflow is uploaded
 * without them. So it counts as that of this node if n8n starts the trigger by itself, or replaces the other one by it at this moment.
 */
function isOfAnother(context: ITriggerFunctions, { node }: Partial<WatchMemory> = {}): boolean {
	if (node === undefined || node === context.getNode().id) return false;
	const other = triggerName(context.getWorkflow(), { id: node });
	return isLive(other) || (!isUnattended(context) && !hasEndedWithin(other, REPLACED_MS));
}

/** Warns of credentials that expire, as long as the watch runs. @returns a function that ends both */
function warningWhile(context: ITriggerFunctions, settings: Settings, watch: { stop: () => void }): () => void {
	const stopWarning = keepWarning(context, 'IMAP Trigger', async () => await readEndings(context, settings.account));
	return () => {
		stopWarning();
		watch.stop();
	};
}

type Wishes = Pick<MailboxWatchOptions<INodeExecutionData>, 'folders' | 'tree' | 'alsoStartOn' | 'criteria' | 'startFrom' | 'rules'>;

function wishesIn({ folders, tree, alsoStartOn, criteria, startFrom, rules }: Settings): Wishes {
	return { folders, tree, alsoStartOn, criteria, startFrom, rules };
}

/** n8n started the trigger by itself. After ten errors it would stop for ever, and nobody would see them. */
export function isUnattended(context: Pick<ITriggerFunctions, 'getActivationMode'>): boolean {
	return ['init', 'leadershipChange'].includes(context.getActivationMode());
}

/**
 * Makes an item of an email. Returns nothing if only emails with an attachment are wanted and this one has none.
 * @throws MailError if the email could not be fetched completely
 */
export async function itemOf(
	context: IExecuteFunctions | ITriggerFunctions,
	settings: Settings,
	mail: FetchedMail,
	{ folder, uidValidity, startedBy }: { folder: string; uidValidity: string; startedBy: StartedBy },
): Promise<INodeExecutionData | undefined> {
	const { uid, size, receivedAt, flags, placeholder } = mail;
	const from = {
		uid,
		uidValidity,
		folder,
		size,
		flags,
		isRead: flags.includes('\\Seen'),
		receivedAt: new Date(receivedAt).toISOString(),
		...(placeholder && { placeholder }),
		...(tellsReason(settings) && { startedBy }),
	};
	const store = async (content: Buffer | Readable, fileName: string | undefined, mimeType: string): Promise<IBinaryData> =>
		await context.helpers.prepareBinaryData(content, fileName, mimeType);
	const { format, downloadAttachments, prefix, readMore } = settings;
	// The text of a large email would have to be held in memory.
	const options = {
		format,
		downloadAttachments,
		prefix,
		readMore,
		store,
		rawText: mail.content.kind !== 'streamed',
		headersOnly: mail.content.kind === 'headers',
	};
	const source = mail.content.kind === 'streamed' ? mail.content.open : mail.content.bytes;
	if (mail.attachments === 'unknown' && mail.content.kind !== 'headers') {
		// Checked without files, before anything is stored. An email that cannot be read is not skipped.
		const { json } = await toItem(source, from, { ...options, format: 'simple', downloadAttachments: false, readMore: [] });
		if (json.hasAttachment === false && json.parseError === undefined) return undefined;
	}
	const { json, binary } = await toItem(source, from, options);
	if (mail.content.kind === 'headers') json.headersOnly = true;
	return { json, binary };
}

/** Adds the reason if an execution can have several. Items of workflows with only one possible reason stay unchanged. */
function tellsReason({ tree, alsoStartOn: { flagged, read, keyword, movedIn } }: Settings): boolean {
	return tree !== undefined || flagged === true || read === true || keyword !== undefined || movedIn === true;
}

/** Reports a failure while the trigger keeps trying. */
export function report(context: ITriggerFunctions, error: unknown): void {
	const failure = nodeError(context.getNode(), error);
	context.logger.error(`IMAP Trigger: ${failure.message}`);
	// n8n-workflow 2.8 and later.
	if (typeof context.saveFailedExecution === 'function') context.saveFailedExecution(failure);
}
