import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { MailPage } from '../../sandbox/mailPage';

const GRACE = 'grace@example.test';
const MAIL = `From: Ada <ada@example.test>\r\nSubject: <b>bold</b>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p onclick="x">Hi</p><img src="cid:chart@x">\r\n--b\r\nContent-Type: image/png; name=chart.png\r\nContent-ID: <chart@x>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n`;

const PLAIN = `From: Ada <ada@example.test>\r\nSubject: plain\r\n\r\nStop: https://n8n.example.com/stop?reader=1&x=2 "https://example.com/a" <script>\r\n`;

let folder: string;
let page: MailPage;
const delivered: Array<{ mailbox: string; mail: string }> = [];

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-page-'));
	mkdirSync(join(folder, GRACE, '.Sent Items'), { recursive: true });
	page = new MailPage({
		dovecot: { mailFolder: folder },
		deliver: async (mailbox, ...mails) => void delivered.push(...mails.map((mail) => ({ mailbox, mail: String(mail) }))),
		messages: async (mailbox, name) => (mailbox === GRACE && name === 'Sent Items' ? [Buffer.from(MAIL), Buffer.from(PLAIN)] : []),
	});
	await page.start();
});

afterAll(async () => {
	await page.stop();
	rmSync(folder, { recursive: true, force: true });
});

const get = async (path: string): Promise<string> => await (await fetch(page.url + path)).text();
const linkIn = (html: string, text: string): string =>
	new RegExp(`href="([^"]+)">${text}`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? 'no link';

it('leads from the mailboxes to an email with its pictures, and runs nothing that stands in it', async () => {
	const list = await get(linkIn(await get('/'), GRACE));
	expect(list).toContain('<h2>Sent Items</h2>');
	const shown = await get(linkIn(list, '&lt;b&gt;bold'));
	expect(shown).toContain('<h1>&lt;b&gt;bold&lt;/b&gt;</h1>');
	expect(shown).toContain('data:image/png;base64,AAAA');
	expect(shown).toMatch(/<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="/);
	expect(shown).not.toContain('<p onclick');
	expect(shown).toContain('chart.png');
});

it('makes links of the addresses in a plain text, and nothing else of it', async () => {
	const shown = await get(linkIn(await get(`/?mailbox=${GRACE}`), 'plain'));
	expect(shown).toContain('<a href="https://n8n.example.com/stop?reader=1&amp;x=2" target="_blank" rel="noopener">');
	expect(shown).toContain('<a href="https://example.com/a" target="_blank" rel="noopener">https://example.com/a</a>&quot; &lt;script&gt;');
});

it('shows no file outside the mailboxes', async () => {
	expect(await get('/?mailbox=..&folder=INBOX&number=0')).toContain('<h1>Mailboxes of the sandbox</h1>');
	expect(await get(`/?mailbox=${GRACE}&folder=../x&number=0`)).toContain(`<h1>${GRACE}</h1>`);
});

it.each([
	['letter', /^Content-Type: text\/plain/m],
	['invoice', /filename=invoice-17\.pdf/],
	['bounce', /Final-Recipient: rfc822; bob@example\.test/],
])('lets an email arrive: %s', async (kind, sign) => {
	delivered.length = 0;
	const form = {
		from: 'Bob\r\nBcc: x <bob@example.test>',
		subject: 'Hello\r\nX: y',
		text: 'one\ntwo',
		kind,
	};
	const answer = await fetch(`${page.url}/?mailbox=${GRACE}`, { method: 'POST', body: new URLSearchParams(form) });
	expect(await answer.text()).toContain(`<h1>${GRACE}</h1>`);
	expect(delivered).toMatchObject([{ mailbox: GRACE, mail: expect.stringMatching(sign) }]);
	expect(delivered[0]?.mail).not.toMatch(/^(?:Bcc|X):/m);
});

it('lets no other page and no other mailbox get an email', async () => {
	delivered.length = 0;
	const post = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
		(await fetch(page.url + path, { method: 'POST', body: new URLSearchParams({ kind: 'letter' }), headers })).status;
	expect(await post(`/?mailbox=${GRACE}`, { origin: 'https://evil.example' })).toBe(500);
	expect(await post('/?mailbox=nobody@example.test')).toBe(500);
	expect(delivered).toEqual([]);
});
