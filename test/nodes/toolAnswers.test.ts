import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IDataObject } from 'n8n-workflow';

import { ImapMailbox } from '../../nodes/ImapMailbox/ImapMailbox.node';
import { runMailbox } from '../../nodes/ImapMailbox/execute';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { capped, shorten, shortenFolder } from '../../nodes/toolAnswers';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { mail } from '../mail/mailbox/mailboxRig';
import { executeFunctions, told } from '../support/contexts';

let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});

afterAll(async () => await sandbox.stop());

async function asTool(mailbox: string, parameters: Record<string, unknown>): Promise<IDataObject[]> {
	const scene = { sandbox, mailbox, workflow: 'w', type: 'imapMailboxTool', parameters: { resource: 'message', ...parameters } };
	return (await runMailbox(executeFunctions(scene, told()))).map(({ json }) => json);
}

const html = (body: string): object => ({ extra: 'MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n', body });

describe('what a language model gets of an email', () => {
	it('is short Markdown with its links and tables, and what the next call needs', async () => {
		const mailbox = 'markdown@example.test';
		await sandbox.deliver(
			mailbox,
			mail(
				'order',
				html(
					'<style>p{color:red}</style><h1>Order 17</h1><p>See <a href="https://shop.example.test/17">your order</a>.</p><table border="1"><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>2</td></tr></table>',
				),
			),
		);
		const [email] = await asTool(mailbox, { operation: 'get', uid: '1' });
		expect(email).toMatchObject({ uid: 1, folder: 'INBOX', messageId: '<order@example.test>', subject: 'order' });
		expect(email?.text).toContain('# Order 17');
		expect(email?.text).toContain('[your order](https://shop.example.test/17)');
		expect(email?.text).toContain('Pen | 2');
		expect(Object.keys(email ?? {})).not.toEqual(expect.arrayContaining(['html']));
		expect(email).not.toHaveProperty('markdown');
		expect(email).not.toHaveProperty('metadata');
	});

	it('is read on where the last answer was cut', async () => {
		const mailbox = 'long@example.test';
		const words = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(' ');
		await sandbox.deliver(mailbox, mail('long', html(`<p>${words}</p>`)));
		let [email] = await asTool(mailbox, { operation: 'get', uid: '1' });
		expect(email).toMatchObject({ thereIsMore: true, textCutAt: 3_000, textLength: words.length });
		expect(email?.text).toMatch(/\n\n\[There is more\.\]$/);
		let read = '';
		for (let calls = 0; calls < 10; calls += 1) {
			read += typeof email?.text === 'string' ? email.text.replace('\n\n[There is more.]', '') : '';
			if (email?.thereIsMore !== true) break;
			[email] = await asTool(mailbox, { operation: 'get', uid: '1', options: { textStart: email.textCutAt } });
		}
		expect(read).toBe(words);
	});

	it('has the newest 50 emails of a long conversation', async () => {
		const mailbox = 'conversation@example.test';
		const subjects = Array.from({ length: 53 }, (_, index) => `part${index}`);
		const thread = subjects.map((subject, index) =>
			mail(subject, {
				extra: `${index === 0 ? '' : 'References: <part0@example.test>\r\n'}Date: Fri, 27 Nov 2026 10:00:${String(index).padStart(2, '0')} +0000\r\n`,
			}),
		);
		await sandbox.fill(mailbox, thread);
		const emails = await asTool(mailbox, { operation: 'getConversation', uid: '53', format: 'simple' });
		expect(emails.slice(0, -1).map(({ subject }) => subject)).toEqual(subjects.slice(3));
		expect(emails.at(-1)).toEqual({ thereIsMore: true, returned: 50, total: 53, leftOut: 'the oldest' });
	});

	it('leaves quoted emails out in a list, and has them in the email itself', async () => {
		const mailbox = 'quoted@example.test';
		await sandbox.deliver(
			mailbox,
			mail('Re: lunch', {
				extra: 'In-Reply-To: <lunch@example.test>\r\n',
				body: 'Twelve is fine.\r\n\r\nOn Fri, Nov 13, 2026 at 10:00 AM Ada <ada@example.test> wrote:\r\n> Shall we have lunch together on Monday?\r\n',
			}),
		);
		const [listed] = await asTool(mailbox, { operation: 'getMany' });
		expect(listed).toMatchObject({ text: 'Twelve is fine.', quotedTextLeftOut: true });
		const [whole] = await asTool(mailbox, { operation: 'get', uid: '1' });
		expect(whole?.text).toContain('lunch together');
		expect(whole).not.toHaveProperty('quotedTextLeftOut');
	});

	it('shares the space among the emails of one answer, and says that there are more', async () => {
		const mailbox = 'many@example.test';
		await sandbox.deliver(mailbox, ...Array.from({ length: 60 }, (_, index) => mail(`mail ${index}`, { body: 'x '.repeat(4_000) })));
		const answer = await asTool(mailbox, { operation: 'getMany', returnAll: true });
		expect(answer).toHaveLength(51);
		expect(answer.at(-1)).toMatchObject({ thereIsMore: true, returned: 50, next: { beforeUid: 11 } });
		expect(JSON.stringify(answer).length).toBeLessThan(50_000);
	});

	it('never cuts a character in two', () => {
		const { text } = shorten({ markdown: `${'a'.repeat(2_999)}😀 and more` }, { emails: 1 });
		expect(text).toBe(`${'a'.repeat(2_999)}\n\n[There is more.]`);
	});

	it('is as short over POP, each new email once', async () => {
		const mailbox = 'pop-tool@example.test';
		await sandbox.deliver(mailbox, ...Array.from({ length: 3 }, (_, index) => mail(`mail ${index}`, html('<p>Hello <b>you</b></p>'))));
		const scene = { sandbox, mailbox, workflow: 'w', type: 'popFetchTool', parameters: { operation: 'getMany', limit: 2 } };
		const answer = (await fetchItems(executeFunctions(scene, told()))).map(({ json }) => json);
		expect(answer).toMatchObject([{ subject: 'mail 0', text: 'Hello **you**' }, { subject: 'mail 1' }, { thereIsMore: true, left: 1 }]);
		expect(answer[0]).not.toHaveProperty('html');
	});
});

