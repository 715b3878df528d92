import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';

import { listFolders, type Folder } from '../../mail/imap/folders';
import { ImapSession } from '../../mail/imap/session';
import { openAccount } from '../signIn/credentialAccount';
import { nodeError } from '../nodeError';

/** The list of folders, from the server. */
export async function searchFolders(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
	const wanted = filter?.trim().toLowerCase() ?? '';
	const folders = await foldersOf(this);
	return { results: folders.filter(({ path }) => path.toLowerCase().includes(wanted)).map(({ path }) => ({ name: path, value: path })) };
}

export async function loadFolders(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
	return (await foldersOf(this)).map(({ path }) => ({ name: path, value: path }));
}

async function foldersOf(context: ILoadOptionsFunctions): Promise<Folder[]> {
	let session: ImapSession | undefined;
	try {
		const parameters = context.getCurrentNodeParameters();
		const options = parameters?.options;
		const address = typeof options === 'object' && options !== null && 'mailboxAddress' in options ? options.mailboxAddress : '';
		session = await ImapSession.open(
			await openAccount(context, {
				authentication: parameters?.authentication === 'serviceAccount' ? 'serviceAccount' : 'oAuth2',
				mailboxAddress: typeof address === 'string' ? address : '',
			}),
		);
		return await listFolders(session);
	} catch (error) {
		throw nodeError(context.getNode(), error);
	} finally {
		session?.close();
	}
}
