import { ImapFlow } from 'imapflow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MailError } from '../../../../mail/errors';
import { PATIENCE } from '../../../../mail/imap/limits';
import { ImapSession } from '../../../../mail/imap/session';
import { AccessToken } from '../../../../mail/signIn/token';
import { Watch } from '../../../../mail/watch/session/keepAlive';
import type { Sandbox } from '../../../../sandbox/servers';
import { makeRigs } from '../watchRig';

let sandbox: Sandbox;
const rig = makeRigs('watch', (started) => (sandbox = started));

describe.each(['exchange', 'straight'] as const)('a watch, %s', (way) => {
	const address = (): { address: Sandbox['straight']['imap'] } => ({
		address: way === 'exchange' ? sandbox.exchange.imap : sandbox.straight.imap,
	});

	it('hands over new mails when the server rings', async () => {
		const one = rig(address());
		expect(await one.watch.start()).toEqual([]);
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await one.deliver('first');
		await one.until('the mail', () => one.handed.length === 1);
		await one.deliver('second', 'third');
		await one.until('all', () => one.handed.length === 3);
		expect(one.subjects).toEqual(['first', 'second', 'third']);
	});

	it('leaves alone what was there before it was turned on', async () => {
		const one = rig(address());
		await one.deliver('old');
		await one.watch.start();
		await one.deliver('new');
		await one.until('the new mail', () => one.handed.length > 0);
		expect(one.subjects).toEqual(['new']);
	});

	it('neither repeats nor skips over a restart', async () => {
		const before = rig(address());
		await before.watch.start();
		await before.deliver('before');
		await before.until('the first', () => before.watch.idle && before.handed.length === 1);
		before.watch.stop();
		await before.deliver('between');
		const after = rig({ ...address(), mailbox: before.mailbox, memory: before.stored });
		await after.watch.start();
		await after.deliver('after');
		await after.until('two', () => after.handed.length === 2);
		expect(after.subjects).toEqual(['between', 'after']);
	});

	it('marks as read after the execution, not before', async () => {
		let finish = (): void => undefined;
		const running = new Promise<void>((resolve) => (finish = resolve));
		const one = rig({
			...address(),
			rules: { after: { kind: 'read' } },
			execute: async () => {
				await running;
				return { kind: 'done' };
			},
		});
		await one.watch.start();
		await one.deliver('to read');
		await one.until('the hand-over', () => one.handed.length === 1);
		const unseen = async (): Promise<string> => await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'INBOX', 'UNSEEN');
		expect((await unseen()).trim()).not.toBe('');
		finish();
		await one.until('settled', () => one.watch.idle);
		expect((await unseen()).trim()).toBe('');
	});
});

describe('a server that is too busy to be asked and does not say for how long', () => {
	beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] }));
	afterEach(() => void vi.useRealTimers());

	it('is asked after pauses that grow, until it answers', async () => {
		// Half of each pause is random.
		vi.spyOn(Math, 'random').mockReturnValue(0);
		const client = new ImapFlow({ host: 'localhost', port: 993, auth: { user: 'ada@example.test' }, logger: false });
		client.capabilities.set('IDLE', true);
		const at = { speaker: 'imap' as const, mailbox: 'ada@example.test' };
		const session = ImapSession.of(client, new AccessToken('token', Date.now() + 10 * 3_600_000), at, PATIENCE);
		const looks: number[] = [];
		const watch = new Watch({
			open: async () => await Promise.resolve(session),
			look: async () => {
				looks.push(performance.now());
				await Promise.resolve();
				if (looks.length !== 9) throw new MailError('busy', { code: 'throttled', speaker: 'imap' });
			},
			onState: () => undefined,
			heartbeatMs: 7_000,
		});
		watch.start();
		await vi.advanceTimersByTimeAsync(180_000);
		watch.stop();
		expect(looks.slice(1, 12).map((look, index) => Math.round(look - (looks[index] ?? 0)))).toEqual([
			...[500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
			...[7_000, 500, 1_000],
		]);
	});
});
