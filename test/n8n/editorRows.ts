import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';

import { clickUntil } from './browser';
import { GRACE, PATIENCE, type EditorRig } from './editorRig';

type Use = () => EditorRig;

/** What people paste as mock data. */
function sampleOfDocs(): string {
	const page = readFileSync(resolve(__dirname, '..', '..', 'docs', 'email-items.md'), 'utf8');
	return /## A sample[\s\S]*?```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
}

const LETTER = { operation: 'send', subject: 'Hello', emailFormat: 'text', text: 'hello' };

const outputs = (use: Use): void => {
	it('of a search for attachments says that no email has one, when none has', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 5', async () => {
			await use().openNode('imapMailbox', { resource: 'message', operation: 'getMany', filters: { hasAttachment: true } });
			await bench.execute();
			await expect.poll(async () => await bench.output(), PATIENCE).toMatch(/None of the \d+ emails in INBOX has an attachment\./);
		});
	});

	it('says that a recipient was refused, and which', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 9', async () => {
			await use().openNode('office365SmtpSend', { ...LETTER, toEmail: `${GRACE}, unknown@elsewhere.invalid` });
			await bench.run();
			await expect.poll(async () => await bench.output(), PATIENCE).toMatch(/1 of 2 recipients was refused: unknown@elsewhere\.invalid/);
		});
	});

	it('of an invitation without an end is an event of half an hour', async () => {
		const { editor, bench, sandbox } = use();
		await editor.keepingSight('row 13', async () => {
			await use().openNode('office365SmtpSend', {
				operation: 'sendInvitation',
				toEmail: GRACE,
				subject: 'Meeting',
				start: '2030-01-01T10:00:00',
			});
			expect(await bench.shows('eventUid', 'end')).toEqual(['end']);
			await bench.run();
			const email = await PostalMime.parse(await sandbox.arrival(GRACE, (mail) => mail.includes('Subject: Meeting'), 60_000));
			const calendar = email.attachments.find(({ mimeType }) => mimeType === 'text/calendar')?.content ?? '';
			expect(typeof calendar === 'string' ? calendar : Buffer.from(new Uint8Array(calendar)).toString()).toMatch(
				/DTSTART[^\n]*T(?<hour>\d\d)0000Z?\r?\nDTEND[^\n]*T\k<hour>3000/,
			);
		});
	});
};

const errors = (use: Use): void => {
	it('has the addresses and the command of the remedy in full, although n8n drops what stands in angle brackets', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 1', async () => {
			await use().openNode('office365SmtpSend', { ...LETTER, toEmail: GRACE, fromEmail: 'boss@example.test' });
			const { headline, below } = await bench.fail();
			expect(headline).toContain(`${GRACE} may not send from boss@example.test.`);
			expect(below).toContain(`Add-RecipientPermission boss@example.test -AccessRights SendAs -Trustee ${GRACE}`);
		});
	});

	it('names the host that cannot be reached, and what to check', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 8', async () => {
			await use().openNode('imapMailbox', { resource: 'message', operation: 'getMany' }, { credential: use().credentials.nowhere });
			const { headline, below } = await bench.fail();
			expect(headline).toContain('n8n could not reach login.nowhere.invalid');
			expect(below).toMatch(/Authority URL/);
		});
	});

	it('of the identity platform has a short headline and the remedy, and the trace IDs come last', async () => {
		const { editor, bench, sandbox } = use();
		await editor.keepingSight('row 14', async () => {
			sandbox.identity.failNext(
				{ error: 'invalid_client', aadsts: 7000222, description: 'The provided client secret keys for app are expired.' },
				9,
			);
			await use().openNode('imapMailbox', { resource: 'message', operation: 'getMany' }, { credential: use().credentials.expired });
			const { headline, below } = await bench.fail();
			expect(headline).toContain('The client secret has expired.');
			expect(headline).not.toMatch(/Trace ID|Correlation ID/);
			expect(below).toMatch(/^Create a new client secret[\s\S]*Trace ID/);
			sandbox.identity.recover();
		});
	});
};

