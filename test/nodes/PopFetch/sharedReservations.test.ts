import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { SharedReservations } from '../../../mail/collect/reservations';
import { sharedReservationsOf } from '../../../nodes/PopFetch/sharedReservations';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told } from '../../support/contexts';
import { ProcessedData } from '../../support/processedData';

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR + 59 * 60_000;

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	vi.stubEnv('EXECUTIONS_MODE', 'queue');
	// Workers that share no folder: they take no turns, and the marks alone keep them apart.
	vi.stubEnv('N8N_USER_FOLDER', '/dev/null');
});
afterAll(async () => {
	vi.unstubAllEnvs();
	await sandbox.stop();
});

describe('reservations among workers', () => {
	const worker = (processed: ProcessedData, now = NOW, mailbox = 'a'): SharedReservations => {
		const reservations = sharedReservationsOf(
			executeFunctions({ sandbox, mailbox: 'ada@example.test', workflow: 'leases', processed }, told()),
			mailbox,
			now,
		);
		if (reservations === undefined) throw new Error('no reservations');
		return reservations;
	};

	it('give each mail to one of them', async () => {
		const processed = new ProcessedData();
		expect(await worker(processed).take(['1', '2'])).toEqual(['1', '2']);
		expect(await worker(processed).take(['2', '3'])).toEqual(['3']);
		expect(await worker(processed, NOW, 'b').take(['1'])).toEqual(['1']);
	});

	it('give each mail to one of them where they ask at the same time, the first time too', async () => {
		const processed = new ProcessedData();
		for (const keys of [
			['1', '2'],
			['3', '4'],
		]) {
			const taken = await Promise.all([1, 2, 3].map(async () => await worker(processed).take(keys)));
			expect(taken.flat().sort()).toEqual(keys);
		}
	});

	it('are taken again where another worker that asks for other mails undoes them', async () => {
		const processed = new ProcessedData();
		const taken = await Promise.all(['a', 'b', 'c'].map(async (mailbox) => await worker(processed, NOW, mailbox).take(['1'])));
		expect(taken).toEqual([['1'], ['1'], ['1']]);
		for (const mailbox of ['a', 'b', 'c']) expect(await worker(processed, NOW, mailbox).take(['1'])).toEqual([]);
	});

	it('hold for an hour at least and end by themselves; asking does not prolong them', async () => {
		const processed = new ProcessedData();
		await worker(processed).take(['1']);
		for (const minutes of [1, 30, 60]) expect(await worker(processed, NOW + minutes * 60_000).take(['1'])).toEqual([]);
		expect(await worker(processed, NOW + 62 * 60_000).take(['1'])).toEqual(['1']);
	});

	it('end where the mail was not fetched', async () => {
		const processed = new ProcessedData();
		await worker(processed).take(['1', '2']);
		await worker(processed).release(['1']);
		expect(await worker(processed).take(['1', '2'])).toEqual(['1']);
	});

	it('hold for as many mails as there are at once', async () => {
		const processed = new ProcessedData();
		const keys = Array.from({ length: 12_000 }, (_, index) => String(index));
		expect(await worker(processed).take(keys)).toEqual(keys);
		expect(await worker(processed).take([...keys, 'new'])).toEqual(['new']);
		await worker(processed).release(keys.slice(2_000));
		expect((await worker(processed).take(keys)).length).toBe(10_000);
	});

	it('are not taken for those of another worker where one query of several fails', async () => {
		const processed = new ProcessedData();
		const context = executeFunctions({ sandbox, mailbox: 'ada@example.test', workflow: 'leases', processed }, told());
		const check = context.helpers.checkProcessedAndRecord.bind(context.helpers);
		let asked = 0;
		context.helpers.checkProcessedAndRecord = async (...query) =>
			(asked += 1) === 2 ? await Promise.reject(new Error('connection lost')) : await check(...query);
		expect(await sharedReservationsOf(context, 'a')?.take(['1'])).toEqual(['1']);
		expect(asked).toBe(3);
	});

	it('are done without where the store fails: a mail may come twice, none stays away', async () => {
		const processed = new ProcessedData();
		const about = told();
		const context = executeFunctions({ sandbox, mailbox: 'ada@example.test', workflow: 'leases', processed }, about);
		context.helpers.checkProcessedAndRecord = async () => await Promise.reject(new Error('no database'));
		expect(await sharedReservationsOf(context, 'a')?.take(['1'])).toEqual(['1']);
		expect(about.warnings).toEqual([expect.stringContaining('no database')]);
	});

	it('are not needed in one process, nor in the editor', () => {
		const scene = { sandbox, mailbox: 'ada@example.test', workflow: 'leases' };
		expect(sharedReservationsOf(executeFunctions({ ...scene, mode: 'manual' }, told()), 'a')).toBeUndefined();
		process.env.EXECUTIONS_MODE = 'regular';
		expect(sharedReservationsOf(executeFunctions(scene, told()), 'a')).toBeUndefined();
		process.env.EXECUTIONS_MODE = 'queue';
	});

	it('let two workers share the new emails of a mailbox', async () => {
		const mailbox = 'shared@example.test';
		await sandbox.deliver(
			mailbox,
			...Array.from({ length: 8 }, (_, index) => `Message-ID: <${index}@x>\r\nSubject: ${index}\r\n\r\nx\r\n`),
		);
		const processed = new ProcessedData();
		const inWorker = async (): Promise<unknown[]> => {
			vi.resetModules();
			const { fetchItems } = await import('../../../nodes/PopFetch/execute');
			const items = await fetchItems(
				executeFunctions({ sandbox, mailbox, workflow: 'shared', processed, parameters: { limit: 5 } }, told()),
			);
			return items.map(({ json }) => json.subject);
		};
		expect([await inWorker(), await inWorker(), await inWorker()]).toEqual([['0', '1', '2', '3', '4'], ['5', '6', '7'], []]);
	});
});
