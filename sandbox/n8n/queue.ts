import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureQueueServers, program } from '../servers/packages';
import { freePorts } from '../servers/ports';
import { Api } from './api';
import { startDatabase } from './database';
import { ensureN8n } from './install';
import { Instance } from './instance';
import { installNodes, pack } from './nodes';

/** n8n in queue mode: the main process takes webhooks and watches, workers execute, Redis and PostgreSQL stand between. */
export interface Queue {
	main: Instance;
	workers: Instance[];
	api: Api;
	stop: () => Promise<void>;
}

/** `concurrency` = executions that a worker runs at the same time. The package must have been built. */
export async function startQueue(options: {
	caFile?: string;
	credentials?: object[];
	workers: number;
	concurrency?: number;
}): Promise<Queue> {
	ensureQueueServers();
	const installation = await ensureN8n(() => undefined);
	const database = await startDatabase();
	const userFolder = mkdtempSync(join(tmpdir(), 'office365-mail-queue-'));
	const [redisPort = 0, health = 0, ...brokers] = await freePorts(2 + options.workers);
	const redis = spawn(
		program('redis-server') ?? 'redis-server',
		['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--dir', userFolder],
		{ stdio: 'ignore' },
	);
	const env = {
		...database.env,
		EXECUTIONS_MODE: 'queue',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(redisPort),
		QUEUE_HEALTH_CHECK_PORT: String(health),
	};
	const common = {
		installation,
		userFolder,
		login: { email: 'owner@example.test', password: `A1${randomBytes(12).toString('base64url')}` },
		caFile: options.caFile,
	};
	const main = new Instance({ ...common, env });
	const workers = brokers.map(
		(broker, index) =>
			new Instance({
				...common,
				role: 'worker',
				name: `worker-${index + 1}`,
				env: {
					...env,
					N8N_RUNNERS_BROKER_PORT: String(broker),
					...(options.concurrency !== undefined && { N8N_CONCURRENCY_PRODUCTION_LIMIT: String(options.concurrency) }),
				},
			}),
	);
	const stop = async (): Promise<void> => {
		for (const instance of [...workers, main]) await instance.stop();
		redis.kill();
		await database.stop();
		rmSync(userFolder, { recursive: true, force: true });
	};
	try {
		await installNodes(await pack(join(userFolder, 'pack')), userFolder);
		if (options.credentials !== undefined) await main.importEntities('credentials', options.credentials);
		await main.start();
		for (const worker of workers) await worker.start();
		return { main, workers, api: await Api.login(main, common.login), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
