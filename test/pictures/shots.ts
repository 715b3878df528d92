import { chromium, type Locator, type Page } from 'playwright-core';
import PostalMime from 'postal-mime';

import { customCloud, personCredential, type Credential } from '../../sandbox/credentials';
import { EXAMPLES, exampleId } from '../../sandbox/examples';
import type { RunningN8n } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';
import { ensureBrowser } from '../../sandbox/servers/packages';
import { CredentialForm, WINDOW, type Editor } from '../n8n/browser';
import { FORMS, overview, tested } from './workflows';

/** What the pictures are taken of: the sandbox with n8n and the examples in it, seen in one theme. */
export interface Studio {
	sandbox: Sandbox;
	n8n: RunningN8n;
	editor: Editor;
	theme: 'light' | 'dark';
}

/** Makes one picture. @returns it as PNG */
export type Shot = (studio: Studio) => Promise<Buffer>;

const APP = { clientId: '1b5c0de4-7a55-4b5e-9d3f-2f6c1e0a4b77', tenantId: 'example.com', clientSecret: 'not a real secret' };

/** The pictures by their names in docs/pictures. */
export const SHOTS: Record<string, Shot> = {
	overview: async (studio) => await canvas(studio, await create(studio, overview)),
	'node-panel': nodePanel,
	'credential-oauth2': async ({ editor }) => {
		await (await CredentialForm.create(editor, 'Microsoft Mail (Outlook, Office 365) OAuth2 API')).fill(APP);
		return await dialog(editor.page);
	},
	'credential-service-account': async ({ editor }) => {
		const form = await CredentialForm.create(editor, 'Microsoft Mail (Outlook, Office 365) Service API');
		await form.fill({ ...APP, mailbox: 'reports@example.com' });
		return await dialog(editor.page);
	},
	'sign-in': async (studio) => {
		const { page } = await connecting(studio);
		await page.setViewportSize({ width: 520, height: 640 });
		const picture = await page.screenshot();
		await page.close();
		return picture;
	},
	connected: async (studio) => {
		const { form, page } = await connecting(studio);
		const closed = page.waitForEvent('close');
		await page.locator('button[name=account]').first().click();
		await closed;
		await form.connected();
		return await dialog(studio.editor.page, 520);
	},
	result,
	'question-phone': question,
	...Object.fromEntries(
		Object.entries(FORMS).map(([name, make]): [string, Shot] => [
			`form-${name}`,
			async (studio) => await nodeForm(studio, await create(studio, make)),
		]),
	),
	...Object.fromEntries(
		EXAMPLES.map((name): [string, Shot] => [`example-${name}`, async (studio) => await canvas(studio, exampleId(name))]),
	),
};

type NewWorkflow = Parameters<RunningN8n['api']['createWorkflow']>[0];

async function create({ n8n, sandbox }: Studio, make: (credential: Credential) => NewWorkflow): Promise<string> {
	return await n8n.api.createWorkflow(make(await personCredential(sandbox, 'grace@example.test')));
}

/** A whole workflow, as large as it fits, without the buttons around it. */
async function canvas({ editor }: Studio, id: string): Promise<Buffer> {
	const { page } = editor;
	await editor.visit(`/workflow/${id}`);
	await page.locator('[data-test-id=canvas-node]').first().waitFor();
	await page.locator('[data-test-id=zoom-to-fit]').click();
	await still(page);
	// Whatever n8n lays over its canvas is left out.
	const shown = ['.vue-flow__viewport', '.vue-flow__background'].map((part) => `:has(${part}), ${part}, ${part} *`).join(', ');
	const style = await page.addStyleTag({ content: `body *:not(${shown}) { visibility: hidden }` });
	const words = ['label', 'subtitle'].map((part) => `[data-test-id=canvas-node] [class*=_${part}_]`);
	try {
		return await around(page, page.locator(['.vue-flow__node', ...words].join(', ')));
	} finally {
		// The next picture may be taken of this page without loading it again.
		await style.evaluate('(element) => element.remove()');
	}
}

/** The part of the page that some elements fill, with room for the connectors beside them. */
async function around(page: Page, elements: Locator): Promise<Buffer> {
	const boxes = (await Promise.all((await elements.all()).map(async (element) => await element.boundingBox()))).filter(
		(box) => box !== null,
	);
	const [x, y] = [Math.max(0, Math.min(...boxes.map((box) => box.x)) - 40), Math.max(0, Math.min(...boxes.map((box) => box.y)) - 20)];
	const width = Math.max(...boxes.map((box) => box.x + box.width)) + 90 - x;
	const height = Math.max(...boxes.map((box) => box.y + box.height)) + 30 - y;
	return await page.screenshot({ clip: { x, y, width, height } });
}

async function nodePanel({ editor }: Studio): Promise<Buffer> {
	const { page } = editor;
	await editor.visit('/workflow/new');
	await page
		.locator('[data-test-id=canvas-plus-button], [data-test-id=canvas-add-button], [data-test-id=node-creator-plus-button]')
		.first()
		.click();
	await page.locator('[data-test-id=node-creator-search-bar]').fill('outlook');
	await page.locator('[data-test-id=node-creator]').getByText('IMAP Mailbox').waitFor();
	await still(page);
	const [panel, last] = [
		await boxOf(page.locator('[data-test-id=node-creator]')),
		await boxOf(page.locator('[data-test-id=item-iterator-item]').last()),
	];
	return await page.screenshot({ clip: { ...panel, height: last.y + last.height + 16 - panel.y } });
}

