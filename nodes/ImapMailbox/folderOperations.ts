import type { INodeExecutionData } from 'n8n-workflow';

import { locator } from '../parameters/folderParameter';
import { flag, text } from '../parameters/parameterValues';
import { isTool, shortenFolder } from '../toolAnswers';
import type { Scene } from './scene';

export async function runFolder({ context, own, item, folders, operation, connection }: Scene): Promise<INodeExecutionData[]> {
	const { mailbox } = connection.account;
	const wanted = async (): ReturnType<typeof folders.find> =>
		await folders.find(locator(own.getNodeParameter('folder', item, ''), 'Folder'));
	switch (operation) {
		case 'create': {
			const { folder, created } = await folders.create(text(own.getNodeParameter('folderName', item, ''), 'Name'));
			return [{ json: { path: folder.path, name: folder.name, created, mailbox } }];
		}
		case 'rename': {
			const folder = await wanted();
			const now = await folders.rename(folder, text(own.getNodeParameter('newName', item, ''), 'New Name'));
			return [{ json: { path: now.path, name: now.name, renamedFrom: folder.path, mailbox } }];
		}
		case 'delete': {
			const folder = await wanted();
			const now = await folders.remove(folder, flag(own.getNodeParameter('permanently', item, false), 'Delete Permanently'));
			return [
				{ json: { path: folder.path, deleted: true, ...(now === undefined ? { permanently: true } : { movedTo: now.path }), mailbox } },
			];
		}
		case 'getStatus':
			return [{ json: { ...(await folders.status(await wanted())), mailbox } }];
		default: {
			const all = await folders.describe(flag(own.getNodeParameter('includeCounts', item, true), 'Include Counts', true));
			return all.map((facts) => ({ json: isTool(context) ? shortenFolder({ ...facts }) : { ...facts, mailbox } }));
		}
	}
}
