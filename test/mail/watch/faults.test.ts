import { describe, expect, it, vi } from 'vitest';

import type { Sandbox } from '../../../sandbox/servers';
import type { FetchedMail } from '../../../mail/imap/fetch';
import type { Outcome } from '../../../mail/watch/handover/executions';
import { makeRigs, passMinutes } from './watchRig';

vi.mock('../../../mail/backoff', async () => await (await import('./shortPauses')).withShortPauses());

let sandbox: Sandbox;
const rig = makeRigs('faults', (started) => (sandbox = started));

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `mail ${index + 1}`);
const sorted = (list: readonly string[]): string[] => [...list].sort();

describe('a watch and the network', () => {
	it('lives through tokens that end every eight seconds, under traffic, without losing or repeating', async () => {
		const one = rig({ tokenSeconds: 8 });
		await one.watch.start();
		const all: string[] = [];
		while (one.tokens <= 3) {
			all.push(`mail ${all.length + 1}`);
			await one.deliver(`mail ${all.length}`);
			await new Promise((resolve) => setTimeout(resolve, 300));
		}
		await one.until('all mails', () => one.handed.length >= all.length);
		expect(sorted(one.subjects)).toEqual(sorted(all));
		// Renewed before the token's end: the server never had to end a session.
		expect(one.logs.filter((line) => line.includes('lost'))).toEqual([]);
	});

	it('comes back by itself when the server ends the session with its token', async () => {
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.expireTokens('imap');
		await one.until('lost', () => one.logs.some((line) => line.includes('token expired')));
		await one.deliver('after the end');
		await one.until('the mail', () => one.handed.length === 1);
		expect(one.tokens).toBe(2);
		expect(one.reports).toEqual([]);
	});

	it('hands over in a row what came while the server was down, and says so once', async () => {
		const one = rig({ address: sandbox.straight.imap });
		await one.watch.start();
		await one.deliver('before');
		await one.until('the first', () => one.handed.length === 1);
		await sandbox.dovecot.process.kill();
		await one.until('lost', () => one.logs.some((line) => line.startsWith('session lost')));
		await one.until('failing', () => one.logs.some((line) => line.startsWith('no session')));
		await sandbox.dovecot.process.start();
		await one.deliver('while down');
		await one.until('the second', () => one.handed.length === 2);
		expect(one.subjects).toEqual(['before', 'while down']);
		expect(one.reports).toEqual([]);
	});

	it('asks at each heartbeat and idles anew, on the same session and without a word', async () => {
		const one = rig({ heartbeatMs: 200 });
		await one.watch.start();
		const [session] = sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox);
		const times = (command: string): number => session?.transcript.filter((line) => line.endsWith(command)).length ?? 0;
		await one.until('five times', () => times(' IDLE') >= 5);
		expect(times('DONE')).toBeGreaterThanOrEqual(4);
		expect(session?.transcript.filter((line) => line.includes('UID SEARCH')).length).toBeGreaterThanOrEqual(4);
		expect([one.tokens, one.logs]).toEqual([1, ['watching (IDLE)']]);
	});

	it('notices a half-open connection and makes a new one', async () => {
		const one = rig({ heartbeatMs: 500, patience: { silenceMs: 1_000 } });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.silent.add('imap');
		await one.deliver('unheard');
		await one.until('lost', () => one.logs.some((line) => line.startsWith('session lost') && line.includes('did not answer in time')));
		sandbox.exchange.silent.clear();
		await one.until('the mail', () => one.handed.length === 1);
	});

	it('stops within two seconds while the server is silent', async () => {
		const one = rig();
		await one.watch.start();
		sandbox.exchange.silent.add('imap');
		const began = Date.now();
		one.watch.stop();
		expect(Date.now() - began).toBeLessThan(2_000);
		await one.until('stopped', () => one.logs.includes('stopped'));
	});

	it('goes on handing over while the server is slow to take the next session', async () => {
		const one = rig({ tokenSeconds: 20 });
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		let answer = (): void => undefined;
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { until: new Promise<void>((resolve) => (answer = resolve)) });
		await one.until('the renewal', () => one.tokens === 2);
		const [old] = sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox);
		await one.deliver('in between');
		await one.until('the mail', () => one.handed.length === 1);
		expect(sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox)).toEqual([old]);
		answer();
		const live = (): number => sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox).length;
		await one.until('the next session', () => old?.open === false && live() === 1);
		expect(one.logs).toEqual(['watching (IDLE)']);
	});

	it('leaves no session behind that is stopped while it is being opened', async () => {
		const one = rig();
		sandbox.exchange.plan('imap', 'SELECT', { delayMs: 1_000 });
		const opening = one.watch.open();
		const session = await sandbox.exchange.next('signedIn', ({ mailbox }) => mailbox === one.mailbox);
		const ended = sandbox.exchange.next('end', (other) => other === session);
		one.watch.stop();
		expect((await opening).map(({ code }) => code)).toEqual(['timeout']);
		one.watch.run();
		await ended;
		expect(one.stored.folders).toEqual({});
		expect(sandbox.exchange.live('imap').filter(({ mailbox }) => mailbox === one.mailbox)).toEqual([]);
	});

	it('says each change once, with mailbox and folder, and neither content nor tokens', async () => {
		const one = rig({ pollMs: 200, heartbeatMs: 200 });
		await one.watch.start();
		await one.deliver('a confidential subject');
		await one.until('the mail', () => one.handed.length === 1);
		sandbox.exchange.refusing.add('imap');
		sandbox.exchange.drop('imap');
		await one.until('failing', () => one.tokens >= 4);
		sandbox.exchange.refusing.delete('imap');
		await one.until('back', () => one.logs.at(-1) === 'watching (IDLE)');
		expect(one.logs.map((line) => line.split(/[:,]/, 1)[0])).toEqual(['watching (IDLE)', 'session lost', 'no session', 'watching (IDLE)']);
		expect(one.abouts).toEqual(one.logs.map(() => ({ mailbox: one.mailbox, folder: 'INBOX' })));
		expect(one.logs.join('\n')).not.toMatch(/confidential|eyJ|hello/);
	});

	it('does not take a short fault for a lasting one because of an earlier one that has healed', async () => {
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 300 milliseconds' });
		await one.deliver('throttled');
		await one.until('the mail', () => one.handed.length === 1);
		await one.until('healed', () => one.logs.filter((line) => line === 'watching (IDLE)').length === 2);
		passMinutes(5);
		sandbox.exchange.drop('imap');
		await one.until('lost', () => one.logs.some((line) => line.startsWith('session lost')));
		await one.until('back', () => one.logs.at(-1) === 'watching (IDLE)');
		expect(one.reports).toEqual([]);
	});

	it('reports a fault that lasts, though never more than once an hour', async () => {
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.refusing.add('imap');
		sandbox.exchange.drop('imap');
		await one.until('failing', () => one.tokens >= 2);
		passMinutes(3);
		await one.until('the report', () => one.reports.length === 1);
		const { tokens } = one;
		await one.until('another attempt', () => one.tokens > tokens);
		expect(one.reports).toHaveLength(1);
		sandbox.exchange.refusing.delete('imap');
		await one.until('the recovery', () => one.logs.at(-1) === 'watching (IDLE), recovered after a reported failure');
	});

	it('waits as long as a throttling server asks, on the same session if it goes on', async () => {
		sandbox.exchange.endsThrottled = false;
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 1500 milliseconds' });
		const began = Date.now();
		await one.deliver('slowly');
		await one.until('the mail', () => one.handed.length === 1);
		expect(Date.now() - began).toBeGreaterThan(1_500);
		expect(one.tokens).toBe(1);
	});

	it('waits as long as a throttling server asks that ends the session', async () => {
		const one = rig();
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		sandbox.exchange.plan('imap', 'UID SEARCH', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 2500 milliseconds' });
		const began = Date.now();
		await one.deliver('slowly');
		await one.until('the mail', () => one.handed.length === 1);
		expect(Date.now() - began).toBeGreaterThan(2_500);
		expect(one.tokens).toBe(2);
	});

	it('waits as long as a throttling server asks before it signs in again', async () => {
		const one = rig();
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 2000 milliseconds' });
		expect((await one.watch.start()).map((error) => error.retryAfterMs)).toEqual([2000]);
		const began = Date.now();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		expect(Date.now() - began).toBeGreaterThan(1_900);
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t BAD Request is throttled. Suggested Backoff Time: 3000 milliseconds' });
		sandbox.exchange.drop('imap');
		await one.until('throttled', () => one.logs.filter((line) => line.startsWith('no session')).length === 2);
		const refused = Date.now();
		await one.until('watching again', () => one.logs.at(-1) === 'watching (IDLE)');
		expect(Date.now() - refused).toBeGreaterThan(2_900);
	});

	it('comes back after a server that refuses sessions for a while', async () => {
		const one = rig();
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t NO Server Unavailable. 15' }, 2);
		expect((await one.watch.start()).map((error) => error.code)).toEqual(['throttled']);
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await one.deliver('at last');
		await one.until('the mail', () => one.handed.length === 1);
	});

	it('takes one fresh token where the first is refused, then says why', async () => {
		const one = rig();
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t NO AUTHENTICATE failed.' });
		expect(await one.watch.start()).toEqual([]);
		expect(one.tokens).toBe(2);
		const two = rig();
		sandbox.exchange.plan('imap', 'AUTHENTICATE', { reply: '%t NO AUTHENTICATE failed.' }, 2);
		const [fault] = await two.watch.start();
		expect(fault?.code).toBe('auth');
		expect(fault?.message).toContain('did not accept the sign-in for faults');
	});

	it('polls where the server has no IDLE', async () => {
		sandbox.exchange.imapCapabilities = 'IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE';
		const one = rig({ pollMs: 300 });
		await one.watch.start();
		await one.until('polling', () => one.logs.some((line) => line.includes('polling')));
		await one.deliver('polled');
		await one.until('the mail', () => one.handed.length === 1);
	});
});

