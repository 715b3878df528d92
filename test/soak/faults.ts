import { setTimeout as sleep } from 'node:timers/promises';

import type { Random } from '../support/random';
import { elsewhereToo } from '../../sandbox/servers/mailbox';
import { BOXES, nameOf, type Scene } from './scene';

const PROTOCOLS = ['imap', 'pop', 'smtp'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** What a server that is busy says to a command that can be repeated. */
const BUSY: Record<Protocol, ReadonlyArray<readonly [command: string, reply: string]>> = {
	imap: [
		['UID SEARCH', '%t BAD Request is throttled. Suggested Backoff Time: 1000 milliseconds'],
		['UID FETCH', '%t BAD Request is throttled. Suggested Backoff Time: 1000 milliseconds'],
		['UID MOVE', '%t NO Server Unavailable. 15'],
	],
	pop: [
		['UIDL', '-ERR [SYS/TEMP] Server Unavailable. 21'],
		['RETR', '-ERR [SYS/TEMP] Server Unavailable. 21'],
	],
	smtp: [
		['MAIL', '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.'],
		['RCPT', '451 4.7.500 Server busy. Please try again later.'],
		['DATA', '451 4.7.500 Server busy. Please try again later.'],
	],
};
const REFUSED: Record<Protocol, readonly [command: string, reply: string]> = {
	imap: ['AUTHENTICATE', '%t NO AUTHENTICATE failed.'],
	pop: ['AUTH', '-ERR Authentication failure: unknown user name or bad password.'],
	smtp: ['AUTH', '535 5.7.3 Authentication unsuccessful'],
};
/** Where a connection breaks: before the answer, or in the middle of it. */
const BREAKS: Record<Protocol, readonly string[]> = {
	imap: ['UID FETCH', 'UID MOVE', 'UID SEARCH', 'AUTHENTICATE', 'SELECT'],
	pop: ['RETR', 'UIDL', 'QUIT', 'AUTH'],
	smtp: ['CONNECT', 'MAIL', 'RCPT', 'DATA', 'BODY', 'END'],
};

/** N8N_GRACEFUL_SHUTDOWN_TIMEOUT, by default. */
const GRACE_MS = 30_000;

export type Faults = Map<string, () => Promise<void>>;

/** What may go wrong, each by its name. A fault is over when its promise is fulfilled, though its effects may last. */
export function faultsOf(scene: Scene, random: Random): Faults {
	const { sandbox } = scene;
	const { exchange, identity } = sandbox;
	const one = (): Protocol => random.pick(PROTOCOLS);
	return new Map<string, () => Promise<void>>([
		['connections dropped', async () => exchange.drop(one())],
		[
			'connection broken at a command',
			async () => {
				const protocol = one();
				const middle = random.chance(0.5);
				exchange.plan(protocol, random.pick(BREAKS[protocol]), middle ? { afterBytes: 1 + random.below(200) } : { drop: true });
			},
		],
		['tokens ended', async () => exchange.expireTokens(one())],
		['half-open', async () => await halfOpen(scene, one(), random)],
		[
			'throttled',
			async () => {
				const protocol = one();
				const [command, reply] = random.pick(BUSY[protocol]);
				exchange.plan(protocol, command, { reply }, 1 + random.below(3));
			},
		],
		[
			'sign-in refused',
			async () => {
				const protocol = one();
				const [command, reply] = REFUSED[protocol];
				exchange.plan(protocol, command, { reply });
			},
		],
		['servers unreachable', async () => await unreachable(scene, random)],
		[
			'no tokens to be had',
			async () =>
				identity.failNext(
					{ status: 503, error: 'temporarily_unavailable', aadsts: 90033, description: 'A transient error has occurred.' },
					1 + random.below(3),
				),
		],
		[
			'mail server killed',
			async () => {
				await killed(sandbox.dovecot.process, random, async () => await noteLeftInBoth(scene));
			},
		],
		['submission server killed', async () => await killed(sandbox.postfix.process, random)],
		['n8n killed', async () => await endN8n(scene, true)],
		['n8n restarted', async () => await endN8n(scene, false)],
	]);
}

/** The connections stay and carry nothing; half of the time the network then ends them, otherwise the nodes have to notice. */
async function halfOpen({ sandbox: { exchange } }: Scene, protocol: Protocol, random: Random): Promise<void> {
	exchange.silent.add(protocol);
	await sleep(2_000 + random.next() * 4_000);
	exchange.silent.delete(protocol);
	if (random.chance(0.5)) exchange.drop(protocol);
}

async function unreachable({ sandbox: { exchange } }: Scene, random: Random): Promise<void> {
	for (const protocol of PROTOCOLS) exchange.refusing.add(protocol);
	exchange.drop();
	await sleep(random.next() * 3_000);
	exchange.refusing.clear();
}

async function killed(
	process: { kill: () => Promise<void>; start: () => Promise<void> },
	random: Random,
	look?: () => Promise<void>,
): Promise<void> {
	await process.kill();
	await look?.();
	await sleep(random.next() * 2_000);
	await process.start();
}

async function noteLeftInBoth({ sandbox, leftInBoth }: Scene): Promise<void> {
	for (const mailbox of [BOXES.watch, BOXES.move]) {
		for (const mail of await elsewhereToo(sandbox.dovecot.mailFolder, mailbox)) {
			const name = nameOf(mail.toString('latin1'));
			leftInBoth.set(name, (leftInBoth.get(name) ?? 0) + 1);
		}
	}
}

async function endN8n(scene: Scene, killed: boolean): Promise<void> {
	scene.down = true;
	const before = Date.now();
	if (killed) scene.kills.push(before);
	await (killed ? scene.n8n.crash() : scene.n8n.restart());
	const { endedAt } = scene.n8n.instance;
	scene.ends.push(endedAt);
	// n8n waits so long for executions, and then ends as if it had been killed.
	if (!killed && endedAt - before >= GRACE_MS) scene.kills.push(endedAt);
	scene.down = false;
}
