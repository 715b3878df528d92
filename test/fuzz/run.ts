import { parseArgs } from 'node:util';

import { anySeed } from '../support/random';
import { drive } from './drive';
import { TARGETS } from './targets';

/**
 * `npm run fuzz [-- target …] [--minutes N] [--seed N] [--round N]`: nonsense for all that foreign text reaches: servers that answer rightly,
 * nearly rightly or not at all, emails, addresses, headers, calendars and forms. Every round must end in a result or a clear error, in time,
 * with nothing left open and without growing memory. The seed plays the same rounds again, and --round one of them alone.
 */
const ALLOWED_GROWTH = 48 * 1024 * 1024;

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: { minutes: { type: 'string' }, seed: { type: 'string' }, round: { type: 'string' } },
		allowPositionals: true,
	});
	const names = positionals.length > 0 ? positionals : [...TARGETS.keys()];
	const minutes = Number(values.minutes ?? 4);
	const seed = Number(values.seed ?? anySeed());
	const unknown = names.filter((name) => !TARGETS.has(name));
	if (unknown.length > 0 || !(minutes > 0) || !Number.isInteger(seed))
		throw new Error(`Usage: npm run fuzz [-- ${[...TARGETS.keys()].join(' ')}] [--minutes 4] [--seed 1] [--round 1]`);
	console.log(`Fuzz: ${minutes} min in all, seed ${seed}`);
	for (const name of names) {
		const target = TARGETS.get(name);
		if (target === undefined) continue;
		const round = values.round === undefined ? undefined : Number(values.round);
		try {
			const { rounds, outcomes, grew } = await drive(target, { seed, ms: (minutes * 60_000) / names.length, round });
			const ends = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ');
			console.log(`${name}: ${rounds} rounds: ${ends}; memory held grew by ${(grew / 2 ** 20).toFixed(1)} MiB`);
			if (grew > ALLOWED_GROWTH) throw new Error(`Memory grew by ${grew} bytes.`);
		} catch (error) {
			console.error(`${name}: FAILED, again with: npm run fuzz -- ${name} --seed ${seed} [--round N]`);
			console.error(error);
			process.exitCode = 1;
		}
	}
	// Threads that wait for the next email, and sockets that the system has not yet taken away.
	process.exit();
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
});
