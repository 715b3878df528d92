import type { StatusObject } from 'imapflow';

import { isRefusal } from '../blame';
import { MailError } from '../errors';
import { foldersAt, foldersMeant, foldersToLeaveOut, howToName } from '../imap/chosenFolder';
import { isBelow, listFolders, namespaceOf, statusOf, type Folder } from '../imap/folders';
import type { ImapSession } from '../imap/session';
import { folded, SPECIAL_KINDS, specialFolders, specialNamed, type SpecialFolder } from '../imap/specialFolders';
import { why } from './outcome';
import type { Connection } from './sessions';

/** Special folders that the user named because their names are not known here. */
export type ChosenFolders = Partial<Record<SpecialFolder, string>>;

export interface FolderFacts {
	path: string;
	name: string;
	parent: string;
	/** 0 at the top. */
	depth: number;
	special?: SpecialFolder;
	messages?: number;
	unread?: number;
	uidNext?: number;
	uidValidity?: string;
	/** Bytes, if the server tells it. */
	size?: number;
}

const LABELS: Record<SpecialFolder, string> = {
	inbox: 'Inbox',
	drafts: 'Drafts',
	sent: 'Sent Items',
	deleted: 'Deleted Items',
	junk: 'Junk Email',
	archive: 'Archive',
};

const NOT_ALLOWED =
	'Check that the name is allowed, that no folder has this name yet, and that the signed-in user or app may change the folder.';

/** The folders of one mailbox during one execution. */
export class Folders {
	#listed: Promise<Folder[]> | undefined;

	constructor(
		private readonly connection: Connection,
		private readonly chosen: ChosenFolders = {},
	) {}

