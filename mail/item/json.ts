import type { IDataObject } from 'n8n-workflow';

import { dateOf, readReceived } from './date';
import { decodedFirst, firstOf } from './headerBlock';
import { checkMemory } from './memoryLimit';
import { htmlOfPeople, NAME_PEOPLE, readPeople, textOfPeople, type Person } from './people';
import type { ReadFile } from './mailFiles';
import type { ReadMail } from './reader';
import { htmlOfText } from './text';
import { decodeHeader } from './encodedWords';

/** A file as the item lists it. `property` is added if its content is in n8n's binary data. */
export type AttachmentJson = {
	property?: string;
	fileName?: string;
	mimeType: string;
	size: number;
	contentId?: string;
	inline: boolean;
	/** Name of the Outlook file that contained it. */
	unpackedFrom?: string;
};

/** Headers that an email should have once. Of two, the first one that has something counts, which the last server has added or seen. */
const TOP_LEVEL = new Set(['message-id', 'subject', 'date', 'from', 'to', 'cc']);
/**
 * Flat, with the names of the built-in trigger's `simple` format; the other headers are decoded in `metadata`. The fields that people look
 * for come first, because n8n's table shows the columns in this order.
 */
export function simpleJson(mail: ReadMail): IDataObject {
	const metadata = new Map<string, string>();
	for (const { key, value } of mail.fields) {
		if (!TOP_LEVEL.has(key) && (metadata.get(key) ?? '') === '') metadata.set(key, decodedValue(mail, key, value));
	}
	checkMemory();
	return {
		subject: decodedFirst(mail.fields, 'subject', mail.charsets).trim(),
		from: textOfPeople(people(mail, 'from')),
		date: iso(dateOf(mail.fields, mail.charsets)),
		to: textOfPeople(people(mail, 'to')),
		cc: textOfPeople(people(mail, 'cc')),
		replyTo: textOfPeople(people(mail, 'reply-to')),
		text: mail.text,
		html: mail.html,
		messageId: messageId(mail),
		...facts(mail),
		metadata: Object.fromEntries(metadata),
	};
}

/** The format of mailparser and of the built-in trigger's `resolved` format: addresses parsed, all headers as lines. */
export function resolvedJson(mail: ReadMail): IDataObject {
	const headerLines = mail.fields.map(({ key, name, value }) => ({ key, line: `${name}: ${decodedValue(mail, key, value)}` }));
	checkMemory();
	const headers = new Map<string, string>();
	for (const { key, line } of headerLines) if (!headers.has(key)) headers.set(key, line);
	const addresses: IDataObject = {};
	for (const name of ['from', 'to', 'cc', 'bcc', 'reply-to', 'sender']) {
		const value = people(mail, name);
		if (value.length > 0)
			addresses[name === 'reply-to' ? 'replyTo' : name] = {
				value: value.map(personJson),
				text: textOfPeople(value),
				html: htmlOfPeople(value),
			};
	}
	return {
		subject: decodedFirst(mail.fields, 'subject', mail.charsets).trim(),
		...('from' in addresses && { from: addresses.from }),
		date: iso(dateOf(mail.fields, mail.charsets)),
		...addresses,
		text: mail.text,
		html: mail.html,
		textAsHtml: mail.text === '' ? '' : htmlOfText(mail.text),
		messageId: messageId(mail),
		...facts(mail),
		headers: Object.fromEntries(headers),
		headerLines,
	};
}

function facts(mail: ReadMail): IDataObject {
	const inReplyTo = decodedFirst(mail.fields, 'in-reply-to', mail.charsets);
	const references = mail.fields.filter(({ key }) => key === 'references');
	return {
		inReplyTo: messageIds(inReplyTo)[0] ?? inReplyTo,
		references: references.flatMap(({ value }) => messageIds(decodeHeader(value, mail.charsets))),
		receivedAt: iso(receivedAt(mail)),
		hasAttachment: mail.hasAttachment,
		importance: importance(mail),
		autoSubmitted: autoSubmitted(mail),
		listUnsubscribe: decodedFirst(mail.fields, 'list-unsubscribe', mail.charsets),
	};
}

