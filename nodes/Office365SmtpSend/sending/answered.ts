import type { IDataObject } from 'n8n-workflow';

import { inputError, reasonOf } from '../../../mail/errors';
import type { Account } from '../../../mail/account';
import { change } from '../../../mail/mailbox/change';
import { Folders } from '../../../mail/mailbox/mailboxFolders';
import { locate } from '../../../mail/mailbox/locate';
import { readReferences } from '../../../mail/mailbox/references';
import { withMailbox } from '../../../mail/mailbox/sessions';

/**
 * Marks the email that was answered (`\\Answered`) in this mailbox. This happens after the reply has been sent, so a failure is reported
 * but does not fail the item.
 * @returns fields for the output
 */
export async function markAnswered(
	account: Account,
	item: IDataObject,
	signal?: AbortSignal,
): Promise<{ originalAnswered: boolean; originalAnsweredError?: string }> {
	try {
		await mark(account, item, signal);
		return { originalAnswered: true };
	} catch (error) {
		return { originalAnswered: false, originalAnsweredError: reasonOf(error) };
	}
}

/** @throws MailError */
async function mark(account: Account, item: IDataObject, signal?: AbortSignal): Promise<void> {
	if (item.uid === undefined || item.uidValidity === undefined) {
		throw inputError(
			'Mark Original as Answered',
			'the item does not contain the folder of the email.',
			'It needs uid, uidValidity and folder, as items of IMAP Trigger and IMAP Mailbox have them.',
		);
	}
	const references = readReferences(item, 'Original Message');
	await withMailbox(
		account,
		async (connection) => {
			const [fate] = await locate(connection, new Folders(connection), references, 'INBOX');
			if (fate === undefined || fate.kind === 'gone')
				throw inputError('Mark Original as Answered', 'the original is no longer in its folder.', 'Mark it before it is moved or deleted.');
			if (fate.kind === 'failed') throw fate.error;
			const done = (await change(connection, fate.folder, [fate], { kind: 'flags', add: ['\\Answered'], remove: [] })).get(fate.uid);
			if (done?.kind === 'failed') throw done.error;
			if (done?.kind === 'gone')
				throw inputError('Mark Original as Answered', 'the original is no longer in its folder.', 'Mark it before it is moved or deleted.');
		},
		signal,
	);
}
