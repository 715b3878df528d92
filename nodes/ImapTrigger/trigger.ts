import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import type { IBinaryData, INodeExecutionData, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import type { FetchedMail } from '../../mail/imap/fetch';
import { toItem } from '../../mail/item/item';
import { journalOf, newestMemory, newMemory, readMemory, takenUp, type WatchMemory } from '../../mail/watch/memory';
import { MailboxWatch } from '../../mail/watch/mailbox';
import type { StartedBy } from '../../mail/watch/marks';
import type { MailboxWatchOptions } from '../../mail/watch/options';
import { takeOver } from '../../mail/watch/registry';
import { openAccount, readEndings } from '../credentialAccount';
import { keepWarning } from '../endingWarnings';
import { journalFolder } from '../journalFolder';
import { nodeError } from '../nodeError';
import { sender } from './sender';
import type { Settings } from './settings';

/** Switches the trigger on. Throws only for what waiting cannot heal, and only where a person has just switched it on. */
export async function activate(context: ITriggerFunctions, settings: Settings): Promise<ITriggerResponse> {
	const key = `${context.getWorkflow().id ?? 'unsaved'}:${context.getNode().id}`;
	const journal = journalOf(journalFolder(), key, (reason) =>
		context.logger.warn(`IMAP Trigger: the journal cannot be written, so a restart may repeat the last emails: ${reason}`),
	);
	let stop = (): void => undefined;
	const { legacy, release, superseded } = takeOver(key, () => stop());
	const staticData = context.getWorkflowStaticData('node');
	const attended = !isUnattended(context);
	const journaled = journal.read();
	// n8n loses its copy where a workflow is imported over itself; a person who switches a trigger on begins anew then.
	const stored = readMemory(staticData.watch) ?? (attended ? undefined : journaled);
	const memory = newestMemory(stored, journaled, legacy.memory) ?? newMemory(randomUUID(), Date.now());
	const isFirst = Object.keys(memory.folders).length === 0;
	// A copy, since the watch that went before may still hold the other.
	const own = takenUp(memory);
	const save = (current: WatchMemory): void => {
		if (superseded()) return;
		legacy.memory = current;
		// n8n stores it with the next execution that starts.
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
		// In the text too: n8n's usual log format leaves the rest out.
		log: (text, about) =>
			context.logger.info(`IMAP Trigger (${about.folder}${about.mailbox === '' ? '' : ` of ${about.mailbox}`}): ${text}`, {
				...about,
				workflowId: context.getWorkflow().id,
			}),
		report: (error) => report(context, error),
	});
	stop = warningWhile(context, settings, watch);
	save(own);
	const opening = watch.open();
	if (!attended) {
		// n8n starts one workflow after the other: a server that says nothing would hold up all that follow.
		void opening.then(() => watch.run());
		return { closeFunction: async () => release() };
	}
	// What a field says stays wrong, also where another setting has worked before.
	const hopeless = (await opening).find((fault) => fault.code === 'input' || (isFirst && fault.permanent));
	if (hopeless !== undefined) {
		release();
		throw nodeError(context.getNode(), hopeless);
	}
	watch.run();
	return { closeFunction: async () => release() };
}

/** Warns of what of the credential ends for as long as the watch lives. @returns what ends both */
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

/** n8n starts the trigger by itself: it would give up for ever after ten throws, and nobody would see them. */
export function isUnattended(context: Pick<ITriggerFunctions, 'getActivationMode'>): boolean {
	return ['init', 'leadershipChange'].includes(context.getActivationMode());
}

/**
 * One mail as an item; nothing where it turns out to have no attachment and only mails with one are wanted.
 * @throws MailError where it could not be fetched to its end
 */
export async function itemOf(
	context: ITriggerFunctions,
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
	// The text of a large mail would have to be held in memory.
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
		// Looked at without a file, before anything is stored. One that cannot be read is not passed by.
		const { json } = await toItem(source, from, { ...options, format: 'simple', downloadAttachments: false, readMore: [] });
		if (json.hasAttachment === false && json.parseError === undefined) return undefined;
	}
	const { json, binary } = await toItem(source, from, options);
	if (mail.content.kind === 'headers') json.headersOnly = true;
	return { json, binary };
}

/** Where an execution may have more than one reason; items of workflows that know nothing of that stay as they are. */
function tellsReason({ tree, alsoStartOn: { flagged, read, keyword, movedIn } }: Settings): boolean {
	return tree !== undefined || flagged === true || read === true || keyword !== undefined || movedIn === true;
}

/** Tells a failure while the trigger keeps trying. */
export function report(context: ITriggerFunctions, error: unknown): void {
	const failure = nodeError(context.getNode(), error);
	context.logger.error(`IMAP Trigger: ${failure.message}`);
	// n8n-workflow 2.8 and newer.
	if (typeof context.saveFailedExecution === 'function') context.saveFailedExecution(failure);
}
