import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { blameOf } from '../../mail/blame';
import { compose, type OutgoingMail } from '../../mail/compose/message';
import { MailError } from '../../mail/errors';
import { change } from '../../mail/mailbox/change';
import { bytesOf, discard, flagsOf, requireDraft, saveDraft, sendDraft } from '../../mail/mailbox/drafts';
import { locate, type There } from '../../mail/mailbox/locate';
import { notTheEmail, readMails } from '../../mail/mailbox/read';
import { readReferences } from '../../mail/mailbox/references';
import type { MailContext } from '../Office365SmtpSend/settings/context';
import { readReply } from '../Office365SmtpSend/settings/replySettings';
import { readDelivery, readMail } from '../Office365SmtpSend/settings/settings';
import { choice, flag, record } from '../parameters/parameterValues';
import { changedDraft } from './draftUpdate';
import { foundOf, mailsMeant } from './messageOperations';
import type { Scene } from './scene';
import { sendMemory } from './sendMemory';
import { noteSent, sentBefore } from './sentDrafts';
import { readOptionsOf } from './settings';
import { together } from './together';

export async function runDraft(scene: Scene): Promise<INodeExecutionData[]> {
	switch (scene.operation) {
		case 'createReply':
			return [{ json: await createReply(scene) }];
		case 'update':
			return [{ json: await update(scene) }];
		case 'send':
			return await eachDraft(scene, 'sent', async (draft) => await send(scene, draft));
		case 'delete':
			return await eachDraft(scene, 'deleted', async (draft) => await remove(scene, draft));
		default:
			return [{ json: await save(scene, await readMail(scene.own, scene.item, scene.connection.account.mailbox)) }];
	}
}

/** Stores the email in Drafts. The output refers to it. @param flags in addition to those of every draft */
async function save({ connection, folders }: Scene, mail: OutgoingMail, flags: readonly string[] = []): Promise<IDataObject> {
	const { path } = await folders.special('drafts');
	const composed = await compose(mail, 'draft');
	const saved = await saveDraft(connection, path, composed, flags);
	return { ...saved, mailbox: connection.account.mailbox, subject: mail.subject, recipients: composed.recipients, isDraft: true };
}

/** Makes a reply, a reply to all or a forwarded email from the original in the mailbox. */
async function createReply(scene: Scene): Promise<IDataObject> {
	const { own, item, connection } = scene;
	const options = { ...readOptionsOf(own, item), format: 'resolved' as const };
	const mails = await mailsMeant(scene);
	const [mail] = mails;
	if (mail === undefined || mails.length !== 1) throw oneOnly();
	for await (const { item: original } of readMails(connection, await foundOf(scene, mails, options), options)) {
		if (original.json.placeholder === true) throw notTheEmail(mail.uid, mail.folder);
		if (typeof original.json.error === 'string')
			throw new MailError(`The email to answer cannot be read: ${original.json.error}`, {
				code: 'protocol',
				permanent: true,
				speaker: 'imap',
				mailbox: connection.account.mailbox,
				remedy: 'Open the email in Outlook. No draft was created.',
			});
		return await save(scene, await readReply(answering(own, original), item, connection.account.mailbox));
	}
	throw new MailError('The email to answer is no longer in its folder.', {
		code: 'notFound',
		speaker: 'imap',
		mailbox: connection.account.mailbox,
		field: 'UID',
		remedy: 'Use its Message-ID, which is searched for in all folders.',
	});
}

/** The parameters of the operation, with the fetched original. */
function answering(own: MailContext, original: object): MailContext {
	return {
		getNodeParameter: (name, item, fallback) => (name === 'original' ? original : own.getNodeParameter(name, item, fallback)),
		getInputData: () => own.getInputData(),
		getTimezone: () => own.getTimezone(),
		helpers: own.helpers,
	};
}

/** Writes the draft again, with the filled-in fields changed. The old version is deleted only when the new one is stored. */
async function update(scene: Scene): Promise<IDataObject> {
	const drafts = await draftsMeant(scene);
	const [draft] = drafts;
	if (draft === undefined || drafts.length !== 1) throw oneOnly();
	if (draft instanceof MailError) throw draft;
	const mail = await changedDraft(scene, draft, await bytesOf(scene.connection, draft));
	const saved = await save(scene, mail, await flagsOf(scene.connection, draft));
	const left = await discard(scene.connection, draft);
	return { ...saved, replaced: { uid: draft.uid, folder: draft.folder }, ...(left !== undefined && { olderVersionLeft: left.summary }) };
}

/**
 * Finds the drafts that are meant, each once. If no folder is given, they are in Drafts. What is no draft there is an error.
 * @param alreadySent takes the output for each draft that an earlier item has sent
 */
