import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { change } from '../../../mail/mailbox/change';
import { find } from '../../../mail/mailbox/find';
import { locate } from '../../../mail/mailbox/locate';
import { Folders } from '../../../mail/mailbox/mailboxFolders';
import { readReferences } from '../../../mail/mailbox/references';
import { withMailbox } from '../../../mail/mailbox/sessions';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { OTHER_SEPARATORS } from '../../../sandbox/servers/dovecot';
import { accountOn, ways } from '../../support/account';
import { mail } from './mailboxRig';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
}, 120_000);
afterAll(async () => await sandbox.stop(), 60_000);

describe.each(Object.entries(OTHER_SEPARATORS))('a mailbox whose folders are separated otherwise, %s', (mailbox, separator) => {
	const above = mailbox.startsWith('below-inbox') ? ['INBOX'] : [];
	const path = (...names: string[]): string => [...above, ...names].join(separator);

	it('has them made, found, moved to, renamed and deleted by paths with a slash, as everywhere', async () => {
		const account = accountOn(sandbox, mailbox, ways(sandbox).straight);
		await sandbox.deliver(mailbox, mail('one'), mail('two'));
		await withMailbox(account, async (connection) => {
			const folders = new Folders(connection);
			const wanted = [...above, 'Work', 'Größe', '2026'].join('/');
			expect(await folders.create(wanted)).toMatchObject({ created: true, folder: { path: path('Work', 'Größe', '2026'), name: '2026' } });
			expect(await folders.create(wanted)).toMatchObject({ created: false });
			// Also as the server writes it.
			if (above.length > 0) {
				expect(await folders.create(path('Work', 'Größe'))).toMatchObject({ created: false, folder: { path: path('Work', 'Größe') } });
				await folders.create('Dotted');
				expect((await folders.rename(await folders.find('Dotted'), path('Dashed'))).path).toBe(path('Dashed'));
			}
			for (const name of [wanted, path('Work', 'Größe', '2026'), '2026'])
				expect((await folders.find(name)).path).toBe(path('Work', 'Größe', '2026'));
			expect(await folders.status(await folders.find('2026'))).toMatchObject({ parent: path('Work', 'Größe'), depth: above.length + 2 });
			expect((await folders.subtree(await folders.find('Work'))).map((one) => one.path)).toEqual([
				path('Work'),
				path('Work', 'Größe'),
				path('Work', 'Größe', '2026'),
			]);
			// Where all folders are below INBOX, it may be left out.
			expect((await folders.find('Work/Größe')).path).toBe(path('Work', 'Größe'));
			expect(await folders.create('Work/Größe/2026')).toMatchObject({ created: false, folder: { path: path('Work', 'Größe', '2026') } });
			expect((await folders.all())[0]).toMatchObject({ path: 'INBOX', delimiter: separator });
			const to = await folders.find(wanted);
			const [there] = await locate(connection, folders, readReferences(1), 'INBOX');
			if (there?.kind !== 'there') throw new Error('not there');
			expect((await change(connection, 'INBOX', [there], { kind: 'move', to: to.path })).get(1)).toMatchObject({ kind: 'done' });
			const { mails } = await find(connection, [to.path], { criteria: [], newestFirst: true, limit: 9 }, { envelope: true });
			expect(mails.map(({ facts }) => facts.envelope?.subject)).toEqual(['one']);
			expect((await folders.rename(to, '2027')).path).toBe(path('Work', 'Größe', '2027'));
			expect((await folders.rename(await folders.find('2027'), 'Books/2027')).path).toBe(path('Books', '2027'));
			await folders.create([...above, 'Deleted Items'].join('/'));
			expect((await folders.remove(await folders.find('2027'), false))?.path).toBe(path('Deleted Items', '2027'));
			expect(await folders.remove(await folders.find('Work'), true)).toBeUndefined();
			expect((await folders.all()).map((one) => one.path).filter((one) => one.startsWith(path('Work')))).toEqual([]);
		});
	});
});
