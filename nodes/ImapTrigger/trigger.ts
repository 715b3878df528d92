import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import type { IBinaryData, INodeExecutionData, IRun, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { FetchedMail } from '../../mail/imap/fetch';
import { RAW_PROPERTY, toItem } from '../../mail/item';
import { newestMemory, newMemory, readMemory, type WatchMemory } from '../../mail/watch/cursor';
import type { Outcome } from '../../mail/watch/delivery';
import { Journal } from '../../mail/watch/journal';
import { MailboxWatch } from '../../mail/watch/mailbox';
import { takeOver } from '../../mail/watch/registry';
import { openAccount } from '../account';
import { nodeError } from '../nodeError';
import type { Settings } from './settings';

/** Where n8n keeps what has to survive a restart. */
function journalFolder(): string {
	return join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'office365-mail');
}

/** Switches the trigger on. Throws only for what waiting cannot heal, and only where a person has just switched it on. */
export async function activate(context: ITriggerFunctions, settings: Settings): Promise<ITriggerResponse> {
	const key = `${context.getWorkflow().id ?? 'unsaved'}:${context.getNode().id}`;
	const journal = new Journal(journalFolder(), key, (reason) => context.logger.warn(`IMAP Trigger: the journal cannot be written, so a restart may repeat the last mails: ${reason}`));
	let stop = (): void => undefined;
	const { legacy, release, superseded } = takeOver(key, () => stop());
	const staticData = context.getWorkflowStaticData('node');
	const memory = newestMemory(readMemory(staticData.watch), journal.read(), legacy.memory) ?? newMemory(randomUUID(), Date.now());
	// A copy, since the watch that went before may still hold the other.
	const own: WatchMemory = structuredClone(memory);
	const save = (current: WatchMemory): void => {
		if (superseded()) return;
		legacy.memory = current;
		// n8n stores it with the next execution that starts.
		staticData.watch = current;
		journal.write(current);
	};
	save(own);
	const watch = new MailboxWatch<INodeExecutionData>({
		account: async () => await openAccount(context, settings.account),
		folders: settings.folders,
		criteria: settings.criteria,
		startFrom: settings.startFrom,
		rules: settings.rules,
		memory: own,
		save,
		make: async (mail, folder, uidValidity) => await itemOf(context, settings, mail, folder, uidValidity),
		send: sender(context, settings, key),
		running: legacy.running,
		superseded,
		log: (text, about) => context.logger.info(`IMAP Trigger: ${text}`, { ...about, workflowId: context.getWorkflow().id }),
		report: (error) => report(context, error),
	});
	stop = () => watch.stop();
	const faults = await watch.open();
	const hopeless = faults.find((fault) => fault.permanent);
	// Once it has worked, n8n may register it again with nobody watching, and would give up for ever after ten throws.
	const isFirst = Object.keys(own.folders).length === 0 && !['init', 'leadershipChange'].includes(context.getActivationMode());
	if (hopeless !== undefined && isFirst) {
		release();
		throw nodeError(context.getNode(), hopeless);
	}
	watch.run();
	return { closeFunction: async () => release() };
}

/** One mail as an item. @throws MailError where it could not be fetched to its end */
export async function itemOf(context: ITriggerFunctions, settings: Settings, mail: FetchedMail, folder: string, uidValidity: string): Promise<INodeExecutionData> {
	const from = { uid: mail.uid, uidValidity, folder, size: mail.size };
	const store = async (content: Buffer | Readable, fileName: string | undefined, mimeType: string): Promise<IBinaryData> => await context.helpers.prepareBinaryData(content, fileName, mimeType);
	if (mail.content.kind === 'streamed' && settings.format === 'raw') {
		// As text it would have to be held in memory.
		return { json: from, binary: { [RAW_PROPERTY]: await store(await mail.content.open(), 'message.eml', 'message/rfc822') } };
	}
	const source = mail.content.kind === 'streamed' ? mail.content.open : mail.content.bytes;
	const { format, downloadAttachments, prefix } = settings;
	const { json, binary } = await toItem(source, from, { format, downloadAttachments, prefix, store });
	if (mail.content.kind === 'headers') json.headersOnly = true;
	return { json, binary };
}

/** Starts executions, and where n8n can tell, waits for their end. */
function sender(context: ITriggerFunctions, settings: Settings, key: string): (items: INodeExecutionData[], name: string) => Promise<Outcome> {
	let waits = settings.handOver === 'afterSuccess';
	return async (items, name) => {
		const deduplicationKey = `${key}:${name}`;
		if (!waits) {
			context.emit([items], undefined, undefined, deduplicationKey);
			return { kind: 'done' };
		}
		const done = context.helpers.createDeferredPromise<IRun>();
		context.emit([items], undefined, done, deduplicationKey);
		let run: IRun | undefined;
		try {
			run = await done.promise;
		} catch (error) {
			const reason = error instanceof Error ? error.message : String(error);
			if (!/without waiting/i.test(reason)) return { kind: 'failed', reason };
			// n8n's engine 2.0 runs no trigger that waits for its execution.
			waits = false;
			context.logger.warn('IMAP Trigger: this n8n does not tell how executions end, so mails are handed over at once');
			context.emit([items], undefined, undefined, deduplicationKey);
			return { kind: 'done' };
		}
		return outcomeOf(run);
	};
}

/** An execution that waits (Wait node, approval) has taken the mail. n8n gives no run where it had this key before. */
export function outcomeOf(run: IRun | undefined): Outcome {
	if (run === undefined) return { kind: 'already' };
	if (run.status === 'success' || run.status === 'waiting') return { kind: 'done' };
	return { kind: 'failed', reason: run.data.resultData.error?.message ?? `the execution ended as "${run.status}"` };
}

function report(context: ITriggerFunctions, error: MailError): void {
	const failure = nodeError(context.getNode(), error);
	context.logger.error(`IMAP Trigger: ${failure.message}`);
	// n8n-workflow 2.8 and newer.
	if (typeof context.saveFailedExecution === 'function') context.saveFailedExecution(failure);
}
