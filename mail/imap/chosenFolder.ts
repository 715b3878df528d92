import { MailError } from '../errors';
import { addTo } from '../groups';
import { isBelow, type Folder } from './folders';
import { isExchangeName, specialFolders, specialNamed, type SpecialFolder } from './specialFolders';

/** Finds a special folder of the mailbox. */
type Special = (kind: SpecialFolder) => Folder | undefined;

/** Finds the folder that a user means, see {@link foldersMeant}. @throws MailError `notFound`, naming the folders that exist */
export function chooseFolder(folders: readonly Folder[], wanted: string, field = 'Folder'): Folder {
	const found = foldersMeant(folders, wanted);
	const asked = wanted.trim();
	if (found.length === 1 && found[0] !== undefined) return found[0];
	if (found.length > 1)
		throw notFound(`The folder name "${asked}" matches ${found.length} folders: ${found.map((folder) => folder.path).join(', ')}.`, field);
	const known = folders
		.slice(0, 20)
		.map((folder) => folder.path)
		.join(', ');
	throw notFound(
		`There is no folder "${asked}". The mailbox has: ${known}${folders.length > 20 ? ` and ${folders.length - 20} more` : ''}.`,
		field,
		howToName(asked),
	);
}

/**
 * Finds all folders that a user may mean. The first of these ways that finds a folder counts:
 *
 * - by its path, also with `/` in place of the server's separator
 * - by the name that Exchange gives a special folder in English, such as `Drafts` for `Entwürfe`
 * - by its name, or by its path below INBOX, if only one folder outside Deleted Items has it
 * - by the name of a special folder in any language
 *
 * Upper and lower case matter only if two folders differ in nothing else. Blanks before and behind a name may belong to it.
 */
export function foldersMeant(folders: readonly Folder[], wanted: string, special: Special = specialOf(folders)): Folder[] {
	const there = foldersAt(folders, wanted);
	if (there.length > 0) return there;
	const kind = specialNamed(wanted);
	const own = kind === undefined ? undefined : special(kind);
	if (own !== undefined && isExchangeName(wanted)) return [own];
	// "Archiv" in an English mailbox is rather a folder that somebody made than the archive.
	const named = foldersNamed(wanted.includes('/') ? folders : withoutDeleted(folders), wanted);
	return own === undefined || named.length === 1 ? named : [own];
}

/**
 * Finds the folders that a user means to leave out. A path means one folder. A name means all folders that have it, wherever they are, and
 * the special folder that it names in any language.
 */
export function foldersToLeaveOut(folders: readonly Folder[], wanted: string, special: Special = specialOf(folders)): Folder[] {
	if (wanted.includes('/')) return foldersNamed(folders, wanted);
	const kind = specialNamed(wanted);
	const own = kind === undefined ? undefined : special(kind);
	return [...new Set([...foldersAt(folders, wanted), ...eachNamed(folders, wanted), ...(own === undefined ? [] : [own])])];
}

/** Outlook deletes a folder by moving it below Deleted Items, where emails are lost sooner or later. So its name does not find it. */
function withoutDeleted(folders: readonly Folder[]): readonly Folder[] {
	const deleted = specialFolders(folders).get('deleted');
	return deleted === undefined ? folders : folders.filter(({ path }) => !isBelow(path, deleted));
}

/** Finds the folders with this path, without looking at names. */
export function foldersAt(folders: readonly Folder[], wanted: string): Folder[] {
	const isBelowInbox = folders.every((folder) => /^INBOX(?:\/|$)/i.test(slashed(folder)));
	return firstFound(
		folders,
		spellings(wanted).flatMap((asked) => [...byPath(asked), ...(isBelowInbox ? [byPathBelowInbox(asked)] : [])]),
	);
}

function specialOf(folders: readonly Folder[]): Special {
	return (kind) => specialFolders(folders).get(kind);
}

function foldersNamed(folders: readonly Folder[], wanted: string): Folder[] {
	return firstFound(folders, [
		...spellings(wanted).flatMap((asked) => [...byPath(asked), (folder: Folder) => same(folder.name, asked), byPathBelowInbox(asked)]),
		(folder) => same(trimmed(slashed(folder)), trimmed(wanted)),
		(folder) => same(folder.name.trim(), wanted.trim()),
	]);
}

/** Finds all folders with a name. Of the folders below the same one, only those count whose names are the most alike. */
function eachNamed(folders: readonly Folder[], wanted: string): Folder[] {
	const siblings = new Map<string, Folder[]>();
	for (const folder of folders) {
		const parent = folder.path.slice(0, folder.path.length - folder.name.length);
		addTo(siblings, parent, folder);
	}
	return [...siblings.values()].flatMap((some) =>
		firstFound(some, [({ name }) => name === wanted, ({ name }) => same(name, wanted), ({ name }) => same(name.trim(), wanted.trim())]),
	);
}

type Way = (folder: Folder) => boolean;

function firstFound(folders: readonly Folder[], ways: readonly Way[]): Folder[] {
	for (const way of ways) {
		const found = folders.filter(way);
		if (found.length > 0) return found;
	}
	return [];
}

function byPath(asked: string): Way[] {
	return [
		(folder) => folder.path === asked,
		(folder) => slashed(folder) === asked,
		(folder) => same(folder.path, asked) || same(slashed(folder), asked),
	];
}

/** As on other servers, without the INBOX below which this one keeps all folders. */
function byPathBelowInbox(asked: string): Way {
	return (folder) => same(slashed(folder).replace(/^INBOX\//i, ''), asked);
}

function spellings(wanted: string): string[] {
	return [...new Set([wanted, wanted.trim()])];
}

function slashed({ path, delimiter }: Folder): string {
	return delimiter === '' ? path : path.split(delimiter).join('/');
}

function trimmed(path: string): string {
	return path
		.split('/')
		.map((name) => name.trim())
		.join('/');
}

/** A letter with its accent may be one character or two, as text copied on a Mac has it. */
function same(one: string, other: string): boolean {
	return one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
}

function notFound(message: string, field: string, remedy = howToName()): MailError {
	return new MailError(message, { code: 'notFound', speaker: 'imap', field, remedy });
}

/**
 * Exchange leaves folders with a slash in their name, and what is below them, out of LIST:
 * https://github.com/jstedfast/MailKit/issues/1858
 */
export function howToName(asked = ''): string {
	const how = 'Choose the folder from the list, or enter its full path, for example INBOX/Invoices.';
	return asked.includes('/') ? `${how} If a slash belongs to its name, rename it in Outlook: Exchange hides such a folder.` : how;
}
