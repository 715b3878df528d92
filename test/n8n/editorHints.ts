import { expect, it } from 'vitest';

import { GRACE, PATIENCE, type EditorRig } from './editorRig';

type Use = () => EditorRig;

const DELETED_AT_ONCE = 'Emails are deleted permanently even if their execution fails';
const DELETED_BEFORE = 'Delete After Fetch deletes emails from the server before the next nodes run';
const NOT_DOWNLOADED = 'The incoming emails have attachments, but their files were not downloaded.';

/** What the editor says where people go wrong. */
export function hints(use: Use): void {
	it('of IMAP Trigger warns that an email is deleted although its execution fails, and only then', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('hint delete at once', async (page) => {
			await use().openNode('imapTrigger', { postProcessAction: 'delete', options: { handOver: 'atOnce' } });
			await page.getByText(DELETED_AT_ONCE).waitFor();
			await editor.look('hint delete at once seen');
			await bench.choose('handOver', 'After Success');
			await page.getByText(DELETED_AT_ONCE).waitFor({ state: 'hidden' });
		});
	});

	it('of POP Fetch warns that an email is deleted before the workflow has used it', async () => {
		const { editor } = use();
		await editor.keepingSight('hint delete after fetch', async (page) => {
			await use().openNode('popFetch', { operation: 'getMany', options: { deleteAfterFetch: true } });
			await page.getByText(DELETED_BEFORE).waitFor();
		});
	});

	it('of Send says that the files of the incoming email were not downloaded', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('hint not downloaded', async (page) => {
			await use().openNode(
				'office365SmtpSend',
				{ operation: 'forward', toEmail: GRACE },
				{ item: { subject: 'Invoice', text: 'see the file', from: 'Bob <bob@example.test>', hasAttachment: true } },
			);
			await bench.run();
			await page.getByText(NOT_DOWNLOADED).waitFor();
		});
	});

	it('of Send says which picture the HTML shows that is not there', async () => {
		const { editor, bench } = use();
		await editor.keepingSight('hint cid', async () => {
			await use().openNode('office365SmtpSend', {
				operation: 'send',
				toEmail: GRACE,
				subject: 'Hello',
				emailFormat: 'html',
				html: '<img src="cid:chrat">',
			});
			await bench.run();
			await expect.poll(async () => await bench.output(), PATIENCE).toMatch(/cid:chrat/);
		});
	});
}
