import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { liveWatches } from '../../../mail/watch/registry';
import { ImapTrigger } from '../../../nodes/ImapTrigger/ImapTrigger.node';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { mail } from '../../mail/watch/watchRig';
import { TriggerRig } from '../triggerRig';

/** `ACTIVATIONS=1000 npm test -- test/nodes/ImapTrigger/leftovers.test.ts` for the number that `npm run bench watches` has in a real n8n. */
const ACTIVATIONS = Number(process.env.ACTIVATIONS ?? 60);
const AT_ONCE = 10;

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'leftovers-'));

beforeAll(async () => {
	process.env.N8N_USER_FOLDER = folder;
	sandbox = await startSandbox();
	trust(sandbox.caFile);
}, 60_000);

afterAll(async () => {
	await sandbox.stop();
	rmSync(folder, { recursive: true, force: true });
	delete process.env.N8N_USER_FOLDER;
});

/** What keeps the process going, by kind, and who listens to the process itself. */
function held(): Map<string, number> {
	const counts = new Map<string, number>();
	for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
	for (const event of process.eventNames()) counts.set(`listeners for ${String(event)}`, process.listenerCount(event));
	return counts;
}

const more = (before: Map<string, number>): string[] =>
	[...held()]
		.filter(([kind, count]) => count > (before.get(kind) ?? 0))
		.map(([kind, count]) => `${kind}: ${before.get(kind) ?? 0} → ${count}`);

/** Of what is more than before, what does not go away within some seconds. Waits by itself, since the waiting of `expect.poll` is a timer, too. */
async function leftAfterAMoment(before: Map<string, number>): Promise<string[]> {
	for (let tries = 0; tries < 200 && more(before).length > 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
	return more(before);
}

/** Every second one is closed as soon as it is open, the others when they listen. */
async function onAndOff(mailbox: string, parameters: Record<string, unknown>, listens: boolean): Promise<void> {
	const rig = new TriggerRig(sandbox, { mailbox, parameters });
	const { closeFunction } = await new ImapTrigger().trigger.call(rig.context());
	if (listens) await rig.until('it listens', () => rig.logs.some((line) => line.includes('watching')), 30_000);
	await closeFunction?.();
}

describe('a trigger that was activated and deactivated', () => {
	it.each([
		['one folder', {}],
		['all folders', { scope: 'all' }],
	])(
		`leaves no timer, no listener, no connection and no session after ${ACTIVATIONS} times: %s`,
		async (_name, parameters) => {
			const mailboxes = Array.from({ length: AT_ONCE }, (_, index) => `leftovers${index}@example.test`);
			for (const mailbox of mailboxes) await sandbox.deliver(mailbox, mail('already there'));
			const round = async (): Promise<void> =>
				void (await Promise.all(mailboxes.map(async (mailbox, index) => await onAndOff(mailbox, parameters, index % 2 === 0))));
			const settled = async (): Promise<void> => await expect.poll(() => sandbox.exchange.live('imap').length, { timeout: 20_000 }).toBe(0);
			// The first ones load the libraries.
			await round();
			await settled();
			await new Promise((resolve) => setImmediate(resolve));
			const before = held();
			for (let done = 0; done < ACTIVATIONS; done += AT_ONCE) await round();
			await settled();
			expect(liveWatches()).toBe(0);
			// The servers beside us take down their own ends within a moment.
			expect(await leftAfterAMoment(before)).toEqual([]);
		},
		60_000 + ACTIVATIONS * 500,
	);
});
