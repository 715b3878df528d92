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

it('tells the other items at once that no session can be opened, and tries again after a minute', async () => {
	let asked = 0;
	const refuse = async (): Promise<never> => {
		asked += 1;
		return await Promise.reject(new MailError('The sign-in is refused.', { code: 'auth', speaker: 'identity' }));
	};
	const account = accountOf('x', 'eve@example.com', cloudOf({}), refuse, 'appOnly');
	vi.useFakeTimers({ toFake: ['performance'] });
	try {
		await withMailbox(account, async (connection) => {
			const use = async (): Promise<void> => await connection.repeat('INBOX', async () => await Promise.resolve());
			await expect(use()).rejects.toThrow('The sign-in is refused.');
			const first = asked;
			await expect(use()).rejects.toThrow('The sign-in is refused.');
			expect(asked).toBe(first);
			vi.advanceTimersByTime(60_001);
			await expect(use()).rejects.toThrow('The sign-in is refused.');
			expect(asked).toBeGreaterThan(first);
		});
	} finally {
		vi.useRealTimers();
	}
});
