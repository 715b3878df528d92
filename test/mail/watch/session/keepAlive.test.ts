import { describe, expect, it } from 'vitest';

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
