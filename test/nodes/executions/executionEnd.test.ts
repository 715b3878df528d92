import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IRun } from 'n8n-workflow';

import { endOf, untold } from '../../../nodes/executions/executionEnd';

const HOUR_MS = 3_600_000;
const never = new Promise<IRun>(() => undefined);
const context = (executionTimeout?: number): Parameters<typeof endOf>[0] => ({ getWorkflowSettings: () => ({ executionTimeout }) });

/** For how many ms an end that n8n never tells is waited for. */
async function patience(of: Parameters<typeof endOf>[0]): Promise<number> {
	const began = Date.now();
	const ended = endOf(of, never);
	await vi.advanceTimersToNextTimerAsync();
	expect(await ended).toBe(untold);
	return Date.now() - began;
}

describe('the end of an execution', () => {
	beforeEach(() => void vi.useFakeTimers());
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllEnvs();
	});

	it('is waited for, in queue mode, as long as the execution may run and an hour more', async () => {
		vi.stubEnv('EXECUTIONS_MODE', 'queue');
		vi.stubEnv('EXECUTIONS_TIMEOUT', '300');
		expect(await patience(context(60))).toBe(60_000 + HOUR_MS);
		expect(await patience(context())).toBe(300_000 + HOUR_MS);
	});

	it('is waited for a day where the execution may run for ever, and that much longer where n8n itself ends it', async () => {
		vi.stubEnv('EXECUTIONS_MODE', 'queue');
		expect(await patience(context())).toBe(24 * HOUR_MS);
		expect(await patience(context(-1))).toBe(24 * HOUR_MS);
		vi.stubEnv('EXECUTIONS_MODE', 'regular');
		expect(await patience(context(60))).toBe(60_000 + 24 * HOUR_MS);
	});

	it('is not waited for without end because the time is longer than a timer can be', async () => {
		expect(await patience(context(10_000_000))).toBe(2 ** 31 - 1);
	});

	it.each(['told', 'refused'])('leaves no timer behind once it is %s', async (how) => {
		const ended = endOf(context(), how === 'told' ? Promise.resolve(how) : Promise.reject(new Error(how)));
		expect(await ended.catch((error: Error) => error.message)).toBe(how);
		expect(vi.getTimerCount()).toBe(0);
	});
});
