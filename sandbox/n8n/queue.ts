import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureQueueServers } from '../servers/packages';
import { freePorts } from '../servers/ports';
import { Api } from './api';
import { startDatabase, type Database } from './database';
import { ensureN8n } from './install';
import { Instance } from './instance';
import { installNodes } from './nodes';
import { startRedis, type Redis } from './redis';
import { statementsFor } from './tables';

/** n8n in queue mode: the main process takes webhooks and watches, workers execute, Redis and PostgreSQL stand between. */
export interface Queue {
	main: Instance;
	workers: Instance[];
	redis: Redis;
	database: Database;
	/** Of the main process, also after {@link crashMain}. */
	api: Api;
	/** Ends the main process at once and starts it again. */
	crashMain: () => Promise<Api>;
	stop: () => Promise<void>;
}

/** `concurrency` = executions that a worker runs at the same time. The package must have been built. */
export async function startQueue(options: {
	caFile?: string;
	credentials?: object[];
	workers: number;
	concurrency?: number;
	/** Of all processes. */
	env?: Record<string, string>;
	/** Whether the main process serves the editor and what the editor reads (default: yes). */
	editor?: boolean;
}): Promise<Queue> {
	ensureQueueServers();
	const installation = await ensureN8n(() => undefined);
	const userFolder = mkdtempSync(join(tmpdir(), 'office365-mail-queue-'));
	const undo: Array<() => Promise<void>> = [async () => rmSync(userFolder, { recursive: true, force: true })];
	const stop = async (): Promise<void> => {
		const errors: unknown[] = [];
		for (const step of undo.splice(0).reverse()) await step().catch((error: unknown) => errors.push(error));
		if (errors.length > 0) throw new AggregateError(errors, `n8n's queue did not end well: ${errors.map(String).join('; ')}`);
	};
	try {
		const database = await startDatabase();
		undo.push(database.stop);
		const redis = await startRedis();
		undo.push(redis.stop);
		const [health = 0, ...brokers] = await freePorts(1 + options.workers);
		const env = {
			...database.env,
			...redis.env,
			EXECUTIONS_MODE: 'queue',
			QUEUE_HEALTH_CHECK_PORT: String(health),
			// n8n's default for queue mode, which it does not support with the file system (n8n docs, Handle binary data).
			N8N_DEFAULT_BINARY_DATA_MODE: 'database',
			...options.env,
		};
		const login = { email: 'owner@example.test', password: `A1${randomBytes(12).toString('base64url')}` };
		const common = { installation, userFolder, login, caFile: options.caFile };
		const main = new Instance({ ...common, env, editor: options.editor });
		const workers = brokers.map((broker, index) => worker(common, env, { broker, index, concurrency: options.concurrency }));
		undo.push(async () => main.removeUserFolder());
		for (const instance of [main, ...workers]) undo.push(async () => await instance.stop());
		await installNodes(userFolder, 'linked');
		const statements = statementsFor(installation, userFolder, options.credentials ?? []);
		await main.start();
		database.query(statements);
		await Promise.all(workers.map(async (one) => await one.start()));
		const queue: Queue = {
			main,
			workers,
			redis,
			database,
			api: await Api.login(main, login),
			crashMain: async () => {
				await main.stop('SIGKILL');
				await main.start();
				return (queue.api = await Api.login(main, login));
			},
			stop,
		};
		return queue;
	} catch (error) {
		await stop().catch((also: unknown) => console.error(also));
		throw error;
	}
}

function worker(
	common: ConstructorParameters<typeof Instance>[0],
	env: Record<string, string>,
	{ broker, index, concurrency }: { broker: number; index: number; concurrency?: number },
): Instance {
	return new Instance({
		...common,
		role: 'worker',
		editor: false,
		name: `worker-${index + 1}`,
		env: {
			...env,
			N8N_RUNNERS_BROKER_PORT: String(broker),
			...(concurrency !== undefined && { N8N_CONCURRENCY_PRODUCTION_LIMIT: String(concurrency) }),
		},
	});
}
