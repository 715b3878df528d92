import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { buildPackage } from '../../sandbox/build';
import type { Execution } from '../../sandbox/n8n';
import { anySeed, Random } from '../support/random';
import { stored } from '../../sandbox/servers/mailbox';
import { faultsOf } from './faults';
import { BOXES, nameOf, openScene, type NodeKind, type Scene } from './scene';
import { Traffic, type Inbox } from './traffic';
import { told, verdictOfFolder, verdictOfRuns, verdictOfSent, type Success, type Verdict } from './verdict';

/**
 * `npm run soak [-- --minutes 10 --seed N]`: a real n8n with all five nodes, while emails arrive and are sent all the time and network,
 * tokens, servers and n8n itself fail at random. At the end every email is counted: none may be lost, and none may come twice but where
 * the documentation says so. The seed gives the same faults in the same order; what they meet depends on the machine.
 */
/** Longer than the POP Trigger's interval, so that a poll without emails is what nothing is left for. */
const QUIET_MS = 75_000;
/** Longer than the longest pause before another attempt. */
const STILL_MS = 6 * 60_000;
const CRASH_ROW = 'n8n was killed right after the success (docs/imap-trigger.md, crash table, row 5)';
const MOVE_ROW = 'the mail server was killed in the middle of MOVE (docs/imap-trigger.md, Limits)';
const POLL_ROW = 'n8n was killed before the end was stored (docs/pop-trigger.md, At least once)';
const STARTED_ROW = 'n8n noted it before its end and started it itself, without the memory (docs/pop-fetch.md, what n8n does not give)';
const FETCH_ROW = 'n8n was killed while the execution ran (docs/pop.md, When an email counts as fetched)';
const STORED_ROW = 'n8n was killed before it stored the execution that had ended (docs/pop-fetch.md, what n8n does not give)';

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: { minutes: { type: 'string' }, seed: { type: 'string' } },
		allowPositionals: true,
	});
	const minutes = Number(values.minutes ?? positionals[0] ?? 10);
	const seed = Number(values.seed ?? positionals[1] ?? anySeed());
	if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('Usage: npm run soak [-- --minutes 10 --seed 1]');
	console.log(`Soak: ${minutes} min, seed ${seed}`);
	buildPackage();
	const scene = await openScene();
	try {
		const traffic = new Traffic(scene, new Random(seed + 1));
		traffic.start();
		const counts = await strike(scene, new Random(seed), minutes);
		await calm(scene);
		await traffic.stop();
		const verdicts = await settle(scene, traffic);
		console.log(`Faults: ${[...counts].map(([name, times]) => `${name} ${times}`).join(', ')}`);
		for (const line of told(verdicts)) console.log(line);
		for (const [node, kind] of [
			['IMAP Trigger', 'watch'],
			['POP Trigger', 'poll'],
		] as const)
			console.log(`${node}: ${await withoutEmails(scene, kind)} noted executions ended without emails, which came in others`);
		console.log(`POP Fetch: the last step of its workflow got ${scene.reachedEnd.size} emails`);
		if (verdicts.some(({ lost, doubled }) => lost.length + doubled.length > 0)) {
			console.log(`Again with: npm run soak -- --minutes ${minutes} --seed ${seed}`);
			process.exitCode = 1;
		}
	} finally {
		if (process.env.SOAK_LOG !== undefined) console.log(scene.n8n.instance.logText());
		await scene.stop();
	}
}

async function strike(scene: Scene, random: Random, minutes: number): Promise<Map<string, number>> {
	const faults = faultsOf(scene, random);
	const names = [...faults.keys()];
	const counts = new Map<string, number>();
	const begun = Date.now();
	for (let told = 1; Date.now() < begun + minutes * 60_000;) {
		await sleep(500 + random.next() * 4_000);
		const name = random.pick(names);
		counts.set(name, (counts.get(name) ?? 0) + 1);
		if (process.env.SOAK_LOG !== undefined) console.log(`${new Date().toISOString()} ${name}`);
		await faults.get(name)?.();
		for (; Date.now() > begun + told * 60_000; told += 1)
			console.log(
				`Minute ${told}: ${[...counts.values()].reduce((sum, times) => sum + times, 0)} faults, n8n killed ${scene.kills.length} times`,
			);
	}
	return counts;
}

