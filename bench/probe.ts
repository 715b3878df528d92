import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Session, type Profiler } from 'node:inspector';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into n8n before n8n itself (NODE_OPTIONS), to measure from within: how long its event loop stands still and whose code runs then,
 * and what memory is held. Answers on a socket in the file system, one request at a time:
 *
 * - `/begin` starts to look at the event loop, `/begin?profile` with a CPU profile beside it
 * - `/end` returns what has been measured since
 * - `/memory` collects garbage and returns the memory that is still used
 *
 * n8n's Node runs TypeScript as it is, so only types may be imported from elsewhere, and this file from nowhere but as a program.
 */
export interface Stalls {
	seconds: number;
	/** The longest time in which nothing else got a turn, in ms. */
	longestMs: number;
	/** How many took longer than 50 ms. */
	over50: number;
	/**
	 * With a profile: the most that code of this package and of its libraries took within one of them, in ms. A profile counts the time in
	 * which other processes had the processor as that of the function that waits for it, so it is no more than the rest of the stall.
	 */
	oursMs?: number;
	/** The functions that took most of that one. */
	where?: string[];
}

export interface Held {
	rss: number;
	/** What JavaScript holds, without compiled code: V8 compiles what runs often anew, for as long as n8n runs. */
	heapUsed: number;
	external: number;
	/** What keeps the event loop going, by kind: timers, sockets, … */
	resources: Record<string, number>;
}

const TICK_MS = 5;
/** Shorter ones are not looked at more closely. */
const WORTH_MS = 20;
const OURS = '/.n8n/nodes/node_modules/';

interface Stall {
	/** As the profile counts, in microseconds. */
	from: number;
	to: number;
	/** Without the time in which the thread waited for a processor, in microseconds. */
	unhindered: number;
}

const micros = (): number => Number(process.hrtime.bigint() / 1000n);

/** For how long n8n's thread has waited for a processor, in microseconds: the second figure of Linux, in nanoseconds. */
function microsWaited(): number {
	return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1000;
}

class Watch {
	readonly #begun = micros();
	readonly #stalls: Stall[] = [];
	#longest = 0;
	#over50 = 0;
	#last = micros();
	#lastWaited = microsWaited();
	readonly #timer = setInterval(() => this.#look(), TICK_MS);
	readonly #session: Session | undefined;

	constructor(profile: boolean) {
		if (!profile) return;
		this.#session = new Session();
		this.#session.connect();
		this.#session.post('Profiler.enable');
		this.#session.post('Profiler.start');
	}

	#look(): void {
		const now = micros();
		const ms = (now - this.#last) / 1000 - TICK_MS;
		const waited = microsWaited();
		const unhindered = now - this.#last - (waited - this.#lastWaited);
		if (ms > WORTH_MS) this.#stalls.push({ from: this.#last, to: now, unhindered });
		if (ms > 50) this.#over50 += 1;
		this.#longest = Math.max(this.#longest, ms);
		this.#last = now;
		this.#lastWaited = waited;
	}

	async end(): Promise<Stalls> {
		clearInterval(this.#timer);
		const told: Stalls = { seconds: (micros() - this.#begun) / 1e6, longestMs: this.#longest, over50: this.#over50 };
		const session = this.#session;
		if (session === undefined) return told;
		const profile = await new Promise<Profiler.Profile>((resolve, reject) =>
			session.post('Profiler.stop', (error, answer) => (error ? reject(error) : resolve(answer.profile))),
		);
		session.disconnect();
		return { ...told, ...ours(profile, this.#stalls) };
	}
}

/** Of each stall the time in which the innermost code that is of a file, not of Node, was ours; of them the longest. */
function ours(profile: Profiler.Profile, stalls: readonly Stall[]): Pick<Stalls, 'oursMs' | 'where'> {
	const owner = ownersOf(profile);
	let most = { ms: 0, where: new Map<string, number>() };
	let stall = 0;
	let at = profile.startTime;
	let current = { ms: 0, where: new Map<string, number>() };
	const compare = (): void => {
		const ms = Math.min(current.ms, (stalls[stall]?.unhindered ?? 0) / 1000);
		if (ms > most.ms) most = { ...current, ms };
	};
	for (const [index, id] of (profile.samples ?? []).entries()) {
		const delta = profile.timeDeltas?.[index] ?? 0;
		at += delta;
		while ((stalls[stall]?.to ?? Infinity) < at) {
			compare();
			current = { ms: 0, where: new Map() };
			stall += 1;
		}
		const name = owner.get(id);
		if (name === undefined || at < (stalls[stall]?.from ?? Infinity)) continue;
		current.ms += delta / 1000;
		current.where.set(name, (current.where.get(name) ?? 0) + delta / 1000);
	}
	compare();
	const where = [...most.where].sort(([, a], [, b]) => b - a).slice(0, 3);
	return { oursMs: most.ms, where: where.map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`) };
}

/** By sample: the function of ours that runs, or that has called the built-in function that runs. */
function ownersOf({ nodes }: Profiler.Profile): Map<number, string> {
	const owners = new Map<number, string>();
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const visit = (id: number, inherited: string | undefined): void => {
		const node = byId.get(id);
		if (node === undefined) return;
		const { url, functionName, lineNumber } = node.callFrame;
		const isFile = url !== '' && !url.startsWith('node:');
		const own = url.includes(OURS) ? `${functionName} (${url.slice(url.indexOf(OURS) + OURS.length)}:${lineNumber + 1})` : undefined;
		const name = isFile ? own : inherited;
		if (name !== undefined) owners.set(id, name);
		for (const child of node.children ?? []) visit(child, name);
	};
	const [root] = nodes;
	if (root !== undefined) visit(root.id, undefined);
	return owners;
}

function held(): Held {
	setFlagsFromString('--expose-gc');
	const collect: (how: object) => void = runInNewContext('gc');
	// All that can be had: also what V8 otherwise keeps for a while in case that it is needed again.
	for (let round = 0; round < 3; round += 1) collect({ type: 'major', flavor: 'last-resort' });
	const { rss, heapUsed: whole, external } = process.memoryUsage();
	const compiled = getHeapSpaceStatistics().filter(({ space_name: name }) => /code|trusted/.test(name));
	const heapUsed = compiled.reduce((left, { space_used_size: used }) => left - used, whole);
	const resources: Record<string, number> = {};
	for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
	return { rss, heapUsed, external, resources };
}

const socket = process.env.BENCH_PROBE;
if (isMainThread && socket !== undefined && process.argv[2] === 'start') {
	let watch: Watch | undefined;
	const server = createServer((request, response) => {
		const answer = async (): Promise<object> => {
			if (request.url?.startsWith('/begin') === true) watch = new Watch(request.url.endsWith('profile'));
			if (request.url === '/end') return (await watch?.end()) ?? {};
			return request.url === '/memory' ? held() : {};
		};
		answer().then(
			(told) => response.end(JSON.stringify(told)),
			(error: unknown) => response.writeHead(500).end(String(error)),
		);
	});
	server.listen(socket).unref();
}