async function draftsMeant({ own, item, connection, folders }: Scene, alreadySent?: Set<IDataObject>): Promise<Array<There | MailError>> {
	const { path } = await folders.special('drafts');
	const references = readReferences(own.getNodeParameter('uid', item, ''));
	const fates = await locate(connection, folders, references, path);
	const meant = new Map<string, There | MailError>();
	for (const [index, fate] of fates.entries()) {
		const output = alreadySent && sentBefore(connection, fate, references[index], path);
		if (output !== undefined) alreadySent?.add(output);
		else if (fate.kind === 'failed') meant.set(`${index}`, fate.error);
		else if (fate.kind === 'gone') meant.set(`${index}`, goneDraft(fate.reason, connection.account.mailbox));
		else meant.set(`${fate.uid} ${fate.folder}`, await failureOr(async () => await requireDraft(connection, fate, path)));
	}
	return [...meant.values()];
}

function goneDraft(reason: string, mailbox: string): MailError {
	return new MailError(reason, {
		code: 'notFound',
		speaker: 'imap',
		mailbox,
		field: 'UID',
		remedy: 'The draft may have been sent, changed or deleted. A changed draft has a new UID.',
	});
}

async function failureOr<Result>(work: () => Promise<Result>): Promise<Result | MailError> {
	return await work().catch((error: unknown) => {
		if (error instanceof MailError) return error;
		throw error;
	});
}

/**
 * A draft that fails does not hold up the others of its item, unless its failure would meet them too: then they are left as they are.
 * @param past what is done with them: "sent"
 */
async function eachDraft(scene: Scene, past: string, act: (draft: There) => Promise<IDataObject>): Promise<INodeExecutionData[]> {
	const alreadySent = past === 'sent' ? new Set<IDataObject>() : undefined;
	const drafts = await draftsMeant(scene, alreadySent);
	const outcomes: Array<IDataObject | MailError> = [...(alreadySent ?? [])].map((output) => ({ ...output }));
	let end: MailError | undefined;
	for (const draft of drafts) {
		const outcome = end ?? (draft instanceof MailError ? draft : await failureOr(async () => await act(draft)));
		if (outcome instanceof MailError && (outcome.lasting || (!outcome.permanent && blameOf(outcome) !== 'mail'))) end = outcome;
		outcomes.push(outcome);
	}
	const items = together(outcomes, 'drafts', past);
	if (items instanceof Error) throw items;
	return items;
}

async function send({ context, own, item, connection, folders }: Scene, draft: There): Promise<IDataObject> {
	const options = record(own.getNodeParameter('options', item, {}));
	const { retryForMs, messagesPerMinute, resendUnknown } = readDelivery(options);
	const { sent, alreadySent, messageId, draftLeft } = await sendDraft(connection, folders, draft, {
		memory: sendMemory(context),
		persistence: { retryForMs, messagesPerMinute, resendUnknown, signal: context.getExecutionCancelSignal?.() },
		sentCopy: choice(options.sentCopy, 'Copy in Sent Items', ['byServer', 'move'], 'byServer'),
	});
	const facts = { messageId, mailbox: connection.account.mailbox, draft: { uid: draft.uid, folder: draft.folder } };
	const left =
		draftLeft === undefined ? {} : { draftLeft: `The email was sent, but the draft is still in "${draft.folder}": ${draftLeft.summary}` };
	const isSent = sent === undefined || sent.accepted.length > 0;
	if (isSent && draftLeft === undefined) noteSent(connection, draft, messageId, { sent: true, alreadySent: true, ...facts });
	if (sent === undefined) return { sent: true, alreadySent, ...facts, ...left };
	const { accepted, rejected, unknown, response, attempts, deliveryUnknown } = sent;
	return {
		sent: isSent,
		accepted,
		rejected: rejected.map(({ recipient }) => recipient),
		...(rejected.length > 0 && { rejectedErrors: rejected }),
		...(deliveryUnknown && { deliveryUnknown: true, deliveryUnknownFor: unknown }),
		response,
		attempts,
		...facts,
		...left,
	};
}

/** Moves to Deleted Items, as Outlook does, or deletes permanently. */
async function remove({ own, item, connection, folders }: Scene, draft: There): Promise<IDataObject> {
	const permanently = flag(own.getNodeParameter('permanently', item, false), 'Delete Permanently');
	const to = permanently ? undefined : (await folders.special('deleted')).path;
	const done = (await change(connection, draft.folder, [draft], to === undefined ? { kind: 'delete' } : { kind: 'move', to })).get(
		draft.uid,
	);
	if (done?.kind === 'failed') throw done.error;
	const facts = { uid: draft.uid, folder: draft.folder, mailbox: connection.account.mailbox };
	if (done?.kind !== 'done') {
		const { reason = `The email is no longer in "${draft.folder}".` } = done ?? {};
		return { ...facts, deleted: false, gone: true, reason };
	}
	return { ...facts, deleted: true, ...(to === undefined ? { permanently: true } : { movedTo: to }) };
}

function oneOnly(): MailError {
	return new MailError('UID: this operation accepts one email, but got several.', {
		code: 'input',
		field: 'UID',
		remedy: 'Use one email for each item.',
	});
}