describe('a watch and its folder', () => {
	it('names the folders there are where the wanted one is not', async () => {
		const one = rig({ folders: ['Nowhere'] });
		const [fault] = await one.watch.start();
		expect(fault?.code).toBe('notFound');
		expect(fault?.message).toContain('There is no folder "Nowhere". The mailbox has: INBOX');
	});

	it('watches several folders, found by name', async () => {
		const one = rig({ folders: ['INBOX', 'invoices'] });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Work/Invoices');
		await one.watch.start();
		await one.deliver('to move');
		await one.until('the inbox', () => one.handed.length === 1);
		await sandbox.dovecot.doveadm('move', '-u', one.mailbox, 'Work/Invoices', 'mailbox', 'INBOX', 'ALL');
		await one.until('the folder', () => one.handed.length === 2);
		expect(one.handed[1]?.key).toContain('Work/Invoices');
	});

	it('goes on after the folder was deleted and recreated, without a flood and without a gap', async () => {
		const one = rig({ folders: ['Work'], heartbeatMs: 300 });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Work');
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Keep');
		await one.watch.start();
		await one.deliver('one', 'two');
		await sandbox.dovecot.doveadm('move', '-u', one.mailbox, 'Work', 'mailbox', 'INBOX', 'ALL');
		await one.until('both', () => one.handed.length === 2);
		await sandbox.dovecot.doveadm('copy', '-u', one.mailbox, 'Keep', 'mailbox', 'Work', 'ALL');
		await sandbox.dovecot.doveadm('mailbox', 'delete', '-u', one.mailbox, 'Work');
		await one.until('the report', () => one.reports.length === 1);
		expect(one.reports[0]).toMatchObject({ code: 'notFound', message: expect.stringContaining('There is no folder "Work"') });
		// Made aside, so that the watch finds the folder with all that is in it.
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Anew');
		await sandbox.dovecot.doveadm('copy', '-u', one.mailbox, 'Anew', 'mailbox', 'Keep', 'ALL');
		await sandbox.dovecot.doveadm('mailbox', 'rename', '-u', one.mailbox, 'Anew', 'Work');
		await one.deliver('three');
		await sandbox.dovecot.doveadm('move', '-u', one.mailbox, 'Work', 'mailbox', 'INBOX', 'ALL');
		await one.until('the third', () => one.subjects.includes('three'));
		expect(one.subjects).toEqual(['one', 'two', 'three']);
		expect(one.logs.join('\n')).toContain('recreated');
	});
});

