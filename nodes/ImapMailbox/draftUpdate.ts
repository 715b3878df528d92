import { buffer } from 'node:stream/consumers';

import type { IDataObject } from 'n8n-workflow';

import { readMailboxes, type Mailbox } from '../../mail/compose/addresses';
import { headersToKeep } from '../../mail/compose/keptHeaders';
import type { OutgoingMail } from '../../mail/compose/message';
import { inShares, type OutgoingFile } from '../../mail/compose/outgoingFile';
import { inputError, MailError } from '../../mail/errors';
import { fieldsAtBeginning } from '../../mail/item/headerBlock';
import { toItem } from '../../mail/item/item';
import type { There } from '../../mail/mailbox/locate';

import { attributed, isAttributed, readBodies, readHeaders, readOwnFiles, readPeople } from '../Office365SmtpSend/settings/settings';
import { flag, record, text } from '../parameters/parameterValues';
import type { Scene } from './scene';

/** A draft as it was, taken apart. */
interface Before {
	json: IDataObject;
	/** In the order of `json.attachments`. */
	contents: Buffer[];
}

/**
 * Returns the draft with the filled-in fields changed. All that the user does not set anew stays.
 * @throws MailError `input` naming the field; `protocol` if the draft cannot be read completely
 */
export async function changedDraft(scene: Scene, draft: There, bytes: Buffer): Promise<OutgoingMail> {
	const { own, item } = scene;
	const options = record(own.getNodeParameter('options', item, {}));
	const before = await takeApart(scene, draft, bytes);
	const { json } = before;
	const people = async (given: unknown, field: string, old: unknown): Promise<OutgoingMail['to']> => {
		const now = await readPeople(own, field, given);
		return now.length > 0 ? now : await oldPeople(draft, field, old);
	};
	const bodies = bodiesOf(scene, options, json);
	const kept = flag(options.keepAttachments, 'Keep Attachments', true) ? keptFiles(before, bodies.html ?? '') : [];
	const headers = readHeaders(options);
	return {
		...(await senderOf(scene, options, json)),
		to: await people(own.getNodeParameter('toEmail', item, ''), 'To Email', json.to),
		cc: await people(options.ccEmail, 'CC Email', json.cc),
		bcc: await people(options.bccEmail, 'BCC Email', json.bcc),
		replyTo: await people(options.replyTo, 'Reply To', json.replyTo),
		subject: text(own.getNodeParameter('subject', item, ''), 'Subject').trim() || text(json.subject, 'Subject'),
		...bodies,
		files: [...kept, ...(await readOwnFiles(own, item, options))],
		inReplyTo: text(json.inReplyTo, 'In Reply To'),
		references: Array.isArray(json.references) ? json.references.filter((one) => typeof one === 'string').join(' ') : '',
		...headers,
		kept: headersToKeep(fieldsAtBeginning(bytes), {
			priority: isSet(options.priority),
			readReceipt: isSet(options.readReceipt),
			headers: headers.headers.map(({ name }) => name),
		}),
	};
}

/** A name that Outlook has not resolved yet is no address. Without a word, the draft would be sent without this person. */
async function oldPeople({ uid, folder }: There, field: string, old: unknown): Promise<Mailbox[]> {
	const kept: Mailbox[] = [];
	for (const person of peopleIn(record(old).value)) {
		const found = await readMailboxes(field, person, true);
		kept.push(...found);
		if (found.length > 0) continue;
		const named = text(person.name, field) || text(person.address, field);
		throw inputError(
			field,
			`the draft with UID ${uid} in "${folder}" names "${named.slice(0, 200)}", which is not an email address. It was not changed.`,
			`Fill in "${field}", or correct the draft in Outlook.`,
		);
	}
	return kept;
}

/** Members of groups too. */
function peopleIn(value: unknown): IDataObject[] {
	if (!Array.isArray(value)) return [];
	return value.map(record).flatMap((one) => (Array.isArray(one.group) ? peopleIn(one.group) : [one]));
}