async function nodeForm({ editor }: Studio, id: string): Promise<Buffer> {
	await editor.page.setViewportSize({ ...WINDOW, height: 1400 });
	await openNode(editor, id);
	const form = editor.page.locator('[data-test-id=node-parameters]');
	// The room below the last field is left out.
	const [panel, last] = [await boxOf(form), await boxOf(form.getByPlaceholder(/^Add /).last())];
	const picture = await editor.page.screenshot({
		clip: { ...panel, height: Math.min(panel.height, last.y + last.height + 30 - panel.y) },
	});
	await editor.page.setViewportSize(WINDOW);
	return picture;
}

/** Opens the form of the workflow's last node. */
async function openNode(editor: Editor, id: string): Promise<void> {
	const { page } = editor;
	await editor.visit(`/workflow/${id}`);
	await page.locator('[data-test-id=canvas-node]').last().dblclick();
	await page.locator('[data-test-id=node-parameters]').waitFor();
	// A field under the mouse shows buttons.
	await page.mouse.move(0, 0);
	await still(page);
}

async function result(studio: Studio): Promise<Buffer> {
	const { page } = studio.editor;
	await openNode(studio.editor, await create(studio, tested));
	await page.locator('[data-test-id=node-execute-button]').first().click();
	await page.locator('[data-test-id=ndv-output-panel], [data-test-id=output-panel]').getByText('grace@example.test').first().waitFor();
	await page.locator('[data-test-id=ndv-run-data-display-mode]').last().getByText('JSON').click();
	await page.locator('.el-notification').waitFor({ state: 'hidden' });
	await still(page);
	return await page.locator('[data-test-id=ndv]').screenshot();
}

/** The form of a credential for the sandbox, and the sign-in page that its Connect button has opened. */
async function connecting({ editor, sandbox }: Studio): Promise<{ form: CredentialForm; page: Page }> {
	const form = await CredentialForm.create(editor, 'Microsoft Mail (Outlook, Office 365) OAuth2 API');
	await form.choose('cloud', 'Custom');
	const fields = Object.entries({ ...customCloud(sandbox), clientSecret: sandbox.identity.app.clientSecret });
	await form.fill(
		Object.fromEntries(
			fields.filter(([name]) => name !== 'cloud' && !name.endsWith('Security')).map(([name, value]) => [name, String(value)]),
		),
	);
	const page = await form.connect();
	await page.locator('h1').filter({ hasText: 'Sign in' }).waitFor();
	return { form, page };
}

/** The dialog of a credential, or its upper part, down to the last field that is seen whole. */
async function dialog(page: Page, height?: number): Promise<Buffer> {
	const box = page.locator('[data-test-id=credential-edit-dialog]');
	await page.setViewportSize({ ...WINDOW, height: 1800 });
	await box.locator('[data-test-id=credential-connection-parameter]').first().scrollIntoViewIfNeeded();
	await box.evaluate((element) => {
		for (const part of element.querySelectorAll('*')) part.scrollTop = 0;
	});
	await still(page);
	const place = await boxOf(box);
	const room = Math.min(place.height, height ?? place.height) - 20;
	const fields = await box.locator('[data-test-id=credential-connection-parameter]:visible').all();
	const ends = (await Promise.all(fields.map(boxOf))).map((field) => field.y + field.height - place.y);
	const picture = await page.screenshot({ clip: { ...place, height: Math.max(...ends.filter((end) => end <= room)) + 20 } });
	await page.setViewportSize(WINDOW);
	return picture;
}

async function boxOf(element: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
	const box = await element.boundingBox({ timeout: 10_000 });
	if (box === null) throw new Error('What the picture is to show is not in sight.');
	return box;
}

/** The form that a manager gets, on a phone. */
async function question({ n8n, sandbox, theme }: Studio): Promise<Buffer> {
	const form = new FormData();
	['A chair for the new colleague', '120', 'grace@example.test'].forEach((value, index) => form.append(`field-${index}`, value));
	const { active } = await n8n.api.v1<{ active: boolean }>('GET', `/workflows/${exampleId('approval-with-form')}`);
	if (!active) await n8n.api.activate(exampleId('approval-with-form'));
	const before = (await sandbox.messages('manager@example.test')).length;
	for (let status = 404, tries = 0; status !== 200 && tries < 50; tries += 1) {
		status = (await fetch(`${n8n.instance.url}/form/purchase-request`, { method: 'POST', body: form })).status;
		if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 200));
	}
	await sandbox.arrival('manager@example.test', () => true);
	let mails = await sandbox.messages('manager@example.test');
	for (let tries = 0; mails.length === before && tries < 100; tries += 1) {
		await new Promise((resolve) => setTimeout(resolve, 200));
		mails = await sandbox.messages('manager@example.test');
	}
	const email = await PostalMime.parse(mails.at(-1) ?? Buffer.alloc(0));
	const link = (/href="([^"]+)"/.exec(email.html ?? '')?.[1] ?? '').replace(/&amp;/g, '&');
	const browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
	try {
		const phone = await browser.newContext({ viewport: { width: 375, height: 667 }, isMobile: true, colorScheme: theme });
		const page = await phone.newPage();
		await page.goto(link);
		return await page.screenshot();
	} finally {
		await browser.close();
	}
}

/** Waits until fonts are there and nothing moves: two looks that are the same. */
async function still(page: Page): Promise<void> {
	let before = '';
	for (let tries = 0; tries < 30; tries += 1) {
		await page.waitForTimeout(250);
		const now = (await page.screenshot({ type: 'jpeg', quality: 30, animations: 'disabled' })).toString('base64');
		if (now === before) return;
		before = now;
	}
}