	/** INBOX first. @throws MailError */
	async all(): Promise<Folder[]> {
		this.#listed ??= this.connection.repeat(undefined, listFolders);
		return await this.#listed.catch((error: unknown) => {
			this.#listed = undefined;
			throw error;
		});
	}

	/**
	 * Finds the folder that a user means: by path, by the name of a special folder in any language (`Drafts` for `Entwürfe`), or by name if
	 * only one folder has it.
	 * @throws MailError `notFound` with the most similar names
	 */
	async find(wanted: string, field = 'Folder'): Promise<Folder> {
		const asked = wanted.trim();
		if (asked === '')
			throw new MailError(`${field} is empty.`, {
				code: 'input',
				field,
				remedy: 'Choose a folder from the list, or enter its path, for example INBOX/Invoices.',
			});
		const folders = await this.all();
		const found = foldersMeant(folders, wanted, (kind) => this.#specialIn(folders, kind));
		return this.#only(found, folders, asked, field);
	}

	/** @throws MailError `notFound` if none was found, or more than one */
	#only(found: readonly Folder[], folders: readonly Folder[], asked: string, field: string): Folder {
		if (found.length === 1 && found[0] !== undefined) return found[0];
		if (found.length > 1)
			throw missing(
				`The folder name "${asked}" matches ${found.length} folders: ${found.map(({ path }) => path).join(', ')}.`,
				field,
				'Enter the full path of the folder that you mean.',
			);
		const nearest = nearestTo(asked, folders);
		throw missing(
			`There is no folder "${asked}" in ${this.connection.account.mailbox}. ` +
				`${nearest.length === folders.length ? 'There are' : 'The nearest names are'}: ${nearest.join(', ')}.`,
			field,
			howToName(asked),
		);
	}

	/** @throws MailError `notFound` if it is unknown which folder it is */
	async special(kind: SpecialFolder): Promise<Folder> {
		const folders = await this.all();
		const found = this.#specialIn(folders, kind);
		if (found !== undefined) return found;
		const field = `${LABELS[kind]} Folder`;
		throw missing(
			`No folder of ${this.connection.account.mailbox} looks like ${LABELS[kind]}. ` +
				`Similar folders: ${nearestTo(LABELS[kind], folders).join(', ')}.`,
			field,
			`Add the option "${field}" and choose it.`,
		);
	}

	/** Undefined if there is none. @throws MailError `notFound` for a chosen one */
	#specialIn(folders: readonly Folder[], kind: SpecialFolder): Folder | undefined {
		const chosen = this.chosen[kind]?.trim() ?? '';
		if (chosen !== '' && specialNamed(chosen) !== kind)
			return this.#only(foldersMeant(folders, chosen), folders, chosen, `${LABELS[kind]} Folder`);
		const [exact] = chosen === '' ? [] : foldersAt(folders, chosen);
		return exact ?? specialFolders(folders).get(kind);
	}

	/** Finds the folders that a user means to leave out, see {@link foldersToLeaveOut}. @throws MailError `notFound` */
	async exceptions(wanted: string): Promise<Folder[]> {
		const folders = await this.all();
		const found = foldersToLeaveOut(folders, wanted, (kind) => this.#specialIn(folders, kind));
		return found.length > 0 ? found : [await this.find(wanted, 'Except Folders')];
	}

	/** Returns the folder and everything below it, itself first. */
	async subtree(above: Folder): Promise<Folder[]> {
		return (await this.all()).filter(({ path }) => path === above.path || isBelow(path, above));
	}

	/** Returns every folder with its counts, in the order of the tree. Folders that the server refuses have none. */
	async describe(counts: boolean): Promise<FolderFacts[]> {
		const folders = await this.all();
		const special = new Map([...specialFolders(folders)].map(([kind, { path }]) => [path, kind]));
		const told: FolderFacts[] = [];
		for (const folder of folders) {
			const counted = counts ? await this.connection.unlessRefused(async () => await this.#counts(folder)) : { done: {} };
			told.push({ ...factsOf(folder, special.get(folder.path)), ...('done' in counted ? counted.done : {}) });
		}
		return told;
	}

	async status(folder: Folder): Promise<FolderFacts> {
		const special = [...specialFolders(await this.all())].find(([, { path }]) => path === folder.path)?.[0];
		return { ...factsOf(folder, special), ...(await this.#counts(folder)) };
	}

	async #counts({ path }: Folder): Promise<Partial<FolderFacts>> {
		const status = await this.connection
			.repeat(undefined, async (session) => await statusOf(session, path))
			.catch((error: unknown) => {
				throw isRefusal(error) ? error.reworded(`The emails in "${path}" cannot be counted. ${error.summary}`) : error;
			});
		return countsOf(status);
	}

	/** Creates the folder and its parent folders. If it exists already, that is not a failure. @throws MailError */
	async create(wanted: string): Promise<{ folder: Folder; created: boolean }> {
		const folders = await this.all();
		const { delimiter, names } = await this.#pathOf(wanted, 'Name');
		const known = new Map(folders.map((folder) => [folded(folder.path), folder]));
		let path = '';
		let created = false;
		for (const part of names) {
			const next = path === '' ? part : `${path}${delimiter}${part}`;
			const there = known.get(folded(next));
			path = there?.path ?? next;
			if (there !== undefined) continue;
			const made = await this.#change(
				'CREATE',
				path,
				async (session) => await session.run('CREATE', async (client) => await client.mailboxCreate(path)),
			);
			created ||= made.created;
		}
		return {
			folder: (await this.all()).find((folder) => folder.path === path) ?? { path, name: names.at(-1) ?? path, delimiter },
			created,
		};
	}

	/**
	 * The names of a path with those that the server wants before the mailbox's own folders, such as INBOX. Text that begins with them may be
	 * a path as the server has it, such as `INBOX.Invoices`.
	 */
	async #pathOf(wanted: string, field: string): Promise<{ delimiter: string; names: string[]; isPath: boolean }> {
		const { prefix, delimiter } = await this.connection.repeat(undefined, async (session) => await Promise.resolve(namespaceOf(session)));
		const isTheirs = prefix !== '' && folded(wanted).startsWith(folded(prefix));
		const parts = partsOf(isTheirs ? wanted.split(delimiter).join('/') : wanted, field);
		const above = prefix.split(delimiter).filter((name) => name !== '');
		const isThere = above.every((name, index) => folded(parts[index] ?? '') === folded(name));
		// A slash at the end says nothing about the place.
		const isPath = isTheirs || /\/\s*[^\s/]/.test(wanted);
		return { delimiter, names: isThere ? parts : [...above, ...parts], isPath };
	}

	/** @param newName a name, which keeps the folder in its place, or a whole path, which has a slash before its end. @throws MailError */
	async rename(folder: Folder, newName: string): Promise<Folder> {
		await this.#requireOwn(folder, 'renamed');
		const { names, isPath } = await this.#pathOf(newName, 'New Name');
		const delimiter = folder.delimiter === '' ? '/' : folder.delimiter;
		const above = folder.path.split(delimiter).slice(0, -1);
		const path = (isPath ? names : [...above, ...names.slice(-1)]).join(delimiter);
		if (path === folder.path) return folder;
		if (path.startsWith(`${folder.path}${delimiter}`))
			throw new MailError(`"${folder.path}" cannot be moved into itself.`, {
				code: 'input',
				field: 'New Name',
				remedy: 'Choose a path outside of the folder.',
			});
		return await this.#moveTo(folder, path).catch(async (error: unknown) => {
			// Exchange answers RENAME below a folder that does not exist with BAD, where others create it (RFC 3501, section 6.3.5).
			const isBad = isPath && error instanceof MailError && error.cause instanceof MailError && error.cause.code === 'protocol';
			if (!isBad || names.length < 2) throw error;
			await this.create(names.slice(0, -1).join('/'));
			return await this.#moveTo(folder, path);
		});
	}

	/** Moves the folder to Deleted Items, as Outlook does, or deletes it permanently with its content. @throws MailError */
	async remove(folder: Folder, permanently: boolean): Promise<Folder | undefined> {
		await this.#requireOwn(folder, 'deleted');
		if (permanently) {
			const deepestFirst = (await this.subtree(folder)).sort((one, other) => other.path.length - one.path.length);
			for (const { path } of deepestFirst)
				await this.#change(
					'DELETE',
					path,
					async (session) => await session.run('DELETE', async (client) => await client.mailboxDelete(path)),
				);
			return undefined;
		}
		const deleted = await this.special('deleted');
		const delimiter = deleted.delimiter === '' ? '/' : deleted.delimiter;
		if (folder.path.startsWith(`${deleted.path}${delimiter}`)) return folder;
		const taken = new Set((await this.all()).map(({ path }) => folded(path)));
		let path = `${deleted.path}${delimiter}${folder.name}`;
		for (let count = 2; taken.has(folded(path)); count += 1) path = `${deleted.path}${delimiter}${folder.name} ${count}`;
		return await this.#moveTo(folder, path);
	}

	async #moveTo(folder: Folder, path: string): Promise<Folder> {
		await this.#change(
			'RENAME',
			folder.path,
			async (session) => await session.run('RENAME', async (client) => await client.mailboxRename(folder.path, path)),
		);
		return (await this.all()).find((one) => one.path === path) ?? { ...folder, path, name: path.split(folder.delimiter).at(-1) ?? path };
	}

	async #change<T>(command: string, path: string, work: (session: ImapSession) => Promise<T>): Promise<T> {
		try {
			return await this.connection.once(undefined, work);
		} catch (error) {
			if (!(error instanceof MailError) || (error.code !== 'protocol' && error.code !== 'rejected')) throw error;
			const { reason, remedy = NOT_ALLOWED } = why(error);
			throw new MailError(`The server refused ${command} for the folder "${path}": ${reason}`, {
				code: 'rejected',
				speaker: 'imap',
				command,
				mailbox: this.connection.account.mailbox,
				remedy,
				cause: error,
			});
		} finally {
			this.#listed = undefined;
			this.connection.forget();
		}
	}

	/** A special folder is neither the folder nor below it. @throws MailError */
	async #requireOwn(folder: Folder, verb: string): Promise<void> {
		const within = new Set((await this.subtree(folder)).map(({ path }) => path));
		const special = [...specialFolders(await this.all()), ...(await this.#chosenOnes())].find(([, { path }]) => within.has(path));
		if (special === undefined) return;
		const [kind, { path }] = special;
		const [reason, remedy] =
			path === folder.path
				? [`is the mailbox's ${LABELS[kind]}`, '']
				: [`contains the mailbox's ${LABELS[kind]} ("${path}")`, ', or the folders below this one one by one'];
		throw new MailError(`"${folder.path}" ${reason} and cannot be ${verb}.`, {
			code: 'input',
			field: 'Folder',
			remedy: `Choose a folder that a person or a workflow has created${remedy}.`,
		});
	}

	async #chosenOnes(): Promise<Array<readonly [SpecialFolder, Folder]>> {
		const folders = await this.all();
		return SPECIAL_KINDS.flatMap((kind) => {
			const name = this.chosen[kind]?.trim() ?? '';
			return name === '' ? [] : foldersMeant(folders, name).map((folder) => [kind, folder] as const);
		});
	}
}

