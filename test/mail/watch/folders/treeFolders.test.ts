import { expect, it } from 'vitest';

import type { Folder } from '../../../../mail/imap/folders';
import { foldersIn } from '../../../../mail/watch/folders/treeFolders';

const folder = (path: string): Folder => ({ path, name: path.split('/').at(-1) ?? path, delimiter: '/' });

it.each([
	['a folder of a person has the same name', ['Kunden/Drafts'], ['Drafts'], ['INBOX', 'Kunden']],
	['another program has made one with the same name', ['Drafts'], ['Drafts'], ['INBOX', 'Kunden']],
	['it has none of this name', [], ['Drafts', 'Junk Email'], ['INBOX', 'Kunden']],
	['it is named by its path', ['Kunden/Drafts'], ['Kunden/Drafts'], ['INBOX', 'Entwürfe', 'Kunden']],
])('a special folder of a mailbox in another language is left out where %s', (_name, more, except, watched) => {
	const known = ['INBOX', 'Entwürfe', 'Kunden', ...more].map(folder);
	const missing: string[] = [];
	expect(foldersIn(known, [], { scope: 'all', except }, missing).map(({ path }) => path)).toEqual(watched);
	expect(missing).toEqual([]);
});

it('all folders of a name are left out, also where one of them has it as its path', () => {
	const known = ['INBOX', 'Drafts', 'Projects', 'Projects/Drafts'].map(folder);
	expect(foldersIn(known, [], { scope: 'all', except: ['Drafts'] }).map(({ path }) => path)).toEqual(['INBOX', 'Projects']);
});

it('the folder whose subfolders are watched is the special folder of a mailbox in another language', () => {
	const known = ['INBOX', 'Archiv', 'Archiv/2025', 'Kunden', 'Kunden/Archive'].map(folder);
	expect(foldersIn(known, ['Archive'], { scope: 'subtree', except: [] }).map(({ path }) => path)).toEqual(['Archiv', 'Archiv/2025']);
});
