import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';

import type { RunningN8n } from '../../sandbox/n8n';
import { ensureBrowser } from '../../sandbox/servers/packages';

/** How long anything on a page may take to appear, in ms. */
const PATIENCE_MS = 180_000;

/** After what time without an effect a person clicks once more, in ms. */
const AGAIN_MS = 10_000;

/** After so many steps that failed, the others are not tried: each could take all the patience there is, and the run would not end in time. */
const FAILURES = 3;

/**
 * Clicks until something is seen, or is gone. The editor may draw anew what is clicked just then, or a list may still move while it opens,
 * so that a click meets nothing or something else.
 */
export async function clickUntil(target: Locator, effect: Locator, state: 'visible' | 'hidden' = 'visible'): Promise<void> {
	const deadline = Date.now() + PATIENCE_MS;
	for (;;) {
		// What is clicked may be gone because an earlier click had its effect late.
		await target.click({ timeout: AGAIN_MS }).catch(() => undefined);
		const isSeen = await effect
			.first()
			.waitFor({ state, timeout: AGAIN_MS })
			.then(
				() => true,
				() => false,
			);
		if (isSeen) return;
		if (Date.now() > deadline) throw new Error(`Clicks on ${String(target)} did not make ${String(effect)} ${state}.`);
	}
}

/** The size of the browser's window, in pixels. */
export const WINDOW = { width: 1400, height: 1000 };

/** No transition or animation is drawn: each of its frames is work for the browser, which has no graphics card. */
const STILL = `addEventListener('DOMContentLoaded', () => {
	const style = document.createElement('style');
	style.textContent = '*, ::before, ::after { animation: none !important; transition: none !important; }';
	document.head.append(style);
})`;

/** n8n's editor in a headless browser, its owner logged in. */
export class Editor {
	#failures = 0;

	private constructor(
		private readonly browser: Browser,
		private readonly context: BrowserContext,
		readonly page: Page,
		private readonly url: string,
	) {}

	/** The sandbox's sign-in page has a certificate of its own CA, which this browser takes. */
	static async open({ instance, login }: RunningN8n, look: { colorScheme?: 'light' | 'dark' } = {}): Promise<Editor> {
		const browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
		const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: WINDOW, reducedMotion: 'reduce', ...look });
		context.setDefaultTimeout(PATIENCE_MS);
		await context.addInitScript(STILL);
		const editor = new Editor(browser, context, await context.newPage(), instance.url);
		await editor.keepingSight('log in', async (page) => {
			await page.goto(`${instance.url}/signin`);
			await page.locator('[data-test-id=signin-form] input[type=email]').fill(login.email);
			await page.locator('[data-test-id=signin-form] input[type=password]').fill(login.password);
			await page.locator('[data-test-id=form-submit-button]').click();
			await page.waitForURL((address) => !address.pathname.includes('signin'));
		});
		return editor;
	}

	/** A picture of what is seen now, in the folder LOOK, for whoever writes these tests. */
	async look(name: string): Promise<void> {
		if (process.env.LOOK !== undefined) await this.page.screenshot({ path: join(process.env.LOOK, `${name.replace(/\W+/g, '-')}.png`) });
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	/** @param path for example `/workflow/17` */
	async visit(path: string): Promise<void> {
		await this.page.goto(this.url + path);
	}

	/** @param effect what is seen in this workflow and not before */
	async openWorkflow(id: string, effect: 'canvas-node' | 'canvas-plus-button' = 'canvas-node'): Promise<void> {
		await this.follow(`/workflow/${id}`, effect);
	}

	/**
	 * Goes to a page as a link in the editor does: to load the whole editor again takes seconds of work each time. Where the editor is still
	 * on its way to another page, for example to the one behind the login, it ends up there; then the link is followed once more.
	 * @param effect what is seen on this page and not before
	 */
	async follow(path: string, effect: string): Promise<void> {
		const deadline = Date.now() + PATIENCE_MS;
		for (;;) {
			await this.page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`);
			const isSeen = await this.page
				.locator(`[data-test-id=${effect}]`)
				.first()
				.waitFor({ timeout: AGAIN_MS })
				.then(
					() => true,
					() => false,
				);
			if (isSeen && new URL(this.page.url()).pathname.startsWith(path)) return;
			if (Date.now() > deadline) throw new Error(`The editor did not stay at ${path}; it is at ${this.page.url()}.`);
		}
	}

	/**
	 * Runs some steps; where one fails, every open page is kept as a picture and the error says where. With the environment variable LOOK, a
	 * folder, what is seen at the end is kept there in any case.
	 */
	async keepingSight<T>(what: string, steps: (page: Page) => Promise<T>): Promise<T> {
		if (this.#failures >= FAILURES) throw new Error(`${what}: not tried, because ${FAILURES} others failed in this editor.`);
		try {
			const result = await steps(this.page);
			await this.look(what);
			return result;
		} catch (error) {
			this.#failures += 1;
			const folder = mkdtempSync(join(tmpdir(), 'office365-mail-seen-'));
			for (const [index, page] of this.context.pages().entries())
				await page.screenshot({ path: join(folder, `${index}.png`) }).catch(() => undefined);
			// What this one left open is not in the way of the next one.
			await this.visit('/').catch(() => undefined);
			throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}\nPictures: ${folder}`, { cause: error });
		}
	}
}

