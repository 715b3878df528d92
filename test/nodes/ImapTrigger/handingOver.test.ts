import { beforeAll, describe, expect, it } from 'vitest';

import type { Sandbox } from '../../../sandbox/servers';
import { mail } from '../../mail/watch/watchRig';
import { run, TriggerRig, triggersOf, type Emitted, type TriggerOptions } from '../triggerRig';

const { begin, freshMailbox, start: startRig } = triggersOf('handing');
let sandbox: Sandbox;

beforeAll(async () => void (sandbox = await begin()));

async function start(options: Partial<TriggerOptions> & { mailbox: string }): Promise<{ rig: TriggerRig; close: () => Promise<void> }> {
	const rig = new TriggerRig(sandbox, options);
	const { close } = await startRig(rig);
	await rig.until('watching', () => rig.logs.some((line) => line.includes('watching (IDLE)')));
	return { rig, close };
}

const flags = async (mailbox: string, how: 'add' | 'remove'): Promise<unknown> =>
	await sandbox.dovecot.doveadm('flags', how, '-u', mailbox, '\\Flagged', 'mailbox', 'INBOX', 'uid', '1');

/** Starts one execution under each key, as n8n does since 2.20 (execution-persistence.js). Each succeeds. */
function executions(): { had: Set<string>; end: (emitted: Emitted) => void } {
	const had = new Set<string>();
	return {
		had,
		end: ({ key, done }) => {
			const isFirst = !had.has(key);
			had.add(key);
			done?.resolve(isFirst ? run('success') : undefined);
		},
	};
}

describe('an email that n8n has had an execution for', () => {
	it.each(['afterSuccess', 'atOnce'])('gets another each time that somebody flags it, under a key of its own: %s', async (handOver) => {
		const mailbox = freshMailbox();
		const { had, end } = executions();
		const parameters = { postProcessAction: 'nothing', options: { handOver, alsoStartOn: { on: { events: ['flagged'] } } } };
		const { rig } = await start({ mailbox, parameters, end });
		const flagged = (): unknown => JSON.parse(JSON.stringify(rig.staticData)).watch.folders.INBOX.marks?.flagged;
		await sandbox.deliver(mailbox, mail('mail'));
		await rig.until('the new email', () => rig.emitted.length === 1);
		for (const times of [2, 3]) {
			await flags(mailbox, 'add');
			await rig.until('the execution of the flag', () => rig.emitted.length >= times && flagged() === '1');
			await flags(mailbox, 'remove');
			await rig.until('the flag is off', () => flagged() === '');
		}
		expect(rig.emitted.flatMap(({ items }) => items.map(({ json }) => json.startedBy))).toEqual(['new', 'flagged', 'flagged']);
		expect(had.size).toBe(3);
		expect(rig.saved).toEqual([]);
	});
});

describe('an execution that n8n refuses late, since its database hangs', () => {
	/** After the second that Mark as Done: At Once waits for a refusal. */
	const late = (): { end: (emitted: Emitted) => void } => {
		let refused = false;
		return {
			end: ({ done }) => {
				if (refused) return done?.resolve(run('success'));
				refused = true;
				setTimeout(() => done?.reject(new Error('timeout exceeded when trying to connect')), 2_000);
			},
		};
	};

	it('is started again also where its email counts as done at once', async () => {
		const mailbox = freshMailbox();
		const { rig } = await start({ mailbox, parameters: { options: { handOver: 'atOnce' } }, ...late() });
		await sandbox.deliver(mailbox, mail('patient'));
		await rig.until('the second', () => rig.emitted.length === 2, 30_000);
		expect(rig.subjects).toEqual(['patient', 'patient']);
		await expect.poll(() => JSON.parse(JSON.stringify(rig.staticData)).watch.folders.INBOX.pending).toEqual({});
		expect(rig.saved).toEqual([]);
	});

	it('is reported where its email has been deleted at once', async () => {
		const mailbox = freshMailbox();
		const parameters = { postProcessAction: 'delete', options: { handOver: 'atOnce' } };
		const { rig } = await start({ mailbox, parameters, ...late() });
		await sandbox.deliver(mailbox, mail('gone'));
		await rig.until('the report', () => rig.saved.length === 1, 30_000);
		expect(rig.saved[0]?.message).toMatch(/could not start an execution for the email with UID 1 in INBOX, which is already deleted/);
		expect(rig.emitted).toHaveLength(1);
	});
});

