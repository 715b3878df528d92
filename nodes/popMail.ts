import { Readable } from 'node:stream';

import type { IBinaryData, IDataObject, IExecuteFunctions, INodeExecutionData, IPollFunctions } from 'n8n-workflow';

import type { Account } from '../mail/account';
import type { Collection } from '../mail/collect/collect';
import type { CollectedMail, Make } from '../mail/collect/fetching';
import { describe, readFilter, type Filter } from '../mail/collect/filter';
import { readMoment } from '../mail/compose/eventTime';
import type { Wish } from '../mail/collect/wish';
import { RAW_PROPERTY, toItem, type ItemOptions } from '../mail/item/item';
import { choice, flag, isBlank, record, text, whole } from './parameters/parameterValues';
import { readMoreOf } from './parameters/readMoreFields';

/** Larger emails are streamed to the parser and not held in memory, in bytes. */
const STREAM_ABOVE = 1024 * 1024;
/** For larger emails, the format `raw` has binary data only, because text would have to be held in memory. In bytes. */
const TEXT_UP_TO = 20 * 1024 * 1024;

type Options = ItemOptions<IBinaryData>;

/** Reads `format`, `downloadAttachments`, the prefix and `readMore`, which all nodes have. @throws MailError `input` naming the field */
export function itemOptions(context: IExecuteFunctions | IPollFunctions, parameter: (name: string, fallback: unknown) => unknown): Options {
	return {
		format: choice(parameter('format', 'simple'), 'Format', ['simple', 'resolved', 'raw'], 'simple'),
		downloadAttachments: flag(parameter('downloadAttachments', false), 'Download Attachments'),
		prefix: text(parameter('dataPropertyAttachmentsPrefixName', 'attachment_'), 'Property Prefix Name') || 'attachment_',
		readMore: readMoreOf(record(parameter('options', {})).readMore),
		store: async (content, fileName, mimeType) => await context.helpers.prepareBinaryData(content, fileName, mimeType),
	};
}

/** @param timeZone IANA name of the workflow's zone, for a time without an offset. @throws MailError `input` naming the field */
export function filterOf(fields: IDataObject, timeZone: string): Filter {
	return readFilter({
		from: text(fields.from, 'From'),
		to: text(fields.to, 'To'),
		subject: text(fields.subject, 'Subject'),
		since: isBlank(fields.since) ? undefined : readMoment('Received Since', fields.since, timeZone).getTime(),
		largerThan: whole(fields.largerThan, 'Larger Than', 0, 0, 1_000_000) * 1024,
	});
}

/** Reads *Delete After Days*. Nothing is deleted if an expression gives nothing. @throws MailError `input` naming the field */
export function deletionOf(days: unknown): Pick<Wish, 'deleteAfterDays'> {
	return isBlank(days) ? {} : { deleteAfterDays: whole(days, 'Delete After Days', 30, 0, 3_650) };
}

/** Makes n8n items of emails that come over POP. */
export function itemMaker(options: Options, maxBytes: number): Make<INodeExecutionData> {
	return async (mail) => {
		const from = { uidl: mail.uidl, size: mail.size, folder: 'INBOX' };
		switch (mail.content.kind) {
			case 'refused':
				return { json: { ...from, error: mail.content.reason.summary } };
			case 'headers': {
				const { json, binary } = await toItem(mail.content.bytes, from, { ...options, downloadAttachments: false, headersOnly: true });
				const reason = `The email has ${mail.size} bytes, more than Max Message Size (${maxBytes / 1024 / 1024} MB).`;
				return { json: { ...json, headersOnly: true, ...(mail.content.tooLarge && { tooLarge: true, reason }) }, binary };
			}
			case 'whole':
				return await wholeItem(mail.content.open, from, options);
		}
	};
}

type Origin = Pick<CollectedMail, 'uidl' | 'size'> & { folder: string };

type Open = Extract<CollectedMail['content'], { kind: 'whole' }>['open'];

async function wholeItem(open: Open, from: Origin, options: Options): Promise<INodeExecutionData> {
	const most = options.format === 'raw' ? TEXT_UP_TO : STREAM_ABOVE;
	let begun = from.size > most ? undefined : await heldUpTo(most, await open());
	if (options.format === 'raw' && !Buffer.isBuffer(begun)) {
		const whole = await options.store(Readable.from(begun ?? (await open())), 'message.eml', 'message/rfc822');
		return { json: { ...from }, binary: { [RAW_PROPERTY]: whole } };
	}
	const source = Buffer.isBuffer(begun)
		? begun
		: async () => {
				const bytes = begun ?? (await open());
				begun = undefined;
				return Readable.from(bytes);
			};
	const { json, binary } = await toItem(source, from, options);
	return { json, binary };
}

/**
 * Returns the email as bytes if it is no larger than `most`, otherwise as a stream from its beginning. The server may tell no size, or a
 * smaller one than the email has.
 */
async function heldUpTo(most: number, content: AsyncGenerator<Buffer, void>): Promise<Buffer | AsyncGenerator<Buffer, void>> {
	const chunks: Buffer[] = [];
	let size = 0;
	while (size <= most) {
		const { done, value } = await content.next();
		if (done === true) return Buffer.concat(chunks);
		chunks.push(value);
		size += value.length;
	}
	return (async function* () {
		yield* chunks;
		yield* content;
	})();
}

export function withoutIdText(count: number): string {
	return `the server lists ${count} emails without a unique ID, so they are left until it lists one`;
}

/** Explains why there is nothing, so that people need not guess. */
export function explainNothing(
	mailbox: string,
	{ onServer, left, passed, elsewhere, recognised }: Collection<unknown>,
	filter: Filter,
	onlyNew: boolean,
): string {
	if (onServer === 0) return `The inbox of ${mailbox} is empty. POP shows the inbox only.`;
	const known = onServer - left - passed - elsewhere - recognised;
	const reasons = [
		...(known > 0 && onlyNew ? [`${known} fetched or skipped before`] : []),
		...(passed > 0 ? [`${passed} that do not match the filters (${describe(filter)})`] : []),
		...(elsewhere > 0 ? [`${elsewhere} being fetched by another execution`] : []),
		...(left > 0 ? [`${left} that could not be read this time`] : []),
		...(recognised > 0 ? [`${recognised} fetched before under another unique ID`] : []),
	];
	return `No ${onlyNew ? 'new ' : ''}email in ${mailbox}. On the server: ${onServer}; ${reasons.join(', ')}.`;
}

/**
 * The name under which emails are remembered. It does not include the credential, because a person who changes the credential goes on with
 * the same emails.
 */
export function mailboxName(account: Account): string {
	return `${account.mailbox.toLowerCase()} ${account.pop.host.toLowerCase()}`;
}
