import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import { endTry, Tries } from '../executions/tries';
import { Accounts } from '../signIn/accounts';
import { beginTest, type AccountChoice } from '../signIn/credentialAccount';
import { failedOutput, nodeError } from '../nodeError';
import { accountChoice, record } from '../parameters/parameterValues';
import { testConnection } from '../signIn/testConnection';
import { cancelSignal, getMany } from './getManyOperation';
import { Memory } from './fetchMemory';
import { readUidl, removeMails, type Removal } from './deleteOperation';
import { EarlierDeletions } from './earlierDeletions';
import { readStatistics } from './statisticsOperation';

/** What the tries of one run have fetched, by input item. */
interface Fetched {
	memory: Memory;
	items: Map<number, INodeExecutionData[]>;
}

const tries = new Tries<{ fetched?: Fetched }>(() => ({}));

/**
 * Runs once for each input item. A failed item ends the execution, unless continue-on-fail is set. What an earlier try of the same run has
 * fetched is not fetched again, because it counts as fetched, or was deleted.
 */
export async function fetchItems(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	if (context.getNodeParameter('operation', 0, 'getMany') === 'delete') return await deleteItems(context);
	const run = tries.begin(context);
	const kept = run?.kept ?? {};
	const isLast = run === undefined || run.isLast;
	try {
		kept.fetched ??= { memory: new Memory(context), items: new Map() };
		const results = await fetchEach(context, kept.fetched, isLast);
		// n8n runs the node again only if it failed, or if its first item has this field.
		if (results[0]?.json.error === undefined) kept.fetched = undefined;
		return results;
	} finally {
		// Emails that nobody asks for again need not be held in memory.
		if (isLast) kept.fetched = undefined;
		endTry(run);
	}
}

/** @param isLast whether nobody gets what was fetched if this try fails */
async function fetchEach(context: IExecuteFunctions, { memory, items }: Fetched, isLast: boolean): Promise<INodeExecutionData[]> {
	const results: INodeExecutionData[] = [];
	const accounts = new Accounts(context);
	for (let item = 0; item < context.getInputData().length; item += 1) {
		try {
			const made = items.get(item) ?? (await runItem(context, item, accounts, memory));
			items.set(item, made);
			for (const entry of made) results.push({ ...entry, pairedItem: { item } });
		} catch (error) {
			const isCancelled = cancelSignal(context)?.aborted === true;
			if (isCancelled || (isLast && !context.continueOnFail())) await memory.discard();
			if (isCancelled) throw nodeError(context.getNode(), error, item);
			results.push(failed(context, error, item));
		}
	}
	memory.save();
	return results;
}

async function runItem(context: IExecuteFunctions, item: number, accounts: Accounts, memory: Memory): Promise<INodeExecutionData[]> {
	const account = await accounts.of(choiceOf(context, item), item);
	switch (context.getNodeParameter('operation', item, 'getMany')) {
		case 'testConnection':
			await beginTest(context, choiceOf(context, item), item);
			return [{ json: await testConnection(account, 'pop', record(context.getNodeParameter('options', item, {}))) }];
		case 'statistics':
			return [{ json: await readStatistics(account) }];
		default:
			return await getMany(context, item, account, memory);
	}
}

/** Processes all input items together, with one session for each mailbox, not for each email. */
async function deleteItems(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const removals: Removal[] = [];
	const problems = new Map<number, unknown>();
	const accounts = new Accounts(context);
	const items = context.getInputData().map((_, item) => item);
	for (const item of items) {
		try {
			removals.push({ item, uidl: readUidl(context, item), account: await accounts.of(choiceOf(context, item), item) });
		} catch (error) {
			if (!context.continueOnFail()) throw nodeError(context.getNode(), error, item);
			problems.set(item, error);
		}
	}
	const removed = await removeMails(removals, EarlierDeletions.of(context));
	return items.map((item) => {
		const result = removed.get(item) ?? problems.get(item);
		if (result instanceof MailError || !isItem(result)) return failed(context, result, item);
		return { ...result, pairedItem: { item } };
	});
}

function isItem(value: unknown): value is INodeExecutionData {
	return typeof value === 'object' && value !== null && 'json' in value;
}

function choiceOf(context: IExecuteFunctions, item: number): AccountChoice {
	return accountChoice(context.getNodeParameter('authentication', item, 'oAuth2'), record(context.getNodeParameter('options', item, {})));
}

/** @throws NodeApiError or NodeOperationError unless continue-on-fail is set */
function failed(context: IExecuteFunctions, error: unknown, item: number): INodeExecutionData {
	const told = nodeError(context.getNode(), error, item);
	if (!context.continueOnFail()) throw told;
	return failedOutput(context, told, item);
}