export function attachmentJson({ name, type, size, contentId, inline }: ReadFile): AttachmentJson {
	return { ...(name !== '' && { fileName: name }), mimeType: type, size, ...(contentId !== '' && { contentId }), inline };
}

function decodedValue(mail: ReadMail, key: string, value: string): string {
	if (NAME_PEOPLE.has(key) && value.includes('=?')) return textOfPeople(readPeople([value], mail.charsets));
	return decodeHeader(value, mail.charsets).trim();
}

/** Those of the first From, Reply-To and Sender, and of every To, Cc and Bcc. */
function people(mail: ReadMail, key: string): Person[] {
	const values = mail.fields.filter((field) => field.key === key && field.value !== '').map(({ value }) => value);
	return readPeople(['to', 'cc', 'bcc'].includes(key) ? values : values.slice(0, 1), mail.charsets);
}

function personJson({ name, address, group }: Person): IDataObject {
	return { name, address, ...(group !== undefined && { group: group.map(personJson) }) };
}

/** Of the email; empty if it has none. */
export function messageId(mail: ReadMail): string {
	const text = withoutFolds(decodedFirst(mail.fields, 'message-id', mail.charsets)).trim();
	// Some servers say behind it that they have added it.
	return /<[^<>\s]{1,998}>/.exec(text)?.[0] ?? text;
}

/** Some programs fold lines within a Message-ID. */
function withoutFolds(value: string): string {
	return value.replace(/<[^<>]{1,998}>/g, (id) => id.replace(/\s+/g, ''));
}

/** Some programs write no blank between them, or a semicolon. */
function messageIds(value: string): string[] {
	return withoutFolds(value)
		.split(/[\s,]+|(?<=>);|(?<=>)(?=<)/)
		.filter((id) => /^<.+>$/.test(id) || id.includes('@'));
}

/** The topmost Received header is that of the mailbox's server. Without any, the email was never sent. */
function receivedAt(mail: ReadMail): number | undefined {
	return readReceived(decodedFirst(mail.fields, 'received', mail.charsets));
}

/** ISO 8601 in UTC; empty if there is none. */
function iso(time: number | undefined): string {
	return time === undefined ? '' : new Date(time).toISOString();
}

/** By Importance (RFC 2156), which Outlook writes, or the older X-Priority and Priority. */
function importance(mail: ReadMail): string {
	const value = (key: string): string => firstOf(mail.fields, key).toLowerCase();
	const named = value('importance') || value('x-msmail-priority') || value('x-priority');
	if (named.startsWith('high') || named.startsWith('low')) return named.startsWith('high') ? 'high' : 'low';
	const digit = /[1-5]/.exec(value('x-priority'))?.[0];
	if (digit === '1' || digit === '2' || value('priority') === 'urgent') return 'high';
	return digit === '4' || digit === '5' || value('priority') === 'non-urgent' ? 'low' : 'normal';
}

/** Signs of an automatic email other than Auto-Submitted, each with the value for that header. */
const ROBOTS: Array<[string, RegExp, string]> = [
	['x-autoreply', /./, 'auto-replied'],
	['x-autorespond', /./, 'auto-replied'],
	['x-autoresponder', /./, 'auto-replied'],
	['precedence', /^auto[_-]?reply/i, 'auto-replied'],
	['precedence', /^(?:bulk|junk|list)/i, 'auto-generated'],
	['return-path', /^<>/, 'auto-generated'],
	['content-type', /^multipart\/report/i, 'auto-generated'],
	['feedback-id', /./, 'auto-generated'],
	['list-unsubscribe', /./, 'auto-generated'],
	// Exchange writes All in emails that it generates. An email from a person never has it.
	['x-auto-response-suppress', /^all/i, 'auto-generated'],
];

/**
 * Says who wrote the email, with the values of Auto-Submitted (RFC 3834, section 5): `auto-replied`, `auto-generated`, `auto-notified`;
 * empty for a person. Without that header, other signs decide.
 */
function autoSubmitted(mail: ReadMail): string {
	const declared = /^[\w-]{1,60}/.exec(firstOf(mail.fields, 'auto-submitted').toLowerCase())?.[0];
	if (declared !== undefined && declared !== 'no') return declared;
	return ROBOTS.find(([key, pattern]) => pattern.test(firstOf(mail.fields, key)))?.[2] ?? '';
}
