import { describe, expect, it } from 'vitest';

import type { Folder } from '../../../mail/imap/folders';
import { specialFolders, specialNamed } from '../../../mail/imap/specialFolders';
import { change } from '../../../mail/mailbox/change';
import { find } from '../../../mail/mailbox/find';
import { locate } from '../../../mail/mailbox/locate';
import { Folders } from '../../../mail/mailbox/mailboxFolders';
import { readReferences } from '../../../mail/mailbox/references';
import { mail, makeScenes, type Way } from './mailboxRig';

const scene = makeScenes('folders');
const WAYS: Way[] = ['straight', 'exchange'];

const folder = (path: string, delimiter = '/'): Folder => ({ path, name: path.split(delimiter).at(-1) ?? path, delimiter });
const kinds = (...paths: string[]): Record<string, string> =>
	Object.fromEntries([...specialFolders(paths.map((path) => folder(path)))].map(([kind, { path }]) => [kind, path]));

describe('special folders', () => {
	it.each([
		['English', 'Drafts', 'Sent Items', 'Deleted Items', 'Junk Email', 'Archive'],
		['German', 'Entwürfe', 'Gesendete Elemente', 'Gelöschte Elemente', 'Junk-E-Mail', 'Archiv'],
		['French', 'Brouillons', 'Éléments envoyés', 'Éléments supprimés', 'Courrier indésirable', 'Archives'],
		['Spanish', 'Borradores', 'Elementos enviados', 'Elementos eliminados', 'Correo no deseado', 'Archivo'],
		['Italian', 'Bozze', 'Posta inviata', 'Posta eliminata', 'Posta indesiderata', 'Archivio'],
		['Portuguese', 'Rascunhos', 'Itens Enviados', 'Itens Excluídos', 'Lixo Eletrônico', 'Arquivo Morto'],
		['Dutch', 'Concepten', 'Verzonden items', 'Verwijderde items', 'Ongewenste e-mail', 'Archief'],
		['Swedish', 'Utkast', 'Skickat', 'Borttaget', 'Skräppost', 'Arkiv'],
		['Danish', 'Kladder', 'Sendt post', 'Slettet post', 'Uønsket mail', 'Arkiv'],
		['Norwegian', 'Utkast', 'Sendte elementer', 'Slettede elementer', 'Søppelpost', 'Arkiv'],
		['Finnish', 'Luonnokset', 'Lähetetyt', 'Poistetut', 'Roskaposti', 'Arkisto'],
		['Polish', 'Kopie robocze', 'Elementy wysłane', 'Elementy usunięte', 'Wiadomości-śmieci', 'Archiwum'],
		['Czech', 'Koncepty', 'Odeslaná pošta', 'Odstraněná pošta', 'Nevyžádaná pošta', 'Archiv'],
		['Hungarian', 'Piszkozatok', 'Elküldött elemek', 'Törölt elemek', 'Levélszemét', 'Archívum'],
		['Romanian', 'Ciorne', 'Elemente trimise', 'Elemente șterse', 'E-mail nedorit', 'Arhivă'],
		['Turkish', 'Taslaklar', 'Gönderilmiş Öğeler', 'Silinmiş Öğeler', 'Gereksiz E-posta', 'Arşiv'],
		['Russian', 'Черновики', 'Отправленные', 'Удаленные', 'Нежелательная почта', 'Архив'],
		['Ukrainian', 'Чернетки', 'Надіслані', 'Видалені', 'Небажана пошта', 'Архів'],
		['Japanese', '下書き', '送信済みアイテム', '削除済みアイテム', '迷惑メール', 'アーカイブ'],
		['Chinese', '草稿', '已发送邮件', '已删除邮件', '垃圾邮件', '存档'],
		['Korean', '임시 보관함', '보낸 편지함', '지운 편지함', '정크 메일', '보관'],
	])('are found in %s without SPECIAL-USE', (_language, drafts, sent, deleted, junk, archive) => {
		expect(kinds('INBOX', 'Calendar', drafts, sent, deleted, junk, archive)).toEqual({
			inbox: 'INBOX',
			drafts,
			sent,
			deleted,
			junk,
			archive,
		});
	});

	it("are those of the mailbox's own language where another program made more, and no folder of a person's deep in the tree", () => {
		expect(
			kinds('INBOX', 'Drafts', 'Sent', 'Trash', 'Entwürfe', 'Gesendete Elemente', 'Gelöschte Elemente', 'Junk-E-Mail', 'Archiv'),
		).toMatchObject({ drafts: 'Entwürfe', sent: 'Gesendete Elemente', deleted: 'Gelöschte Elemente' });
		expect(kinds('INBOX', 'Projects/Apollo/Drafts')).toEqual({ inbox: 'INBOX' });
		expect(kinds('INBOX', 'INBOX/Drafts', 'INBOX/Trash')).toMatchObject({ drafts: 'INBOX/Drafts', deleted: 'INBOX/Trash' });
		expect(kinds('INBOX', 'Deleted', 'Deleted Items', 'Sent', 'Sent Items')).toMatchObject({
			deleted: 'Deleted Items',
			sent: 'Sent Items',
		});
	});

	it('are what the server says, whatever they are called', () => {
		const said: Folder[] = [folder('INBOX'), folder('Drafts'), { ...folder('Unfinished'), flags: new Set(['\\Drafts']) }];
		expect(specialFolders(said).get('drafts')?.path).toBe('Unfinished');
	});

	it('are named in any language, unless two mean different ones', () => {
		expect([specialNamed(' SENT items '), specialNamed('Gelöschte Elemente'), specialNamed('inbox'), specialNamed('Invoices')]).toEqual([
			'sent',
			'deleted',
			'inbox',
			undefined,
		]);
		expect(specialNamed('gelo\u0308schte elemente')).toBe('deleted');
	});
});