describe('what a language model gets of lists', () => {
	it('is each folder in few words', async () => {
		const mailbox = 'folders-tool@example.test';
		await sandbox.deliver(mailbox, mail('a'));
		expect(shortenFolder({ path: 'INBOX', name: 'INBOX', parent: '', depth: 0, messages: 1, unread: 1, uidNext: 2 })).toEqual({
			path: 'INBOX',
			messages: 1,
			unread: 1,
		});
		const [inbox] = await asTool(mailbox, { resource: 'folder', operation: 'getMany' });
		expect(inbox).toEqual({ path: 'INBOX', messages: 1, unread: 1, special: 'inbox' });
	});

	it('is a hundred results at most, and how many there are', () => {
		const items = Array.from({ length: 150 }, (_, uid) => ({ json: { uid } }));
		expect(capped(items, 'folder')).toHaveLength(150);
		expect(capped(items, 'message')).toHaveLength(101);
		expect(capped(items, 'message').at(-1)).toEqual({ json: { thereIsMore: true, returned: 100, total: 150 } });
	});
});

describe('the canvas and the picker', () => {
	it('say in words what each operation does', () => {
		const { subtitle = '', properties } = new ImapMailbox().description;
		const operations = properties.filter(({ name }) => name === 'operation').flatMap(({ options = [] }) => options);
		expect(operations.length).toBeGreaterThan(20);
		for (const operation of operations) {
			if (!('value' in operation) || operation.value === 'testConnection') continue;
			expect(subtitle).toMatch(new RegExp(`\\b${String(operation.value)}: "[a-z. ]+"`));
			expect(operation.action?.split(' ').length).toBeGreaterThan(2);
		}
	});
});
