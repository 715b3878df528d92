import { MailError } from '../../errors';
import { chooseFolder, foldersToLeaveOut } from '../../imap/chosenFolder';
import { isBelow, type Folder } from '../../imap/folders';
import { specialNamed } from '../../imap/specialFolders';

/** Which folders are watched besides those that the user named. */
export interface TreeWish {
	/** `all`: every folder of the mailbox; `subtree`: the named ones and all below them. */
	scope: 'all' | 'subtree';
	/** Folders that are left out with all folders below them, as the user wrote them. */
	except: readonly string[];
}

/** Maximum number of folders. With more, a survey would take longer than new emails may wait, and the memory would become too large. */
const MOST_FOLDERS = 500;

/**
 * Finds the watched folders among those of a mailbox, INBOX first.
 *
 * @param named folders as the user wrote them; not used for `all`
 * @param missing exceptions that match no folder are added to it
 * @throws MailError `notFound` for a named folder that does not exist
 */
export function foldersIn(known: readonly Folder[], named: readonly string[], wish: TreeWish, missing: string[] = []): Folder[] {
	const roots = wish.scope === 'all' ? undefined : named.map((wanted) => chooseFolder(known, wanted));
	const left = wish.except.flatMap((wanted) => {
		const found = foldersToLeaveOut(known, wanted);
		// A mailbox may have no Junk Email folder. Any other name without a folder is a mistake.
		if (found.length === 0 && specialNamed(wanted) === undefined) missing.push(wanted);
		return found;
	});
	return known.filter((folder) => (roots === undefined || isWithin(folder, roots)) && !isWithin(folder, left));
}

/** Whether the folder is one of these or below one of them. */
function isWithin({ path }: Folder, roots: readonly Folder[]): boolean {
	return roots.some((root) => path === root.path || isBelow(path, root));
}

/** @throws MailError `input` for an exception that matches no folder */
export function requireExceptions(known: readonly Folder[], missing: readonly string[]): void {
	const [first] = missing;
	if (first === undefined) return;
	const paths = known.map(({ path }) => path);
	const more = paths.length > 20 ? ` and ${paths.length - 20} more` : '';
	throw new MailError(`There is no folder "${first}" to leave out. The mailbox has: ${paths.slice(0, 20).join(', ')}${more}.`, {
		code: 'input',
		field: 'Except Folders',
		remedy: 'Enter the name or the path of a folder, or remove the name from the list.',
	});
}

/** Limits the folders to those that are watched. @returns why the others are not */
export function bounded(folders: readonly Folder[]): { folders: readonly Folder[]; fault?: MailError } {
	if (folders.length <= MOST_FOLDERS) return { folders };
	return {
		folders: folders.slice(0, MOST_FOLDERS),
		fault: new MailError(`${folders.length} folders would be watched, and one trigger can watch at most ${MOST_FOLDERS}.`, {
			code: 'input',
			field: 'Except Folders',
			remedy: `Leave folders out, or watch the subfolders of one folder. Until then, the first ${MOST_FOLDERS} are watched.`,
		}),
	};
}

export function nothingLeft(): MailError {
	return new MailError('There is no folder to watch.', {
		code: 'input',
		field: 'Except Folders',
		remedy: 'Remove a folder from Except Folders.',
	});
}
