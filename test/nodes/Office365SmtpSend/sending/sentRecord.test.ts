import type { IDataObject } from 'n8n-workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sendItems } from '../../../../nodes/Office365SmtpSend/execute';
import { startSandbox, trust, type Sandbox } from '../../../../sandbox/servers';
import { executeFunctions, told } from '../../../support/contexts';
import { collectGarbage } from '../../../support/garbage';
import { ProcessedData } from '../../../support/processedData';

let sandbox: Sandbox;
let runs = 0;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

interface Batch {
	processed: ProcessedData;
	to: string;
	workflow: string;
	run: (
		keys: string[],
		parameters?: Record<string, unknown>,
		options?: IDataObject,
		cancel?: AbortSignal,
	) => Promise<{ items: IDataObject[]; hints: string[] }>;
}

/** @param processed what an earlier process has left */
function batch(processed = new ProcessedData()): Batch {
	const name = `batch-${process.pid}-${(runs += 1)}`;
	return {
		processed,
		to: `${name}@example.test`,
		workflow: name,
		run: async (keys, parameters = {}, options = {}, cancel) => {
			const about = told();
			const perItem = { options: keys.map((idempotencyKey) => ({ idempotencyKey, ...options })) };
			const items = await sendItems(
				executeFunctions(
					{
						sandbox,
						mailbox: `${name}-from@example.test`,
						workflow: name,
						input: keys.length,
						processed,
						perItem,
						cancel,
						parameters: {
							operation: 'send',
							toEmail: `${name}@example.test`,
							subject: 'x',
							emailFormat: 'text',
							text: 'hello',
							continueOnFail: true,
							...parameters,
						},
					},
					about,
				),
			);
			return { items: items.map(({ json }) => json), hints: about.hints };
		},
	};
}

const outcome = ({ alreadySent, deliveryUnknown, error, accepted }: IDataObject): string =>
	alreadySent === true
		? 'already'
		: deliveryUnknown === true
			? 'unknown'
			: error !== undefined
				? 'failed'
				: `sent ${Array.isArray(accepted) ? accepted.length : 0}`;

it('tells keys apart that differ only at their end, however long they are', async () => {
	const { run } = batch();
	const long = 'x'.repeat(2_000);
	expect((await run([`${long} 1`, `${long} 2`, `${long} 1`])).items.map(outcome)).toEqual(['sent 1', 'sent 1', 'already']);
});

it('hints at emails that were not sent because of their key, also if one key is that of every item', async () => {
	const { run } = batch();
	const { items, hints } = await run(['one-key', 'one-key', 'one-key', 'other']);
	expect(items.map(outcome).sort()).toEqual(['already', 'already', 'sent 1', 'sent 1']);
	expect(hints).toEqual([
		expect.stringMatching(/^2 emails were not sent, because .* sent before: one-key\. Each email needs a key of its own\.$/),
	]);
});

