import { expect, it } from 'vitest';

import type { Folder } from '../../../../mail/imap/folders';
import { foldersIn } from '../../../../mail/watch/folders/folderTree';

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
