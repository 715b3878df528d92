import { describe, expect, it } from 'vitest';

import { criteriaOfFilters } from '../../../mail/imap/criteria';
import type { Sandbox } from '../../../sandbox/servers';
import { mail, makeRigs } from './watchRig';

/** What Exchange does to single mails: nothing is lost by it, nothing handed over twice, and no other mail waits for it. */
let sandbox: Sandbox;
const rig = makeRigs('withheld', (started) => (sandbox = started));
const EVERYTHING = ['', 'HEADER', 'TEXT', 'BODY[]'];

describe('a mail that the server lists and does not give', () => {
	it('is asked for again while the others are handed over, and handed over once it is given', async () => {
		const one = rig({ rules: { withheldMs: 3_600_000, maxTries: 1 } });
		await one.watch.start();
		sandbox.exchange.mailFaults.add({ kind: 'withheld', sections: EVERYTHING, mailbox: one.mailbox, uid: 2 });
		await one.deliver('1', '2', '3');
		await one.until('the others', () => one.subjects.length === 2 && one.stored.folders.INBOX?.withheld?.[2] !== undefined);
		expect(one.logs.some((line) => line.includes('lists the email with UID 2 in INBOX but does not return it'))).toBe(true);
		sandbox.exchange.mailFaults.clear();
		await one.until('it', () => one.subjects.length === 3 && one.watch.idle);
		expect(one.subjects).toEqual(['1', '3', '2']);
		expect(one.reports).toEqual([]);
		expect(one.stored.folders.INBOX).toMatchObject({ uid: 3, pending: {}, withheld: {} });
		// Tries to fetch it are no executions that failed.
		expect(one.handed.at(-1)?.key).toMatch(/:2:1@\d+$/);
	});

	it('is reported and no longer retried after hours, not before, also where n8n begins anew in between', async () => {
		const before = rig({ rules: { withheldMs: 6 * 3_600_000, maxTries: 1 } });
		await before.watch.start();
		sandbox.exchange.mailFaults.add({ kind: 'withheld', sections: EVERYTHING, mailbox: before.mailbox, uid: 1 });
		await before.deliver('1');
		await before.until('tries', () => (before.stored.folders.INBOX?.withheld?.[1]?.times ?? 0) >= 2);
		before.watch.stop();
		expect(before.reports).toEqual([]);
		const memory = structuredClone(before.stored);
		for (const entry of Object.values(memory.folders.INBOX?.withheld ?? {})) entry.since -= 7 * 3_600_000;
		const after = rig({ mailbox: before.mailbox, memory, rules: { withheldMs: 6 * 3_600_000, maxTries: 1 } });
		await after.watch.start();
		await after.until('the report', () => after.reports.length === 1);
		expect(after.reports[0]?.message).toMatch(
			/^The email with UID 1 in INBOX is no longer retried after \d+ failed attempts to fetch it\.$/,
		);
		expect(after.stored.folders.INBOX).toMatchObject({ pending: {}, withheld: {} });
		expect(after.subjects).toEqual([]);
	});

	it('holds up no other, however many there are of its kind', async () => {
		const one = rig({ rules: { withheldMs: 3_600_000, retryFirstMs: 60_000, batchSize: 10 } });
		await one.watch.start();
		for (let uid = 1; uid <= 120; uid++)
			sandbox.exchange.mailFaults.add({ kind: 'withheld', sections: EVERYTHING, mailbox: one.mailbox, uid });
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 120 }, (_, index) => mail(`bad ${index}`)),
		);
		await one.until('all put aside', () => Object.keys(one.stored.folders.INBOX?.withheld ?? {}).length === 120);
		await one.deliver('good');
		await one.until('the good one', () => one.subjects.length === 1);
		expect(one.subjects).toEqual(['good']);
	});
});