describe.each(WAYS)('folders, %s', (way) => {
	it('are made with those above them, renamed, moved, counted and deleted', async () => {
		const own = scene(way);
		await own.makeFolder('Gelöschte Elemente', 'Entwürfe');
		await own.use(async (_connection, folders) => {
			expect(await folders.create('Work/Ünïcode & more/請求書')).toMatchObject({
				created: true,
				folder: { path: 'Work/Ünïcode & more/請求書' },
			});
			expect(await folders.create('work/ünïcode & MORE')).toMatchObject({ created: false, folder: { path: 'Work/Ünïcode & more' } });
			const renamed = await folders.rename(await folders.find('請求書'), 'Rechnungen');
			expect(renamed.path).toBe('Work/Ünïcode & more/Rechnungen');
			// Exchange makes no parent for it.
			expect((await folders.rename(renamed, 'Books/2026')).path).toBe('Books/2026');
			await own.sandbox.fill(own.mailbox, [mail('a'), mail('b')], 'Books/2026');
			expect(await folders.status(await folders.find('2026'))).toMatchObject({
				path: 'Books/2026',
				name: '2026',
				parent: 'Books',
				depth: 1,
				messages: 2,
				unread: 2,
			});
			expect(await folders.describe(true)).toEqual(
				expect.arrayContaining([
					expect.objectContaining({ path: 'INBOX', special: 'inbox', messages: 0 }),
					expect.objectContaining({ path: 'Gelöschte Elemente', special: 'deleted' }),
				]),
			);
			expect((await folders.remove(await folders.find('2026'), false))?.path).toBe('Gelöschte Elemente/2026');
			await folders.create('Books/2026');
			expect((await folders.remove(await folders.find('Books/2026'), false))?.path).toBe('Gelöschte Elemente/2026 2');
			await folders.create('Work/Sub');
			expect(await folders.remove(await folders.find('Work'), true)).toBeUndefined();
			expect((await folders.all()).map(({ path }) => path).filter((path) => path.startsWith('Work'))).toEqual([]);
		});
	});

	it('are neither deleted nor renamed if a special folder is below them', async () => {
		const own = scene(way);
		await own.makeFolder('Old', 'Old/Bin', 'Deleted Items');
		await own.use(async (connection) => {
			const folders = new Folders(connection, { archive: 'Old/Bin' });
			const above = await folders.find('Old');
			const refusal = { code: 'input', field: 'Folder', message: expect.stringContaining('contains the mailbox\'s Archive ("Old/Bin")') };
			await expect(folders.remove(above, true)).rejects.toMatchObject(refusal);
			await expect(folders.remove(above, false)).rejects.toMatchObject(refusal);
			await expect(folders.rename(above, 'Older')).rejects.toMatchObject(refusal);
			expect((await folders.all()).map(({ path }) => path)).toContain('Old/Bin');
		});
	});

	it('are found by what they are in another language, and where not, the nearest names are told', async () => {
		const own = scene(way);
		await own.makeFolder(
			'Gelöschte Elemente',
			'Entwürfe',
			'Rechnungen',
			'Rechnungen/Januar',
			'Rechnungen/Februar',
			...Array.from({ length: 12 }, (_, index) => `Kunde ${index}`),
		);
		await own.use(async (_connection, folders) => {
			expect((await folders.find('Deleted Items')).path).toBe('Gelöschte Elemente');
			expect((await folders.find('drafts')).path).toBe('Entwürfe');
			await expect(folders.find('Rechnung')).rejects.toMatchObject({
				code: 'notFound',
				field: 'Folder',
				message: expect.stringMatching(/no folder "Rechnung" .* nearest names are: Rechnungen\b/),
			});
			await expect(folders.find('')).rejects.toMatchObject({ code: 'input' });
			await expect(folders.special('sent')).rejects.toMatchObject({
				field: 'Sent Items Folder',
				remedy: expect.stringContaining('Sent Items Folder'),
			});
			await expect(folders.rename(await folders.find('INBOX'), 'Mine')).rejects.toMatchObject({
				code: 'input',
				message: expect.stringContaining('cannot be renamed'),
			});
			await expect(folders.remove(await folders.find('Entwürfe'), true)).rejects.toMatchObject({
				code: 'input',
				message: expect.stringContaining('cannot be deleted'),
			});
			await expect(folders.rename(await folders.find('Rechnungen'), 'Rechnungen/Neu')).rejects.toMatchObject({ field: 'New Name' });
			await expect(folders.create('a\u0000b')).rejects.toMatchObject({ code: 'input', field: 'Name' });
			await expect(folders.create(' / ')).rejects.toMatchObject({ code: 'input', field: 'Name' });
		});
	});

	it('are moved to the top by a new name that begins with a slash', async () => {
		const own = scene(way);
		await own.makeFolder('Top/Sub', 'Top/Other', 'Top/Third');
		await own.use(async (_connection, folders) => {
			expect((await folders.rename(await folders.find('Top/Sub'), '/Sub')).path).toBe('Sub');
			expect((await folders.rename(await folders.find('Top/Other'), '/Moved')).path).toBe('Moved');
			expect((await folders.rename(await folders.find('Top/Third'), 'Renamed')).path).toBe('Top/Renamed');
		});
	});

	it('stay in their place by a new name that only ends with a slash', async () => {
		const own = scene(way);
		await own.makeFolder('Kunden/Archive');
		await own.use(async (_connection, folders) => {
			const renamed = await folders.rename(await folders.find('Kunden/Archive'), 'Rechnungen/');
			expect(renamed.path).toBe('Kunden/Rechnungen');
			expect((await folders.rename(renamed, ' Belege / ')).path).toBe('Kunden/Belege');
			expect((await folders.rename(await folders.find('Kunden/Belege'), 'Neu/Belege/')).path).toBe('Neu/Belege');
			expect((await folders.rename(await folders.find('Neu/Belege'), '/Oben/')).path).toBe('Oben');
		});
	});

	it("are the mailbox's own by the name of a special folder, unless a path is the same", async () => {
		const own = scene(way);
		await own.makeFolder('Entwürfe', 'Kunden/Drafts', 'Gelöschte Elemente', 'Trash', 'Alt/Sent', 'Neu/Archive');
		await own.use(async (connection, folders) => {
			const found = async (...names: string[]): Promise<string[]> =>
				await Promise.all(names.map(async (name) => (await folders.find(name)).path));
			expect(await found('Drafts', 'kunden/drafts', 'Trash', 'Deleted Items', 'Sent', 'Archive')).toEqual([
				'Entwürfe',
				'Kunden/Drafts',
				'Trash',
				'Gelöschte Elemente',
				'Alt/Sent',
				'Neu/Archive',
			]);
			expect((await folders.exceptions('Drafts')).map(({ path }) => path)).toEqual(['Kunden/Drafts', 'Entwürfe']);
			expect((await folders.exceptions('Trash')).map(({ path }) => path)).toEqual(['Trash', 'Gelöschte Elemente']);
			await folders.create('Kunden/Trash');
			expect((await folders.exceptions('Trash')).map(({ path }) => path)).toEqual(['Trash', 'Kunden/Trash', 'Gelöschte Elemente']);
			expect((await folders.exceptions('Kunden/Trash')).map(({ path }) => path)).toEqual(['Kunden/Trash']);
			expect((await new Folders(connection, { drafts: 'Drafts' }).special('drafts')).path).toBe('Entwürfe');
			const crossed = new Folders(connection, { drafts: 'Junk Email', deleted: 'Drafts' });
			expect((await crossed.special('deleted')).path).toBe('Entwürfe');
			await expect(crossed.find('Drafts')).rejects.toMatchObject({ code: 'notFound', field: 'Drafts Folder' });
			await expect(folders.exceptions('Nowhere')).rejects.toMatchObject({ code: 'notFound', field: 'Except Folders' });
		});
	});

	it('are found where their names begin or end with a blank', async () => {
		const own = scene(way);
		await own.makeFolder('Old ', 'Top/ New', 'Both', 'Both ');
		await own.use(async (_connection, folders) => {
			const found = async (...names: string[]): Promise<string[]> =>
				await Promise.all(names.map(async (name) => (await folders.find(name)).path));
			expect(await found('Old ', 'Old', 'Top/ New', 'Top/New', 'new', ' New', 'Both', 'Both ', ' Both')).toEqual([
				'Old ',
				'Old ',
				'Top/ New',
				'Top/ New',
				'Top/ New',
				'Top/ New',
				'Both',
				'Both ',
				'Both',
			]);
		});
	});

	it.each(['R&D & more', '&-', 'Τιμολόγια', '請求書', 'Rechnungen 🧾', 'Größe, "quoted" (a)', 'a+b ~c %d'])(
		'called %s are made, listed, found, counted, filled from, renamed and deleted',
		async (name) => {
			const own = scene(way);
			await own.makeFolder('Deleted Items');
			await own.sandbox.deliver(own.mailbox, mail('a'));
			await own.use(async (connection, folders) => {
				const path = `Work/${name}`;
				expect((await folders.create(path)).folder).toMatchObject({ path, name });
				expect((await folders.all()).map((one) => one.path)).toContain(path);
				expect((await folders.find(path)).path).toBe(path);
				expect((await folders.find(name)).path).toBe(path);
				expect((await folders.find(name.normalize('NFD'))).path).toBe(path);
				const [there] = await locate(connection, folders, readReferences(1), 'INBOX');
				const moved = await change(connection, 'INBOX', there?.kind === 'there' ? [there] : [], { kind: 'move', to: path });
				expect(moved.get(1)).toMatchObject({ kind: 'done', uid: 1 });
				expect(await folders.status(await folders.find(name))).toMatchObject({ path, name, parent: 'Work', messages: 1 });
				expect(await find(connection, [path], { criteria: [], newestFirst: true, limit: 5 }, { envelope: true })).toMatchObject({
					mails: [{ folder: path, uid: 1, facts: { envelope: { subject: 'a' } } }],
				});
				await expect(folders.find(`${name} of nobody`)).rejects.toMatchObject({
					code: 'notFound',
					message: expect.stringContaining(path),
				});
				const renamed = await folders.rename(await folders.find(name), `${name} 2`);
				expect(renamed.path).toBe(`${path} 2`);
				expect((await folders.remove(renamed, false))?.path).toBe(`Deleted Items/${name} 2`);
				expect((await folders.all()).map((one) => one.path)).toEqual(expect.arrayContaining(['Work', `Deleted Items/${name} 2`]));
			});
		},
	);
});

it('names a full mailbox as the reason why a folder was not created', async () => {
	const own = scene('exchange');
	own.sandbox.exchange.plan('imap', 'CREATE', { reply: '%t NO [OVERQUOTA] Mailbox is full.' });
	await expect(own.use(async (_connection, folders) => await folders.create('Invoices'))).rejects.toMatchObject({
		message: expect.stringMatching(/^The server refused CREATE for the folder "Invoices": .+ is full\. The server said: NO \[OVERQUOTA\]/),
		remedy: expect.stringContaining('empty Deleted Items'),
	});
});
