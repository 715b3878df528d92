import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { withMailbox, type Connection } from '../../mail/mailbox/sessions';
import { Accounts } from '../signIn/accounts';
import { beginTest, type AccountChoice } from '../signIn/credentialAccount';
import { endTry, Tries } from '../executions/tries';
import { failedOutput, nodeError } from '../nodeError';
import { Parameters } from '../Office365SmtpSend/settings/context';
import { accountChoice, record } from '../parameters/parameterValues';
import { testConnection } from '../signIn/testConnection';
import { capped, isTool } from '../toolAnswers';
import { appendMail } from './appendOperation';
import { changeMails } from './changeOperations';
import { runDraft } from './draftOperations';
import { runFolder } from './folderOperations';
import { getAttachments, getConversation, getMails, getMany, getRaw } from './messageOperations';
import { note, type Results, type Scene } from './scene';
import { foldersFor } from './settings';

/** Input items for the same mailbox. */
interface Group {
	account: Account;
	choice: AccountChoice;
	items: number[];
}

/** Operations that do something else if they are done twice: the email has moved, or there is a second copy. */
const ONCE = new Set(['move', 'copy', 'delete', 'append', 'create', 'createReply', 'update', 'send', 'rename']);

/** The results of each run of a node, by item. */
const tries = new Tries<Map<number, INodeExecutionData[]>>(() => new Map());

/**
 * Processes all input items; those for the same mailbox share one session. Each output item is paired with its input item. What an earlier
 * try of the same run has done is not done again.
 */
export async function runMailbox(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const parameters = new Parameters(context);
	const run = ONCE.has(String(context.getNodeParameter('operation', 0, 'getMany'))) ? tries.begin(context) : undefined;
	const results: Results = new Map(run?.kept);
	try {
		for (const group of await groupsOf(context, parameters, results)) await runGroup(context, parameters, group, results);
	} finally {
		for (const [item, result] of results) if (!(result instanceof Error)) run?.kept.set(item, result);
		endTry(run);
	}
	if (isTool(context)) {
		const resource = String(context.getNodeParameter('resource', 0, 'message'));
		for (const [item, result] of results) if (!(result instanceof Error)) results.set(item, capped(result, resource));
	}
	return context.getInputData().flatMap((_, item) => outputOf(context, item, results.get(item) ?? []));
}

/** @throws NodeApiError or NodeOperationError unless continue-on-fail is set */
function outputOf(context: IExecuteFunctions, item: number, result: INodeExecutionData[] | Error): INodeExecutionData[] {
	if (!(result instanceof Error)) return result.map((one) => ({ ...one, pairedItem: { item } }));
	const told = nodeError(context.getNode(), result, item);
	if (!context.continueOnFail()) throw told;
	return [failedOutput(context, told, item)];
}

async function groupsOf(context: IExecuteFunctions, parameters: Parameters, results: Results): Promise<Group[]> {
	const groups = new Map<string, Group>();
	const accounts = new Accounts(context);
	for (let item = 0; item < context.getInputData().length; item += 1) {
		if (results.has(item)) continue;
		try {
			const own = parameters.ofOneItem();
			const choice = accountChoice(
				own.getNodeParameter('authentication', item, 'oAuth2'),
				record(own.getNodeParameter('options', item, {})),
			);
			const { key, account } = await accounts.find(choice, item);
			const group = groups.get(key) ?? { account, choice, items: [] };
			group.items.push(item);
			groups.set(key, group);
		} catch (error) {
			note(context, results, item, error);
		}
	}
	return [...groups.values()];
}

async function runGroup(
	context: IExecuteFunctions,
	parameters: Parameters,
	{ account, choice, items }: Group,
	results: Results,
): Promise<void> {
	const [first = 0] = items;
	const operation = String(context.getNodeParameter('operation', first, 'getMany'));
	const resource = String(context.getNodeParameter('resource', first, 'message'));
	const each = async (act: (item: number) => Promise<INodeExecutionData[]>): Promise<void> => {
		for (const item of items) {
			try {
				results.set(item, await act(item));
			} catch (error) {
				note(context, results, item, error);
			}
		}
	};
	if (operation === 'testConnection') {
		await beginTest(context, choice, first);
		await each(async (item) => [{ json: await testConnection(account, 'imap', record(context.getNodeParameter('options', item, {}))) }]);
		return;
	}
	const work = async (connection: Connection): Promise<void> => {
		const shared = foldersFor(connection);
		const sceneOf = (item: number): Scene => {
			const own = parameters.ofOneItem();
			const options = record(own.getNodeParameter('options', item, {}));
			// Operations on emails leave the list of folders as it is.
			const folders = resource === 'message' ? shared(options) : foldersFor(connection)(options);
			return { context, own, item, connection, folders, operation };
		};
		if (resource === 'message' && ['move', 'copy', 'mark', 'delete'].includes(operation)) {
			await changeMails(context, parameters, { connection, items, operation, foldersOf: shared }, results);
			return;
		}
		await each(async (item) => await runItem(sceneOf(item), resource));
	};
	try {
		await withMailbox(account, work, context.getExecutionCancelSignal?.());
	} catch (error) {
		// Without a session, nothing was done for any of these items.
		for (const item of items) if (!results.has(item)) note(context, results, item, error);
	}
}

async function runItem(scene: Scene, resource: string): Promise<INodeExecutionData[]> {
	if (resource === 'folder') return await runFolder(scene);
	if (resource === 'draft') return await runDraft(scene);
	switch (scene.operation) {
		case 'get':
			return await getMails(scene);
		case 'getAttachments':
			return await getAttachments(scene);
		case 'getConversation':
			return await getConversation(scene);
		case 'getRaw':
			return await getRaw(scene);
		case 'append':
			return await appendMail(scene);
		default:
			return await getMany(scene);
	}
}
