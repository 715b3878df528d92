import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { uses, type Credential } from '../../sandbox/credentials';
import type { Item, RunningN8n } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';

const PDF = '2ce32959b246ec8b57ee1d513e9d9c19a9e07c0cf888771b279ae601401d317e';
const caseOf = (name: string): string => readFileSync(join(__dirname, '..', 'cases', 'mail', `${name}.eml`), 'latin1');
const READ_MORE =
	'From: mailer-daemon@example.test\r\nSubject: read more\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n' +
	'--x\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Budget\r\nDTSTART:20261103T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' +
	'--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.test\r\n\r\nFinal-Recipient: rfc822; bob@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n--x--\r\n';

/** One of each kind: the email, fields of its item, and the SHA-256 of its first file. */
const KINDS: Array<[string, string, object, string?]> = [
	['an email that is one PDF', caseOf('st-only-pdf'), { hasAttachment: true, attachments: [{ fileName: 'scan.pdf' }] }, PDF],
	[
		'a DMARC report',
		caseOf('dmarc'),
		{ subject: 'Report domain: example.test', attachments: [{ fileName: 'google.com!example.test!1.zip' }] },
		'1171d55c61a4107d133a28904611ae09f32c15bc1cfb951caa9388bbc9ae16e9',
	],
	[
		'a text part with a name',
		caseOf('st-txt-inline-named'),
		{ hasAttachment: true, attachments: [{ fileName: 'log.txt' }] },
		'3fff0e1e2aaca02f133e22104b57947358874a9e572ad78cf0e86daf7d535352',
	],
	['a boundary with a blank behind it', caseOf('bd-trailing-space'), { attachments: [{ fileName: 'a.pdf' }] }, PDF],
	['raw GBK in the header', caseOf('hdr-raw-gbk'), { subject: '撤回邮件：测试' }],
	['two of a header', 'From: a@example.test\r\nSubject: first\r\nSubject: second\r\n\r\nx\r\n', { subject: 'first' }],
	[
		'an invitation and a bounce',
		READ_MORE,
		{
			calendar: { kind: 'invitation', summary: 'Budget' },
			bounce: { kind: 'failed', recipients: [{ address: 'bob@example.test', status: '5.1.1' }] },
		},
	],
];
const OPTIONS = { readMore: ['calendar', 'bounces'] };

/** What the tests run in. */
interface Rig {
	sandbox: Sandbox;
	n8n: RunningN8n;
	/** Of a service account that may read every mailbox. */
	app: Credential;
}

/** A node of ours in an active workflow, behind a webhook where it does not start by itself. */
async function active(
	{ n8n, app }: Rig,
	name: string,
	type: 'imapTrigger' | 'popFetch',
	parameters: object,
	options: object,
): Promise<string> {
	const { authentication, credentials } = uses(app);
	const mail = {
		...{ id: `${name}-mail`, name: 'Mail', type: `n8n-nodes-office365-mail.${type}`, typeVersion: 1, position: [200, 0], credentials },
		parameters: {
			...{ authentication, format: 'simple', downloadAttachments: true, ...parameters },
			options: { mailboxAddress: `${name}@example.test`, ...OPTIONS, ...options },
		},
	};
	const webhook = {
		...{ id: `${name}-webhook`, name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, position: [0, 0], webhookId: name },
		parameters: { httpMethod: 'POST', path: name, responseMode: 'lastNode', responseData: 'allEntries', options: {} },
	};
	const id = await n8n.api.createWorkflow({
		name,
		settings: { executionOrder: 'v1' },
		nodes: type === 'popFetch' ? [webhook, mail] : [mail],
		connections: type === 'popFetch' ? { Webhook: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] } } : {},
	});
	await n8n.api.activate(id);
	return id;
}

async function itemsOf({ n8n }: Rig, workflow: string, count: number): Promise<Item[]> {
	const executions = await n8n.api.ended(workflow, count);
	return executions.flatMap(({ data }) => data?.resultData?.runData?.Mail?.[0]?.data?.main?.[0] ?? []);
}

async function check({ n8n }: Rig, items: readonly Item[]): Promise<void> {
	expect(items).toHaveLength(KINDS.length);
	for (const [index, [name, , fields, sha256]] of KINDS.entries()) {
		const item = items[index];
		expect(item?.json, name).toMatchObject(fields);
		if (sha256 === undefined) continue;
		const stored = await n8n.api.binary(item?.binary?.attachment_0 ?? {});
		expect(createHash('sha256').update(stored).digest('hex'), name).toBe(sha256);
	}
}

/** One email of each kind, in n8n. */
export function emailKinds(rig: () => Rig): void {
	it('comes through the IMAP Trigger, with its files', async () => {
		const name = 'kinds-imap';
		const id = await active(rig(), name, 'imapTrigger', { folder: 'INBOX' }, {});
		// Behind IDLE, since the trigger starts with what is new.
		await expect.poll(() => isWatching(rig(), `${name}@example.test`)).toBe(true);
		for (const [, mail] of KINDS) await rig().sandbox.deliver(`${name}@example.test`, Buffer.from(mail, 'latin1'));
		// n8n begins the executions of several emails at nearly the same time, so the order of their ids is not that of the emails.
		const items = await itemsOf(rig(), id, KINDS.length);
		await check(
			rig(),
			items.sort((a, b) => Number(a.json.uid) - Number(b.json.uid)),
		);
	});

	it('comes through POP Fetch, with its files, and only then is gone from the server', async () => {
		const mailbox = 'kinds-pop@example.test';
		await rig().sandbox.deliver(mailbox, ...KINDS.map(([, mail]) => Buffer.from(mail, 'latin1')));
		const id = await active(rig(), 'kinds-pop', 'popFetch', { operation: 'getMany', onlyNew: false }, { deleteAfterFetch: true });
		await rig().n8n.api.webhook('kinds-pop');
		await check(rig(), await itemsOf(rig(), id, 1));
		expect(await rig().sandbox.messages(mailbox)).toEqual([]);
	});
}

function isWatching({ sandbox }: Rig, mailbox: string): boolean {
	return sandbox.exchange
		.live('imap')
		.some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true);
}