/** The form of a credential in n8n's editor. */
export class CredentialForm {
	constructor(private readonly page: Page) {}

	/** Opens the form of a new credential by its display name, as a user finds it. */
	static async create(editor: Editor, title: string): Promise<CredentialForm> {
		const { page } = editor;
		// A form that is still open would stay in the way.
		if (await page.locator('.el-dialog:visible').first().isVisible()) await editor.visit('/home/credentials/create');
		else await editor.follow('/home/credentials/create', 'new-credential-type-select');
		await page.locator('[data-test-id=new-credential-type-select] input').fill(title);
		await page.locator('[data-test-id=new-credential-type-select-option]').filter({ hasText: title }).first().click();
		await page.locator('[data-test-id=new-credential-type-button]').click();
		return new CredentialForm(page);
	}

	/** Types into fields, by the parameter's name. */
	async fill(fields: Record<string, string | number>): Promise<void> {
		for (const [name, value] of Object.entries(fields)) await this.#field(name).locator('input, textarea').first().fill(String(value));
	}

	/** Picks from a list, by what the user reads. */
	async choose(name: string, label: string): Promise<void> {
		const option = this.page.locator('.el-select-dropdown__item:visible').filter({ hasText: label }).first();
		// A list of several stays open.
		if (!(await option.isVisible())) await clickUntil(this.#field(name).locator('.el-select'), option);
		await option.click();
	}

	/** The labels of the fields in sight, in order. */
	async labels(): Promise<string[]> {
		const labels = await this.page.locator('[data-test-id=credential-connection-parameter] label').allInnerTexts();
		return labels.map((label) => (label.split('\n', 1)[0] ?? '').replace(/[*\s]+$/, ''));
	}

	/** Presses Connect and gives the window that opens. */
	async connect(): Promise<Page> {
		const opened = this.page.waitForEvent('popup');
		await this.page.getByRole('button', { name: 'Connect', exact: true }).click();
		return await opened;
	}

	/** Resolves when n8n says that the account is connected. */
	async connected(): Promise<void> {
		await this.page
			.locator('[data-test-id=oauth-connect-success-banner]')
			.filter({ hasText: 'Account connected' })
			.waitFor({ state: 'visible' });
	}

	/** Whether n8n says so now. */
	async isConnected(): Promise<boolean> {
		return await this.page.locator('[data-test-id=oauth-connect-success-banner]').isVisible();
	}

	async save(): Promise<void> {
		await this.page.locator('[data-test-id=credential-save-button]').click();
	}

	async close(): Promise<void> {
		const dialog = this.page.locator('[data-test-id=editCredential-modal]');
		await clickUntil(dialog.locator('.el-dialog__headerbtn'), dialog, 'hidden');
	}

	#field(name: string): ReturnType<Page['locator']> {
		return this.page.locator(`[data-test-id=parameter-input-${name}]`);
	}
}