/** What cannot be read would be missing in the new version, and the old one is deleted. */
async function takeApart({ connection }: Scene, { uid, folder }: There, bytes: Buffer): Promise<Before> {
	const { json, binary = {} } = await toItem(
		bytes,
		{ size: bytes.length, folder, uidl: '' },
		{
			format: 'resolved',
			downloadAttachments: true,
			prefix: '',
			store: async (content) => (Buffer.isBuffer(content) ? content : await buffer(content)),
		},
	);
	const contents = Array.isArray(json.attachments) ? json.attachments.map((_, index) => binary[index]) : [];
	const there = contents.filter((content) => content !== undefined);
	const reason = typeof json.parseError === 'string' ? json.parseError : 'An attachment is missing.';
	if (json.parseError === undefined && there.length === contents.length) return { json, contents: there };
	throw new MailError(`The draft with UID ${uid} in "${folder}" cannot be read completely, so it was not changed: ${reason}`, {
		code: 'protocol',
		permanent: true,
		speaker: 'imap',
		mailbox: connection.account.mailbox,
		remedy: 'Open the draft in Outlook, correct it and save it there.',
	});
}

/** The new sender, or the old one. Whoever sends on behalf of somebody goes on to do so, unless the option says otherwise. */
async function senderOf(
	{ own, item, connection }: Scene,
	options: IDataObject,
	json: IDataObject,
): Promise<Pick<OutgoingMail, 'from' | 'sender'>> {
	const { mailbox } = connection.account;
	const now = await readPeople(own, 'From Email', own.getNodeParameter('fromEmail', item, ''));
	const before = await readMailboxes('From Email', json.from, true);
	const from = now.length > 0 ? now : before.length === 1 ? before : await readMailboxes('From Email', mailbox);
	const isFrom = (address: string): boolean => from.every((one) => one.address.toLowerCase() === address.toLowerCase());
	if (isSet(options.sendOnBehalf))
		return { from, ...(flag(options.sendOnBehalf, 'Send on Behalf') && !isFrom(mailbox) && { sender: mailbox }) };
	const [sender, ...others] = await readMailboxes('Sender', json.sender, true);
	const isKept = sender !== undefined && others.length === 0 && !isFrom(sender.address);
	return { from, ...(isKept && { sender: text(record(json.sender).text, 'Sender') }) };
}

/** The new body, or the old one. The attribution by itself is not a new body. */
function bodiesOf({ own, item }: Scene, options: IDataObject, json: IDataObject): Pick<OutgoingMail, 'text' | 'html'> {
	const now = readBodies(own, item, {});
	const old = { text: text(json.text, 'Text'), html: text(json.html, 'HTML') || undefined };
	if ((now.text ?? '') === '' && (now.html ?? '') === '') return isAttributed(old) ? old : attributed(old, options);
	// Format "Both" with an empty HTML leaves the HTML unchanged. An empty text is made from the new HTML.
	return attributed(now.html === '' ? { ...now, html: old.html } : now, options);
}

/** Outlook gives every attachment a Content-ID. Only those that are inline or shown in the HTML are inline files. */
function keptFiles({ json, contents }: Before, html: string): OutgoingFile[] {
	const all: unknown[] = Array.isArray(json.attachments) ? json.attachments : [];
	return contents.map((content, index) => {
		const file = record(all[index]);
		const cid = text(file.contentId, 'Content-ID').replace(/[<>]/g, '');
		const isInline = cid !== '' && (file.inline === true || html.includes(`cid:${cid}`));
		return {
			fileName: text(file.fileName, 'File Name') || `attachment-${index}`,
			mimeType: text(file.mimeType, 'Type') || 'application/octet-stream',
			size: content.length,
			...(isInline && { cid }),
			open: async () => await Promise.resolve(inShares(content)),
		};
	});
}

function isSet(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
