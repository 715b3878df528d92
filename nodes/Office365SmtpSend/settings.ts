import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { OutgoingFile, OutgoingMail } from '../../mail/smtp/message';
import { record, text, whole } from '../parameterValues';

/** One item's parameters. */
export interface SendSettings {
	mail: OutgoingMail;
	retryForMs: number;
	resendUnknown: boolean;
	failOnRejected: boolean;
}

/** @throws MailError `input` naming the field */
export function readItem(context: IExecuteFunctions, item: number, mailbox: string): SendSettings {
	const parameter = (name: string, field: string): string => text(context.getNodeParameter(name, item, ''), field);
	const options = record(context.getNodeParameter('options', item, {}));
	const format = parameter('emailFormat', 'Email Format');
	const attribution = options.appendAttribution === true;
	const html = format === 'html' || format === 'both' ? parameter('html', 'HTML') : undefined;
	const plain = format === 'html' ? undefined : parameter('text', 'Text');
	return {
		mail: {
			from: parameter('fromEmail', 'From Email') || mailbox,
			to: parameter('toEmail', 'To Email'),
			cc: text(options.ccEmail, 'CC Email'),
			bcc: text(options.bccEmail, 'BCC Email'),
			replyTo: text(options.replyTo, 'Reply To'),
			subject: parameter('subject', 'Subject'),
			text: plain !== undefined && attribution ? `${plain}\n\n---\n${ATTRIBUTION}n8n\nhttps://n8n.io` : plain,
			html: html !== undefined && attribution ? `${html}<br><br>---<br><em>${ATTRIBUTION}<a href="https://n8n.io">n8n</a></em>` : html,
			files: [...filesOf(context, item, options, 'attachments', true), ...filesOf(context, item, options, 'fileAttachments', false)],
			inReplyTo: text(options.inReplyTo, 'In Reply To').trim(),
			references: text(options.references, 'References').replaceAll(',', ' ').trim(),
			priority: options.priority === 'high' || options.priority === 'low' ? options.priority : 'normal',
			headers: headersOf(options),
		},
		retryForMs: whole(options.retryFor, 'Retry For', 120, 0, 3600) * 1000,
		resendUnknown: options.resendUnknown === true,
		failOnRejected: options.failOnRejected === true,
	};
}

const ATTRIBUTION = 'This email was sent automatically with ';

function headersOf(options: IDataObject): OutgoingMail['headers'] {
	const given = record(options.headers).header;
	const entries: unknown[] = Array.isArray(given) ? given : [];
	return entries.map(record).map((entry) => ({ name: text(entry.name, 'Headers').trim(), value: text(entry.value, 'Headers') }));
}

/** The binary properties that an option names, as comma-separated text, a list, or binary objects. */
function filesOf(context: IExecuteFunctions, item: number, options: IDataObject, option: 'attachments' | 'fileAttachments', inline: boolean): OutgoingFile[] {
	const label = inline ? 'Attachments (Inline)' : 'Attachments (File)';
	return names(options[option], label).map((name) => {
		const data = context.getInputData()[item]?.binary?.[name];
		if (data === undefined) {
			const there = Object.keys(context.getInputData()[item]?.binary ?? {});
			throw new MailError(`${label}: the item has no binary property "${name}".`, {
				code: 'input',
				field: label,
				remedy: there.length === 0 ? 'The item has no binary data at all: put a node before this one that gives it.' : `It has: ${there.join(', ')}.`,
			});
		}
		return {
			fileName: data.fileName ?? name,
			mimeType: data.mimeType,
			size: data.bytes ?? (data.id === undefined ? Math.ceil(data.data.length * 0.75) : 0),
			...(inline && { cid: name }),
			open: async () => {
				if (data.id !== undefined) return await context.helpers.getBinaryStream(data.id);
				const { Readable } = await import('node:stream');
				return Readable.from([Buffer.from(data.data, 'base64')]);
			},
		};
	});
}

function names(value: unknown, label: string): string[] {
	if (Array.isArray(value)) return value.flatMap((entry) => names(entry, label));
	return text(value, label).split(',').map((name) => name.trim()).filter((name) => name !== '');
}
