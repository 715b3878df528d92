import { collectGarbage } from '../support/garbage';
import { Random } from '../support/random';

/** What is fed with nonsense. */
export interface Target {
	/** A round that takes more of the processor's time has failed, in ms: a busy machine makes a round longer, but hardly costlier. */
	cpuMs: number;
	/** A round that has not ended after this time hangs, in ms (default: {@link HANGS_MS}). */
	hangsMs?: number;
	/** Servers and the like; once for all rounds. */
	open: () => Promise<Fuzzer>;
}

interface Fuzzer {
	/** One round: says in one word how it ended. @throws Error where something else than a result or a clear error came of it */
	round: (random: Random) => Promise<string>;
	/** @throws Error where something was left open */
	close: () => Promise<void>;
}

export interface Task {
	seed: number;
	/** For so long, in ms. */
	ms: number;
	/** Plays this round alone. */
	round?: number;
}

export interface Ran {
	rounds: number;
	outcomes: Map<string, number>;
	/** What is reachable at the end, above what was after the first rounds, in bytes. */
	grew: number;
}

/** Far beyond what a busy machine needs, and less than a test may take. */
const HANGS_MS = 100_000;

/** Rounds before memory is looked at for the first time. */
const WARM_UP = 50;

/**
 * Plays rounds until the time is over. Each round has chance of its own, so that a failing one can be played alone.
 * @throws Error with the round that failed
 */
export async function drive(target: Target, { seed, ms, round: only }: Task): Promise<Ran> {
	const outcomes = new Map<string, number>();
	const ends = performance.now() + ms;
	let rounds = 0;
	let before: number | undefined;
	const fuzzer = await target.open();
	try {
		for (let round = only ?? 0; ; round += 1) {
			if (rounds === WARM_UP) before = held();
			const outcome = await played(target, fuzzer, seed, round);
			outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
			rounds += 1;
			// What never waits gives others a turn here.
			if (rounds % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
			if (only !== undefined || performance.now() > ends) break;
		}
	} finally {
		await fuzzer.close();
	}
	return { rounds, outcomes, grew: before === undefined ? 0 : held() - before };
}

async function played({ cpuMs, hangsMs = HANGS_MS }: Target, fuzzer: Fuzzer, seed: number, round: number): Promise<string> {
	let timer: NodeJS.Timeout | undefined;
	const begun = process.cpuUsage();
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`it did not end within ${hangsMs} ms`)), hangsMs);
	});
	try {
		const outcome = await Promise.race([fuzzer.round(new Random(Math.imul(seed, 0x9e3779b1) ^ round)), late]);
		const { user, system } = process.cpuUsage(begun);
		const usedMs = Math.round((user + system) / 1_000);
		if (usedMs > cpuMs) throw new Error(`it took ${usedMs} ms of the processor's time`);
		return outcome;
	} catch (error) {
		throw new Error(`Round ${round} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
	} finally {
		clearTimeout(timer);
	}
}

/** What is still reachable, in bytes. */
function held(): number {
	collectGarbage();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}
