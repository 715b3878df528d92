import type { IDataObject } from 'n8n-workflow';

import { readMailboxes, type Mailbox } from '../../../mail/compose/addresses';
import { htmlWithoutFence } from '../../../mail/compose/codeFence';
import type { OutgoingMail } from '../../../mail/compose/message';
import type { OutgoingFile } from '../../../mail/compose/outgoingFile';
import { unsubscribeHeaders } from '../../../mail/compose/unsubscribe';
import type { SendingService } from '../../../mail/smtp/sendingService';
import { choice, choices, flag, record, text, whole } from '../../parameters/parameterValues';
import { readFiles } from './attachments';
import type { MailContext } from './context';
import { headerRows } from './headerRows';

/** Settings for sending an item, whatever the operation. */
export interface Delivery {
	retryForMs: number;
	/** 0 = no limit of ours. */
	messagesPerMinute: number;
	resendUnknown: boolean;
	failOnRejected: boolean;
}

/** @throws MailError `input` naming the field */
export function readDelivery(options: IDataObject): Delivery {
	return {
		retryForMs: whole(options.retryFor, 'Retry For', 120, 0, 3600) * 1000,
		messagesPerMinute: whole(options.messagesPerMinute, 'Messages per Minute', 0, 0, 10_000),
		resendUnknown: flag(options.resendUnknown, 'Resend if Unsure'),
		failOnRejected: flag(options.failOnRejected, 'Fail on Partial Rejection'),
	};
}

/** @throws MailError `input` naming the field */
export function readService(options: IDataObject): SendingService {
	return choice(options.sendingService, 'Sending Service', ['mailbox', 'highVolume'], 'mailbox');
}

/** Composes the email of one item. @throws MailError `input` naming the field */
export async function readMail(context: MailContext, item: number, mailbox: string): Promise<OutgoingMail> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	const options = record(context.getNodeParameter('options', item, {}));
	return {
		...(await readSender(context, item, mailbox)),
		to: await readPeople(context, 'To Email', parameter('toEmail')),
		...(await readCopies(context, options)),
		subject: text(parameter('subject'), 'Subject'),
		...readBodies(context, item, options),
		files: await readOwnFiles(context, item, options),
		inReplyTo: readIds(options.inReplyTo, 'In Reply To'),
		references: readIds(options.references, 'References'),
		...readHeaders(options),
	};
}

/** Message-IDs, also with commas between them, folded, or one on each line. Within angle brackets, a comma is a part of the ID. */
function readIds(value: unknown, field: string): string {
	return text(value, field)
		.replace(/<[^<>]*>|,/g, (part) => (part === ',' ? ' ' : part))
		.replace(/\r?\n(?=[ \t<])/g, ' ')
		.trim();
}

/** @throws MailError `input` naming the field */
export async function readPeople({ note }: MailContext, field: string, value: unknown): Promise<Mailbox[]> {
	return await readMailboxes(field, value, false, note);
}

/** The sender: the mailbox itself, another address (Send As), or another address with the mailbox as `Sender` (on behalf of). */
export async function readSender(context: MailContext, item: number, mailbox: string): Promise<Pick<OutgoingMail, 'from' | 'sender'>> {
	const options = record(context.getNodeParameter('options', item, {}));
	const from = await readPeople(context, 'From Email', context.getNodeParameter('fromEmail', item, ''));
	const onBehalf =
		flag(options.sendOnBehalf, 'Send on Behalf') && from.some(({ address }) => address.toLowerCase() !== mailbox.toLowerCase());
	return { from: from.length === 0 ? mailbox : from, ...(onBehalf && { sender: mailbox }) };
}

export async function readOwnFiles(context: MailContext, item: number, options: IDataObject): Promise<OutgoingFile[]> {
	return [
		...(await readFiles(context, item, options.attachments, { label: 'Attachments (Inline)', inline: true })),
		...(await readFiles(context, item, options.fileAttachments, { label: 'Attachments (File)', inline: false })),
	];
}

export async function readCopies(context: MailContext, options: IDataObject): Promise<Record<'cc' | 'bcc' | 'replyTo', Mailbox[]>> {
	return {
		cc: await readPeople(context, 'CC Email', options.ccEmail),
		bcc: await readPeople(context, 'BCC Email', options.bccEmail),
		replyTo: await readPeople(context, 'Reply To', options.replyTo),
	};
}

export function formatOf(context: MailContext, item: number): 'text' | 'html' | 'both' {
	return choice(context.getNodeParameter('emailFormat', item, ''), 'Email Format', ['text', 'html', 'both'], 'text');
}

/** Text and HTML as the format says. If there is only HTML, the text is made when the email is composed. */
export function readBodies(context: MailContext, item: number, options: IDataObject): Pick<OutgoingMail, 'text' | 'html'> {
	const parameter = (name: string, field: string): string => text(context.getNodeParameter(name, item, ''), field);
	const format = formatOf(context, item);
	const html = format === 'text' ? undefined : readHtml(context, parameter('html', 'HTML'));
	const plain = format === 'html' ? undefined : parameter('text', 'Text');
	return attributed({ text: plain, html }, options);
}

/** Language models often answer with a code fence around the HTML, which recipients would see. */
function readHtml({ note }: MailContext, given: string): string {
	const html = htmlWithoutFence(given);
	if (html !== given) note?.('HTML: the Markdown code fence around the HTML was removed.');
	return html;
}

type Bodies = Pick<OutgoingMail, 'text' | 'html'>;

/** Adds n8n's attribution at the end if the user wants it. */
export function attributed({ text: plain, html }: Bodies, options: IDataObject): Bodies {
	if (!flag(options.appendAttribution, 'Append n8n Attribution')) return { text: plain, html };
	// If the email has only text, HTML that contains only the attribution would hide the text.
	const asText = html === undefined || html === '';
	return {
		text: plain === undefined || (plain === '' && !asText) ? plain : `${plain}\n\n---\n${ATTRIBUTION}n8n\nhttps://n8n.io`,
		html:
			html === undefined || (asText && plain !== undefined)
				? html
				: `${html}<br><br>---<br><em>${ATTRIBUTION}<a href="https://n8n.io">n8n</a></em>`,
	};
}

export function isAttributed({ text: plain = '', html = '' }: Bodies): boolean {
	return plain.includes(ATTRIBUTION) || html.includes(ATTRIBUTION);
}

const ATTRIBUTION = 'This email was sent automatically with ';

export function readHeaders(options: IDataObject): Pick<OutgoingMail, 'headers' | 'priority' | 'readReceipt' | 'deliveryReports'> {
	const rows = headerRows(options.headers);
	const own = new Set(rows.map(({ name }) => name.toLowerCase()));
	const unsubscribe = unsubscribeHeaders(
		text(options.listUnsubscribe, 'List-Unsubscribe'),
		flag(options.oneClickUnsubscribe, 'One-Click Unsubscribe'),
	);
	return {
		// A header of the user replaces that of the option. One click belongs to the web address of the option.
		headers: [...rows, ...unsubscribe.filter(({ name }) => !own.has('list-unsubscribe') && !own.has(name.toLowerCase()))],
		priority: choice(options.priority, 'Priority', ['high', 'low', 'normal'], 'normal'),
		readReceipt: flag(options.readReceipt, 'Read Receipt'),
		deliveryReports: choices(options.deliveryReports, 'Delivery Reports', DELIVERY_REPORTS),
	};
}

const DELIVERY_REPORTS = ['success', 'failure', 'delay'] as const;