/** Everything works again; connections that were left half-open are ended by the network. */
async function calm({ sandbox }: Scene): Promise<void> {
	sandbox.exchange.reset();
	sandbox.identity.recover();
	sandbox.exchange.drop();
	await Promise.resolve();
}

/**
 * Until every email has arrived where it belongs. While something still moves, it is waited for, however much there is: what all faults have
 * left behind takes long on a busy machine. What has not arrived after some minutes without a movement is counted as lost.
 */
async function settle(scene: Scene, traffic: Traffic): Promise<Verdict[]> {
	let [seen, since] = ['', Date.now()];
	let [isJudged, spokeAt] = [false, since];
	for (;;) {
		flushQueue(scene);
		await Promise.all([traffic.call('soak-fetch'), traffic.call('soak-move')]);
		await sleep(5_000);
		const state = await progress(scene);
		if (Date.now() - spokeAt > 60_000) {
			console.log(`The faults are over; what they left behind is waited for. ${state}`);
			spokeAt = Date.now();
		}
		if (state !== seen) [seen, since, isJudged] = [state, Date.now(), false];
		const isLate = Date.now() - since > STILL_MS;
		// To judge is much work for n8n, which tells of all executions then.
		if (!isLate && (isJudged || Date.now() - since < QUIET_MS)) continue;
		const verdicts = await judge(scene, traffic);
		isJudged = true;
		if (isLate || (verdicts.every(({ lost }) => lost.length === 0) && (await running(scene)) === 0)) return verdicts;
	}
}

/** What the nodes have done by themselves until now: emails that lie where they belong, and executions. */
async function progress(scene: Scene): Promise<string> {
	const done = async (mailbox: string): Promise<string> =>
		(await scene.sandbox.dovecot.doveadm('mailbox', 'status', '-u', mailbox, 'messages', 'Done')).trim();
	return [
		...['Watch:', await done(BOXES.watch), 'and mailbox:', await done(BOXES.move), 'and'],
		...[await executions(scene, 'watch'), 'and', await executions(scene, 'poll'), 'executions of the triggers'],
	].join(' ');
}

async function executions({ n8n, workflows }: Scene, kind: NodeKind): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: workflows[kind] }));
	const { data } = await n8n.api.rest<{ data: { count: number } }>('GET', `/executions?filter=${filter}&limit=1`);
	return data.count;
}

/** What Postfix could not deliver while Dovecot was down is delivered now. */
function flushQueue({ sandbox: { folder, postfix } }: Scene): void {
	if (!postfix.embedded) execFileSync('postqueue', ['-c', join(folder, 'postfix', 'config'), '-f']);
}

async function running({ n8n }: Scene): Promise<number> {
	const filter = encodeURIComponent(JSON.stringify({ status: ['running', 'new'] }));
	const { data } = await n8n.api.rest<{ data: { results: object[] } }>('GET', `/executions?filter=${filter}`);
	return data.results.length;
}

