import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Outcome } from '../../../../mail/watch/handover/executions';
import { startSandbox, trust, type Sandbox } from '../../../../sandbox/servers';
import { Rig } from '../watchRig';

let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});

afterAll(async () => await sandbox.stop());

const COUNT = 10_000;
const RULES = { batchSize: 50, maxInFlight: 4, after: { kind: 'read' } } as const;

it('takes a backlog of 10,000 in batches, oldest first, holds no more than it hands over, and goes on in the middle', async () => {
	const mailbox = 'backlog@example.test';
	const padding = 'p'.repeat(2_000);
	await sandbox.fill(
		mailbox,
		Array.from({ length: COUNT }, (_, index) => `Subject: mail ${index + 1}\r\n\r\n${padding}\r\n`),
	);
	let release = (): void => undefined;
	const released = new Promise<void>((resolve) => (release = resolve));
	const one = new Rig(sandbox, {
		mailbox,
		startFrom: { kind: 'unread' },
		rules: RULES,
		execute: async (): Promise<Outcome> => {
			await released;
			return { kind: 'done' };
		},
	});
	await one.watch.start();
	await one.until('all places taken', () => one.handed.length === RULES.maxInFlight);
	const fetches = (): string[] =>
		sandbox.exchange.sessions
			.filter((session) => session.mailbox === mailbox)
			.flatMap(({ transcript }) => transcript.filter((line) => line.includes('BODY.PEEK[]')));
	await new Promise((resolve) => setTimeout(resolve, 500));
	// One piece in use, one read ahead; each of 500 mails at most.
	expect(one.handed).toHaveLength(RULES.maxInFlight);
	expect(fetches().length).toBeLessThanOrEqual(2);
	release();
	await one.until('the middle', () => one.subjects.length > COUNT / 3);
	one.watch.stop();
	const two = new Rig(sandbox, { mailbox, rules: RULES, memory: one.stored });
	await two.watch.start();
	await two.until('the end', () => two.watch.idle && two.subjects.includes(`mail ${COUNT}`));
	two.watch.stop();

	const numbers = (rig: Rig): number[] => rig.subjects.map((subject) => Number(subject.slice(5)));
	expect(numbers(one)).toEqual([...numbers(one)].sort((a, b) => a - b));
	expect(new Set([...numbers(one), ...numbers(two)]).size).toBe(COUNT);
	expect(one.subjects.length + two.subjects.length - COUNT).toBeLessThanOrEqual(RULES.batchSize * RULES.maxInFlight);
	expect((await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim()).toBe('');
	// Never one round trip for each mail: what was not begun twice went in pieces, and the marking too.
	const commands = sandbox.exchange.sessions
		.filter((session) => session.mailbox === mailbox)
		.flatMap(({ transcript }) => transcript.filter((line) => line.startsWith('C: ')));
	expect(commands.length).toBeLessThan(COUNT / 4);
});

it('fetches the emails of a failed batch together, though each is tried by itself', async () => {
	const mailbox = 'apart@example.test';
	await sandbox.fill(
		mailbox,
		Array.from({ length: 60 }, (_, index) => `Subject: mail ${index + 1}\r\n\r\nhello\r\n`),
	);
	const one = new Rig(sandbox, {
		mailbox,
		startFrom: { kind: 'unread' },
		rules: { batchSize: 60, retryFirstMs: 1 },
		execute: (subjects) => (subjects.length > 1 ? { kind: 'failed', reason: 'too many' } : { kind: 'done' }),
	});
	await one.watch.start();
	await one.until('all', () => one.handed.length === 61 && one.watch.idle);
	one.watch.stop();
	expect(one.subjects.slice(60)).toEqual(one.subjects.slice(0, 60));
	const fetches = sandbox.exchange.sessions
		.filter((session) => session.mailbox === mailbox)
		.flatMap(({ transcript }) => transcript.filter((line) => line.includes('UID FETCH')));
	expect(fetches.length).toBeLessThan(12);
});
