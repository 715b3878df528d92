import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Ending } from '../../../mail/endings';
import { hintOf, keepWarning, LOOK_EVERY_MS, warnOf } from '../../../nodes/signIn/endingWarnings';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-27T12:00:00Z');

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

let credentials = 0;
const fresh = (): string => `credential ${(credentials += 1)}`;
const ending = (days: number): Ending => ({ what: 'client secret', at: NOW + days * DAY });

function trigger(data: IDataObject = {}): { context: ITriggerFunctions; warnings: string[]; data: IDataObject } {
	const warnings: string[] = [];
	const context: ITriggerFunctions = Object.assign(Object.create(null), {
		logger: { warn: (text: string) => warnings.push(text), debug: () => undefined },
		getWorkflowStaticData: () => data,
		getNode: () => ({ name: 'Inbox' }),
	});
	return { context, warnings, data };
}

describe('a trigger', () => {
	it('warns in the log from 30 days before the end, once a week, until it is stopped', async () => {
		const { context, warnings } = trigger();
		const id = fresh();
		const stop = keepWarning(context, 'IMAP Trigger', async () => ({ id, endings: [ending(35)] }));
		await vi.advanceTimersByTimeAsync(4 * LOOK_EVERY_MS);
		expect(warnings).toEqual([]);
		await vi.advanceTimersByTimeAsync(2 * LOOK_EVERY_MS);
		expect(warnings).toEqual([
			expect.stringMatching(/^IMAP Trigger, node "Inbox": The client secret expires on 2027-01-01, in 30 days\. Create/),
		]);
		await vi.advanceTimersByTimeAsync(14 * LOOK_EVERY_MS);
		expect(warnings).toHaveLength(3);
		stop();
		await vi.advanceTimersByTimeAsync(14 * LOOK_EVERY_MS);
		expect(warnings).toHaveLength(3);
	});

	it('goes on looking where the credential could not be read once, and sees what was edited', async () => {
		const { context, warnings } = trigger();
		const id = fresh();
		const read = vi.fn<() => Promise<{ id: string; endings: Ending[] }>>();
		read.mockRejectedValueOnce(new Error('gone')).mockResolvedValueOnce({ id, endings: [ending(5)] });
		read.mockResolvedValue({ id, endings: [ending(700)] });
		const stop = keepWarning(context, 'IMAP Trigger', read);
		await vi.advanceTimersByTimeAsync(20 * LOOK_EVERY_MS);
		stop();
		expect(warnings).toHaveLength(1);
	});

	it('does not repeat after a restart what n8n stored that it told, and not for a second workflow with the credential', () => {
		const id = fresh();
		const first = trigger();
		warnOf(first.context, 'POP Trigger', { id, endings: [ending(10)] }, NOW);
		const second = trigger();
		warnOf(second.context, 'POP Trigger', { id, endings: [ending(10)] }, NOW + DAY);
		const restarted = trigger(JSON.parse(JSON.stringify(first.data)));
		warnOf(restarted.context, 'POP Trigger', { id: fresh(), endings: [ending(10)] }, NOW + 2 * DAY);
		expect([first.warnings.length, second.warnings.length, restarted.warnings.length]).toEqual([1, 0, 0]);
		warnOf(restarted.context, 'POP Trigger', { id: fresh(), endings: [ending(10)] }, NOW + 7 * DAY);
		expect(restarted.warnings).toHaveLength(1);
	});
});

describe('a node that executes', () => {
	it('has one hint an execution for each credential, and none while the end is far', () => {
		const hints: string[] = [];
		const context = { addExecutionHints: ({ message }: { message: string }) => hints.push(message) };
		hintOf(context, 'a', [ending(31)]);
		expect(hints).toEqual([]);
		for (const credential of ['a', 'a', 'b']) hintOf(context, credential, [ending(10)]);
		expect(hints).toHaveLength(2);
		expect(hints[0]).toMatch(/^The client secret expires on 2026-12-07, in 10 days/);
		expect(hints[0]).not.toMatch(/[<>]/);
		expect(() => hintOf({}, 'a', [ending(10)])).not.toThrow();
	});
});
