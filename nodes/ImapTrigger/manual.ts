import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { isRefusal } from '../../mail/blame';
import { MailError } from '../../mail/errors';
import { chooseFolder } from '../../mail/imap/chosenFolder';
import { divideAll } from '../../mail/imap/criteriaParts';
import { fetchMails, type FetchedMail, type UnfetchedMail } from '../../mail/imap/fetch';
import { listFolders, type Folder } from '../../mail/imap/folders';
import { narrowing, searchAfter, UIDS_IN_COMMAND } from '../../mail/imap/search';
import { ImapSession } from '../../mail/imap/session';
import { locateTargets } from '../../mail/watch/handover/aftercare';
import { foldersIn, requireExceptions } from '../../mail/watch/folders/treeFolders';
import { openAccount } from '../signIn/credentialAccount';
import { nodeError } from '../nodeError';
import { readSettings, type Settings } from './settings';
import { itemOf } from './trigger';

/** Maximum number of newest emails that are tried, because some may have left the folder or have no attachment. */
const CANDIDATES = 50;

/** What a test has found in the folders that it has searched. */
interface Search {
	/** Each folder, with why none of its emails was taken. */
	searched: string[];
	/** Sentences about folders whose emails have no attachment. */
	bare: string[];
	/** Why folders were not searched, and emails not fetched. */
	failures: MailError[];
}

/**
 * Returns the newest matching email for a test in the editor. Changes nothing in the mailbox.
 * @throws NodeApiError, or NodeOperationError that explains why there is none
 */
export async function fetchSample(context: IExecuteFunctions): Promise<INodeExecutionData> {
	let session: ImapSession | undefined;
	try {
		const settings = readSettings({ getNodeParameter: (name, fallback) => context.getNodeParameter(name, 0, fallback) });
		const account = await openAccount(context, settings.account);
		session = await ImapSession.open(account);
		const open = session;
		const known = await listFolders(open);
		const paths = watchedPaths(known, settings);
		// A test moves nothing, but reports folders that would cause a failure later.
		locateTargets(known, settings.tree === undefined ? settings.folders : paths, settings.rules);
		const search: Search = { searched: [], bare: [], failures: [] };
		for (const path of paths) {
			const item = await newestIn(context, open, path, settings, search);
			if (item !== undefined) return item;
		}
		throw nothingFound(account.mailbox, settings, search);
	} catch (error) {
		throw nodeError(context.getNode(), error);
	} finally {
		session?.close();
	}
}

/** @throws MailError if a folder does not exist */
function watchedPaths(known: readonly Folder[], { folders, tree }: Settings): string[] {
	if (tree === undefined) return folders.map((wanted) => chooseFolder(known, wanted).path);
	const missing: string[] = [];
	const found = foldersIn(known, folders, tree, missing);
	requireExceptions(known, missing);
	return found.map(({ path }) => path);
}

/** Says what was refused, or which folders have no email that matches, and always where the test has searched. */
function nothingFound(mailbox: string, settings: Settings, { searched, bare, failures }: Search): MailError {
	const where = `Searched in ${mailbox}: ${searched.join('; ')}.`;
	const [failure] = failures;
	if (failure !== undefined) return failure.advising(failure.remedy === undefined ? where : `${failure.remedy} ${where}`);
	if (bare.length > 0) {
		const remedy = `${where} Send an email with an attachment to it, or turn off Has Attachment, then test again.`;
		return new MailError(bare.join(' '), { code: 'input', remedy });
	}
	const none = `No email in ${settings.tree?.scope === 'all' ? 'any folder' : settings.folders.join(', ')} matches`;
	return new MailError(`${none}${settings.criteriaText === '' ? '' : ` ${settings.criteriaText}`}.`, {
		code: 'input',
		remedy: `${where} Send an email to it, or relax the filters, then test again.`,
	});
}

/** Returns the newest matching email of a folder. If there is none, or the server refuses the folder, it is noted. */
async function newestIn(
	context: IExecuteFunctions,
	session: ImapSession,
	path: string,
	settings: Settings,
	search: Search,
): Promise<INodeExecutionData | undefined> {
	const told = await candidatesIn(session, path, settings);
	if (told instanceof MailError) {
		search.failures.push(told);
		search.searched.push(`${path} (refused by the server)`);
		return undefined;
	}
	const { uids, empty } = told;
	const item = await newest(context, session, uids, settings, path, search.failures);
	search.searched.push(`${path} (${empty ? 'empty' : `${counted(uids.length)} match the filters`})`);
	if (settings.rules.limits.onlyWithAttachment && uids.length > 0) search.bare.push(withoutAttachment(uids.length, path));
	return item;
}

/** @returns the reason if the server refuses this folder and goes on with the session */
async function candidatesIn(
	session: ImapSession,
	path: string,
	settings: Settings,
): Promise<Awaited<ReturnType<typeof candidates>> | MailError> {
	try {
		await session.selectNamed(path);
		return await candidates(session, settings);
	} catch (error) {
		return refusalOf(session, error);
	}
}

/** @throws what is no refusal of this folder */
function refusalOf(session: ImapSession, error: unknown): MailError {
	if (!isRefusal(error) || session.over) throw error;
	return error;
}

/** Returns the newest emails that match, newest first, and one more than are tried, if there are more. */
async function candidates(session: ImapSession, { criteria }: Settings): Promise<{ uids: number[]; empty: boolean }> {
	const { theirs, ours } = divideAll(criteria);
	const { uids, highest } = await searchAfter(session, 0, theirs);
	const narrow = narrowing(ours);
	const found: number[] = [];
	// What is compared here takes a command for each group, so it ends as soon as there are enough.
	for (let end = uids.length; end > 0 && found.length <= CANDIDATES; end -= UIDS_IN_COMMAND)
		found.push(...(await narrow(session, uids.slice(Math.max(0, end - UIDS_IN_COMMAND), end))).reverse());
	return { uids: found.slice(0, CANDIDATES + 1), empty: highest === 0 };
}

function counted(count: number): string {
	return count > CANDIDATES ? `more than ${CANDIDATES}` : String(count);
}

async function newest(
	context: IExecuteFunctions,
	session: ImapSession,
	uids: readonly number[],
	settings: Settings,
	path: string,
	failures: MailError[],
): Promise<INodeExecutionData | undefined> {
	for (const uid of uids.slice(0, CANDIDATES)) {
		const found = fetchMails(async (_command, work) => await work(session), [uid], settings.rules.limits);
		for await (const mail of found) {
			// Exchange lists it and does not return it. An older one serves the test as well.
			if (!isFetched(mail)) {
				failures.push(mail.failure);
				continue;
			}
			const item = await itemOf(context, settings, mail, { folder: path, uidValidity: session.uidValidity, startedBy: 'new' });
			if (item !== undefined) return item;
		}
	}
	return undefined;
}

function withoutAttachment(count: number, path: string): string {
	if (count === 1) return `The only email in ${path} that was found has no attachment.`;
	return count > CANDIDATES
		? `None of the newest ${CANDIDATES} matching emails in ${path} has an attachment.`
		: `None of the ${count} emails in ${path} has an attachment.`;
}

function isFetched(mail: FetchedMail | UnfetchedMail): mail is FetchedMail {
	return 'content' in mail;
}
