import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { keepForSearch } from '../secrets/registry';
import { program } from '../servers/packages';
import { freePorts } from '../servers/ports';
import { Guard, PIDS, ServerProcess } from '../servers/server';

export interface Redis {
	/** With which n8n uses it. */
	env: Record<string, string>;
	/** Ends it as a crash does, and starts it again on what it has written. */
	restart: () => Promise<void>;
	/** Once nobody uses it any more. */
	stop: () => Promise<void>;
}

/** A Redis of its own, installed already, that writes down each change, as n8n's queue needs it: what Redis forgets, no worker ever runs. */
export async function startRedis(): Promise<Redis> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-redis-'));
	const guard = new Guard(folder);
	const [port = 0] = await freePorts(1);
	const server = new ServerProcess(
		program('redis-server') ?? 'redis-server',
		['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--dir', folder],
		[port],
		guard,
	);
	const stop = async (): Promise<void> => {
		await server.stop();
		try {
			keepForSearch(folder, [PIDS]);
		} finally {
			await guard.stop();
		}
	};
	try {
		await server.start();
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		env: { QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(port) },
		restart: async () => {
			await server.kill();
			await server.start();
		},
		stop,
	};
}
