import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ensureBrowser } from '../../sandbox/servers/packages';

const ROOT = resolve(__dirname, '..', '..');
const FILE = resolve(ROOT, 'docs', 'setup.html');

it('is what the build makes of the guide now (npm run build)', async () => {
	const build: { writePage: (file: string) => void } = await import(pathToFileURL(resolve(ROOT, 'setup', 'buildPage.mjs')).href);
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-setup-'));
	try {
		build.writePage(join(folder, 'setup.html'));
		expect(readFileSync(FILE, 'utf8')).toBe(readFileSync(join(folder, 'setup.html'), 'utf8'));
	} finally {
		rmSync(folder, { recursive: true });
	}
});

describe('the page in a browser', () => {
	let browser: Browser;
	let page: Page;
	const asked: string[] = [];
	const faults: string[] = [];

	beforeAll(async () => {
		browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
		const context = await browser.newContext({ offline: true, viewport: { width: 1000, height: 900 } });
		page = await context.newPage();
		page.on('request', (request) => asked.push(request.url()));
		page.on('pageerror', (error) => faults.push(error.message));
		page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
		await page.goto(pathToFileURL(FILE).href);
	});
	afterAll(async () => await browser.close());

	it('loads nothing but itself, without a network', () => {
		expect(asked).toEqual([pathToFileURL(FILE).href]);
		expect(faults).toEqual([]);
	});

	it('says that an admin has to consent before anything else, and asks for an address', async () => {
		expect(await page.locator('p').first().innerText()).toContain('an admin has to consent by default');
		expect(await page.locator('#problems').innerText()).toContain('Enter at least one address.');
	});

	it('can be filled in with the keyboard alone, and shows the steps at once', async () => {
		await page.keyboard.press('Tab');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('ArrowDown');
		expect(await page.locator('input[name=who]:checked').inputValue()).toBe('secret');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Space');
		for (let index = 0; index < 2; index += 1) await page.keyboard.press('Tab');
		await page.keyboard.type("o'brien@example.com");
		expect(await page.locator('#problems').innerText()).toBe('');
		const lines = await page.locator('pre').allInnerTexts();
		expect(lines.join('\n')).toContain("Add-RecipientPermission -Identity 'o''brien@example.com' -Trustee $object");
		expect(await page.locator('#guide li').allInnerTexts()).toContainEqual(expect.stringContaining('SMTP.SendAsApp, IMAP.AccessAsApp'));
	});

	it('shows what was typed as text, never as part of the page', async () => {
		await page.locator('#mailboxes').fill('a@example.com,<img/src=x/onerror=alert(1)>@example.com');
		expect(await page.locator('#problems').innerText()).toContain('is not an email address');
		expect(await page.locator('img').count()).toBe(0);
		await page.locator('#mailboxes').fill('a@example.com');
	});

	it.each(['light', 'dark'] as const)('can be read in the %s theme: text and background differ enough', async (colorScheme) => {
		await page.emulateMedia({ colorScheme });
		for (const selector of ['body', 'small', 'a', 'pre'])
			expect(await page.evaluate<number>(`(${CONTRAST})(document.querySelector('${selector}'))`), selector).toBeGreaterThan(4.5);
	});
});

/** WCAG's contrast of an element's text with what lies behind it; runs in the page. */
const CONTRAST = `(element) => {
	const rgb = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
	const light = (color) => {
		const [r, g, b] = rgb(color).map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	let behind = element;
	while (behind !== null && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
	const [text, back] = [light(getComputedStyle(element).color), light(behind === null ? 'rgb(255,255,255)' : getComputedStyle(behind).backgroundColor)];
	return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
}`;
