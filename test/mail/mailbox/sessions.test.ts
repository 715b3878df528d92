import { expect, it, vi } from 'vitest';

import { accountOf } from '../../../mail/account';
import { cloudOf } from '../../../mail/clouds';
import { MailError } from '../../../mail/errors';
import { MOST, withMailbox } from '../../../mail/mailbox/sessions';

it('never lends more connections than a mailbox may have, whenever the next one asks while a place passes on', async () => {
	let most = 0;
	for (let turns = 0; turns < 20; turns += 1) {
		const account = accountOf(
			'x',
			`ada${turns}@example.com`,
			cloudOf({}),
			async () => await Promise.reject(new Error('not asked')),
			'appOnly',
		);
		let running = 0;
		const releases: Array<() => void> = [];
		const use = async (): Promise<void> =>
			await withMailbox(account, async () => {
				running += 1;
				most = Math.max(most, running);
				await new Promise<void>((resolve) => releases.push(resolve));
				running -= 1;
			});
		const all = Array.from({ length: MOST + 1 }, use);
		await expect.poll(() => releases.length, { interval: 1 }).toBe(MOST);
		releases.shift()?.();
		// A caller may come at any moment between the end of one and the beginning of the next.
		for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
		all.push(use());
		for (let ended = 1; ended < MOST + 2; ended += 1) {
			await expect.poll(() => releases.length, { interval: 1 }).toBeGreaterThan(0);
			releases.shift()?.();
		}
		await Promise.all(all);
	}
	expect(most).toBe(MOST);
});

it.each([
	['at once after a minute without a session, and tries again a minute later', { code: 'timeout', speaker: 'imap' }, false],
	['only by asking again after a refusal, which may be over', { code: 'auth', speaker: 'identity' }, true],
] as const)('tells the other items %s', async (_title, fault, asksAgain) => {
	let asked = 0;
	const fail = async (): Promise<never> => {
		asked += 1;
		vi.advanceTimersByTime(20_000);
		return await Promise.reject(new MailError('No session.', fault));
	};
	const account = accountOf('x', 'eve@example.com', cloudOf({}), fail, 'appOnly');
	vi.useFakeTimers({ toFake: ['performance', 'Date'] });
	try {
		await withMailbox(account, async (connection) => {
			const use = async (): Promise<void> => await connection.repeat('INBOX', async () => await Promise.resolve());
			await expect(use()).rejects.toThrow('No session.');
			const first = asked;
			await expect(use()).rejects.toThrow('No session.');
			expect(asked > first).toBe(asksAgain);
			const second = asked;
			vi.advanceTimersByTime(60_001);
			await expect(use()).rejects.toThrow('No session.');
			expect(asked).toBeGreaterThan(second);
		});
	} finally {
		vi.useRealTimers();
	}
});