describe('an execution that n8n refuses after the trigger has been started again', () => {
	it('is reported, since the trigger has recorded its email as done', async () => {
		const mailbox = freshMailbox();
		const parameters = { options: { handOver: 'atOnce' } };
		let refuse = (): void => undefined;
		const end = ({ done }: Emitted): void => {
			refuse = () => done?.reject(new Error('timeout exceeded when trying to connect'));
		};
		const { rig } = await start({ mailbox, parameters, end });
		await sandbox.deliver(mailbox, mail('mail'));
		await rig.until('the email', () => rig.emitted.length === 1);
		const pending = (): unknown => JSON.parse(JSON.stringify(rig.staticData)).watch.folders.INBOX.pending;
		await expect.poll(pending, { timeout: 60_000 }).toEqual({});
		const again = await start({ mailbox, parameters, activation: 'update', staticData: structuredClone(rig.staticData) });
		refuse();
		await rig.until('the report', () => rig.saved.length === 1, 30_000);
		expect(rig.saved[0]?.message).toMatch(/for the email with UID 1 in INBOX, which is already recorded as done, because the trigger/);
		expect(again.rig.emitted).toEqual([]);
	});
});

describe('a node that gets another name', () => {
	it('goes on where it was when a person publishes that, though n8n keeps its memory under the former name', async () => {
		const mailbox = freshMailbox();
		const parameters = { options: { startFrom: 'lastDays', startDays: 30 } };
		await sandbox.deliver(mailbox, mail('first'));
		const before = await start({ mailbox, parameters });
		await before.rig.until('the mail', () => before.rig.emitted.length === 1);
		await before.close();
		await sandbox.deliver(mailbox, mail('in between'));
		const after = await start({ mailbox, parameters, activation: 'update' });
		await sandbox.deliver(mailbox, mail('last'));
		await after.rig.until('the last', () => after.rig.subjects.includes('last'));
		expect(after.rig.subjects).toEqual(['in between', 'last']);
	});
});

describe('a node that gets the name that another one had', () => {
	it('begins with its own Start From while the other goes on under its new name', async () => {
		const mailbox = freshMailbox();
		await sandbox.deliver(mailbox, mail('here'));
		const former = await start({ mailbox });
		const parameters = { options: { startFrom: 'lastDays', startDays: 3 } };
		const { rig } = await start({ mailbox, node: 'another', parameters, staticData: structuredClone(former.rig.staticData) });
		await sandbox.deliver(mailbox, mail('next'));
		for (const one of [former.rig, rig]) await one.until('the next', () => one.subjects.includes('next'));
		expect(former.rig.subjects).toEqual(['next']);
		expect(rig.subjects).toEqual(['here', 'next']);
	});

	it('begins with its own Start From if the other was deleted long ago', async () => {
		const mailbox = freshMailbox();
		const former = await start({ mailbox });
		await former.close();
		await sandbox.deliver(mailbox, mail('here'));
		const staticData = JSON.parse(JSON.stringify(former.rig.staticData).replace('"node":"node"', '"node":"deleted"'));
		const { rig } = await start({ mailbox, node: 'another', staticData });
		await sandbox.deliver(mailbox, mail('new'));
		await rig.until('the email', () => rig.emitted.length === 1);
		expect(rig.subjects).toEqual(['new']);
	});

	it('goes on where the other was if n8n has just replaced that one, since n8n may have given the node another ID', async () => {
		const mailbox = freshMailbox();
		const former = await start({ mailbox });
		await former.close();
		await sandbox.deliver(mailbox, mail('in between'));
		const { rig } = await start({ mailbox, node: 'another', staticData: structuredClone(former.rig.staticData) });
		await rig.until('the email', () => rig.emitted.length === 1);
		expect(rig.subjects).toEqual(['in between']);
	});
});
