import { readFileSync, writeFileSync } from 'node:fs';

import { withStoreLock } from '../../nodes/storeLock';

const silent = (): void => undefined;
export const LOGGER = { logger: { debug: silent, info: silent, warn: silent, error: silent } };

/** `count <file> <times>`: adds one to a number, in turn. `die`: takes a turn and is killed in it. */
async function main([task, file = '', times = '0']: string[]): Promise<void> {
	if (task === 'die') await withStoreLock(LOGGER, 'place', async () => process.kill(process.pid, 'SIGKILL'));
	for (let time = 0; time < Number(times); time += 1) {
		await withStoreLock(LOGGER, 'place', async () => {
			const count = Number(readFileSync(file, 'utf8'));
			await new Promise((resolve) => setImmediate(resolve));
			writeFileSync(file, String(count + 1));
		});
	}
}

// In a process of its own; the test imports the logger only.
if (process.send !== undefined && process.argv[1] === __filename) void main(process.argv.slice(2));
