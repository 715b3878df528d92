import { randomUUID } from 'node:crypto';

import { describe, expect, it, vi } from 'vitest';

import { MailError } from '../../../../mail/errors';
import { criteriaOfRules } from '../../../../mail/imap/criteria';
import type { Sandbox } from '../../../../sandbox/servers';
import { makeRigs, passMinutes, type Rig } from '../watchRig';

vi.mock('../../../../mail/backoff', async () => await (await import('../shortPauses')).withShortPauses());

let sandbox: Sandbox;
const rig = makeRigs('telling', (started) => (sandbox = started));

const times = (one: Rig, words: string): number => one.logs.filter((line) => line.includes(words)).length;

describe('what fails though the session goes on', () => {
	it.each(['UID FETCH', 'UID STORE'])('is said once, reported where it lasts, and its end is said (%s)', async (command) => {
		const one = rig({ rules: { after: { kind: 'read' } } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', command, { reply: '%t NO Server Unavailable. 15' }, 99);
		await one.deliver('mail');
		await one.until('the word', () => times(one, 'to slow down') === 1);
		passMinutes(3);
		await one.until('the report', () => one.reports.length === 1);
		expect(one.reports[0]).toMatchObject({ code: 'throttled' });
		sandbox.exchange.reset();
		await one.until('the end', () => one.handed.length === 1 && one.watch.idle);
		expect(times(one, 'to slow down')).toBe(1);
		expect(one.logs.at(-1)).toBe('emails are processed again');
		expect(one.tokens).toBe(1);
	});

	it('is said once for all mails, though n8n gives another number each time', async () => {
		let attempts = 0;
		const one = rig({
			execute: () => ((attempts += 1) <= 6 ? { kind: 'notStarted', reason: `no connection after ${attempts} s` } : { kind: 'done' }),
		});
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await one.deliver(...Array.from({ length: 3 }, (_, index) => `mail ${index}`));
		await one.until('the second round', () => attempts >= 6);
		expect(times(one, 'n8n could not start an execution')).toBe(1);
	});
});

describe('a disk that is full for a while', () => {
	it('is no fault of the emails: all are retried, and it is said', async () => {
		let attempts = 0;
		const one = rig({
			rules: { maxTries: 1 },
			make: async () => {
				if ((attempts += 1) <= 3) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
				return await Promise.resolve('mail');
			},
		});
		await one.watch.start();
		await one.deliver('mail');
		await one.until('the mail', () => one.handed.length === 1 && one.watch.idle);
		expect(one.reports).toEqual([]);
		expect(times(one, 'no space left on device')).toBe(1);
		expect(one.stored.folders.INBOX).toMatchObject({ uid: 1, pending: {} });
	});
});

describe('emails of which no item can be made', () => {
	it('wait for another try up to a hundred; the rest stays in the mailbox', async () => {
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { retryFirstMs: 600_000 },
			make: async () => await Promise.reject(new Error('no room for its attachment')),
		});
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 150 }, (_, index) => `Subject: mail ${index + 1}\r\n\r\nhello\r\n`),
		);
		await one.watch.start();
		const pending = (): number => Object.keys(one.stored.folders.INBOX?.pending ?? {}).length;
		await one.until('a hundred', () => pending() >= 100);
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(pending()).toBe(100);
	});
});

describe('emails of which no item can be made, among others in a batch', () => {
	it('repeat none of the others while they wait', async () => {
		const tried = new Map<number, number>();
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { batchSize: 4, maxInFlight: 1, retryFirstMs: 1 },
			make: async (mail) => {
				const times = (tried.get(mail.uid) ?? 0) + 1;
				tried.set(mail.uid, times);
				if (mail.uid % 3 === 0 && times === 1) throw new Error('no room just now');
				return await Promise.resolve(`mail ${mail.uid}`);
			},
		});
		await sandbox.fill(
			one.mailbox,
			Array.from({ length: 60 }, (_, index) => `Subject: mail ${index + 1}\r\n\r\nhello\r\n`),
		);
		await one.watch.start();
		await one.until('all', () => one.subjects.length >= 60 && one.watch.idle);
		expect(one.subjects).toHaveLength(60);
		expect(new Set(one.subjects).size).toBe(60);
	});
});

describe('what keeps the session from coming', () => {
	it('is said once, though its answer has another trace id and time each time', async () => {
		let attempts = 0;
		const one = rig({
			account: async () => {
				attempts += 1;
				return await Promise.reject(
					new MailError(
						`The sign-in has to be renewed. Trace ID: ${randomUUID()} Timestamp: ${new Date(attempts * 61_000).toISOString()}`,
						{ code: 'interaction', speaker: 'identity' },
					),
				);
			},
		});
		await one.watch.start();
		await one.until('four attempts', () => attempts === 4);
		expect(times(one, 'The sign-in has to be renewed')).toBe(1);
		expect(one.reports).toHaveLength(1);
	});

	it('is known at the start where the server refuses a filter, though no mail is there yet', async () => {
		const one = rig({ criteria: criteriaOfRules('[["BODY", "größer"]]') });
		// First what came after the cursor, then the filter.
		sandbox.exchange.plan('imap', 'UID SEARCH', {});
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t NO [BADCHARSET (US-ASCII)] The specified charset is not supported.' });
		expect((await one.watch.start()).map(({ code }) => code)).toEqual(['input']);
	});
});
