import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';
import type { IDataObject, IExecuteFunctions, INodeExecutionData, IPollFunctions } from 'n8n-workflow';

import { appCredential } from '../../sandbox/credentials';
import type { Sandbox } from '../../sandbox/servers';
import { ProcessedData } from './processedData';

/** What a node has passed to n8n: log lines, hints, executions and errors. */
export interface Told {
	warnings: string[];
	hints: string[];
	/** Executions that a trigger started. `end`, `fail` and `refuse` report to it as n8n does; n8n gives no reason if it had the key before. */
	executions: Array<{ items: INodeExecutionData[]; end: () => void; fail: (message: string) => void; refuse: (reason?: Error) => void }>;
	failedExecutions: Error[];
	staticData: IDataObject;
}

export interface Scene {
	sandbox: Sandbox;
	mailbox: string;
	/** ID of the node's workflow. The same ID means the same node. */
	workflow: string;
	parameters?: Record<string, unknown>;
	/** Parameters with an expression, by name: their value for each input item. */
	perItem?: Record<string, unknown[]>;
	/** Fields of the credential with an expression: their values for each input item. */
	credentialPerItem?: Array<Record<string, unknown>>;
	mode?: string;
	name?: string;
	/** The node's type. It ends in "Tool" if an AI agent uses the node. */
	type?: string;
	activation?: string;
	/** The static data that n8n has stored. */
	staticData?: IDataObject;
	input?: number;
	/** n8n's store of processed data, which all processes share. */
	processed?: ProcessedData;
	popPort?: number;
	/** Aborted when the execution is cancelled. */
	cancel?: AbortSignal;
	/** Functions that an older n8n does not have. */
	lacks?: string[];
	/** The setting *Retry On Fail* of the node. */
	retryOnFail?: boolean;
	/** Set if this is one of several tries or runs of the same execution. */
	execution?: string;
	runIndex?: number;
	/** Called before n8n stores binary data. */
	storeBinary?: () => Promise<void>;
}

export function told(staticData: IDataObject = {}): Told {
	return { warnings: [], hints: [], executions: [], failedExecutions: [], staticData };
}

/** The folder in which nodes keep journals, unless the test file sets its own. */
if (process.env.N8N_USER_FOLDER === undefined) {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-nodes-'));
	process.env.N8N_USER_FOLDER = folder;
	const remove = (): void => rmSync(folder, { recursive: true, force: true });
	afterAll(remove);
	// A journal is written once more at the end, unless vitest ends the process at once.
	process.once('exit', remove);
}

/** Each context is an execution of its own. */
let executions = 0;

/** The parts of n8n that our nodes use, with the service account of the sandbox. */
function functions(
	{
		sandbox,
		mailbox,
		workflow,
		parameters = {},
		perItem = {},
		credentialPerItem = [],
		mode = 'trigger',
		name: nodeName = 'Node',
		type = 'test',
		activation = 'activate',
		input = 1,
		processed = new ProcessedData(),
		popPort,
		cancel,
		lacks = [],
		storeBinary = async () => undefined,
		retryOnFail,
		execution = String((executions += 1)),
		runIndex = 0,
	}: Scene,
	about: Told,
): object {
	const credential = appCredential(sandbox, mailbox);
	/** The parameters as the editor stores them, with expressions for those that differ from item to item. */
	const written = {
		authentication: 'serviceAccount',
		...parameters,
		...Object.fromEntries(Object.keys(perItem).map((name) => [name, `={{ $json.${name} }}`])),
	};
	const run = { finished: true, status: 'success', data: { resultData: {} } };
	const node = {
		id: 'node',
		name: nodeName,
		type,
		typeVersion: 1,
		position: [0, 0],
		retryOnFail,
		parameters: written,
		credentials: { microsoftMailServiceAccountApi: { id: `app ${mailbox}`, name: 'app' } },
	};
	const all: Record<string, unknown> = { authentication: 'serviceAccount', ...parameters };
	const fake = {
		getMode: () => mode,
		getExecutionId: () => execution,
		getActivationMode: () => activation,
		getNode: () => node,
		getTimezone: () => 'Europe/Berlin',
		getWorkflowDataProxy: () => ({ $runIndex: runIndex }),
		getWorkflow: () => ({ id: workflow, name: workflow, active: true }),
		getInputData: () => Array.from({ length: input }, () => ({ json: {} })),
		getNodeParameter: (name: string, second?: unknown, third?: unknown) =>
			perItem[name]?.[Number(second)] ?? all[name] ?? (typeof second === 'number' ? third : second),
		// As n8n does: without an item, expressions have the values of the first one.
		getCredentials: async (_type: string, item = 0) => ({
			...credential.data,
			...credentialPerItem[item],
			...(popPort !== undefined && { popPort }),
		}),
		// As n8n does, so that a node is another one under another name.
		getWorkflowStaticData: (type: string) => (type === 'node' && nodeName !== 'Node' ? {} : about.staticData),
		continueOnFail: () => parameters.continueOnFail === true,
		addExecutionHints: ({ message }: { message: string }) => about.hints.push(message),
		getExecutionCancelSignal: () => cancel,
		getPollBudgetMs: () => 60_000,
		logger: {
			info: () => undefined,
			debug: () => undefined,
			error: (text: string) => about.warnings.push(text),
			warn: (text: string) => about.warnings.push(text),
		},
		helpers: {
			prepareBinaryData: async (content: AsyncIterable<Buffer> | Buffer, fileName: string, mimeType: string) => {
				await storeBinary();
				const chunks: Buffer[] = [];
				if (Buffer.isBuffer(content)) chunks.push(content);
				else for await (const chunk of content) chunks.push(Buffer.from(chunk));
				return { data: Buffer.concat(chunks).toString('base64'), fileName, mimeType };
			},
			checkProcessedAndRecord: async (items: string[], _scope: string, options: { maxEntries?: number }) =>
				await processed.checkAndRecord(items, options),
			removeProcessed: async (items: string[]) => await processed.remove(items),
			createDeferredPromise: () => {
				const deferred: { promise?: Promise<unknown>; resolve?: (value: unknown) => void; reject?: (reason: unknown) => void } = {};
				deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
				return deferred;
			},
		},
		__emit: (
			data: INodeExecutionData[][],
			_response: unknown,
			done: { resolve: (run?: object) => void; reject: (reason: Error) => void },
		) => {
			const fail = (message: string): void =>
				done.resolve({ finished: false, status: 'error', data: { resultData: { error: { message } } } });
			about.executions.push({
				items: data[0] ?? [],
				end: () => done.resolve(run),
				fail,
				refuse: (reason) => (reason === undefined ? done.resolve(undefined) : done.reject(reason)),
			});
		},
		__emitError: (error: Error) => about.failedExecutions.push(error),
	};
	return Object.fromEntries(Object.entries(fake).filter(([name]) => !lacks.includes(name)));
}

export function executeFunctions(scene: Scene, about: Told): IExecuteFunctions {
	const fake = functions(scene, about);
	if (!isFor<IExecuteFunctions>(fake)) throw new Error('unreachable');
	return fake;
}

export function pollFunctions(scene: Scene, about: Told): IPollFunctions {
	const fake = functions(scene, about);
	if (!isFor<IPollFunctions>(fake)) throw new Error('unreachable');
	return fake;
}

/** The fake has only what the tests need. If something is missing, the test that uses it fails. */
function isFor<T>(_fake: unknown): _fake is T {
	return true;
}
