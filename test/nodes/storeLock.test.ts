import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { acquireLock } from '../../mail/lockFile';
import { withStoreLock } from '../../nodes/storeLock';
import { LOGGER } from './storeLockWorker';

/** Called before each renaming of a file, and after each removal. */
const { moment } = vi.hoisted(() => ({ moment: { renames: (): void => undefined, removed: (): void => undefined } }));
vi.mock('node:fs/promises', async (load) => {
	const real = await load<typeof Files>();
	const rename = async (from: string, to: string): Promise<void> => {
		moment.renames();
		await real.rename(from, to);
	};
	const rm = async (...args: Parameters<typeof real.rm>): Promise<void> => {
		await real.rm(...args);
		moment.removed();
	};
	return { ...real, rename, rm, default: { ...real, rename, rm } };
});

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-turns-'));
	vi.stubEnv('EXECUTIONS_MODE', 'queue');
	vi.stubEnv('N8N_USER_FOLDER', folder);
});
afterEach(() => {
	vi.unstubAllEnvs();
	rmSync(folder, { recursive: true, force: true });
});

/** Ends as the process does. */
async function worker(...args: string[]): Promise<number | null> {
	const child = fork(join(__dirname, 'storeLockWorker.ts'), args, { execArgv: ['--import', 'tsx'] });
	return await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
}

describe("turns at n8n's store", () => {
	it('let no worker undo what another one adds: three processes count one file up', async () => {
		const file = join(folder, 'count');
		writeFileSync(file, '0');
		expect(await Promise.all([1, 2, 3].map(async () => await worker('count', file, '40')))).toEqual([0, 0, 0]);
		expect(readFileSync(file, 'utf8')).toBe('120');
		expect(readdirSync(join(folder, '.n8n', 'office365-mail'))).toEqual([]);
	});

	it('pass on when the worker that has one is killed', async () => {
		await worker('die');
		expect(readdirSync(join(folder, '.n8n', 'office365-mail'))).toHaveLength(1);
		const all = await Promise.all([1, 2, 3].map(async (number) => await withStoreLock(LOGGER, 'place', async () => number, 300)));
		expect(all).toEqual([1, 2, 3]);
		expect(readdirSync(join(folder, '.n8n', 'office365-mail'))).toEqual([]);
	});

	it('are left to a worker that gets one at the moment at which the one before counts as dead', async () => {
		const path = join(folder, 'place.turn');
		writeFileSync(path, 'of a dead worker');
		moment.renames = () => {
			moment.renames = () => undefined;
			rmSync(path);
			writeFileSync(path, 'of another worker');
		};
		const cleared = new Promise<void>((resolve) => (moment.removed = resolve));
		let isOurs = false;
		const turn = acquireLock(path, 1_000).finally(() => (isOurs = true));
		await cleared;
		expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual([
			['place.turn', 'of another worker'],
		]);
		expect(isOurs).toBe(false);
		rmSync(path);
		const end = await turn;
		await end();
		expect(readdirSync(folder)).toEqual([]);
	});

	it('end without the file of another worker, which took this one for dead', async () => {
		const turns = join(folder, '.n8n', 'office365-mail');
		await withStoreLock(LOGGER, 'place', async () => {
			const [name = ''] = readdirSync(turns);
			rmSync(join(turns, name));
			writeFileSync(join(turns, name), 'of another worker');
			await Promise.resolve();
		});
		expect(readdirSync(turns).map((name) => readFileSync(join(turns, name), 'utf8'))).toEqual(['of another worker']);
	});

	it('are given up where the folder cannot be written, which is logged once', async () => {
		vi.stubEnv('N8N_USER_FOLDER', '/dev/null');
		const warnings: string[] = [];
		const logger = { ...LOGGER.logger, warn: (line: string) => void warnings.push(line) };
		expect([
			await withStoreLock({ logger }, 'elsewhere', async () => 1),
			await withStoreLock({ logger }, 'elsewhere', async () => 2),
		]).toEqual([1, 2]);
		expect(warnings).toEqual([expect.stringContaining('cannot take turns')]);
	});

	it('cost nothing outside queue mode', async () => {
		vi.stubEnv('EXECUTIONS_MODE', 'regular');
		expect(await withStoreLock(LOGGER, 'place', async () => readdirSync(folder))).toEqual([]);
	});
});
