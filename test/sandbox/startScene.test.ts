import { afterAll, beforeAll, expect, it } from 'vitest';
import PostalMime, { type Email } from 'postal-mime';

import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { StartScene } from '../../sandbox/startScene';

const [GRACE, SHARED] = ['grace@example.test', 'shared@example.test'];

let sandbox: Sandbox;
let scene: StartScene;
beforeAll(async () => {
	sandbox = await startSandbox();
	scene = new StartScene(sandbox);
	await scene.start();
});
afterAll(async () => {
	await scene?.stop();
	await sandbox?.stop();
});

const inbox = async (mailbox: string): Promise<Email[]> =>
	await Promise.all((await sandbox.messages(mailbox)).map(async (mail) => await PostalMime.parse(mail)));

it('has folders to move emails to, beside those of every mailbox', async () => {
	const folders = (await sandbox.dovecot.doveadm('mailbox', 'list', '-u', GRACE)).trim().split('\n');
	expect(folders).toEqual(
		expect.arrayContaining(['INBOX', 'Archive', 'Deleted Items', 'Done', 'Drafts', 'Failed', 'Invoices', 'Sent Items']),
	);
});

it('has emails with a date and a Message-ID, one of them with a file', async () => {
	const emails = [...(await inbox(GRACE)), ...(await inbox(SHARED))];
	expect(emails.length).toBeGreaterThanOrEqual(4);
	for (const { subject, date, messageId } of emails) {
		expect(Math.abs(Date.parse(date ?? '') - Date.now()), subject).toBeLessThan(600_000);
		expect(messageId, subject).toMatch(/^<\S+@\S+>$/);
	}
	expect(emails.flatMap(({ attachments }) => attachments.map(({ filename }) => filename))).toEqual(['invoice-17.pdf']);
});

it('has a page on which each mailbox and each of its emails can be read', async () => {
	const list = await (await fetch(`${scene.mailUrl}/?mailbox=${GRACE}`)).text();
	for (const folder of ['Invoices', 'Done', 'Failed', 'Sent Items']) expect(list).toContain(`<h2>${folder}</h2>`);
	const link = /href="([^"]+)">Invoice 17/.exec(list)?.[1]?.replaceAll('&amp;', '&') ?? '';
	expect(await (await fetch(scene.mailUrl + link)).text()).toContain('invoice-17.pdf');
});