describe('a watch and failing executions', () => {
	const failing =
		(bad: (subject: string) => boolean) =>
		(subjects: string[]): Outcome =>
			subjects.some(bad) ? { kind: 'failed', reason: 'the workflow broke' } : { kind: 'done' };

	it('tries one bad mail of ten again, gives it up, reports it once; the others pass', async () => {
		const one = rig({ execute: failing((subject) => subject === 'mail 4') });
		await one.watch.start();
		await one.deliver(...names(10));
		await one.until('the report', () => one.reports.length === 1);
		await one.until('quiet', () => one.watch.idle);
		expect(sorted([...new Set(one.subjects)])).toEqual(sorted(names(10)));
		expect(one.subjects.filter((subject) => subject === 'mail 4')).toHaveLength(3);
		expect(one.subjects).toHaveLength(12);
		expect(one.reports[0]?.message).toBe('The email with UID 4 in INBOX is no longer retried after 3 failed executions.');
		expect(one.reports[0]?.remedy).toContain('the workflow broke');
		expect(one.stored.folders.INBOX).toMatchObject({ uid: 10, pending: {} });
	});

	it('takes a failed batch apart, so that one bad mail holds up no other', async () => {
		const one = rig({
			rules: { batchSize: 10, maxTries: 2, retryFirstMs: 1, onGiveUp: { kind: 'flag' } },
			startFrom: { kind: 'unread' },
			execute: failing((subject) => subject === 'mail 4'),
		});
		await one.deliver(...names(10));
		await one.watch.start();
		await one.until('the report', () => one.reports.length === 1);
		await one.until('quiet', () => one.watch.idle);
		expect(one.handed[0]?.subjects).toEqual(names(10));
		expect(sorted(one.handed.slice(1).map(({ subjects }) => subjects.join('+')))).toEqual(sorted(names(10)));
		expect((await sandbox.dovecot.doveadm('search', '-u', one.mailbox, 'mailbox', 'INBOX', 'FLAGGED')).trim().split('\n')).toHaveLength(1);
	});

	it('never lets each mail succeed more than once, though batches fail, are taken apart and come between fresh ones', async () => {
		const succeeded: string[] = [];
		const one = rig({
			rules: { batchSize: 4, maxInFlight: 2, retryFirstMs: 1, maxTries: 1 },
			startFrom: { kind: 'unread' },
			execute: async (subjects) => {
				await new Promise((resolve) => setTimeout(resolve, 5));
				if (subjects.length > 1 && subjects.some((subject) => /[27]$/.test(subject))) return { kind: 'failed', reason: 'batch' };
				succeeded.push(...subjects);
				return { kind: 'done' };
			},
		});
		await one.deliver(...names(50));
		await one.watch.start();
		await one.until('all', () => succeeded.length >= 50 && one.watch.idle);
		expect(sorted(succeeded)).toEqual(sorted(names(50)));
		expect(one.reports).toEqual([]);
	});

	it('hands over what was gathered before the cursor moves past a mail that cannot be handed over', async () => {
		const one = rig({
			rules: { batchSize: 10, maxTries: 1 },
			startFrom: { kind: 'unread' },
			make: async (mail) => {
				if (mail.uid === 3) throw new Error('no room for its attachment');
				return await Promise.resolve(`mail ${mail.uid}`);
			},
		});
		await one.deliver(...names(5));
		await one.watch.start();
		await one.until('all', () => one.subjects.length === 4 && one.watch.idle);
		expect(one.handed.map(({ subjects }) => subjects)).toEqual([
			['mail 1', 'mail 2'],
			['mail 4', 'mail 5'],
		]);
		expect(one.storedAtSend[0]?.folders.INBOX).toMatchObject({ uid: 2, pending: { 1: 1, 2: 1 } });
		expect(one.reports[0]?.remedy).toContain('no room for its attachment');
	});

	it('takes up failed mails again, however many there are, before it takes new ones', async () => {
		const tried = new Map<string, number>();
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { retryFirstMs: 300 },
			execute: ([subject = '']) => {
				tried.set(subject, (tried.get(subject) ?? 0) + 1);
				return tried.get(subject) === 1 ? { kind: 'failed', reason: 'at first' } : { kind: 'done' };
			},
		});
		await one.deliver(...names(130));
		await one.watch.start();
		await one.until('all', () => one.handed.length === 260 && one.watch.idle);
		expect([...tried.values()].every((times) => times === 2)).toBe(true);
		expect(one.reports).toEqual([]);
	});

	it('tries without end, and counts no try, while n8n starts no execution', async () => {
		let times = 0;
		const one = rig({
			rules: { maxTries: 2, after: { kind: 'read' } },
			execute: () => ((times += 1) <= 4 ? { kind: 'notStarted', reason: 'the database is away' } : { kind: 'done' }),
		});
		await one.watch.start();
		await one.deliver('patient');
		await one.until('the success', () => one.handed.length === 5 && one.watch.idle);
		expect(one.reports).toEqual([]);
		expect(one.logs.filter((line) => line.includes('n8n could not start an execution: the database is away'))).not.toEqual([]);
		expect(one.stored.folders.INBOX).toMatchObject({ uid: 1, pending: {} });
	});

	it('gives nothing up for an execution that n8n has had before', async () => {
		let times = 0;
		const one = rig({ rules: { maxTries: 1 }, execute: () => ((times += 1) === 1 ? { kind: 'already' } : { kind: 'done' }) });
		await one.watch.start();
		await one.deliver('unknown end');
		await one.until('the success', () => one.handed.length === 2 && one.watch.idle);
		expect(one.reports).toEqual([]);
		expect(new Set(one.handed.map(({ key }) => key)).size).toBe(2);
	});

	it('counts the end of a worker as no failure of the email, until it has happened three times more often than the email may fail', async () => {
		const reason = 'This execution failed to be processed too many times';
		const one = rig({ rules: { maxTries: 2, retryFirstMs: 3_600_000 }, execute: () => ({ kind: 'failed', reason, crashed: true }) });
		await one.watch.start();
		await one.deliver('deadly');
		await one.until('the report', () => one.reports.length === 1);
		expect(one.handed).toHaveLength(5);
		expect(one.reports[0]?.remedy).toContain(reason);
	});

	it('keeps no more executions going than it was told, also where mails are done at once', async () => {
		let end = (): void => undefined;
		const ended = new Promise<Outcome>((resolve) => (end = () => resolve({ kind: 'done' })));
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { maxInFlight: 2, after: { kind: 'read' } },
			execute: () => ({ kind: 'done', ended }),
		});
		await one.deliver(...names(10));
		await one.watch.start();
		await one.until('two', () => one.handed.length === 2 && Object.keys(one.stored.folders.INBOX?.pending ?? { x: 1 }).length === 0);
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(one.subjects).toEqual(['mail 1', 'mail 2']);
		end();
		await one.until('all', () => one.handed.length === 10 && one.watch.idle);
		expect(one.subjects).toEqual(names(10));
	});

	it('ends a batch early where its mails are large', async () => {
		const one = rig({ startFrom: { kind: 'unread' }, rules: { batchSize: 100 } });
		const body = `${'z'.repeat(998)}\r\n`.repeat(15_000);
		await sandbox.deliver(one.mailbox, ...names(5).map((name) => `Subject: ${name}\r\n\r\n${body}`));
		await one.watch.start();
		await one.until('all', () => one.subjects.length === 5 && one.watch.idle);
		expect(one.handed.map(({ subjects }) => subjects.length)).toEqual([3, 2]);
	});

	it('keeps no more executions going than it was told', async () => {
		let now = 0;
		let most = 0;
		const one = rig({
			startFrom: { kind: 'unread' },
			rules: { maxInFlight: 3 },
			execute: async () => {
				most = Math.max(most, (now += 1));
				await new Promise((resolve) => setTimeout(resolve, 20));
				now -= 1;
				return { kind: 'done' };
			},
		});
		await one.deliver(...names(30));
		await one.watch.start();
		await one.until('all', () => one.handed.length === 30 && one.watch.idle);
		expect(most).toBe(3);
		expect(one.subjects).toEqual(names(30));
	});

	it('moves and deletes what has been dealt with', async () => {
		const one = rig({ rules: { after: { kind: 'move', to: 'Done' } } });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, 'Done');
		await one.watch.start();
		await one.deliver(...names(3));
		await one.until('all', () => one.handed.length === 3 && one.watch.idle);
		expect(await sandbox.messages(one.mailbox)).toHaveLength(0);
		expect(await sandbox.messages(one.mailbox, 'Done')).toHaveLength(3);
		const two = rig({
			mailbox: one.mailbox,
			folders: ['Done'],
			startFrom: { kind: 'lastDays', days: 1 },
			rules: { after: { kind: 'delete' } },
		});
		await two.watch.start();
		await two.until('deleted', () => two.handed.length === 3 && two.watch.idle);
		expect(await sandbox.messages(one.mailbox, 'Done')).toHaveLength(0);
	});
});

describe('a large mail', () => {
	it('is fetched again from its beginning where the connection breaks in the middle', async () => {
		const one = rig({
			rules: { limits: { largeAbove: 100_000, large: 'stream', onlyWithAttachment: false } },
			make: async (mail) => String((await bytesOf(mail)).length),
		});
		await one.watch.start();
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		await sandbox.deliver(one.mailbox, `Subject: large\r\n\r\n${`${'y'.repeat(70)}\r\n`.repeat(120_000)}`);
		const session = sandbox.exchange.live('imap').find(({ mailbox }) => mailbox === one.mailbox);
		await one.until('the second piece', () => (session?.transcript.filter((line) => line.includes('BODY.PEEK[]')).length ?? 0) >= 2);
		sandbox.exchange.drop('imap');
		await one.until('the mail', () => one.handed.length === 1);
		expect(Number(one.subjects[0])).toBeGreaterThan(120_000 * 72);
		expect(one.reports).toEqual([]);
	});
});

async function bytesOf(mail: FetchedMail): Promise<Buffer> {
	if (mail.content.kind !== 'streamed') return mail.content.bytes;
	const chunks: Buffer[] = [];
	for await (const chunk of await mail.content.open()) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks);
}