async function judge(scene: Scene, traffic: Traffic): Promise<Verdict[]> {
	const runs = async (kind: NodeKind, states: string[]): Promise<Run[]> => await successes(scene, kind, states);
	const names = async (inbox: Inbox): Promise<Set<string>> =>
		new Set([
			...traffic.taken[inbox],
			...(await copies(scene, BOXES[inbox], 'INBOX')).keys(),
			...(await copies(scene, BOXES[inbox], 'Done')).keys(),
		]);
	const [watched, polled, fetched, moved] = await Promise.all([names('watch'), names('poll'), names('fetch'), names('move')]);
	const { kills, ends, reachedEnd } = scene;
	const moves = { row: MOVE_ROW, leftInBoth: scene.leftInBoth };
	const [watches, fetches] = [await runs('watch', ['success']), await runs('fetch', ['success', 'error'])];
	await noteCreation(scene, watches);
	await noteCreation(scene, fetches);
	return [
		verdictOfRuns('IMAP Trigger', watched, watches, { row: CRASH_ROW, kills }),
		verdictOfFolder('IMAP Trigger, After Success: Move', watched, await copies(scene, BOXES.watch, 'Done'), moves),
		verdictOfRuns('POP Trigger', polled, await runs('poll', ['success']), { row: POLL_ROW, kills }),
		// A failed execution has its emails.
		verdictOfRuns('POP Fetch', fetched, fetches, {
			...{ row: FETCH_ROW, kills, startedByN8n: { row: STARTED_ROW, ends } },
			reachedEnd: { row: STORED_ROW, names: reachedEnd },
		}),
		verdictOfFolder('IMAP Mailbox, Move', moved, await copies(scene, BOXES.move, 'Done'), moves),
		verdictOfSent(traffic.said, await copies(scene, BOXES.receiver, 'INBOX')),
	];
}

/** An execution that succeeded, by n8n's ID. */
interface Run extends Success {
	id: string;
}

/** Asks n8n when it noted the executions whose emails came in another one too. */
async function noteCreation({ n8n }: Scene, runs: Run[]): Promise<void> {
	const times = new Map<string, number>();
	for (const name of runs.flatMap(({ names }) => names)) times.set(name, (times.get(name) ?? 0) + 1);
	for (const run of runs) {
		if (!run.names.some((name) => (times.get(name) ?? 0) > 1)) continue;
		const { data } = await n8n.api.rest<{ data: { createdAt: string } }>('GET', `/executions/${run.id}`);
		run.createdAt = Date.parse(data.createdAt);
	}
}

/** How many noted executions of a trigger n8n has started itself after its end, so that they ended without emails. */
async function withoutEmails(scene: Scene, kind: NodeKind): Promise<number> {
	return (await successes(scene, kind, ['success'])).filter(({ names }) => names.length === 0).length;
}

async function successes({ n8n, workflows }: Scene, kind: NodeKind, states: string[]): Promise<Run[]> {
	const found: Run[] = [];
	let cursor: string | null = '';
	while (cursor !== null) {
		const page: { data: Execution[]; nextCursor: string | null } = await n8n.api.v1(
			'GET',
			`/executions?workflowId=${workflows[kind]}&includeData=true&limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
		);
		for (const { id, status, startedAt, stoppedAt, data } of page.data) {
			if (!states.includes(status)) continue;
			const items = data?.resultData?.runData?.Mail?.[0]?.data?.main?.[0] ?? [];
			found.push({
				id,
				names: items.map(({ json }) => String(json.subject)),
				startedAt: Date.parse(startedAt),
				stoppedAt: Date.parse(stoppedAt ?? startedAt),
			});
		}
		cursor = page.nextCursor ?? null;
	}
	return found;
}

/**
 * When each copy of an email came into a folder, in epoch ms, by its subject. What Postfix has taken once and delivered twice, since Dovecot was killed before its
 * answer, is one: both have the queue ID that Postfix gave it.
 */
async function copies({ sandbox }: Scene, mailbox: string, folder: string): Promise<Map<string, number[]>> {
	const found = new Map<string, Map<string, number>>();
	for (const [index, { at, bytes }] of (await stored(sandbox.dovecot.mailFolder, mailbox, folder)).entries()) {
		const text = bytes.toString('latin1');
		const name = nameOf(text);
		const queued = /\bwith E?SMTPS?A? id (\w+)/.exec(text)?.[1] ?? String(index);
		found.set(name, (found.get(name) ?? new Map<string, number>()).set(queued, at));
	}
	return new Map([...found].map(([name, own]) => [name, [...own.values()]]));
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
