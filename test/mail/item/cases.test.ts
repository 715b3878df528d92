import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { RAW_PROPERTY, toItem, type Format, type Provenance } from '../../../mail/item/item';

const CASES = join(__dirname, '..', '..', 'cases', 'mail');

interface Expected {
	subject?: string;
	date?: string;
	text?: string;
	textContains?: string[];
	textLacks?: string[];
	htmlContains?: string;
	htmlLacks?: string[];
	fromContains?: string;
	replyToContains?: string;
	hasAttachment?: boolean;
	attachmentCount?: number;
	attachments?: Array<{ sha256: string; name?: string; mimeType?: string }>;
	bodyContainsOrRaw?: string;
	parsed?: boolean;
	parseError?: boolean;
	subjectNotEmpty?: boolean;
	htmlNotEmpty?: boolean;
}

const expectations: Record<string, Expected> = JSON.parse(readFileSync(join(CASES, 'expected.json'), 'utf8'));

interface Stored {
	name?: string;
	type: string;
	sha256: string;
}

async function store(content: Buffer | Readable, name: string | undefined, type: string): Promise<Stored> {
	const hash = createHash('sha256');
	for await (const chunk of Buffer.isBuffer(content) ? [content] : content) hash.update(chunk);
	return { name, type, sha256: hash.digest('hex') };
}

/** HTML with an image of 1.2 MB in it, encoded as base64: too large to lie here. */
function bigDataImage(): Buffer {
	const html = `<html><body><p>Newsletter</p><img src="data:image/png;base64,${'A'.repeat(1_200_000)}"></body></html>`;
	return Buffer.from(
		`From: Ada <ada@example.test>\r\nSubject: s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(
			html,
		)
			.toString('base64')
			.replace(/(.{76})/g, '$1\r\n')}`,
	);
}

const mails = new Map(
	readdirSync(CASES)
		.filter((name) => name.endsWith('.eml'))
		.map((name): [string, Buffer] => [name.slice(0, -4), readFileSync(join(CASES, name))]),
);
mails.set('html-big-dataimg', bigDataImage());

const IMAP: Provenance = {
	uid: 7,
	uidValidity: '42',
	size: 1,
	folder: 'INBOX',
	receivedAt: '2026-03-03T09:00:00.000Z',
	flags: ['\\Seen'],
	isRead: true,
};
const POP: Provenance = { uidl: 'u7', size: 1, folder: 'INBOX' };

const pieces = (bytes: Buffer, length: number): Buffer[] =>
	Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) => bytes.subarray(index * length, (index + 1) * length));

describe.each([
	['IMAP', IMAP],
	['POP', POP],
])('the cases over %s', (_protocol, from) => {
	describe.each<Format>(['simple', 'resolved'])('in format %s', (format) => {
		describe.each([
			['at once', (bytes: Buffer) => bytes],
			['in pieces of 7 bytes', (bytes: Buffer) => () => Readable.from(pieces(bytes, bytes.length > 100_000 ? 70_000 : 7))],
		])('%s', (_how, source) => {
			it.each([...mails])('reads %s', async (name, bytes) => {
				const { json, binary } = await toItem(source(bytes), from, { format, downloadAttachments: true, prefix: 'attachment_', store });
				check(expectations[name] ?? {}, format, json, binary ?? {});
				expect(json).toMatchObject(from);
			});
		});
	});

	it.each([...mails])('gives %s raw, byte by byte', async (_name, bytes) => {
		const { binary } = await toItem(bytes, from, { format: 'raw', downloadAttachments: true, prefix: 'attachment_', store });
		expect(binary?.[RAW_PROPERTY]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
	});
});

function check(expected: Expected, format: Format, json: Record<string, unknown>, binary: Record<string, Stored>): void {
	const people = (name: string): string => JSON.stringify(json[name]);
	const text = String(json.text);
	const files = (Array.isArray(json.attachments) ? json.attachments : []).map(
		(one: { property: string; fileName?: string; mimeType: string }) => ({ ...one, stored: binary[one.property] }),
	);
	if (expected.subject !== undefined) expect(json.subject).toBe(expected.subject);
	if (expected.date !== undefined) expect(json.date).toBe(expected.date);
	if (expected.text !== undefined) expect(text.trim()).toBe(expected.text);
	for (const part of expected.textContains ?? []) expect(text).toContain(part);
	for (const part of expected.textLacks ?? []) expect(text).not.toContain(part);
	for (const part of expected.htmlLacks ?? []) expect(json.html).not.toContain(part);
	if (expected.htmlContains !== undefined) expect(json.html).toContain(expected.htmlContains);
	if (expected.fromContains !== undefined) expect(people('from')).toContain(expected.fromContains);
	if (expected.replyToContains !== undefined) expect(people('replyTo')).toContain(expected.replyToContains);
	if (expected.hasAttachment !== undefined) expect(json.hasAttachment).toBe(expected.hasAttachment);
	if (expected.attachmentCount !== undefined) expect(files).toHaveLength(expected.attachmentCount);
	if (expected.attachments !== undefined) {
		expect(files.map(({ stored }) => stored?.sha256)).toEqual(expected.attachments.map(({ sha256 }) => sha256));
		for (const [index, { name, mimeType }] of expected.attachments.entries()) {
			if (name !== undefined) expect([files[index]?.fileName, files[index]?.stored?.name]).toEqual([name, name]);
			if (mimeType !== undefined) expect([files[index]?.mimeType, files[index]?.stored?.type]).toEqual([mimeType, mimeType]);
		}
	}
	if (expected.bodyContainsOrRaw !== undefined) expect(text.includes(expected.bodyContainsOrRaw) || RAW_PROPERTY in binary).toBe(true);
	if (expected.parsed !== undefined) expect(json.parseError).toBeUndefined();
	if (expected.parseError !== undefined)
		expect([json.parseError !== undefined, RAW_PROPERTY in binary]).toEqual([expected.parseError, expected.parseError]);
	if (expected.subjectNotEmpty === true) expect(json.subject).not.toBe('');
	if (expected.htmlNotEmpty === true) expect(json.html).not.toBe('');
	// Every header in the item is decoded, in every format.
	expect(JSON.stringify(format === 'simple' ? json.metadata : json.headers)).not.toMatch(/=\?utf-8\?/i);
}
