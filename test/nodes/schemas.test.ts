import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { IDataObject, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ImapMailbox } from '../../nodes/ImapMailbox/ImapMailbox.node';
import { runMailbox } from '../../nodes/ImapMailbox/execute';
import { Office365SmtpSend } from '../../nodes/Office365SmtpSend/Office365SmtpSend.node';
import { sendItems } from '../../nodes/Office365SmtpSend/execute';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { PopFetch } from '../../nodes/PopFetch/PopFetch.node';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { mail } from '../mail/mailbox/mailboxRig';
import { executeFunctions, told } from '../support/contexts';
import { ProcessedData } from '../support/processedData';
import { schemaOf } from '../support/schema';

/**
 * n8n's editor shows the fields of an output before the first run where a file beside the node describes them, found by version,
 * resource and operation. Here each file is held against what the operation really gives; UPDATE_SCHEMAS=1 writes them anew.
 */
const UPDATE = process.env.UPDATE_SCHEMAS === '1';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

let number = 0;
/** A mailbox with two emails of one conversation, one of them with a file. */
async function box(): Promise<string> {
	number += 1;
	const mailbox = `schema${number}@example.test`;
	const files = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n';
	const body =
		'--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nHello\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--a--\r\n' +
		'--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nfile\r\n--b--';
	const thread = 'In-Reply-To: <first@example.test>\r\nReferences: <first@example.test>\r\n';
	const extra = `Cc: Carol <carol@example.test>\r\nReply-To: Bob <bob@example.test>\r\n${files}`;
	await sandbox.deliver(mailbox, mail('first', { to: mailbox }), mail('second', { to: mailbox, extra: thread + extra, body }));
	for (const path of ['Drafts', 'Sent Items', 'Deleted Items', 'Archive', 'Work'])
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
	return mailbox;
}

type Given = Record<string, unknown>;
type Run = (mailbox: string, parameters: Given) => Promise<INodeExecutionData[]>;

const processed = new ProcessedData();
const on =
	(node: (context: ReturnType<typeof executeFunctions>) => Promise<INodeExecutionData[]>): Run =>
	async (mailbox, parameters) =>
		await node(executeFunctions({ sandbox, mailbox, workflow: mailbox, parameters, processed }, told()));
const mailboxNode = on(runMailbox);
const sendNode = on(sendItems);
const popNode = on(fetchItems);

async function original(mailbox: string): Promise<IDataObject> {
	const [item] = await mailboxNode(mailbox, { resource: 'message', operation: 'get', uid: '2' });
	return item?.json ?? {};
}

const LETTER = { toEmail: 'grace@example.test', subject: 'x', emailFormat: 'text', text: 'x', options: {} };

/** What an operation needs besides its name; a function where something has to be there before. */
const GIVEN: Record<string, Given | ((mailbox: string) => Promise<Given>)> = {
	'message append': { rawSource: 'text', rawMessage: 'From: a@example.test\r\nSubject: x\r\n\r\nx', folder: 'Work' },
	'message copy': { uid: '2', destinationFolder: 'Work' },
	'message move': { uid: '2', destinationFolder: 'Work' },
	'message mark': { uid: '2', markAs: 'read' },
	...Object.fromEntries(['delete', 'get', 'getAttachments', 'getConversation', 'getRaw'].map((name) => [`message ${name}`, { uid: '2' }])),
	'folder create': { folderName: 'New' },
	'folder delete': { folder: 'Work' },
	'folder getStatus': { folder: 'INBOX' },
	'folder rename': { folder: 'Work', newName: 'Other' },
	'draft create': LETTER,
	'draft createReply': { ...LETTER, uid: '2', replyType: 'reply' },
	...Object.fromEntries(
		['delete', 'send', 'update'].map((name) => [
			`draft ${name}`,
			async (mailbox: string): Promise<Given> => {
				const [draft] = await mailboxNode(mailbox, { ...LETTER, resource: 'draft', operation: 'create' });
				return { ...(name === 'update' && LETTER), draft: draft?.json, uid: draft?.json };
			},
		]),
	),
	'email send': LETTER,
	'email reply': async (mailbox) => ({ ...LETTER, replyType: 'reply', original: await original(mailbox) }),
	'email forward': async (mailbox) => ({ ...LETTER, original: await original(mailbox), options: { forwardAttachments: false } }),
	'email sendInvitation': { ...LETTER, invitationAction: 'create', start: '2030-01-01T10:00:00' },
	'email sendRaw': async (mailbox) => ({
		rawSource: 'text',
		rawMessage: `From: ${mailbox}\r\nTo: grace@example.test\r\nSubject: x\r\n\r\nx`,
		options: {},
	}),
	'email delete': async (mailbox) => {
		const [item] = await popNode(mailbox, { operation: 'getMany' });
		return { uidl: item?.json.uidl };
	},
};

