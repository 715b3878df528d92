import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { INodeExecutionData } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ImapTrigger } from '../../nodes/ImapTrigger/ImapTrigger.node';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { executeFunctions, told } from '../support/contexts';
import { TriggerRig } from './triggerRig';

const CASES = join(__dirname, '..', 'cases', 'mail');

interface Expected {
	subject?: string;
	date?: string;
	text?: string;
	textContains?: string[];
	hasAttachment?: boolean;
	attachmentCount?: number;
	attachments?: Array<{ sha256: string; name?: string; mimeType?: string }>;
	parseError?: boolean;
}

const expectations: Record<string, Expected> = JSON.parse(readFileSync(join(CASES, 'expected.json'), 'utf8'));
const names = readdirSync(CASES)
	.filter((name) => name.endsWith('.eml'))
	.map((name) => name.slice(0, -4));
const bytesOf = (name: string): Buffer => readFileSync(join(CASES, `${name}.eml`));

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

/** @param keepsContent the context gives content back as it was stored */
function check(name: string, { json, binary = {} }: INodeExecutionData, keepsContent: boolean): void {
	const expected = expectations[name] ?? {};
	const files: Array<{ property: string; fileName?: string; mimeType: string }> = JSON.parse(JSON.stringify(json.attachments));
	if (expected.subject !== undefined) expect(json.subject).toBe(expected.subject);
	if (expected.date !== undefined) expect(json.date).toBe(expected.date);
	if (expected.text !== undefined) expect(typeof json.text === 'string' && json.text.trim()).toBe(expected.text);
	for (const part of expected.textContains ?? []) expect(json.text).toContain(part);
	if (expected.hasAttachment !== undefined) expect(json.hasAttachment).toBe(expected.hasAttachment);
	if (expected.attachmentCount !== undefined) expect(files).toHaveLength(expected.attachmentCount);
	for (const [index, wanted] of (expected.attachments ?? []).entries()) {
		if (wanted.name !== undefined) expect(files[index]?.fileName).toBe(wanted.name);
		if (wanted.mimeType !== undefined) expect(files[index]?.mimeType).toBe(wanted.mimeType);
		expect(files[index]?.property ?? '').toMatch(/^attachment_\d+$/);
		const stored = binary[files[index]?.property ?? ''];
		expect(stored).toBeDefined();
		if (keepsContent)
			expect(
				createHash('sha256')
					.update(stored?.data ?? '', 'base64')
					.digest('hex'),
			).toBe(wanted.sha256);
	}
	if (expected.parseError !== undefined)
		expect([json.parseError !== undefined, 'message' in binary]).toEqual([expected.parseError, expected.parseError]);
}

describe.each(['simple', 'resolved'])('every case, in format %s', (format) => {
	it('comes through POP Fetch, with its files', async () => {
		const mailbox = `cases-pop-${format}@example.test`;
		for (const name of names) await sandbox.deliver(mailbox, bytesOf(name));
		const scene = {
			mailbox,
			workflow: mailbox,
			sandbox,
			parameters: { format, onlyNew: false, limit: 100, downloadAttachments: true, options: {} },
		};
		const items = await fetchItems(executeFunctions(scene, told()));
		expect(items).toHaveLength(names.length);
		for (const [index, name] of names.entries()) check(name, items[index] ?? { json: {} }, true);
	});

	it('comes through the IMAP Trigger, with its files', async () => {
		const mailbox = `cases-imap-${format}@example.test`;
		const rig = new TriggerRig(sandbox, { mailbox, parameters: { format, downloadAttachments: true, options: {} } });
		const { closeFunction } = await new ImapTrigger().trigger.call(rig.context());
		try {
			await rig.until('watching', () => rig.logs.some((line) => line.includes('watching (IDLE)')));
			for (const name of names) {
				const before = rig.emitted.length;
				await sandbox.deliver(mailbox, bytesOf(name));
				await rig.until(name, () => rig.emitted.length > before, 30_000);
				const [item = { json: {} }] = rig.emitted.at(-1)?.items ?? [];
				check(name, item, false);
			}
		} finally {
			await closeFunction?.();
		}
	});
});
