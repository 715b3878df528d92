import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type {
	IBinaryData,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	IRun,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { createRunExecutionData, WorkflowOperationError } from 'n8n-workflow';
import { afterAll, afterEach } from 'vitest';

import { ImapTrigger } from '../../nodes/ImapTrigger/ImapTrigger.node';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';

/** One call of `emit`. */
export interface Emitted {
	items: INodeExecutionData[];
	key: string;
	/** undefined where the trigger does not wait. */
	done: { resolve: (run: IRun | undefined) => void; reject: (error: Error) => void } | undefined;
}

export interface TriggerOptions {
	mailbox: string;
	/** Who signs in, where it is not the mailbox. */
	person?: string;
	parameters?: Record<string, unknown>;
	activation?: 'activate' | 'init' | 'update' | 'leadershipChange';
	/** What n8n has stored. */
	staticData?: Record<string, unknown>;
	node?: string;
	/** How executions end; undefined: the test ends them. Default: they succeed. */
	end?: (emitted: Emitted) => void;
	/** n8n before 2.7 has no `saveFailedExecution`. */
	old?: boolean;
	/** n8n before 1.119 has no `refreshOAuth2Token`. */
	renews?: boolean;
}

export const run = (status: IRun['status'], message?: string): IRun => ({
	status,
	mode: 'trigger',
	startedAt: new Date(),
	storedAt: 'db',
	data: createRunExecutionData({
		resultData: { runData: {}, ...(message !== undefined && { error: new WorkflowOperationError(message) }) },
	}),
});

/** What n8n gives a trigger, as far as this one asks, and what the trigger did with it. */
export class TriggerRig {
	readonly emitted: Emitted[] = [];
	readonly saved: Error[] = [];
	readonly logs: string[] = [];
	/** What n8n's log is told besides each line. */
	readonly about: object[] = [];
	emitErrors = 0;
	readonly staticData: Record<string, unknown>;
	readonly #options: TriggerOptions;
	readonly #sandbox: Sandbox;
	#changed: Array<() => void> = [];

	constructor(sandbox: Sandbox, options: TriggerOptions) {
		this.#sandbox = sandbox;
		this.#options = options;
		this.staticData = options.staticData ?? {};
	}

	get subjects(): unknown[] {
		return this.emitted.flatMap(({ items }) => items.map(({ json }) => json.subject));
	}

	context(): ITriggerFunctions {
		const { mailbox, activation = 'activate', node = 'node', parameters = {} } = this.#options;
		const note = (text: string, about: object = {}): void => {
			this.logs.push(text);
			this.about.push(about);
			this.#ring();
		};
		return Object.assign(Object.create(null), {
			getMode: () => 'trigger',
			getActivationMode: () => activation,
			getNode: () => ({
				id: node,
				name: 'IMAP Trigger',
				type: 'imapTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
				credentials: { microsoftMailOAuth2Api: { id: `credential of ${mailbox}`, name: 'x' } },
			}),
			getWorkflow: () => ({ id: `workflow of ${mailbox}`, name: 'x', active: true }),
			getWorkflowStaticData: () => this.staticData,
			getNodeParameter: (name: string, fallback?: unknown) => (name in parameters ? parameters[name] : fallback),
			getCredentials: async () => await this.#credentials(),
			logger: { debug: () => undefined, info: note, warn: note, error: note },
			emit: ([items = []]: INodeExecutionData[][], _response: unknown, done: Emitted['done'], key: string) =>
				this.#emit({ items, done, key }),
			emitError: () => (this.emitErrors += 1),
			...(this.#options.old !== true && {
				saveFailedExecution: (error: Error) => {
					this.saved.push(error);
					this.#ring();
				},
			}),
			helpers: {
				...(this.#options.renews !== false && {
					refreshOAuth2Token: async () => await Promise.reject(new Error('nobody expects a refresh')),
				}),
				createDeferredPromise: deferred,
				prepareBinaryData: async (content: Buffer | NodeJS.ReadableStream, fileName?: string): Promise<IBinaryData> => {
					let bytes = 0;
					if (Buffer.isBuffer(content)) bytes = content.length;
					else for await (const chunk of content) bytes += chunk.length;
					return { data: '', mimeType: 'x', fileName, bytes };
				},
			},
		});
	}

	/** A test run in the editor. */
	testRun(): IExecuteFunctions {
		return Object.assign(this.execution([]), { getMode: () => 'manual' });
	}

	/** An execution that begins with these. */
	execution(items: INodeExecutionData[]): IExecuteFunctions {
		const context = this.context();
		return Object.assign(Object.create(null), {
			...context,
			getExecutionId: () => '7',
			getInputData: () => items,
			getNodeParameter: (name: string, _item: number, fallback?: unknown) => context.getNodeParameter(name, fallback),
		});
	}

	loadOptions(current: Record<string, unknown>): ILoadOptionsFunctions {
		return Object.assign(Object.create(null), { ...this.context(), getCurrentNodeParameters: () => current });
	}

	async until(what: string, holds: () => boolean, timeoutMs = 120_000): Promise<void> {
		const deadline = Date.now() + timeoutMs;
		while (!holds()) {
			const left = deadline - Date.now();
			if (left <= 0)
				throw new Error(`Not within ${timeoutMs} ms: ${what}. Emitted: ${this.subjects.join(', ')}; logs: ${this.logs.join(' | ')}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(left, 50));
				this.#changed.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	#emit(emitted: Emitted): void {
		this.emitted.push(emitted);
		const end = 'end' in this.#options ? this.#options.end : ({ done }: Emitted) => done?.resolve(run('success'));
		end?.(emitted);
		this.#ring();
	}

	async #credentials(): Promise<object> {
		const { mailbox, person = mailbox } = this.#options;
		const { imap } = this.#sandbox.exchange;
		return {
			cloud: 'custom',
			tenantId: this.#sandbox.identity.tenant,
			clientId: this.#sandbox.identity.app.clientId,
			authorityUrl: this.#sandbox.identity.url,
			resourceUrl: this.#sandbox.identity.resource,
			imapHost: imap.host,
			imapPort: imap.port,
			imapSecurity: imap.security,
			mailbox,
			oauthTokenData: {
				access_token: await this.#sandbox.identity.accessToken({ mailbox: person }),
				n8n_expires_at: String(Date.now() + 3_600_000),
			},
		};
	}

	#ring(): void {
		for (const wake of this.#changed.splice(0)) wake();
	}
}

function deferred(): { promise: Promise<IRun | undefined> } & NonNullable<Emitted['done']> {
	let settle: Pick<NonNullable<Emitted['done']>, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
	const promise = new Promise<IRun | undefined>((resolve, reject) => (settle = { resolve, reject }));
	return { promise, ...settle };
}

interface Triggers {
	/** Starts the servers, before the first test. */
	begin: () => Promise<Sandbox>;
	freshMailbox: () => string;
	/** Starts a trigger, which ends with the test at the latest. */
	start: (rig: TriggerRig) => Promise<ITriggerResponse & { close: () => Promise<void> }>;
}

/** What a file of tests of triggers needs: servers, a user folder of n8n's, and an end of all that was started. */
export function triggersOf(name: string): Triggers {
	const folder = mkdtempSync(join(tmpdir(), `${name}-`));
	const closes: Array<() => Promise<void>> = [];
	let sandbox: Sandbox | undefined;
	let mailboxes = 0;
	afterEach(async () => {
		for (const close of closes.splice(0)) await close();
		sandbox?.exchange.reset();
	});
	afterAll(async () => {
		await sandbox?.stop();
		rmSync(folder, { recursive: true, force: true });
		delete process.env.N8N_USER_FOLDER;
	});
	return {
		begin: async () => {
			process.env.N8N_USER_FOLDER = folder;
			sandbox = await startSandbox();
			trust(sandbox.caFile);
			return sandbox;
		},
		freshMailbox: () => `${name}${(mailboxes += 1)}@example.test`,
		start: async (rig) => {
			const response = await new ImapTrigger().trigger.call(rig.context());
			const close = async (): Promise<void> => await response.closeFunction?.();
			closes.push(close);
			return { ...response, close };
		},
	};
}
