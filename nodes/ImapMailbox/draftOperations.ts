import { Readable } from 'node:stream';

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { readMailboxes } from '../../mail/compose/addresses';
import { compose, type OutgoingMail } from '../../mail/compose/message';
import type { OutgoingFile } from '../../mail/compose/outgoingFile';
import { MailError } from '../../mail/errors';
import { toItem } from '../../mail/item/item';
import { change } from '../../mail/mailbox/change';
import { bytesOf, discard, requireDraft, saveDraft, sendDraft } from '../../mail/mailbox/drafts';
import { locate, type There } from '../../mail/mailbox/locate';
import { readMails } from '../../mail/mailbox/read';
import { readReferences } from '../../mail/mailbox/references';
import type { MailContext } from '../Office365SmtpSend/settings/context';
import { readReply } from '../Office365SmtpSend/settings/replySettings';
import { readBodies, readDelivery, readHeaders, readMail, readOwnFiles, readSender } from '../Office365SmtpSend/settings/settings';
import { choice, flag, record, text } from '../parameterValues';
import { foundOf, mailsMeant } from './messageOperations';
import type { Scene } from './scene';
import { sendMemory } from './sendMemory';
import { readOptionsOf } from './settings';

export async function runDraft(scene: Scene): Promise<INodeExecutionData[]> {
	switch (scene.operation) {
		case 'createReply':
			return [{ json: await createReply(scene) }];
		case 'update':
			return [{ json: await update(scene) }];
		case 'send':
			return await eachDraft(scene, async (draft) => await send(scene, draft));
		case 'delete':
			return await eachDraft(scene, async (draft) => await remove(scene, draft));
		default:
			return [{ json: await save(scene, await readMail(scene.own, scene.item, scene.connection.account.mailbox)) }];
	}
}

/** Stores the email in Drafts. The output refers to it. */
async function save({ connection, folders }: Scene, mail: OutgoingMail): Promise<IDataObject> {
	const { path } = await folders.special('drafts');
	const composed = await compose(mail, 'draft');
	const saved = await saveDraft(connection, path, composed);
	return { ...saved, mailbox: connection.account.mailbox, subject: mail.subject, recipients: composed.recipients, isDraft: true };
}