function countsOf({ messages, unseen, uidNext, uidValidity }: StatusObject): Partial<FolderFacts> {
	return { messages, unread: unseen, uidNext, uidValidity: uidValidity === undefined ? undefined : String(uidValidity) };
}

function factsOf({ path, name, delimiter }: Folder, special: SpecialFolder | undefined): FolderFacts {
	const parts = delimiter === '' ? [path] : path.split(delimiter);
	return { path, name, parent: parts.slice(0, -1).join(delimiter), depth: parts.length - 1, ...(special !== undefined && { special }) };
}

/** @throws MailError `input` */
function partsOf(wanted: string, field: string): string[] {
	const parts = wanted
		.split('/')
		.map((part) => part.trim())
		.filter((part) => part !== '');
	const wrong = parts.find((part) => /[\u0000-\u001f\u007f]/.test(part));
	if (parts.length > 0 && wrong === undefined) return parts;
	throw new MailError(parts.length === 0 ? `${field} is empty.` : `${field} contains a line break or another control character.`, {
		code: 'input',
		field,
		remedy: 'Enter a name such as Invoices, or a path such as INBOX/Invoices/2026.',
	});
}

const MOST_NAMED = 12;

/** Returns the names with the most pairs of letters in common, or all of them if they are few. */
function nearestTo(asked: string, folders: readonly Folder[]): string[] {
	const likeness = ({ path, name }: Folder): number => Math.max(shared(folded(path), folded(asked)), shared(folded(name), folded(asked)));
	if (folders.length <= MOST_NAMED) return folders.map(({ path }) => path);
	return folders
		.map((folder) => ({ folder, score: likeness(folder) }))
		.sort((one, other) => other.score - one.score)
		.slice(0, MOST_NAMED)
		.map(({ folder }) => folder.path);
}

/** Dice's coefficient of the pairs of letters: 0 if no pair is in both, 1 if they are equal. */
function shared(one: string, other: string): number {
	const pairs = (text: string): string[] =>
		Array.from({ length: Math.max(1, text.length - 1) }, (_, index) => text.slice(index, index + 2));
	const [left, right] = [pairs(one.slice(0, 200)), pairs(other.slice(0, 200))];
	const there = new Set(right);
	return (2 * left.filter((pair) => there.has(pair)).length) / (left.length + right.length);
}

function missing(message: string, field: string, remedy: string): MailError {
	return new MailError(message, { code: 'notFound', speaker: 'imap', field, remedy });
}
