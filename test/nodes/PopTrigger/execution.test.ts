import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { INodeExecutionData } from 'n8n-workflow';

import { isRunning } from '../../../nodes/executions/activeTriggers';
import { runExecution } from '../../../nodes/PopTrigger/execution';
import { stamped } from '../../../nodes/executions/handedOver';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told, type Scene } from '../../support/contexts';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());
afterEach(() => {
	vi.unstubAllEnvs();
	vi.useRealTimers();
});

const EMAILS: INodeExecutionData[] = [{ json: { subject: '1' } }, { json: { subject: '2' }, binary: {} }];
/** As n8n has stored them before it ended. */
const noted = (): INodeExecutionData[] => stamped(EMAILS).map((item) => ({ ...item, handedOver: { process: 'an earlier one' } }));
const run = async (
	workflow: string,
	items: INodeExecutionData[],
	scene: Pick<Scene, 'mode' | 'parameters' | 'mailbox'> = { mailbox: 'none@example.test' },
): Promise<INodeExecutionData[][]> => {
	const context = executeFunctions({ sandbox, workflow, ...scene }, told());
	context.getInputData = () => items;
	context.getExecutionId = () => '7';
	return await runExecution(context);
};

const pass31Seconds = async (): Promise<void> => void vi.setSystemTime(Date.now() + 31_000);

describe('an execution of the POP Trigger', () => {
	it('begins with the emails that the trigger has handed over, and with nothing that it added to them', async () => {
		isRunning('own:node');
		expect(await run('own', stamped(EMAILS))).toEqual([EMAILS]);
	});

	it('ends without them where n8n noted it and was restarted, since the trigger hands them over again', async () => {
		isRunning('noted:node');
		expect(await run('noted', noted())).toEqual([[]]);
	});

	it('waits until the trigger polls, since n8n starts what it noted before it activates workflows', async () => {
		const running = run('later', noted());
		setImmediate(() => isRunning('later:node'));
		expect(await running).toEqual([[]]);
	});

	it('keeps them where the trigger is no longer active, so that nobody hands them over again', async () => {
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
		isRunning('inactive:another node');
		const running = run('inactive', noted());
		await vi.advanceTimersByTimeAsync(180_000);
		expect(await running).toEqual([EMAILS]);
	});

	it('waits longer than the two minutes after which n8n activates again what it was activating when it was killed', async () => {
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
		const running = run('killed', noted());
		await vi.advanceTimersByTimeAsync(150_000);
		isRunning('killed:node');
		expect(await running).toEqual([[]]);
	});

	it.each([
		['in queue mode, where workers run what the main process has handed over', 'queue', 'trigger', noted],
		['where a person retries it', 'regular', 'retry', noted],
		['where version 0.2.0 handed them over', 'regular', 'trigger', () => EMAILS],
	])('keeps them %s', async (_title, executions, mode, items) => {
		vi.stubEnv('EXECUTIONS_MODE', executions);
		isRunning('kept:node');
		expect(await run('kept', items(), { mode, mailbox: 'none@example.test' })).toEqual([EMAILS]);
	});

	it('gives the newest email in a test run, and marks nothing', async () => {
		const mailbox = 'sample-unit@example.test';
		await sandbox.deliver(mailbox, ...['older', 'newest'].map((subject) => `Subject: ${subject}\r\n\r\nx\r\n`));
		const [items] = await run('sample', [{ json: {} }], { mode: 'manual', mailbox });
		expect(items).toEqual([{ json: expect.objectContaining({ subject: 'newest' }), binary: undefined }]);
		expect(await sandbox.messages(mailbox)).toHaveLength(2);
	});

	it('ends a test run after a while where no email matches the filters, and says how many it has looked at', async () => {
		const mailbox = 'sample-long@example.test';
		await sandbox.fill(
			mailbox,
			Array.from({ length: 250 }, (_, index) => `Subject: ${index}\r\n\r\nx\r\n`),
		);
		vi.useFakeTimers({ toFake: ['Date'] });
		sandbox.exchange.plan('pop', 'TOP', { meanwhile: pass31Seconds });
		const running = run('sample long', [{ json: {} }], { mode: 'manual', mailbox, parameters: { filters: { subject: 'none' } } });
		await expect(running).rejects.toThrow(
			/^No email that matches the filters was found in sample-long@example\.test: the search ended after 30 seconds\. .* \d{1,3} of 250 emails/,
		);
	});

	it.each([
		['the server let it wait before the sign-in', 'AUTH', 1, '-ERR [IN-USE] another session', {}],
		['the server let it wait for the listing', 'UIDL', 1, undefined, {}],
		['the time of the search ended when a match was found', 'TOP', 1, undefined, { subject: 'newest' }],
		// The first nine show the order of the list.
		['the time of the search ended while it looked for the first recent one', 'TOP', 10, undefined, { since: '2020-01-01' }],
	])('gives the newest email in a test run even if %s', async (_why, command, nth, reply, filters) => {
		const mailbox = `sample-${command}-${Object.keys(filters).join()}@example.test`.toLowerCase();
		await sandbox.fill(
			mailbox,
			[...Array<string>(30).fill('older'), 'newest'].map(
				(subject) => `Date: ${new Date().toUTCString()}\r\nSubject: ${subject}\r\n\r\nx\r\n`,
			),
		);
		vi.useFakeTimers({ toFake: ['Date'] });
		if (nth > 1) sandbox.exchange.plan('pop', command, {}, nth - 1);
		sandbox.exchange.plan('pop', command, { meanwhile: pass31Seconds, ...(reply !== undefined && { reply, drop: true }) });
		const [items] = await run(mailbox, [{ json: {} }], { mode: 'manual', mailbox, parameters: { filters } });
		expect(items).toEqual([expect.objectContaining({ json: expect.objectContaining({ subject: 'newest' }) })]);
	});

	it("says in a test run what is wrong, and fails on an n8n that cannot renew a person's token", async () => {
		await expect(run('empty', [{ json: {} }], { mode: 'manual', mailbox: 'empty-unit@example.test' })).rejects.toThrow(
			'The inbox of empty-unit@example.test is empty',
		);
		await expect(
			run('old', [{ json: {} }], { mode: 'manual', mailbox: 'empty-unit@example.test', parameters: { authentication: 'oAuth2' } }),
		).rejects.toEqual(expect.objectContaining({ description: 'Update n8n to 1.119 or later, or use a service account.' }));
	});
});