describe('an execution that is retried after a crash', () => {
	it('sends what was not begun, leaves out what was sent, and tells of what nobody knows', async () => {
		const { processed, run, to } = batch();
		await processed.checkAndRecord(['begun a', 'sent a', 'begun b']);
		const first = await run(['a', 'b', 'c', 'd']);
		expect(first.items.map(outcome)).toEqual(['already', 'unknown', 'sent 1', 'sent 1']);
		expect(first.items[1]).toMatchObject({ deliveryUnknownFor: [to], idempotencyKey: 'b' });
		expect(first.hints.join()).toContain('may not have the email');
		const second = await run(['a', 'b', 'c', 'd']);
		expect(second.items.map(outcome)).toEqual(['already', 'unknown', 'already', 'already']);
		const third = await run(['b'], {}, { resendUnknown: true });
		expect(third.items.map(outcome)).toEqual(['sent 1']);
		expect((await run(['b'])).items.map(outcome)).toEqual(['already']);
		await expect.poll(async () => (await sandbox.messages(to)).length).toBe(3);
	});

	it('tells as unknown what was between the request for its content and the content, though nobody has it', async () => {
		const first = batch();
		const record = first.processed.checkAndRecord.bind(first.processed);
		let recorded = 0;
		// The first time it is only looked for. The process ends when the second one is stored.
		first.processed.checkAndRecord = async (items, options) => {
			const told = await record(items, options);
			if (items.includes('begun a') && (recorded += 1) === 2) await new Promise<never>(() => undefined);
			return told;
		};
		void first.run(['a']);
		await expect.poll(() => recorded).toBe(2);
		first.processed.checkAndRecord = record;
		const later = batch(first.processed);
		const toEmail = first.to;
		expect((await later.run(['a'], { toEmail })).items.map(outcome)).toEqual(['unknown']);
		sandbox.exchange.drop('smtp');
		expect((await later.run(['a'], { toEmail }, { resendUnknown: true })).items.map(outcome)).toEqual(['sent 1']);
		await sandbox.arrival(toEmail, () => true);
		expect(await sandbox.messages(toEmail)).toHaveLength(1);
		expect((await later.run(['a'], { toEmail })).items.map(outcome)).toEqual(['already']);
	});

	it('loses none of many entries that are made at the same time', async () => {
		const { run } = batch();
		const keys = Array.from({ length: 150 }, (_, index) => `key ${index}`);
		expect(new Set((await run(keys)).items.map(outcome))).toEqual(new Set(['sent 1']));
		expect(new Set((await run(keys)).items.map(outcome))).toEqual(new Set(['already']));
	});

	it('knows nothing of an email that only waited for its turn', async () => {
		const { processed, run, to } = batch();
		// The first one passes, the second has to wait for the next minute, in which n8n ends.
		const cancel = new AbortController();
		const running = run(['first', 'second'], {}, { messagesPerMinute: 1 }, cancel.signal);
		await sandbox.arrival(to, () => true);
		await expect.poll(() => processed.has('sent first')).toBe(true);
		expect([processed.has('begun first'), processed.has('begun second')]).toEqual([true, false]);
		cancel.abort();
		await running.catch(() => undefined);
	});

	it('sends again what failed', async () => {
		const { run } = batch();
		expect((await run(['a'], { toEmail: 'nonsense' })).items.map(outcome)).toEqual(['failed']);
		sandbox.exchange.plan('smtp', 'RCPT', { reply: '550 5.1.1 no such user' });
		const refused = (await run(['a'])).items.map(outcome);
		sandbox.exchange.reset();
		expect([refused, (await run(['a'])).items.map(outcome)]).toEqual([['failed'], ['sent 1']]);
	});

	it('still tells what nobody knows after an attempt to resend it failed', async () => {
		const { processed, run } = batch();
		await processed.checkAndRecord(['begun a']);
		sandbox.exchange.plan('smtp', 'RCPT', { reply: '550 5.1.1 no such user' });
		const refused = (await run(['a'], {}, { resendUnknown: true })).items.map(outcome);
		sandbox.exchange.reset();
		expect([refused, (await run(['a'])).items.map(outcome)]).toEqual([['failed'], ['unknown']]);
	});

	it('does not count an email as begun that the server put off, while it waits for its next attempt', async () => {
		const { processed, run, to } = batch();
		sandbox.exchange.plan('smtp', '.', { reply: '451 4.3.2 busy' });
		const running = run(['a'], {}, { retryFor: 60 });
		const seen = new Set<boolean>();
		const poll = setInterval(() => seen.add(processed.has('begun a')), 5);
		await running;
		clearInterval(poll);
		expect(seen).toEqual(new Set([false, true]));
		await sandbox.arrival(to, () => true);
		expect(processed.has('sent a')).toBe(true);
	});

	it('takes nothing for sent of which nobody knows, also where refused recipients fail the item', async () => {
		const { run, to } = batch();
		const some = { toEmail: `nobody@example.test, ${to}` };
		sandbox.exchange.plan('smtp', 'END', { drop: true });
		const { items } = await run(['a'], some, { failOnRejected: true });
		sandbox.exchange.reset();
		expect(items).toMatchObject([{ error: expect.stringContaining('or may have it'), deliveryUnknownFor: [to] }]);
		expect((await run(['a'], some)).items.map(outcome)).toEqual(['unknown']);
		expect((await run(['a'], some, { resendUnknown: true })).items.map(outcome)).toEqual(['sent 1']);
	});

	it('tells what became of an email, also where that cannot be stored', async () => {
		const { processed, run } = batch();
		const record = processed.checkAndRecord.bind(processed);
		processed.checkAndRecord = async (items, options) => {
			if (items.includes('sent a')) throw new Error('database is locked');
			return await record(items, options);
		};
		expect((await run(['a'])).items.map(outcome)).toEqual(['sent 1']);
		processed.checkAndRecord = record;
		expect((await run(['a'])).items.map(outcome)).toEqual(['unknown']);
	});

	it('ends the wait for an email with the same key when it is stopped', async () => {
		const { run, to } = batch();
		sandbox.exchange.plan('smtp', 'END', { delayMs: 3_000 });
		const first = run(['a']);
		const stop = new AbortController();
		const second = run(['a'], {}, {}, stop.signal);
		await sandbox.exchange.next('open');
		stop.abort();
		await expect(Promise.race([second, first.then(() => 'the first one ended before')])).rejects.toThrow('The execution was stopped');
		expect((await first).items.map(outcome)).toEqual(['sent 1']);
		expect((await run(['a'])).items.map(outcome)).toEqual(['already']);
		await expect.poll(async () => (await sandbox.messages(to)).length).toBe(1);
	});

	it('sends one of two items with the same key', async () => {
		const { run, to } = batch();
		expect((await run(['a', 'a', 'a'])).items.map(outcome).sort()).toEqual(['already', 'already', 'sent 1']);
		await expect.poll(async () => (await sandbox.messages(to)).length).toBe(1);
	});

	it('sends one of two items with the same key, also where it is not known what an earlier execution sent', async () => {
		const { processed, run, to } = batch();
		await processed.checkAndRecord(['begun a']);
		const { items } = await run(['a', 'a', 'a'], {}, { resendUnknown: true });
		expect(items.map(outcome).sort()).toEqual(['already', 'already', 'sent 1']);
		await expect.poll(async () => (await sandbox.messages(to)).length).toBe(1);
		await processed.checkAndRecord(['begun b']);
		expect((await run(['b', 'b'])).items.map(outcome)).toEqual(['unknown', 'unknown']);
	});

	it('leaves an email to another worker that has begun to send it since it was reserved here', async () => {
		const { processed, run, to } = batch();
		const elsewhere = sandbox.exchange.next('open').then(async () => await processed.checkAndRecord(['begun a']));
		const { items } = await run(['a']);
		await elsewhere;
		expect(items).toMatchObject([{ error: expect.stringContaining('Another execution is sending this email.') }]);
		// What the other worker has entered stays, so that this one tells what became of the email.
		expect(processed.has('begun a')).toBe(true);
		await processed.checkAndRecord(['sent a']);
		expect((await run(['a', 'b'])).items.map(outcome)).toEqual(['already', 'sent 1']);
		await expect.poll(async () => (await sandbox.messages(to)).length, { timeout: 30_000 }).toBe(1);
	});
});

it('keeps no execution in memory that has ended', async () => {
	const scene = { sandbox, mailbox: 'kept@example.test', workflow: 'kept' };
	const parameters = { operation: 'send', toEmail: 'kept-to@example.test', subject: 'x', text: 'hello', options: { idempotencyKey: 'a' } };
	const used = async (): Promise<WeakRef<object>> => {
		const context = executeFunctions({ ...scene, parameters }, told());
		await sendItems(context);
		return new WeakRef(context);
	};
	const ended = await used();
	// A connection stays open for some seconds, and keeps it as long.
	await expect.poll(() => (collectGarbage(), ended.deref() === undefined), { timeout: 30_000 }).toBe(true);
});
