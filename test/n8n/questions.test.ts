import PostalMime from 'postal-mime';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { ensureBrowser } from '../../sandbox/servers/packages';

const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';
const SHARED = 'shared@example.test';

let sandbox: Sandbox;
let n8n: RunningN8n;
let ada: Credential;
let browser: Browser;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	ada = await personCredential(sandbox, ADA);
	n8n = await startN8n({ caFile: sandbox.caFile, credentials: [ada] });
	browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}, 600_000);

afterAll(async () => {
	await browser?.close();
	await n8n?.stop();
	await sandbox?.stop();
});

/** Asks, and gives the links of each recipient's mail once n8n waits. */
async function ask(subject: string, recipients: string[], parameters: object): Promise<{ id: string; links: string[][] }> {
	const { authentication, credentials } = uses(ada);
	const id = await n8n.api.createWorkflow({
		name: subject,
		nodes: [
			{
				parameters: { httpMethod: 'POST', path: subject, responseMode: 'onReceived', options: {} },
				id: 'webhook',
				name: 'Webhook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				position: [0, 0],
				webhookId: subject,
			},
			{
				parameters: { authentication, operation: 'sendAndWait', subject, message: '=May order {{ $json.body.order }} go?', ...parameters },
				id: 'ask',
				name: 'Ask',
				type: 'n8n-nodes-office365-mail.office365SmtpSend',
				typeVersion: 1,
				position: [200, 0],
				credentials,
			},
			{ parameters: {}, id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [400, 0] },
		],
		connections: {
			Webhook: { main: [[{ node: 'Ask', type: 'main', index: 0 }]] },
			Ask: { main: [[{ node: 'End', type: 'main', index: 0 }]] },
		},
	});
	await n8n.api.activate(id);
	expect((await n8n.api.webhook(subject, { order: 17 })).status).toBe(200);
	const links: string[][] = [];
	for (const recipient of recipients) {
		const email = await PostalMime.parse(await sandbox.arrival(recipient, (mail) => mail.includes(`Subject: ${subject}`)));
		links.push([...(email.html ?? '').matchAll(/href="([^"]+)"/g)].map(([, href]) => (href ?? '').replace(/&#38;/g, '&')));
	}
	await expect.poll(async () => (await n8n.api.executions(id))[0]?.status, { timeout: 60_000 }).toBe('waiting');
	return { id, links };
}

async function ended(id: string): Promise<{ json?: unknown; binary?: unknown }> {
	const [run] = await n8n.api.ended(id, 1);
	expect(run?.status).toBe('success');
	return run?.data?.resultData?.runData?.End?.at(-1)?.data?.main?.[0]?.[0] ?? {};
}

describe('a question in n8n', () => {
	it('is a form that a phone without JavaScript can fill in: its mistakes are told, its file becomes binary data', async () => {
		const values = [
			{ fieldLabel: 'Reason', fieldType: 'textarea', requiredField: true },
			{ fieldLabel: 'Amount', fieldType: 'number', defaultValue: '={{ $json.body.order }}' },
			{ fieldLabel: 'Sizes', fieldType: 'checkbox', fieldOptions: { values: [{ option: 'Small' }, { option: 'Large' }] } },
			{ fieldLabel: 'Plan', fieldType: 'file', maxFileSize: 1 },
		];
		const { id, links } = await ask('form-me', [GRACE], { toEmail: GRACE, responseType: 'customForm', formFields: { values } });
		const phone = await browser.newContext({
			javaScriptEnabled: false,
			viewport: { width: 375, height: 740 },
			isMobile: true,
			deviceScaleFactor: 2,
			colorScheme: 'dark',
		});
		const page = await phone.newPage();
		await page.goto(links[0]?.[0] ?? '');
		expect(await page.getByText('May order 17 go?').count()).toBe(1);
		expect(await page.getByLabel('Amount').inputValue()).toBe('17');
		await page.getByLabel('Amount').fill('many');
		await page.getByLabel('Large').check();
		await page.getByRole('button', { name: 'Submit' }).click();
		expect(await page.getByRole('alert').textContent()).toContain('Please check your answer');
		expect(await page.getByLabel('Large').isChecked()).toBe(true);
		if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/form.png`, fullPage: true });
		await page.getByLabel('Amount').fill('12.5');
		await page.getByLabel('Reason').fill('Because');
		await page.getByLabel('Plan').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('a plan') });
		await page.getByRole('button', { name: 'Submit' }).click();
		await page.getByText('Got it, thanks').waitFor();
		await phone.close();
		expect(await ended(id)).toMatchObject({
			json: {
				data: { Reason: 'Because', Amount: 12.5, Sizes: ['Large'], Plan: { filename: 'plan.txt', size: 6 } },
				emailQuestion: { recipients: [GRACE], message: 'May order 17 go?' },
			},
			binary: { Plan: { fileName: 'plan.txt', mimeType: 'text/plain' } },
		});
	});

	it('to two people is answered by both, with a restart of n8n in between', async () => {
		const { id, links } = await ask('both-of-you', [GRACE, SHARED], {
			options: { approvers: { values: { emails: `${GRACE}, ${SHARED}`, rule: 'all' } } },
		});
		const [grace = '', shared = ''] = links.map(([link]) => link);
		expect(await (await fetch(grace, { method: 'POST' })).text()).toContain('Got it, thanks');
		expect((await n8n.api.executions(id))[0]?.status).toBe('waiting');
		const before = n8n.instance.url;
		await n8n.restart();
		expect((await fetch(grace.replace(before, n8n.instance.url), { method: 'POST' })).status).toBe(409);
		await fetch(shared.replace(before, n8n.instance.url), { method: 'POST' });
		expect(await ended(id)).toMatchObject({
			json: {
				data: {
					approved: true,
					answers: [
						{ email: GRACE, approved: true },
						{ email: SHARED, approved: true },
					],
				},
				emailQuestion: { rule: 'all', notAnswered: [] },
			},
		});
	});
});
