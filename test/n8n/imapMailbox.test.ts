import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { mail } from '../mail/mailbox/mailboxRig';

let sandbox: Sandbox;
let n8n: RunningN8n;
let app: Credential;

beforeAll(async () => {
	sandbox = await startSandbox();
	app = appCredential(sandbox, 'ada@example.test');
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [app] });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

interface Step {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
	[field: string]: unknown;
}

const node = (
	name: string,
	mailbox: string,
	parameters: Record<string, unknown>,
	options: Record<string, unknown> = {},
	kind = 'imapMailbox',
): Step => {
	const { authentication, credentials } = uses(app);
	return {
		name,
		type: `n8n-nodes-office365-mail.${kind}`,
		typeVersion: 1,
		credentials,
		parameters: { authentication, ...parameters, options: { mailboxAddress: mailbox, ...options } },
	};
};

const webhook = (path: string): Step => ({
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode: 'lastNode', responseData: 'allEntries', options: {} },
});

async function serve(path: string, ...steps: Step[]): Promise<string> {
	const all = [webhook(path), ...steps];
	const id = await n8n.api.createWorkflow({
		name: path,
		settings: { executionOrder: 'v1' },
		nodes: all.map((step, index) => ({ id: `${path}-${index}`, position: [index * 200, 0], ...step })),
		connections: Object.fromEntries(
			steps.map((step, index) => [all[index]?.name ?? '', { main: [[{ node: step.name, type: 'main', index: 0 }]] }]),
		),
	});
	await n8n.api.activate(id);
	return id;
}

async function box(name: string, ...mails: string[]): Promise<string> {
	const mailbox = `${name}@example.test`;
	if (mails.length > 0) await sandbox.deliver(mailbox, ...mails);
	for (const path of ['Drafts', 'Sent Items', 'Deleted Items', 'Done'])
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
	return mailbox;
}

describe('in a real n8n', () => {
	it('mails are found, and each item is moved by the item itself', async () => {
		const mailbox = await box('find', mail('invoice 1'), mail('news'), mail('invoice 2'));
		await serve(
			'find',
			node('Find', mailbox, { resource: 'message', operation: 'getMany', format: 'simple', filters: { subject: 'invoice' } }),
			node('Move', mailbox, { resource: 'message', operation: 'move', destinationFolder: { __rl: true, mode: 'list', value: 'Done' } }),
		);
		const { body } = await n8n.api.webhook('find');
		expect(body).toMatchObject([
			{ moved: true, folder: 'Done', messageId: '<invoice-2@example.test>' },
			{ moved: true, messageId: '<invoice-1@example.test>' },
		]);
		expect([(await sandbox.messages(mailbox)).length, (await sandbox.messages(mailbox, 'Done')).length]).toEqual([1, 2]);
	});

	it('a draft is answered from a mail, and sent by a later node', async () => {
		const mailbox = await box('write', mail('a question', { from: 'asker@example.test' }));
		await serve(
			'write',
			node('Find', mailbox, { resource: 'message', operation: 'getMany', format: 'fields' }),
			node('Draft', mailbox, { resource: 'draft', operation: 'createReply', replyType: 'reply', text: 'an answer' }),
			node('Send', mailbox, { resource: 'draft', operation: 'send' }),
		);
		expect((await n8n.api.webhook('write')).body).toMatchObject([{ sent: true, accepted: ['asker@example.test'] }]);
		expect((await sandbox.arrival('asker@example.test', (text) => text.includes('an answer'))).toString()).toMatch(
			/^In-Reply-To: <a-question@example\.test>/m,
		);
		expect(await sandbox.messages(mailbox, 'Drafts')).toEqual([]);
	});

	it('folders are made and listed', async () => {
		const mailbox = await box('tree');
		await serve(
			'tree',
			node('Make', mailbox, { resource: 'folder', operation: 'create', folderName: 'A/B' }),
			node('List', mailbox, { resource: 'folder', operation: 'getMany' }),
		);
		expect((await n8n.api.webhook('tree')).body).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ path: 'A/B', depth: 1, messages: 0 }),
				expect.objectContaining({ path: 'Sent Items', special: 'sent' }),
			]),
		);
	});

	it('a draft that n8n was sending when it died is sent once: the next time it is told, not repeated', async () => {
		const mailbox = await box('crash');
		await sandbox.fill(mailbox, [mail('precious', { from: mailbox, to: 'to-crash@example.test' })], 'Drafts');
		const id = await serve('crash', node('Send', mailbox, { resource: 'draft', operation: 'send', uid: '1' }, { retryFor: 0 }));
		// The server has taken the mail, and its answer does not come.
		sandbox.exchange.plan('smtp', 'END', { delayMs: 600_000 });
		const call = n8n.api.webhook('crash').catch(() => undefined);
		await sandbox.arrival('to-crash@example.test', () => true);
		await n8n.crash();
		await call;
		await n8n.restart();
		await n8n.api.webhook('crash');
		const runs = await n8n.api.ended(id, 1);
		expect(runs.map((run) => run.data?.resultData?.error?.message ?? '').join()).toContain('It is unknown whether the draft was sent');
		// Exchange saves what it has sent.
		const [copy] = await sandbox.messages('to-crash@example.test');
		await sandbox.fill(mailbox, [copy?.toString() ?? ''], 'Sent Items');
		expect((await n8n.api.webhook('crash')).body).toMatchObject([{ sent: true, alreadySent: true }]);
		expect([(await sandbox.messages('to-crash@example.test')).length, (await sandbox.messages(mailbox, 'Drafts')).length]).toEqual([1, 0]);
	});
});