describe("Exchange's note in place of a mail", () => {
	it('is handed over only where the mail itself does not come', async () => {
		const one = rig({
			rules: { withheldMs: 2_500 },
			make: async (fetched) => await Promise.resolve(`${fetched.uid}${fetched.placeholder === true ? ' note' : ''}`),
		});
		await one.watch.start();
		sandbox.exchange.mailFaults.add({ kind: 'placeholder', mailbox: one.mailbox, uid: 1, times: 1 });
		sandbox.exchange.mailFaults.add({ kind: 'placeholder', mailbox: one.mailbox, uid: 2 });
		await one.deliver('1', '2', '3');
		await one.until('all', () => one.subjects.length === 3 && one.watch.idle);
		expect(one.subjects).toEqual(['3', '1', '2 note']);
		expect(one.reports).toEqual([]);
	});
});

describe('a mail that is seen later than one with a higher UID', () => {
	it('is not skipped, nor is anything handed over twice, also where n8n begins anew in between', async () => {
		const before = rig({ heartbeatMs: 300 });
		await before.deliver('old 1', 'old 2');
		await before.watch.start();
		for (const uid of [3, 5]) sandbox.exchange.mailFaults.add({ kind: 'late', mailbox: before.mailbox, uid });
		await before.deliver('3', '4', '5', '6');
		await before.until('the others', () => before.subjects.length === 2 && before.watch.idle);
		expect(before.subjects).toEqual(['4', '6']);
		sandbox.exchange.mailFaults.clear();
		sandbox.exchange.mailFaults.add({ kind: 'late', mailbox: before.mailbox, uid: 5 });
		await before.until('the third', () => before.subjects.length === 3 && before.watch.idle);
		before.watch.stop();
		sandbox.exchange.mailFaults.clear();
		const after = rig({ mailbox: before.mailbox, memory: before.stored, heartbeatMs: 300 });
		await after.watch.start();
		await after.deliver('7');
		await after.until('the rest', () => after.subjects.length >= 2 && after.watch.idle);
		expect([...before.subjects, ...after.subjects]).toEqual(['4', '6', '3', '5', '7']);
	});

	it('is passed by where it does not fit the filters, and what is passed by is looked at once', async () => {
		const one = rig({ heartbeatMs: 300, criteria: criteriaOfFilters({ subject: 'wanted' }) });
		await one.watch.start();
		sandbox.exchange.mailFaults.add({ kind: 'late', mailbox: one.mailbox, uid: 1 });
		await one.deliver('other', 'wanted 2');
		await one.until('the second', () => one.subjects.length === 1 && one.watch.idle);
		sandbox.exchange.mailFaults.clear();
		await one.until('the first is known', () => one.stored.folders.INBOX?.known?.includes(2) === true);
		await one.deliver('wanted 3');
		await one.until('the third', () => one.subjects.length === 2 && one.watch.idle);
		expect(one.subjects).toEqual(['wanted 2', 'wanted 3']);
	});

	it('is not made of what a memory of an earlier version has seen', async () => {
		const before = rig();
		await before.watch.start();
		await before.deliver('1', '2');
		await before.until('both', () => before.subjects.length === 2 && before.watch.idle);
		before.watch.stop();
		const memory = structuredClone(before.stored);
		for (const state of Object.values(memory.folders)) delete state.known;
		const after = rig({ mailbox: before.mailbox, memory });
		await after.watch.start();
		await after.deliver('3');
		await after.until('the third', () => after.subjects.includes('3') && after.watch.idle);
		expect(after.subjects).toEqual(['3']);
	});
});

describe('a mail that turns out not to be wanted', () => {
	it('is passed by permanently, and the others are handed over in order', async () => {
		let made = 0;
		const make = async (fetched: { uid: number }): Promise<string | undefined> => {
			made += 1;
			return await Promise.resolve(fetched.uid % 2 === 0 ? undefined : String(fetched.uid));
		};
		const before = rig({ rules: { batchSize: 2 }, make });
		await before.watch.start();
		await before.deliver('1', '2', '3', '4', '5');
		await before.until('the odd ones', () => before.subjects.length === 3 && before.watch.idle);
		expect(before.subjects).toEqual(['1', '3', '5']);
		before.watch.stop();
		const after = rig({ mailbox: before.mailbox, memory: before.stored, make });
		made = 0;
		await after.watch.start();
		await after.deliver('6', '7');
		await after.until('the seventh', () => after.subjects.length === 1 && after.watch.idle);
		expect(made).toBe(2);
	});
});
