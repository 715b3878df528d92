import { beforeEach, describe, expect, it } from 'vitest';

import { CredentialForm } from './browser';
import { ADA, GRACE, PATIENCE, PERSON, type EditorRig } from './editorRig';

type Use = () => EditorRig;

const ALL = ['Office365 SMTP Send', 'IMAP Mailbox', 'POP Fetch', 'IMAP Trigger', 'POP Trigger'];

/** What people type, and the nodes that have to be found by it. */
const WORDS: ReadonlyArray<readonly [word: string, nodes: readonly string[]]> = [
	['outlook', ALL],
	['office 365', ALL],
	['shared mailbox', ALL],
	['imap', ['IMAP Mailbox', 'IMAP Trigger']],
	['pop', ['POP Fetch', 'POP Trigger']],
	['new email', ['IMAP Trigger', 'POP Trigger']],
	...['send email', 'approval', 'reply', 'invitation', 'calendar'].map((word) => [word, ['Office365 SMTP Send']] as const),
];

const finding = (use: Use): void => {
	it('finds the nodes by what people type', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('search', async () => {
			for (const [word, nodes] of WORDS) expect(await bench.search(word), word).toEqual(expect.arrayContaining([...nodes]));
		});
	});

	it('finds Send among the tools for language models too, and as one that asks people before other tools run', async () => {
		const types: Array<{ name: string }> = JSON.parse(await (await use().n8n.api.browse('/types/nodes.json')).text());
		const ours = types.map(({ name }) => name).filter((name) => name.includes('office365SmtpSend'));
		expect(ours).toEqual(
			expect.arrayContaining([
				'n8n-nodes-office365-mail.office365SmtpSend',
				'n8n-nodes-office365-mail.office365SmtpSendTool',
				'n8n-nodes-office365-mail.office365SmtpSendHitlTool',
			]),
		);
	});

	it('finds a credential by "outlook", and its form proposes a name that reads well', async () => {
		const { editor } = use();
		await editor.keepingSight('credential', async (page) => {
			await CredentialForm.create(editor, 'Outlook, Office 365');
			expect(await page.locator('[data-test-id=credential-name]').innerText()).toContain('Microsoft Mail (Outlook, Office 365) account');
			expect(await page.getByText(PERSON, { exact: true }).count()).toBeGreaterThan(0);
			// n8n would ask whether to leave the form without connecting.
			await editor.visit('/');
		});
	});
};

/** Each node from the panel to its output, its credential made on the way. */
const running = (use: Use): void => {
	it('adds Send by "office 365", connects an account through the sign-in page, sends, and sees the output', async () => {
		const { editor, bench, sandbox } = use();
		await editor.keepingSight('send', async (page) => {
			await bench.add('office 365', 'Office365 SMTP Send', 'Send an email');
			expect(await bench.title()).toBe('Send an email');
			await connectPerson(use(), ADA, async () => expect(await page.locator('.notice li').count()).toBe(6));
			await bench.fill({ toEmail: GRACE, subject: 'from the panel' });
			expect(await bench.run()).toMatch(/^accepted\s+rejected\s+messageId/);
			const mail = await sandbox.arrival(GRACE, (text) => text.includes('Subject: from the panel'));
			expect(mail.toString()).toMatch(/^From: .*ada@example\.test/m);
		});
	});

	it('adds IMAP Mailbox by "imap", connects, finds the emails, and the next node shows its fields before any run', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('mailbox', async () => {
			await bench.add('imap', 'IMAP Mailbox', /search/i);
			await connectPerson(use(), GRACE);
			await bench.pick('INBOX');
			await bench.close();
			await bench.add('pop', 'POP Fetch', /^Get emails/, 'more');
			await expect.poll(async () => await bench.input()).toMatch(/Preview[\s\S]*\nsubject\s+from\s+date\s+to\s/);
			await bench.close();
			await bench.open(/^Search/);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date\s+to\s/);
		});
	});

	it('adds POP Fetch by "pop", fills in a service account, which is tested, and collects', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('pop', async () => {
			await bench.add('pop', 'POP Fetch', /^Get emails/);
			await fillApp(use(), GRACE);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date[\s\S]*first/);
		});
	});

	it('adds IMAP Trigger by "outlook", connects, and gets the newest email as a test', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('imap trigger', async () => {
			await bench.add('outlook', 'IMAP Trigger', 'Add to workflow');
			await connectPerson(use(), GRACE);
			await bench.pick('INBOX');
			expect(await bench.run()).toMatch(/^subject\s+from\s+date/);
		});
	});

	it('adds POP Trigger by "outlook", connects, and gets the newest email as a test', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('pop trigger', async () => {
			await bench.add('outlook', 'POP Trigger', 'Add to workflow');
			await connectPerson(use(), GRACE);
			expect(await bench.run()).toMatch(/^subject\s+from\s+date/);
		});
	});
};

/** Makes a credential in the node, and signs in. @param look called when its form is open */
async function connectPerson(rig: EditorRig, account: string, look?: () => Promise<void>): Promise<void> {
	await rig.bench.newCredential('OAuth2 (A Person Signs In)');
	const form = new CredentialForm(rig.editor.page);
	await look?.();
	await rig.fillCloud(form);
	await form.fill({ clientSecret: rig.sandbox.identity.app.clientSecret });
	const page = await form.connect();
	const closed = page.waitForEvent('close');
	await page.locator(`button[name=account][value="${account}"]`).click();
	await closed;
	await rig.bench.credential('Microsoft Mail (Outlook, Office 365) account');
}

/** Makes a service account in the node, and waits until n8n has tested it. */
async function fillApp(rig: EditorRig, mailbox: string): Promise<void> {
	const { page } = rig.editor;
	await rig.bench.newCredential('Service Account (No Person)');
	const form = new CredentialForm(page);
	await rig.fillCloud(form);
	await form.fill({ clientSecret: rig.sandbox.identity.app.clientSecret, mailbox });
	await form.save();
	// n8n closes the form once it has tested the connection.
	await page.getByText('Connection tested successfully').waitFor({ state: 'attached' });
	await rig.bench.credential('Microsoft Mail (Outlook, Office 365) Service account');
}

const forms = (use: Use): void => {
	it('show for each choice what matters for it, the frequent options first, and nothing that does not work', async () => {
		const { editor, bench } = use();
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
			await bench.fill({ fromEmail: 'sales@example.test' });
			await page.getByText('needs the Send As permission for it').waitFor();
			await bench.close();
			await bench.add('imap', 'IMAP Mailbox', /search/i, 'more');
			expect(await bench.choices('operation')).not.toContain('Custom API Call');
			expect(await bench.choices('resource')).toEqual(['Draft', 'Folder', 'Message']);
			await bench.choose('scope', 'All Folders');
			await expect.poll(async () => await bench.shows('scope', 'folder', 'uid'), PATIENCE).toEqual(['scope']);
		});
	});
};

/** What somebody does who has never seen these nodes, from the panel of nodes on. */
export function newcomer(use: Use): void {
	beforeEach(async () => await use().newWorkflow());
	finding(use);
	running(use);
	describe('whose forms', () => forms(use));
}