/** One call of an agent, as n8n's MCP Server Trigger takes it: the same tool that an AI Agent node gets, without a model. */
class Agent {
	#session: string | undefined;
	#id = 0;

	constructor(private readonly url: string) {}

	async ask(method: string, params: object = {}): Promise<Record<string, unknown>> {
		this.#id += 1;
		const answer = await fetch(this.url, {
			method: 'POST',
			headers: {
				'Content-Type': 'application/json',
				Accept: 'application/json, text/event-stream',
				...(this.#session !== undefined && { 'Mcp-Session-Id': this.#session }),
			},
			body: JSON.stringify({ jsonrpc: '2.0', id: this.#id, method, params }),
		});
		this.#session ??= answer.headers.get('mcp-session-id') ?? undefined;
		const text = await answer.text();
		const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
		const message: { result?: Record<string, unknown>; error?: unknown } = JSON.parse(data);
		if (message.result === undefined) throw new Error(`No result: ${text.slice(0, 500)}`);
		return message.result;
	}

	async call(name: string, args: object): Promise<{ text: string; value: unknown }> {
		const { content } = await this.ask('tools/call', { name, arguments: args });
		const text = Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? '').join('') : '';
		try {
			return { text, value: JSON.parse(text) };
		} catch {
			return { text, value: undefined };
		}
	}
}

const fromAi = (name: string, description: string, type = 'string'): string => `={{ $fromAI('${name}', '${description}', '${type}') }}`;

describe('as a tool', () => {
	it('an agent finds a mail, reads it shortly, files it and writes a draft; it deletes nothing permanently', async () => {
		const long = 'Long words. '.repeat(2_000);
		const mailbox = await box('agent', mail('order 17', { body: long }), ...Array.from({ length: 4 }, (_, index) => mail(`chat ${index}`)));
		const tools = [
			node(
				'search_email',
				mailbox,
				{ resource: 'message', operation: 'getMany', limit: 3, filters: { subject: fromAi('subject', 'words of the subject') } },
				{},
				'imapMailboxTool',
			),
			node('read_email', mailbox, { resource: 'message', operation: 'get', uid: fromAi('uid', 'uid of the email') }, {}, 'imapMailboxTool'),
			node(
				'move_email',
				mailbox,
				{
					resource: 'message',
					operation: 'move',
					uid: fromAi('uid', 'uid of the email'),
					destinationFolder: { __rl: true, mode: 'name', value: fromAi('folder', 'folder name') },
				},
				{},
				'imapMailboxTool',
			),
			node(
				'delete_email',
				mailbox,
				{ resource: 'message', operation: 'delete', uid: fromAi('uid', 'uid of the email') },
				{},
				'imapMailboxTool',
			),
			node(
				'draft_reply',
				mailbox,
				{ resource: 'draft', operation: 'createReply', uid: fromAi('uid', 'uid of the email'), text: fromAi('text', 'the answer') },
				{},
				'imapMailboxTool',
			),
		].map((tool) => ({ ...tool, parameters: { descriptionType: 'auto', ...tool.parameters } }));
		const trigger: Step = {
			name: 'MCP',
			type: '@n8n/n8n-nodes-langchain.mcpTrigger',
			typeVersion: 2,
			webhookId: 'agent-mail',
			parameters: { path: 'agent-mail', authentication: 'none' },
		};
		const id = await n8n.api.createWorkflow({
			name: 'agent',
			settings: { executionOrder: 'v1' },
			nodes: [trigger, ...tools].map((step, index) => ({ id: `agent-${index}`, position: [index * 200, 0], ...step })),
			connections: Object.fromEntries(tools.map(({ name }) => [name, { ai_tool: [[{ node: 'MCP', type: 'ai_tool', index: 0 }]] }])),
		});
		await n8n.api.activate(id);
		const agent = new Agent(`${n8n.instance.url}/mcp/agent-mail`);
		const hello = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
		// n8n registers the address a moment after the activation.
		await expect.poll(async () => await agent.ask('initialize', hello).catch(() => ({})), { interval: 500 }).toHaveProperty('serverInfo');
		const { tools: listed } = await agent.ask('tools/list');
		expect(listed).toEqual(
			expect.arrayContaining([expect.objectContaining({ name: 'search_email', description: expect.stringMatching(/search emails/i) })]),
		);

		const found = await agent.call('search_email', { subject: 'order' });
		expect(found.text).toContain('order 17');
		expect(found.text).not.toContain('metadata');
		expect(found.text.length).toBeLessThan(5_000);
		expect((await agent.call('search_email', { subject: 'chat' })).text).toContain('thereIsMore');
		const read = await agent.call('read_email', { uid: '1' });
		expect(read.text).toContain('textCutAt');
		expect(read.text.length).toBeLessThan(5_000);
		expect((await agent.call('read_email', { uid: 'the first one' })).text).toMatch(/is not a UID/);
		expect((await agent.call('move_email', { uid: '1', folder: 'Don' })).text).toMatch(/no folder .*Done/);
		expect((await agent.call('move_email', { uid: '1', folder: 'Done' })).text).toContain('"moved":true');
		expect((await agent.call('delete_email', { uid: '2' })).text).toContain('Deleted Items');
		expect((await agent.call('draft_reply', { uid: '3', text: 'Will do.' })).text).toContain('"isDraft":true');
		expect([
			(await sandbox.messages(mailbox, 'Done')).length,
			(await sandbox.messages(mailbox, 'Deleted Items')).length,
			(await sandbox.messages(mailbox, 'Drafts')).length,
			(await sandbox.messages(mailbox)).length,
		]).toEqual([1, 1, 1, 3]);
	});

	it('an agent sends an email and reads the inbox over POP: short descriptions, short answers', async () => {
		const mailbox = await box('agent-pop', mail('newsletter', { body: 'Many words. '.repeat(2_000) }));
		const tools = [
			node(
				'send_email',
				mailbox,
				{ operation: 'send', toEmail: fromAi('to', 'recipients'), subject: fromAi('subject', 'subject'), text: fromAi('text', 'the text') },
				{},
				'office365SmtpSendTool',
			),
			node('read_inbox', mailbox, { operation: 'getMany', onlyNew: false, limit: 5 }, {}, 'popFetchTool'),
		].map((tool) => ({ ...tool, parameters: { descriptionType: 'auto', emailFormat: 'text', ...tool.parameters } }));
		const trigger: Step = {
			name: 'MCP',
			type: '@n8n/n8n-nodes-langchain.mcpTrigger',
			typeVersion: 2,
			webhookId: 'agent-pop',
			parameters: { path: 'agent-pop', authentication: 'none' },
		};
		const id = await n8n.api.createWorkflow({
			name: 'agent-pop',
			settings: { executionOrder: 'v1' },
			nodes: [trigger, ...tools].map((step, index) => ({ id: `agent-pop-${index}`, position: [index * 200, 0], ...step })),
			connections: Object.fromEntries(tools.map(({ name }) => [name, { ai_tool: [[{ node: 'MCP', type: 'ai_tool', index: 0 }]] }])),
		});
		await n8n.api.activate(id);
		const agent = new Agent(`${n8n.instance.url}/mcp/agent-pop`);
		const hello = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
		await expect.poll(async () => await agent.ask('initialize', hello).catch(() => ({})), { interval: 500 }).toHaveProperty('serverInfo');
		const { tools: listed } = await agent.ask('tools/list');
		expect(listed).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ name: 'send_email', description: expect.stringMatching(/^Send an email in /) }),
				expect.objectContaining({ name: 'read_inbox', description: expect.stringMatching(/^Get emails from the inbox in /) }),
			]),
		);
		// As a model writes it: a name, angle brackets, a list.
		const sent = await agent.call('send_email', { to: 'Grace <grace@example.test>', subject: 'From an agent', text: 'Hello' });
		expect(sent.text).toContain('grace@example.test');
		expect(sent.text.length).toBeLessThan(2_000);
		await sandbox.arrival('grace@example.test', (text) => text.includes('Subject: From an agent'));
		expect((await agent.call('send_email', { to: 'nobody at all', subject: 'x', text: 'x' })).text).toMatch(/To Email/);
		const read = await agent.call('read_inbox', {});
		expect(read.text).toContain('newsletter');
		expect(read.text).toContain('[There is more.]');
		expect(read.text.length).toBeLessThan(6_000);
	});

	it('told nobody a token', () => {
		expect(n8n.instance.logText()).not.toMatch(/eyJ[\w-]{20,}\./);
	});
});