/** A workflow in n8n's editor, built as a person builds it: from the panel of nodes. */
export class Workbench {
	constructor(private readonly editor: Editor) {}

	get #page(): Page {
		return this.editor.page;
	}

	#at(id: string): Locator {
		return this.#page.locator(`[data-test-id=${id}]`);
	}

	/** The names of the nodes that the panel finds. */
	async search(word: string): Promise<string[]> {
		const bar = this.#at('node-creator-search-bar');
		if (!(await bar.isVisible())) await clickUntil(this.#at('canvas-plus-button'), bar);
		await this.#at('node-creator-search-bar').fill(word);
		await this.#at('item-iterator-item').first().waitFor();
		// The list follows the word after a moment; it holds still when two looks agree.
		for (let before = ''; ;) {
			const names = (await this.#at('item-iterator-item').allInnerTexts()).map((text) => text.split('\n', 1)[0] ?? '');
			if (names.join() === before) return names;
			before = names.join();
			await this.#page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))');
		}
	}

	/** Adds a node with one of its actions; its view opens. @param where whether nodes are there already */
	async add(word: string, node: string, action: string | RegExp, where: 'first' | 'more' = 'first'): Promise<void> {
		const plus = this.#at(where === 'first' ? 'canvas-plus-button' : 'node-creator-plus-button').first();
		await clickUntil(plus, this.#at('node-creator-search-bar'));
		await this.#at('node-creator-search-bar').fill(word);
		const offered = this.#at('item-iterator-item');
		await clickUntil(offered.filter({ hasText: node }).first(), this.panel('Node details'));
		await clickUntil(offered.filter({ hasText: action }).first(), this.#at('ndv'));
	}

	/** The panel of nodes or actions that has this title. */
	panel(title: string): Locator {
		return this.#at('nodes-list-header').filter({ hasText: title });
	}

	/** Takes a line of a list that something opens. */
	async #take(opener: Locator, line: Locator): Promise<void> {
		await clickUntil(opener, line);
		await clickUntil(line, line, 'hidden');
	}

	/** Opens a node that is there, by its name. */
	async open(name: RegExp): Promise<void> {
		await this.#at('canvas-node').filter({ hasText: name }).first().dblclick();
		await this.#at('ndv').waitFor();
	}

	async close(): Promise<void> {
		await clickUntil(this.#at('ndv-close-button'), this.#at('ndv'), 'hidden');
	}

	async title(): Promise<string> {
		return (await this.#at('node-title-container').innerText()).trim();
	}

	/** Opens the form of a new credential from the node. @param kind the way to sign in */
	async newCredential(kind: 'OAuth2 (A Person Signs In)' | 'Service Account (No Person)'): Promise<void> {
		await this.#take(this.#at('node-credentials-select'), this.#at('node-credentials-select-item-new'));
		await this.#at('credential-connection-parameter').first().waitFor();
		// n8n offers first what the last credential was.
		const ways = this.#page.locator('.el-dialog:visible').getByText(/OAuth2 \(A Person Signs In\)|Service Account \(No Person\)/);
		if ((await ways.first().innerText()).includes(kind)) return;
		await ways.first().click();
		await this.#page.getByText(kind).last().click();
		await ways.filter({ hasText: kind }).first().waitFor();
	}

	/** Resolves when the node has a credential whose name begins so; n8n numbers those of one name. */
	async credential(name: string): Promise<void> {
		await this.#page.waitForFunction(
			`[...document.querySelectorAll('[data-test-id=node-credentials-select] input')].some((input) => input.value.startsWith(${JSON.stringify(name)}))`,
		);
	}

	/** Takes a credential that is there, by the address in its name. */
	async chooseAccount(address: string): Promise<void> {
		const line = this.#page.locator('[data-test-id^=node-credentials-select-item-]').filter({ hasText: address }).first();
		await this.#take(this.#at('node-credentials-select'), line);
	}

	async fill(fields: Record<string, string>): Promise<void> {
		for (const [name, value] of Object.entries(fields))
			await this.#at(`parameter-input-${name}`).locator('input, textarea').first().fill(value);
	}

	async choose(name: string, label: string): Promise<void> {
		// A description may name the other choices, and a list that was open before may still be about to vanish.
		const named = this.#page.getByText(label, { exact: true });
		const line = this.#page.locator('.el-select-dropdown__item:visible').filter({ has: named }).last();
		await this.#take(this.#at(`parameter-input-${name}`), line);
	}

	/**
	 * Picks a folder from the list, in the last of the fields for folders. n8n empties such a field when the node gets another credential
	 * before the list was opened, so that a test which makes a credential has to pick again.
	 */
	async pick(folder: string): Promise<void> {
		await this.#take(this.#at('rlc-input').last(), this.#at('rlc-item').filter({ hasText: folder }).first());
	}

	/** What a list offers. */
	async choices(name: string): Promise<string[]> {
		const items = this.#page.locator('.el-select-dropdown__item:visible');
		// A list that was open before takes a moment to vanish.
		await items.first().waitFor({ state: 'hidden' });
		await clickUntil(this.#at(`parameter-input-${name}`), items);
		const names = (await items.allInnerTexts()).map((text) => text.split('\n', 1)[0] ?? '');
		await this.#page.keyboard.press('Escape');
		return names;
	}

	/** What "Add option" offers. */
	async options(): Promise<string[]> {
		const items = this.#page.locator('[data-test-id=collection-parameter-option]:visible');
		await items.first().waitFor({ state: 'hidden' });
		await clickUntil(this.#at('ndv').locator('[data-test-id=collection-parameter-add]').first(), items);
		const names = await items.allInnerTexts();
		await this.#page.keyboard.press('Escape');
		return names;
	}

	/** Those of the fields that are in sight. */
	async shows(...names: string[]): Promise<string[]> {
		const seen = await Promise.all(names.map(async (name) => await this.#at(`parameter-input-${name}`).isVisible()));
		return names.filter((_, index) => seen[index]);
	}

	/** Presses the button. */
	async execute(): Promise<void> {
		await this.#at('ndv')
			.getByRole('button', { name: /^(?:Execute step|Fetch Test Event)$/i })
			.first()
			.click();
	}

	/** Executes the step; the text of its output. */
	async run(): Promise<string> {
		await this.execute();
		const output = this.#at('output-panel');
		await output
			.getByText(/^\d+ items?$/)
			.first()
			.waitFor();
		return (await output.locator('table').first().innerText()).trim();
	}

	/** Executes the step, which fails. @returns the headline of the error, and what stands below it */
	async fail(): Promise<{ headline: string; below: string }> {
		await this.execute();
		const output = this.#at('output-panel');
		await output.locator('[data-test-id=node-error-message]').first().waitFor();
		return {
			headline: await output.locator('[data-test-id=node-error-message]').first().innerText(),
			below: (await output.locator('[data-test-id=node-error-description]').allInnerTexts()).join('\n'),
		};
	}

	/** Everything that the node's output shows, hints too. */
	async output(): Promise<string> {
		return await this.#at('output-panel').innerText();
	}

	/** Adds one of the options. */
	async addOption(label: string): Promise<void> {
		const option = this.#page.locator('[data-test-id=collection-parameter-option]:visible').filter({ hasText: label }).first();
		await this.#take(this.#at('ndv').locator('[data-test-id=collection-parameter-add]').last(), option);
	}

	/** What the node's input shows. */
	async input(): Promise<string> {
		return await this.#at('ndv-input-panel').innerText();
	}
}
