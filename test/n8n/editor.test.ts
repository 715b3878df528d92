import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { customCloud, personCredential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { CredentialForm, Editor, Workbench } from './browser';

const GRACE = 'grace@example.test';
const PERSON = 'Microsoft Mail (Outlook, Office 365) OAuth2 API';

let sandbox: Sandbox;
let n8n: RunningN8n;
let editor: Editor;
let bench: Workbench;

/** A real n8n with one credential that nobody has chosen yet, seen through a browser. */
beforeAll(async () => {
	sandbox = await startSandbox();
	const email = (subject: string): string =>
		`From: Bob <bob@example.test>\r\nTo: ${GRACE}\r\nSubject: ${subject}\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <${subject}@example.test>\r\n\r\nhello\r\n`;
	await sandbox.deliver(GRACE, email('first'), email('second'));
	n8n = await startN8n({ caFile: sandbox.caFile, credentials: [await personCredential(sandbox, GRACE)] });
	editor = await Editor.open(n8n);
	bench = new Workbench(editor);
});

afterAll(async () => {
	await editor?.close();
	await n8n?.stop();
	await sandbox?.stop();
});

beforeEach(async () => await bench.newWorkflow());

const texts = (fields: Record<string, unknown>): Record<string, string> =>
	Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));

describe('a newcomer', () => {
	it('finds the nodes by what people type', async () => {
		await editor.keepingSight('search', async () => {
			const all = ['Office365 SMTP Send', 'IMAP Mailbox', 'POP Fetch', 'IMAP Trigger', 'POP Trigger'];
			for (const [word, wanted] of Object.entries({
				outlook: all,
				'office 365': all,
				'shared mailbox': all,
				imap: ['IMAP Mailbox', 'IMAP Trigger'],
				pop: ['POP Fetch', 'POP Trigger'],
				'new email': ['IMAP Trigger', 'POP Trigger'],
				...Object.fromEntries(['send email', 'approval', 'reply', 'invitation', 'calendar'].map((word) => [word, ['Office365 SMTP Send']])),
			}))
				expect(await bench.search(word), word).toEqual(expect.arrayContaining(wanted));
		});
	});

	it('adds Send by "office 365", connects an account through the sign-in page, sends, and sees the output', async () => {
		await editor.keepingSight('send', async (page) => {
			await bench.add('office 365', 'Office365 SMTP Send', 'Send an email');
			expect(await bench.title()).toBe('Send an email');
			await bench.newCredential();
			const form = new CredentialForm(page);
			const { authorityUrl, resourceUrl, imapHost, imapPort, popHost, popPort, smtpHost, smtpPort, clientId, tenantId } =
				customCloud(sandbox);
			// The steps come first, one below the other.
			expect(await page.locator('.notice li').count()).toBe(6);
			await form.choose('cloud', 'Custom');
			await form.fill(texts({ clientId, tenantId, authorityUrl, resourceUrl, imapHost, imapPort, popHost, popPort, smtpHost, smtpPort }));
			await form.fill({ clientSecret: sandbox.identity.app.clientSecret });
			const signIn = await form.connect();
			const closed = signIn.waitForEvent('close');
			await signIn.locator('button[name=account][value="ada@example.test"]').click();
			await closed;
			await bench.credential('Microsoft Mail (Outlook, Office 365) account');
			await bench.fill({ toEmail: GRACE, subject: 'from the panel' });
			expect(await bench.run()).toMatch(/^accepted\s+rejected\s+messageId/);
			await sandbox.arrival(GRACE, (mail) => mail.includes('Subject: from the panel'));
		});
	});

	it('adds IMAP Mailbox by "imap", finds the emails, and the next node shows its fields before any run', async () => {
		await editor.keepingSight('mailbox', async () => {
			await bench.add('imap', 'IMAP Mailbox', /search/i);
			await bench.chooseAccount(GRACE);
			await bench.close();
			await bench.add('pop', 'POP Fetch', /^Get emails/, 'more');
			await expect.poll(async () => await bench.input()).toMatch(/Preview[\s\S]*\nsubject\s+from\s+date\s+to\s/);
			await bench.close();
			await bench.open(/^Search/);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date\s+to\s/);
		});
	});

	it('adds POP Fetch by "pop", and collects', async () => {
		await editor.keepingSight('pop', async () => {
			await bench.add('pop', 'POP Fetch', /^Get emails/);
			await bench.chooseAccount(GRACE);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date[\s\S]*first/);
		});
	});

	it.each([
		['imap', 'IMAP Trigger'],
		['pop', 'POP Trigger'],
	])('adds by "%s" the %s, and gets the newest email as a test', async (word, name) => {
		await editor.keepingSight(name, async () => {
			await bench.add(word, name, 'Add to workflow');
			await bench.chooseAccount(GRACE);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date/);
		});
	});
});

describe('the forms', () => {
	it('show for each choice what matters for it, the frequent options first, and nothing that does not work', async () => {
		await editor.keepingSight('forms', async (page) => {
			await bench.add('office 365', 'Office365 SMTP Send', 'Send an email');
			expect(await page.locator('[data-test-id=node-parameters]').innerText()).toContain('Leave empty to use your mailbox');
			await expect.poll(async () => await bench.shows('text', 'html', 'original', 'start')).toEqual(['text']);
			await bench.choose('emailFormat', 'HTML');
			await expect.poll(async () => await bench.shows('text', 'html', 'original', 'start')).toEqual(['html']);
			expect((await bench.options()).slice(0, 4)).toEqual(['CC Email', 'BCC Email', 'Attachments (File)', 'Attachments (Inline)']);
			expect(await bench.choices('operation')).not.toContain('Custom API Call');
			await bench.choose('operation', 'Send Invitation');
			expect(await bench.shows('original', 'start', 'eventUid', 'invitationAction')).toEqual(['start', 'invitationAction']);
			await bench.close();
			await bench.add('imap', 'IMAP Mailbox', /search/i, 'more');
			expect(await bench.choices('operation')).not.toContain('Custom API Call');
			expect(await bench.choices('resource')).toEqual(['Draft', 'Folder', 'Message']);
		});
	});

	it('warn where people go wrong: another From, and deleting whatever happens', async () => {
		await editor.keepingSight('hints', async (page) => {
			await bench.add('office 365', 'Office365 SMTP Send', 'Send an email');
			await bench.fill({ fromEmail: 'sales@example.test' });
			await page.getByText('needs the Send As permission for it').waitFor();
		});
	});
});

it('a credential is found by "outlook", and its form proposes a name that reads well', async () => {
	await editor.keepingSight('credential', async (page) => {
		await CredentialForm.create(editor, 'Outlook, Office 365');
		expect(await page.locator('[data-test-id=credential-name]').innerText()).toContain('Microsoft Mail (Outlook, Office 365) account');
		expect(await page.getByText(PERSON, { exact: true }).count()).toBeGreaterThan(0);
	});
});
