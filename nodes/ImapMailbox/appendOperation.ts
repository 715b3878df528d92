import type { Readable } from 'node:stream';

import type { INodeExecutionData } from 'n8n-workflow';

import { readMoment } from '../../mail/compose/eventTime';
import { emptyBeginning, refuseOtherFormats } from '../../mail/compose/raw';
import { MailError } from '../../mail/errors';
import { append } from '../../mail/mailbox/append';
import { inField, readRawSource } from '../Office365SmtpSend/settings/rawSettings';
import { choices, isBlank, record } from '../parameters/parameterValues';
import type { Scene } from './scene';
import { folderOf } from './settings';

/** The maximum size in Exchange Online, in bytes. */
const LARGEST = 150 * 1024 * 1024;

const FLAGS = { read: '\\Seen', flagged: '\\Flagged', answered: '\\Answered', draft: '\\Draft' } as const;

/** Stores a finished email in a folder, with flags and date. */
export async function appendMail({ own, item, connection, folders }: Scene): Promise<INodeExecutionData[]> {
	const options = record(own.getNodeParameter('options', item, {}));
	const { path } = await folders.find(folderOf(own, item));
	const flags = choices(options.flags, 'Status', ['answered', 'draft', 'flagged', 'read']).map((name) => FLAGS[name]);
	const given = options.receivedAt;
	const receivedAt = isBlank(given) ? undefined : readMoment('Received At', given, own.getTimezone());
	const { open, size, field } = await readRawSource(own, item);
	const mail = await finished(open, size).catch((error: unknown) => {
		throw inField(field, error);
	});
	const appended = await append(connection, path, mail, flags, receivedAt);
	return [{ json: { ...appended, mailbox: connection.account.mailbox, size: mail.length, appended: true } }];
}

/** @throws MailError `input` or `tooLarge` */
async function finished(open: () => Promise<Readable>, size: number): Promise<Buffer> {
	if (size > LARGEST) throw tooLarge(size);
	return withLineEnds(await gather(await open()));
}

async function gather(stream: Readable): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of stream) {
		chunks.push(Buffer.from(chunk));
		size += chunks.at(-1)?.length ?? 0;
		if (size > LARGEST) throw tooLarge(size);
	}
	return Buffer.concat(chunks);
}

/** The first line of an email in an mbox file. A server would take it for the end of the headers, or for a header without a name. */
const MBOX_LINE = /^From (?![ \t]*:)[^\r\n]*(?:\r\n|\r|\n)/;

/** Lines of an email end in CRLF (RFC 5322, section 2.1). Files from other sources may have LF only. */
function withLineEnds(mail: Buffer): Buffer {
	const whole = mail.toString('latin1');
	refuseOtherFormats(whole);
	const text = whole.slice(emptyBeginning(whole));
	if (!/^[!-9;-~]+[ \t]*:/.test(text) && !text.startsWith('From ')) {
		throw new MailError('Message: the value is not an email because it does not begin with headers.', {
			code: 'input',
			field: 'Message',
			remedy: 'Enter a whole email (RFC 5322): headers, an empty line, and the body.',
		});
	}
	return Buffer.from(text.replace(MBOX_LINE, '').replace(/\r\n|\r|\n/g, '\r\n'), 'latin1');
}

function tooLarge(size: number): MailError {
	return new MailError(`The email has ${Math.ceil(size / 1024 / 1024)} MB, but Exchange Online accepts at most 150 MB.`, {
		code: 'tooLarge',
		field: 'Message',
		remedy: 'Make its attachments smaller.',
	});
}
