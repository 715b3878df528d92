import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Editor, Workbench } from './browser';

const GRACE = 'grace@example.test';
const PATIENCE = { timeout: 30_000 };

let sandbox: Sandbox;
let n8n: RunningN8n;
let editor: Editor;
let bench: Workbench;
let grace: Credential;
let nowhere: Credential;
let expired: Credential;

/** A credential that has to ask the identity platform before anything else. */
async function unrenewed(id: string, data: Record<string, unknown>): Promise<Credential> {
	const credential = await personCredential(sandbox, GRACE);
	const { access_token: _ended, ...tokens } = await sandbox.identity.connect(GRACE);
	const ended = await sandbox.identity.accessToken({ mailbox: GRACE, lifetimeSeconds: -60 });
	const oauthTokenData = { ...tokens, access_token: ended, n8n_expires_at: String(Date.now() - 60_000) };
	return { ...credential, id, name: id, data: { ...credential.data, ...data, oauthTokenData } };
}

/** What newcomers tripped over, each in a real n8n seen through a browser. Workflows are made by n8n's API and opened. */
beforeAll(async () => {
	sandbox = await startSandbox();
	const email = (subject: string): string =>
		`From: Bob <bob@example.test>\r\nTo: ${GRACE}\r\nSubject: ${subject}\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <${subject}@example.test>\r\n\r\nhello\r\n`;
	await sandbox.deliver(GRACE, email('first'), email('second'));
	await sandbox.dovecot.doveadm('mailbox', 'create', '-u', GRACE, 'Failed');
	grace = await personCredential(sandbox, GRACE);
	nowhere = await unrenewed('nowhere', { authorityUrl: 'https://login.nowhere.invalid' });
	expired = await unrenewed('expired', {});
	n8n = await startN8n({ caFile: sandbox.caFile, credentials: [grace, nowhere, expired] });
	editor = await Editor.open(n8n);
	bench = new Workbench(editor);
}, 600_000);

afterAll(async () => {
	await editor?.close();
	await n8n?.stop();
	await sandbox?.stop();
}, 120_000);

/** Opens the form of a node behind a manual trigger. */
async function openNode(kind: string, parameters: object, credential: Credential = grace): Promise<void> {
	const { authentication, credentials } = uses(credential);
	const base = { typeVersion: 1, parameters: {} };
	const isTrigger = kind.endsWith('Trigger');
	const id = await n8n.api.createWorkflow({
		name: kind,
		nodes: [
			...(isTrigger ? [] : [{ ...base, id: 'start', name: 'Start', type: 'n8n-nodes-base.manualTrigger', position: [0, 0] }]),
			{
				id: 'node',
				name: 'Node',
				type: `n8n-nodes-office365-mail.${kind}`,
				typeVersion: kind === 'office365SmtpSend' ? 1.1 : 1,
				position: [240, 0],
				parameters: { authentication, ...parameters },
				credentials,
			},
		],
		connections: isTrigger ? {} : { Start: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
	});
	await editor.visit(`/workflow/${id}`);
	await bench.open(/^Node/);
}

const LETTER = { operation: 'send', subject: 'Hello', emailFormat: 'text', text: 'hello' };

describe('an output', () => {
	it('of a search for attachments says that no email has one, when none has', async () => {
		await editor.keepingSight('row 5', async () => {
			await openNode('imapMailbox', { resource: 'message', operation: 'getMany', filters: { hasAttachment: true } });
			await bench.execute();
			await expect.poll(async () => await bench.output(), PATIENCE).toContain('None of the 2 emails in INBOX has an attachment.');
		});
	});

	it('says that a recipient was refused, and which', async () => {
		await editor.keepingSight('row 9', async () => {
			await openNode('office365SmtpSend', { ...LETTER, toEmail: `${GRACE}, unknown@elsewhere.invalid` });
			await bench.run();
			await expect.poll(async () => await bench.output(), PATIENCE).toMatch(/1 of 2 recipients was refused: unknown@elsewhere\.invalid/);
		});
	});

	it('of an invitation without an end is an event of half an hour', async () => {
		await editor.keepingSight('row 13', async () => {
			await openNode('office365SmtpSend', {
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
});

describe('an error', () => {
	it('names the host that cannot be reached, and what to check', async () => {
		await editor.keepingSight('row 8', async () => {
			await openNode('imapMailbox', { resource: 'message', operation: 'getMany' }, nowhere);
			const { headline, below } = await bench.fail();
			expect(headline).toContain('n8n could not reach login.nowhere.invalid');
			expect(below).toMatch(/Authority URL/);
		});
	});

	it('of the identity platform has a short headline and the remedy, and the trace IDs come last', async () => {
		await editor.keepingSight('row 14', async () => {
			sandbox.identity.failNext(
				{ error: 'invalid_client', aadsts: 7000222, description: 'The provided client secret keys for app are expired.' },
				9,
			);
			await openNode('imapMailbox', { resource: 'message', operation: 'getMany' }, expired);
			const { headline, below } = await bench.fail();
			expect(headline).toContain('The client secret has expired.');
			expect(headline).not.toMatch(/Trace ID|Correlation ID/);
			expect(below).toMatch(/^Create a new client secret[\s\S]*Trace ID/);
			sandbox.identity.recover();
		});
	});
});

describe('a form', () => {
	it('asks for the days and the folder where they matter, and the folder can be picked from the list or by path', async () => {
		await editor.keepingSight('row 10', async (page) => {
			await openNode('imapTrigger', { options: {} });
			await bench.addOption('Start From');
			await expect.poll(async () => await bench.shows('from', 'days'), PATIENCE).toEqual(['from']);
			await bench.choose('from', 'Last Days');
			await expect.poll(async () => await bench.shows('from', 'days'), PATIENCE).toEqual(['from', 'days']);
			await bench.addOption('When All Attempts Fail');
			await bench.choose('action', 'Move');
			await editor.look('row 10 move');
			await page.locator('[data-test-id=rlc-input]').last().click();
			await page.locator('[data-test-id=rlc-item]').filter({ hasText: 'Failed' }).first().click();
		});
	});

	it('offers for a folder the list, the name and the path', async () => {
		await editor.keepingSight('row 11', async (page) => {
			await openNode('imapMailbox', { resource: 'message', operation: 'getMany' });
			await page.locator('[data-test-id=rlc-mode-selector]').first().click();
			const modes = page.locator('.el-select-dropdown__item:visible');
			await modes.first().waitFor();
			expect((await modes.allInnerTexts()).map((text) => text.trim())).toEqual(['From list', 'By Name', 'By Path']);
		});
	});

	it.each([
		['popFetchTool', { operation: 'getMany' }, /With Only New, an agent gets each email once/],
		['popFetchTool', { operation: 'delete' }, /\{\{ \$json \}\} is not an email/],
		['imapMailboxTool', { resource: 'message', operation: 'move' }, /\{\{ \$json \}\} is not an email/],
		['office365SmtpSendTool', { operation: 'reply' }, /\{\{ \$json \}\} is not an email/],
	])('of %s with %j says what differs for an agent', async (kind, parameters, notice) => {
		await editor.keepingSight(`row 12 ${kind} ${parameters.operation}`, async (page) => {
			await openNode(kind, parameters);
			await page.locator('[data-test-id=node-parameters]').getByText(notice).waitFor();
		});
	});
});