/** Makes a reply, a reply to all or a forwarded email from the original in the mailbox. */
async function createReply(scene: Scene): Promise<IDataObject> {
	const { own, item, connection } = scene;
	const options = { ...readOptionsOf(own, item), format: 'resolved' as const };
	const mails = await mailsMeant(scene);
	if (mails.length !== 1) throw oneOnly();
	for await (const { item: original } of readMails(connection, await foundOf(scene, mails, options), options)) {
		if (typeof original.json.error === 'string')
			throw new MailError(`The email to answer cannot be read: ${original.json.error}`, {
				code: 'protocol',
				permanent: true,
				speaker: 'imap',
			});
		return await save(scene, await readReply(answering(own, original), item, connection.account.mailbox));
	}
	throw new MailError('The email to answer is no longer in its folder.', {
		code: 'notFound',
		speaker: 'imap',
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
	const mail = await changed(scene, await bytesOf(scene.connection, draft));
	const saved = await save(scene, mail);
	const left = await discard(scene.connection, draft);
	return { ...saved, replaced: { uid: draft.uid, folder: draft.folder }, ...(left !== undefined && { olderVersionLeft: left.summary }) };
}

async function changed({ own, item, connection }: Scene, bytes: Buffer): Promise<OutgoingMail> {
	const options = record(own.getNodeParameter('options', item, {}));
	const files: OutgoingFile[] = [];
	const contents: Buffer[] = [];
	const { json } = await toItem(
		bytes,
		{ size: bytes.length, folder: '', uidl: '' },
		{
			format: 'resolved',
			downloadAttachments: true,
			prefix: '',
			store: async (content) => {
				const chunks: Buffer[] = [];
				if (Buffer.isBuffer(content)) chunks.push(content);
				else for await (const chunk of content) chunks.push(Buffer.from(chunk));
				contents.push(Buffer.concat(chunks));
			},
		},
	);
	if (flag(options.keepAttachments, 'Keep Attachments', true)) files.push(...keptFiles(json.attachments, contents));
	const parameter = (name: string, field: string): string => text(own.getNodeParameter(name, item, ''), field).trim();
	const people = async (given: unknown, field: string, before: unknown): Promise<OutgoingMail['to']> => {
		const now = await readMailboxes(field, given);
		return now.length > 0 ? now : await readMailboxes(field, before, true);
	};
	const sender = await readSender(own, item, connection.account.mailbox);
	const before = await readMailboxes('From Email', json.from, true);
	const bodies = readBodies(own, item, options);
	const isNewBody = (bodies.text ?? '') !== '' || (bodies.html ?? '') !== '';
	return {
		...sender,
		from: parameter('fromEmail', 'From Email') === '' && before.length === 1 ? before : sender.from,
		to: await people(own.getNodeParameter('toEmail', item, ''), 'To Email', json.to),
		cc: await people(options.ccEmail, 'CC Email', json.cc),
		bcc: await people(options.bccEmail, 'BCC Email', json.bcc),
		replyTo: await people(options.replyTo, 'Reply To', json.replyTo),
		subject: parameter('subject', 'Subject') || text(json.subject, 'Subject'),
		...(isNewBody ? bodies : { text: text(json.text, 'Text'), html: text(json.html, 'HTML') || undefined }),
		files: [...files, ...(await readOwnFiles(own, item, options))],
		inReplyTo: text(json.inReplyTo, 'In Reply To'),
		references: Array.isArray(json.references) ? json.references.filter((one) => typeof one === 'string').join(' ') : '',
		...readHeaders(options),
	};
}

function keptFiles(attachments: unknown, contents: readonly Buffer[]): OutgoingFile[] {
	const all: unknown[] = Array.isArray(attachments) ? attachments : [];
	return all.flatMap((file, index) => {
		const fact = (name: string): string => {
			const value: unknown = typeof file === 'object' && file !== null ? Reflect.get(file, name) : undefined;
			return typeof value === 'string' ? value : '';
		};
		const content = contents[index];
		const cid = fact('contentId').replace(/[<>]/g, '');
		if (content === undefined) return [];
		return [
			{
				fileName: fact('fileName') || `attachment-${index}`,
				mimeType: fact('mimeType') || 'application/octet-stream',
				size: content.length,
				...(cid !== '' && { cid }),
				open: async () => await Promise.resolve(Readable.from([content])),
			},
		];
	});
}

/** Returns the drafts that are meant. If no folder is given, they are in Drafts. @throws MailError */
async function draftsMeant({ own, item, connection, folders }: Scene): Promise<There[]> {
	const { path } = await folders.special('drafts');
	const fates = await locate(connection, folders, readReferences(own.getNodeParameter('uid', item, '')), path);
	const found = fates.map((fate) => {
		if (fate.kind === 'there') return fate;
		throw fate.kind === 'failed'
			? fate.error
			: new MailError(fate.reason, {
					code: 'notFound',
					speaker: 'imap',
					field: 'UID',
					remedy: 'The draft may have been sent, changed or deleted. A changed draft has a new UID.',
				});
	});
	for (const draft of found) await requireDraft(connection, draft, path);
	return found;
}

async function eachDraft(scene: Scene, act: (draft: There) => Promise<IDataObject>): Promise<INodeExecutionData[]> {
	const items: INodeExecutionData[] = [];
	for (const draft of await draftsMeant(scene)) items.push({ json: await act(draft) });
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
	if (sent === undefined) return { sent: true, alreadySent, ...facts, ...left };
	const { accepted, rejected, unknown, response, attempts, deliveryUnknown } = sent;
	return {
		sent: accepted.length > 0,
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
