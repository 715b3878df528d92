import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { Folders } from '../../mail/mailbox/mailboxFolders';
import type { Connection } from '../../mail/mailbox/sessions';
import { nodeError } from '../nodeError';
import type { MailContext } from '../Office365SmtpSend/settings/context';

/** Everything that an operation needs. */
export interface Scene {
	context: IExecuteFunctions;
	/** The parameters of one item. Each is read once. */
	own: MailContext;
	item: number;
	connection: Connection;
	folders: Folders;
	operation: string;
}

export type Results = Map<number, INodeExecutionData[] | Error>;

/** Records why an item failed. @throws at once if a failure ends the execution */
export function note(context: IExecuteFunctions, results: Results, item: number, error: unknown): void {
	const failure = error instanceof Error ? error : new Error(String(error));
	if (!context.continueOnFail() || (failure instanceof MailError && failure.code === 'stopped'))
		throw nodeError(context.getNode(), failure, item);
	results.set(item, failure);
}
