import { describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { chooseFolder, foldersAt, foldersToLeaveOut } from '../../../mail/imap/chosenFolder';
import type { Folder } from '../../../mail/imap/folders';

const all = (paths: string[], delimiter = '/'): Folder[] =>
	paths.map((path) => ({ path, name: path.split(delimiter).at(-1) ?? path, delimiter }));
const GERMAN = all(['INBOX', 'Archiv', 'Entwürfe', 'Gelöschte Elemente', 'Kunden', 'Kunden/Archive', 'Kunden/Trash']);

describe('the folder that a user means', () => {
	it.each([
		['Archive', 'Archiv'],
		['drafts', 'Entwürfe'],
		['Deleted Items', 'Gelöschte Elemente'],
		['Trash', 'Gelöschte Elemente'],
		['kunden/archive', 'Kunden/Archive'],
		['KUNDEN', 'Kunden'],
		['inbox', 'INBOX'],
	])("of %s is the mailbox's own one in another language, unless a path is the same: %s", (wanted, path) => {
		expect(chooseFolder(GERMAN, wanted).path).toBe(path);
	});

	it('is found by its name where the mailbox has no such special folder', () => {
		expect(chooseFolder(all(['INBOX', 'Kunden', 'Kunden/Drafts']), 'Drafts').path).toBe('Kunden/Drafts');
		expect(() => chooseFolder(all(['INBOX', 'A/Drafts', 'B/Drafts']), 'Drafts')).toThrow('matches 2 folders: A/Drafts, B/Drafts');
		expect(() => chooseFolder(GERMAN, 'Junk Email')).toThrow('There is no folder "Junk Email"');
	});

	it.each([
		['Archiv', 'INBOX/Archiv'],
		['Bin', 'INBOX/Bin'],
		['Papelera', 'Deleted Items'],
		['Archivo', 'Archive'],
	])('of %s, which Exchange calls otherwise here, is the only folder with this name before a special one: %s', (wanted, path) => {
		const known = all(['INBOX', 'Archive', 'Deleted Items', 'INBOX/Archiv', 'INBOX/Bin', 'A/Papelera', 'B/Papelera']);
		expect(chooseFolder(known, wanted).path).toBe(path);
	});

	it('is not found by its name below Deleted Items, where Outlook moves a folder that is deleted', () => {
		const known = all(['INBOX', 'Clients/Invoices', 'Gelöschte Elemente', 'Gelöschte Elemente/Done', 'Gelöschte Elemente/Invoices']);
		expect(() => chooseFolder(known, 'Done')).toThrow('There is no folder "Done"');
		expect(chooseFolder(known, 'Invoices').path).toBe('Clients/Invoices');
		expect(chooseFolder(known, 'Gelöschte Elemente/Done').path).toBe('Gelöschte Elemente/Done');
	});

	it('may be one that Exchange does not list, because its name has a slash', () => {
		const remedyFor = (wanted: string): unknown => {
			try {
				return chooseFolder(GERMAN, wanted).path;
			} catch (error) {
				return error instanceof MailError && error.remedy;
			}
		};
		expect(remedyFor('Kunden/A/B GmbH')).toContain('rename it in Outlook');
		expect(remedyFor('Rechnungen')).toBe('Choose the folder from the list, or enter its full path, for example INBOX/Invoices.');
	});

	it('is the one at the top by its name where the server keeps all folders below INBOX', () => {
		const known = all(['INBOX', 'INBOX.Sent', 'INBOX.Sent Items', 'INBOX.Work', 'INBOX.Old', 'INBOX.Old.Work'], '.');
		expect(['Sent', 'Sent Items', 'Work', 'Old/Work'].map((wanted) => chooseFolder(known, wanted).path)).toEqual([
			'INBOX.Sent',
			'INBOX.Sent Items',
			'INBOX.Work',
			'INBOX.Old.Work',
		]);
		expect(foldersAt(all(['INBOX', 'INBOX/Work', 'Other']), 'Work')).toEqual([]);
	});
});

describe('the folders that a user means to leave out', () => {
	const left = (paths: string[], wanted: string, delimiter?: string): string[] =>
		foldersToLeaveOut(all(paths, delimiter), wanted).map(({ path }) => path);

	it.each([
		[
			'are all that have the name',
			['INBOX', 'Drafts', 'Projects/Drafts', 'Projects/drafts of Ada'],
			'Drafts',
			['Drafts', 'Projects/Drafts'],
		],
		['are the special folder too', ['INBOX', 'Entwürfe', 'Kunden/Drafts', 'Drafts'], 'drafts', ['Drafts', 'Kunden/Drafts', 'Entwürfe']],
		['are all of a name that is no special one', ['INBOX', 'A/Work', 'B/work', 'Works'], 'Work', ['A/Work', 'B/work']],
		['are the one of a path', ['INBOX', 'Drafts', 'Projects/Drafts'], 'projects/drafts', ['Projects/Drafts']],
		['are those in the same place that are written alike', ['A/Work', 'A/work', 'B/WORK', 'Work '], 'Work', ['A/Work', 'B/WORK', 'Work ']],
		['are none', ['INBOX', 'Work'], 'Junk Email', []],
	])('%s: %j, %s', (_name, paths, wanted, found) => {
		expect(left(paths, wanted).sort()).toEqual([...found].sort());
	});

	it('are found by paths of the server too', () => {
		const paths = ['INBOX', 'INBOX.Drafts', 'INBOX.A', 'INBOX.A.Drafts'];
		expect(left(paths, 'INBOX.A.Drafts', '.')).toEqual(['INBOX.A.Drafts']);
		expect(left(paths, 'A/Drafts', '.')).toEqual(['INBOX.A.Drafts']);
		expect(left(paths, 'Drafts', '.')).toEqual(['INBOX.Drafts', 'INBOX.A.Drafts']);
	});
});
