import { appendFileSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

export interface Figures {
	attack: string;
	/** From the beginning of the attack until it was over, in ms. */
	tookMs: number;
	/** The most that the process grew by meanwhile, in MB. */
	memoryMb: number;
	/** The longest time in which nothing else got a turn, in ms. */
	stallMs: number;
	/**
	 * The same in CPU time of this thread, so that it does not depend on what else the machine does, and without the collecting of garbage,
	 * which takes the longer the more the whole process holds; NaN where the system does not tell it.
	 */
	busyMs: number;
}

/** Where the figures of a run go, a line of JSON each; `npm run attack` names it and shows the table. */
export const FIGURES_FILE = 'OFFICE365_MAIL_ATTACK_FIGURES';

/** The delay is looked at this often: it is known from the second look on, and that of the attack's last turn with the look behind it. */
const TICK_MS = 10;

/** CPU time of the thread that asks, in ms (Linux: proc(5), schedstat). */
function cpuTime(): number {
	try {
		return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
	} catch {
		return NaN;
	}
}

/** Shorter ones are not looked at more closely. */
const WORTH_MS = 1;

/** Looks as often as this thread gets a turn. @returns ends it, with the most CPU time that it worked between two looks, in ms */
function watchThread(): () => Promise<number> {
	const turns: Array<{ from: number; to: number; cpu: number }> = [];
	const collections: PerformanceEntry[] = [];
	const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
	observer.observe({ entryTypes: ['gc'] });
	let [at, cpu] = [performance.now(), cpuTime()];
	const look = (): void => {
		const [now, used] = [performance.now(), cpuTime()];
		if (!(used - cpu < WORTH_MS)) turns.push({ from: at, to: now, cpu: used - cpu });
		[at, cpu] = [now, used];
	};
	const timer = setInterval(look, 1);
	return async () => {
		clearInterval(timer);
		look();
		// What was collected is told a moment later.
		await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS));
		observer.disconnect();
		const collecting = (from: number, to: number): number =>
			collections.filter(({ startTime }) => startTime >= from && startTime < to).reduce((sum, { duration }) => sum + duration, 0);
		return Math.round(turns.reduce((most, turn) => Math.max(most, turn.cpu - collecting(turn.from, turn.to)), 0));
	};
}

/** Runs an attack and measures what it does to the process. */
export async function figuresOf(attack: string, work: () => unknown): Promise<Figures> {
	const stall = monitorEventLoopDelay({ resolution: TICK_MS });
	const before = process.memoryUsage.rss();
	let most = before;
	const look = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
	stall.enable();
	await new Promise((resolve) => setTimeout(resolve, 2 * TICK_MS));
	const since = performance.now();
	const endWatch = watchThread();
	let [tookMs, busyMs] = [0, NaN];
	try {
		await work();
	} finally {
		tookMs = Math.round(performance.now() - since);
		busyMs = await endWatch();
		stall.disable();
		clearInterval(look);
		most = Math.max(most, process.memoryUsage.rss());
	}
	const memoryMb = Math.round((most - before) / 1024 / 1024);
	const figures = { attack, tookMs, memoryMb, stallMs: Math.round(stall.max / 1e6), busyMs };
	const file = process.env[FIGURES_FILE];
	if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`);
	return figures;
}

/**
 * The figures of an attack. While one of its turns takes longer than allowed, it is run again, six times in all, and the longest turn is
 * that of the calmest run: a turn that the attack makes long is long each time; one that is long because the machine was slow is not.
 */
export async function figuresOfCalmest(attack: string, longestTurnMs: number, work: () => unknown): Promise<Figures> {
	const figures = await figuresOf(attack, work);
	for (let again = 0; again < 5 && figures.busyMs > longestTurnMs; again++)
		figures.busyMs = Math.min(figures.busyMs, (await figuresOf(attack, work)).busyMs);
	return figures;
}