const forms = (use: Use): void => {
	it('asks for the days and the folder where they matter, and the folder can be picked from the list or by path', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 10', async () => {
			await use().openNode('imapTrigger', { options: {} });
			await bench.choose('postProcessAction', 'Move');
			await expect.poll(async () => await bench.shows('moveToFolder', 'moveMarkRead'), PATIENCE).toEqual(['moveToFolder', 'moveMarkRead']);
			await bench.choose('postProcessAction', 'Flag');
			await bench.addOption('Start From');
			await expect.poll(async () => await bench.shows('from', 'days'), PATIENCE).toEqual(['from']);
			await bench.choose('from', 'Last Days');
			await expect.poll(async () => await bench.shows('from', 'days'), PATIENCE).toEqual(['from', 'days']);
			await bench.addOption('When All Attempts Fail');
			await bench.choose('action', 'Move');
			await editor.look('row 10 move');
			await bench.pick('Failed');
		});
	});

	it('of a trigger takes the sample of the docs, whose fields the next node then shows before any run', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('row 2', async (page) => {
			await use().openNode('imapTrigger', {});
			const code = page.locator('[data-test-id=ndv-data-panel] .cm-content, [data-test-id=output-panel] .cm-content').first();
			await clickUntil(page.getByText('set mock data'), code);
			await code.click();
			await page.keyboard.press('Control+A');
			await page.keyboard.insertText(sampleOfDocs());
			await page.getByRole('button', { name: 'Save', exact: true }).click();
			await expect.poll(async () => await bench.output(), PATIENCE).toMatch(/subject\s+from\s+date/);
			await bench.close();
			await bench.add('pop', 'POP Fetch', /^Get emails/, 'more');
			await expect.poll(async () => await bench.input(), PATIENCE).toMatch(/subject[\s\S]*newText/);
		});
	});

	it('of an agent finds the nodes among the tools, and Send for human review', async () => {
		const { editor, bench, n8n } = use();
		await editor.keepingSight('row 3', async (page) => {
			const id = await n8n.api.createWorkflow({
				name: 'Agent',
				nodes: [{ id: 'a', name: 'Agent', type: '@n8n/n8n-nodes-langchain.agent', typeVersion: 2, position: [0, 0], parameters: {} }],
				connections: {},
			});
			await editor.openWorkflow(id);
			const plus = page.locator('[data-node-name=Agent] [data-connection-type=ai_tool] [data-test-id=canvas-handle-plus]').first();
			await clickUntil(plus, bench.panel('Tools'));
			await page.locator('[data-test-id=node-creator-search-bar]').fill('outlook');
			const found = page.locator('[data-test-id=item-iterator-item]');
			const names = async (): Promise<string[]> => (await found.allInnerTexts()).map((text) => text.replace(/\n+/g, ': '));
			await expect
				.poll(names, PATIENCE)
				.toEqual(
					expect.arrayContaining([
						'Office365 SMTP Send: Request human approval for tools',
						...['Office365 SMTP Send Tool', 'IMAP Mailbox Tool', 'POP Fetch Tool'].map((name) => expect.stringMatching(`^${name}: `)),
					]),
				);
		});
	});

	it('offers for a folder the list, the name and the path', async () => {
		const { editor } = use();
		await editor.keepingSight('row 11', async (page) => {
			await use().openNode('imapMailbox', { resource: 'message', operation: 'getMany' });
			const modes = page.locator('.el-select-dropdown__item:visible');
			await clickUntil(page.locator('[data-test-id=rlc-mode-selector]').first(), modes);
			expect((await modes.allInnerTexts()).map((text) => text.trim())).toEqual(['From list', 'By Name', 'By Path']);
		});
	});

	it.each([
		['popFetchTool', { operation: 'getMany' }, /With Only New, an agent gets each email once/],
		['popFetchTool', { operation: 'delete' }, /\{\{ \$json \}\} is not an email/],
		['imapMailboxTool', { resource: 'message', operation: 'move' }, /\{\{ \$json \}\} is not an email/],
		['office365SmtpSendTool', { operation: 'reply' }, /\{\{ \$json \}\} is not an email/],
	])('of %s with %j says what differs for an agent', async (kind, parameters, notice) => {
		const { editor } = use();
		await editor.keepingSight(`row 12 ${kind} ${parameters.operation}`, async (page) => {
			await use().openNode(kind, parameters);
			await page.locator('[data-test-id=node-parameters]').getByText(notice).waitFor();
		});
	});
};

/** The rows of what newcomers tripped over, each as the editor shows it now. */
export function rows(use: Use): void {
	describe('an output', () => outputs(use));
	describe('an error', () => errors(use));
	describe('a form', () => forms(use));
}
