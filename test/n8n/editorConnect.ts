import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { RunningN8n } from '../../sandbox/n8n';
import { selfSigned } from '../../sandbox/servers/certificates';
import { CredentialForm } from './browser';
import { ADA, GRACE, PERSON, type EditorRig } from './editorRig';

type Use = () => EditorRig;

/** The form of a new credential, everything but the app's proof of itself filled in. */
async function filledForm(rig: EditorRig): Promise<CredentialForm> {
	const form = await CredentialForm.create(rig.editor, PERSON);
	await rig.fillCloud(form);
	return form;
}

const permissions = (rig: EditorRig, ...names: string[]): string[] =>
	['email', 'offline_access', 'openid', 'profile', ...names.map((name) => `${rig.sandbox.identity.resource}/${name}`)].sort();

/** Chooses an account on the sign-in page and waits until n8n has closed the window. @returns the permissions asked for */
async function signIn(form: CredentialForm, account: string): Promise<string[]> {
	const page = await form.connect();
	await page.locator('h1').filter({ hasText: 'Sign in' }).waitFor();
	const asked = await page.locator('li').allInnerTexts();
	const closed = page.waitForEvent('close');
	await page.locator(`button[name=account][value="${account}"]`).click();
	await closed;
	return asked.sort();
}

/** The newest credential as n8n keeps it. */
async function newest({ n8n }: EditorRig): Promise<{ id: string; name: string }> {
	const { data } = await n8n.api.rest<{ data: Array<{ id: string; name: string; createdAt: string }> }>('GET', '/credentials');
	const [first] = data.sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
	if (first === undefined) throw new Error('n8n has no credential.');
	return { id: first.id, name: first.name };
}

/** The credential of a person, made in n8n's list of credentials. */
export function connectButton(use: Use): void {
	it('leads through the sign-in page to "Account connected", and a workflow sends as who signed in', async () => {
		const { editor, sandbox, n8n } = use();
		await editor.keepingSight('connect by secret', async (page) => {
			const form = await filledForm(use());
			await form.fill({ clientSecret: sandbox.identity.app.clientSecret });
			await form.choose('protocols', 'SMTP');
			await form.choose('protocols', 'IMAP');
			expect(await signIn(form, ADA)).toEqual(permissions(use(), 'IMAP.AccessAsUser.All', 'SMTP.Send'));
			await form.connected();
			expect(sandbox.identity.requests.at(-1)).toMatchObject({ grant: 'authorization_code', proof: 'secret' });
			await form.close();

			const id = await n8n.api.createWorkflow(sending(await newest(use()), 'by the browser'));
			await editor.openWorkflow(id);
			await page.locator('[data-test-id=execute-workflow-button]').click();
			const mail = await sandbox.arrival(GRACE, (text) => text.includes('by the browser'));
			expect(mail.toString()).toMatch(/^From: .*ada@example\.test/m);
		});
	});

	it('proves the app by a certificate where the form says so', async () => {
		const { editor, sandbox } = use();
		const folder = mkdtempSync(join(tmpdir(), 'office365-mail-certificate-'));
		try {
			const pair = selfSigned(folder, 'app', ['-subj', '/CN=app']);
			sandbox.identity.app.certificates.push(pair.cert);
			await editor.keepingSight('connect by certificate', async () => {
				const form = await filledForm(use());
				await form.choose('clientCredentialType', 'Certificate');
				await form.fill({ privateKey: pair.key, certificate: pair.cert });
				expect(await signIn(form, 'shared@example.test'), 'none chosen').toEqual(
					permissions(use(), 'IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'),
				);
				await form.connected();
				expect(sandbox.identity.requests.at(-1)).toMatchObject({ grant: 'authorization_code', proof: 'assertion' });
				await form.close();
			});
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});

	it('says so and stays unconnected where the person declines', async () => {
		const { editor, sandbox } = use();
		await editor.keepingSight('decline', async () => {
			const form = await filledForm(use());
			await form.fill({ clientSecret: sandbox.identity.app.clientSecret });
			const before = sandbox.identity.requests.length;
			const page = await form.connect();
			await page.locator('button[name=decline]').click();
			await page.getByText('Failed to connect').waitFor();
			await page.close();
			expect(await form.isConnected()).toBe(false);
			expect(sandbox.identity.requests).toHaveLength(before);
		});
	});

	it('shows what a mail credential needs and nothing about HTTP requests', async () => {
		const { editor } = use();
		await editor.keepingSight('labels', async () => {
			const form = await CredentialForm.create(use().editor, PERSON);
			expect(await form.labels()).toEqual([
				'Client ID',
				'Authentication',
				'Client Secret',
				'Cloud',
				'Tenant ID',
				'Secret Expires On',
				'Protocols',
				'Mailbox',
			]);
		});
	});
}

function sending(credential: { id: string; name: string }, subject: string): Parameters<RunningN8n['api']['createWorkflow']>[0] {
	return {
		name: subject,
		nodes: [
			{ id: 'start', name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, position: [0, 0], parameters: {} },
			{
				id: 'mail',
				name: 'Mail',
				type: 'n8n-nodes-office365-mail.office365SmtpSend',
				typeVersion: 1,
				position: [240, 0],
				parameters: { authentication: 'oAuth2', operation: 'send', toEmail: GRACE, subject, emailFormat: 'text', text: 'x', options: {} },
				credentials: { microsoftMailOAuth2Api: credential },
			},
		],
		connections: { Start: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] } },
	};
}
