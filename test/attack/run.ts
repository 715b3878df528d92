import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FIGURES_FILE, type Figures } from './figures';

/** Where the attacks are: those on one part of the code stand beside its other tests. */
const ATTACKS = ['test/attack', 'test/mail/imap/limits.test.ts', 'test/mail/item/hostile.test.ts'];

/** Runs all attacks, shows what each did to the process, and ends as they did. */
const folder = mkdtempSync(join(tmpdir(), 'attack-figures-'));
const file = join(folder, 'figures.jsonl');
const since = Date.now();
const vitest = spawn(process.execPath, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...ATTACKS, ...process.argv.slice(2)], {
	stdio: 'inherit',
	env: { ...process.env, [FIGURES_FILE]: file },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => vitest.kill(signal));
vitest.on('exit', (code) => {
	const figures: Figures[] = existsSync(file)
		? readFileSync(file, 'utf8')
				.trim()
				.split('\n')
				.map((line) => JSON.parse(line))
		: [];
	console.table(
		Object.fromEntries(
			figures.map(({ attack, tookMs, memoryMb, stallMs }) => [attack, { 'took ms': tookMs, 'memory MB': memoryMb, 'stall ms': stallMs }]),
		),
	);
	console.log(`${figures.length} attacks with figures, ${Math.round((Date.now() - since) / 1000)} s in all.`);
	rmSync(folder, { recursive: true });
	process.exitCode = code ?? 1;
});