/** The answer comes from a person's click; `takeAnswer.ts` gives it this form. */
const ANSWERED: INodeExecutionData[] = [{ json: { data: { approved: true, respondedAt: '2026-11-27T10:00:00.000Z' } } }];

/** The answer comes from an email that replies to a question; `replyAnswer.ts` gives it this form. */
const REPLY = { email: 'grace@example.test', subject: 'Re: x', messageId: '<x@example.test>', question: 'x' };
const TAKEN: INodeExecutionData[] = [
	{ json: { ...REPLY, answerTaken: true, approved: true } },
	{ json: { ...REPLY, answerTaken: false, outcome: 'unclear', reason: 'x' } },
];
const BY_PERSONS = new Map([
	['sendAndWait', ANSWERED],
	['takeAnswer', TAKEN],
]);

const name = (value: unknown): string => (typeof value === 'string' ? value : '');

/** All operations of a node, as its form offers them. */
function operations(properties: INodeProperties[]): Array<{ resource: string; operation: string }> {
	return properties
		.filter((property) => property.name === 'operation')
		.flatMap(({ options = [], displayOptions }) =>
			options.flatMap((option) =>
				'value' in option ? [{ resource: name(displayOptions?.show?.resource?.[0]), operation: String(option.value) }] : [],
			),
		);
}

const NODES = [
	{ folder: 'ImapMailbox', properties: new ImapMailbox().description.properties, run: mailboxNode, versions: ['v1.0.0'] },
	{ folder: 'PopFetch', properties: new PopFetch().description.properties, run: popNode, versions: ['v1.0.0'] },
	{
		folder: 'Office365SmtpSend',
		properties: new Office365SmtpSend().description.properties,
		run: sendNode,
		versions: ['v1.0.0', 'v1.1.0'],
	},
];

describe.each(NODES)('the fields that $folder shows before its first run', ({ folder, properties, run, versions }) => {
	it.each(operations(properties))('are those that $resource: $operation gives', async ({ resource, operation }) => {
		const mailbox = await box();
		const given = GIVEN[`${resource} ${operation}`] ?? {};
		const parameters = typeof given === 'function' ? await given(mailbox) : given;
		const items = BY_PERSONS.get(operation) ?? (await run(mailbox, { resource, operation, format: 'simple', ...parameters }));
		expect(items.length).toBeGreaterThan(0);
		const { items: seen } = schemaOf(items.map(({ json }) => json));
		for (const version of versions) {
			const file = resolve(__dirname, '..', '..', 'nodes', folder, '__schema__', version, resource, `${operation}.json`);
			if (UPDATE) {
				mkdirSync(dirname(file), { recursive: true });
				writeFileSync(file, `${JSON.stringify({ ...seen, version: 1 }, null, '\t')}\n`);
			}
			expect(existsSync(file), `${join(folder, version, resource, operation)}: run this test with UPDATE_SCHEMAS=1`).toBe(true);
			// As text, since the editor shows the fields in the order of the file.
			expect(JSON.stringify(JSON.parse(readFileSync(file, 'utf8')))).toBe(JSON.stringify({ ...seen, version: 1 }));
		}
	});
});

it.each(['simple', 'resolved', 'fields'])('an email in the format %s begins with what a person looks for first', async (format) => {
	const [item] = await mailboxNode(await box(), { resource: 'message', operation: 'get', uid: '2', format });
	expect(Object.keys(item?.json ?? {}).slice(0, 4)).toEqual(['subject', 'from', 'date', 'to']);
});
