import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IDataObject } from 'n8n-workflow';

import * as threads from '../../../mail/item/workerPool';
import { PopTrigger } from '../../../nodes/PopTrigger/PopTrigger.node';
import { startRelay, startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { pollFunctions, told, type Scene, type Told } from '../../support/contexts';

let sandbox: Sandbox;
let folder = '';
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	folder = mkdtempSync(join(tmpdir(), 'office365-mail-pop-'));
	process.env.N8N_USER_FOLDER = folder;
});
afterAll(async () => {
	delete process.env.N8N_USER_FOLDER;
	rmSync(folder, { recursive: true, force: true });
	await sandbox.stop();
});

const mail = (subject: string): string =>
	`Message-ID: <${subject}.${Math.random()}@x>\r\nDate: ${new Date().toUTCString()}\r\nFrom: a@example.test\r\nSubject: ${subject}\r\n\r\nx\r\n`;
const received = (secondsAgo: number, subject: string): string =>
	`Received: by mx; ${new Date(Date.now() - secondsAgo * 1_000).toUTCString()}\r\n${mail(subject)}`;
/** All that is in journals. */
const journals = (): string =>
	readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.json'))
		.map((name) => readFileSync(join(folder, name), 'utf8'))
		.join();
const subjects = (about: Told): unknown[][] => about.executions.map(({ items }) => items.map(({ json }) => json.subject));

/**
 * A process of n8n: the trigger's state lives as long as it does. The threads that read emails keep no state, so all processes share them: to
 * start one for each takes more work than the tests themselves.
 */
async function freshProcess(): Promise<(scene: Scene, about: Told) => Promise<unknown>> {
	vi.resetModules();
	vi.doMock('../../../mail/item/workerPool', () => threads);
	const { pollOnce } = await import('../../../nodes/PopTrigger/poll');
	return async (scene, about) => await pollOnce(pollFunctions(scene, about));
}

/** In which each mailbox has another name. */
async function renamedProcess(): ReturnType<typeof freshProcess> {
	vi.doMock('../../../nodes/popMail', async (load) => ({ ...(await load<object>()), mailboxName: () => 'alias@example.test host' }));
	const renamed = await freshProcess();
	vi.doUnmock('../../../nodes/popMail');
	return renamed;
}

describe('the POP Trigger', () => {
	it('starts one execution for what is new, and none for what was there at the beginning', async () => {
		const scene = { sandbox, mailbox: 'first@example.test', workflow: 'first' };
		await sandbox.deliver(scene.mailbox, mail('before'));
		const poll = await freshProcess();
		const about = told();
		expect(await poll(scene, about)).toBeNull();
		await sandbox.deliver(scene.mailbox, mail('1'), mail('2'));
		await poll(scene, about);
		await poll(scene, about);
		expect(subjects(about)).toEqual([['1', '2']]);
	});

	it('hands over again what was on its way when the process ended, and nothing that had ended', async () => {
		const scene = { sandbox, mailbox: 'ways@example.test', workflow: 'ways' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('ended'));
		await poll(scene, about);
		about.executions[0]?.end();
		await sandbox.deliver(scene.mailbox, mail('on its way'));
		await poll(scene, about);
		expect(subjects(about)).toEqual([['ended'], ['on its way']]);
		const stored: IDataObject = JSON.parse(JSON.stringify(about.staticData));

		const again = await freshProcess();
		const later = told(stored);
		await again({ ...scene, activation: 'init' }, later);
		expect(subjects(later)).toEqual([['on its way']]);
	});

	it('forgets nothing that ended while it looked', async () => {
		const scene = { sandbox, mailbox: 'meanwhile@example.test', workflow: 'meanwhile' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('1'));
		await poll(scene, about);
		const signedIn = sandbox.exchange.next('signedIn');
		let list = (): void => undefined;
		sandbox.exchange.plan('pop', 'UIDL', { until: new Promise<void>((resolve) => (list = resolve)) });
		const looking = poll(scene, about);
		const session = await signedIn;
		// After the copy was made, before the listing has come.
		await expect.poll(() => session.transcript.some((line) => line.startsWith('C: UIDL'))).toBe(true);
		about.executions[0]?.end();
		list();
		await looking;
		const restarted = await freshProcess();
		const after = told(JSON.parse(JSON.stringify(about.staticData)));
		await restarted({ ...scene, activation: 'init' }, after);
		expect(subjects(after)).toEqual([]);
	});

	it('takes what came since it was turned on, though it could not look at once', async () => {
		const scene = { sandbox, mailbox: 'outage@example.test', workflow: 'outage' };
		// The server's clock may be slow by less than two minutes.
		await sandbox.fill(scene.mailbox, [received(180, 'before'), received(100, 'by a slow clock')]);
		const poll = await freshProcess();
		const about = told();
		sandbox.exchange.refusing.add('pop');
		await poll(scene, about);
		sandbox.exchange.refusing.delete('pop');
		await sandbox.fill(scene.mailbox, [received(-1, 'meanwhile')]);
		await poll(scene, about);
		expect(subjects(about)).toEqual([['by a slow clock', 'meanwhile']]);
	});

	it.each(['static data', 'journal'])(
		'takes what came since it was switched on, though n8n was restarted before it could look: by the %s',
		async (copy) => {
			const scene = { sandbox, mailbox: `outage${copy.length}@example.test`, workflow: `outage ${copy}` };
			await sandbox.fill(scene.mailbox, [received(3 * 3_600, 'before'), received(3_600, 'meanwhile')]);
			const about = told();
			sandbox.exchange.refusing.add('pop');
			vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 3_600_000 });
			await (
				await freshProcess()
			)(scene, about);
			vi.useRealTimers();
			const stored: IDataObject = copy === 'journal' ? {} : JSON.parse(JSON.stringify(about.staticData));
			if (copy === 'journal') await expect.poll(journals).toContain(scene.mailbox);
			else process.env.N8N_USER_FOLDER = join(folder, 'lost');
			const restarted = await freshProcess();
			const later = told(stored);
			await restarted({ ...scene, activation: 'init' }, later);
			sandbox.exchange.refusing.delete('pop');
			await restarted({ ...scene, activation: 'init' }, later);
			process.env.N8N_USER_FOLDER = folder;
			expect(subjects(later)).toEqual([['meanwhile']]);
		},
	);

	it('takes what came since it was turned on, though the clock was set back before it could look', async () => {
		const scene = { sandbox, mailbox: 'setback@example.test', workflow: 'set back' };
		const poll = await freshProcess();
		const about = told();
		sandbox.exchange.refusing.add('pop');
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3_600_000 });
		await poll(scene, about);
		vi.useRealTimers();
		sandbox.exchange.refusing.delete('pop');
		await sandbox.fill(scene.mailbox, [received(3_600, 'before'), received(-1, 'meanwhile')]);
		await poll(scene, about);
		expect(subjects(about)).toEqual([['meanwhile']]);
	});

	it('counts the last days from when it was turned on, though it could not look at once', async () => {
		const scene = {
			sandbox,
			mailbox: 'outagedays@example.test',
			workflow: 'outage days',
			parameters: { options: { startFrom: 'lastDays', startDays: 1 } },
		};
		await sandbox.fill(scene.mailbox, [received(30 * 3_600, 'too old'), received(25 * 3_600, 'within a day then')]);
		const poll = await freshProcess();
		const about = told();
		sandbox.exchange.refusing.add('pop');
		vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 3_600_000 });
		await poll(scene, about);
		vi.useRealTimers();
		sandbox.exchange.refusing.delete('pop');
		await poll(scene, about);
		expect(subjects(about)).toEqual([['within a day then']]);
	});

	it('knows from its journal what ended after n8n had stored its static data last', async () => {
		const scene = { sandbox, mailbox: 'journal@example.test', workflow: 'journal' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('x'));
		await poll(scene, about);
		const stored: IDataObject = JSON.parse(JSON.stringify(about.staticData));
		about.executions[0]?.end();
		await vi.waitFor(async () => {
			const later = told(structuredClone(stored));
			await (
				await freshProcess()
			)({ ...scene, activation: 'init' }, later);
			expect(subjects(later)).toEqual([]);
		}, 120_000);
	});

	it('goes on with its own memory if it is given the name of another trigger, under which n8n has stored a newer one', async () => {
		const scene = { sandbox, mailbox: 'swapped@example.test', workflow: 'swapped' };
		const other = { sandbox, mailbox: 'busier@example.test', workflow: 'busier' };
		const poll = await freshProcess();
		const [about, aboutOther] = [told(), told()];
		await poll(scene, about);
		for (let times = 0; times < 5; times += 1) await poll(other, aboutOther);
		// As n8n stored it for a node with another ID.
		const named: IDataObject = JSON.parse(JSON.stringify(aboutOther.staticData).replace('"node"', '"another node"'));
		await expect.poll(journals).toContain(scene.mailbox);
		await sandbox.deliver(scene.mailbox, mail('1'));
		const restarted = told(structuredClone(named));
		await (
			await freshProcess()
		)({ ...scene, activation: 'init' }, restarted);
		const renamed = told(structuredClone(named));
		await poll({ ...scene, activation: 'update' }, renamed);
		expect([subjects(restarted), subjects(renamed)]).toEqual([[['1']], [['1']]]);
	});

	it.each([
		['of a newer version', { version: 2 }],
		['that is damaged', { mails: 'x' }],
	])('goes on with the older memory if it has also one %s, and skips no email if it has no other', async (_what, change) => {
		const name = `unreadable-${Object.keys(change).join()}`;
		const scene = { sandbox, mailbox: `${name}@example.test`, workflow: name };
		const poll = await freshProcess();
		const about = told();
		await sandbox.deliver(scene.mailbox, mail('before'));
		await poll(scene, about);
		await expect.poll(journals).toContain(scene.mailbox);
		const stored: { pop: { revision: number; ledger: IDataObject } } = JSON.parse(JSON.stringify(about.staticData));
		const unreadable = { pop: { ...stored.pop, revision: stored.pop.revision + 1, ledger: { ...stored.pop.ledger, ...change } } };
		await sandbox.deliver(scene.mailbox, mail('after'));
		const withJournal = told(structuredClone(unreadable));
		await (
			await freshProcess()
		)({ ...scene, activation: 'init' }, withJournal);
		const alone = told(structuredClone(unreadable));
		await (
			await freshProcess()
		)({ ...scene, workflow: `${name} elsewhere`, activation: 'init' }, alone);
		expect([subjects(withJournal), subjects(alone)]).toEqual([[['after']], [['before', 'after']]]);
		expect([withJournal.warnings, alone.warnings]).toEqual([[], [expect.stringContaining('none is skipped')]]);
	});

	it.each([
		['cut', (text: string) => text.slice(0, 40)],
		['empty', () => ''],
	])('skips no email if it has handed over none yet and its journal is %s', async (what, damage) => {
		const scene = { sandbox, mailbox: `journal-${what}@example.test`, workflow: `journal ${what}` };
		const poll = await freshProcess();
		await poll(scene, told());
		await expect.poll(journals).toContain(scene.mailbox);
		for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
			const path = join(folder, name);
			if (!name.endsWith('.json') || !readFileSync(path, 'utf8').includes(scene.mailbox)) continue;
			writeFileSync(path, damage(readFileSync(path, 'utf8')));
		}
		await sandbox.deliver(scene.mailbox, mail('meanwhile'));
		const about = told();
		const restarted = await freshProcess();
		await restarted({ ...scene, activation: 'init' }, about);
		expect([subjects(about), about.warnings]).toEqual([[['meanwhile']], [expect.stringContaining('none is skipped')]]);
	});

	it("goes on where another process left off, when that was n8n's leader for a while", async () => {
		const scene = { sandbox, mailbox: 'leader@example.test', workflow: 'leader' };
		const [poll, other] = [await freshProcess(), await freshProcess()];
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('x'));
		const there = told(JSON.parse(JSON.stringify(about.staticData)));
		await other(scene, there);
		there.executions[0]?.end();
		await new Promise((resolve) => setImmediate(resolve));
		await other(scene, there);
		const back = told(JSON.parse(JSON.stringify(there.staticData)));
		await poll({ ...scene, activation: 'leadershipChange' }, back);
		expect([subjects(there), subjects(back)]).toEqual([[['x']], []]);
	});

	it("hands over nothing twice if another process was n8n's leader for a while, however often this one had found nothing before", async () => {
		const scene = { sandbox, mailbox: 'leaders@example.test', workflow: 'leaders' };
		const [poll, other] = [await freshProcess(), await freshProcess()];
		const about = told();
		await poll(scene, about);
		const storedAtFirst: IDataObject = JSON.parse(JSON.stringify(about.staticData));
		for (let times = 0; times < 5; times += 1) await poll(scene, about);
		// Another machine has a journal of its own.
		process.env.N8N_USER_FOLDER = join(folder, 'other');
		const there = told(storedAtFirst);
		await other({ ...scene, activation: 'leadershipChange' }, there);
		await sandbox.deliver(scene.mailbox, mail('x'));
		await other({ ...scene, activation: 'leadershipChange' }, there);
		there.executions[0]?.end();
		await new Promise((resolve) => setImmediate(resolve));
		await other({ ...scene, activation: 'leadershipChange' }, there);
		process.env.N8N_USER_FOLDER = folder;
		const back = told(JSON.parse(JSON.stringify(there.staticData)));
		await poll({ ...scene, activation: 'leadershipChange' }, back);
		expect([subjects(there), subjects(back)]).toEqual([[['x']], []]);
	});

	it.each([
		['hands over again what n8n could not run, for as long as it cannot', new Error('no database'), 5],
		['hands over again what n8n gives no run for, but not for ever', undefined, 3],
	])('%s', async (_title, reason, executions) => {
		const scene = { sandbox, mailbox: `norun${executions}@example.test`, workflow: `norun ${executions}` };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('x'));
		for (let times = 1; times <= 5; times += 1) {
			await poll(scene, about);
			about.executions.at(-1)?.refuse(reason);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(subjects(about)).toEqual(Array.from({ length: executions }, () => ['x']));
	});

	describe('where executions fail', () => {
		beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
		afterAll(() => void vi.useRealTimers());
		const later = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1_000);
		const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

		it('retries each mail of a failed execution by itself, and the guilty one again after a pause that grows', async () => {
			const scene = { sandbox, mailbox: 'apart@example.test', workflow: 'apart', parameters: { options: { maxTries: 3, retryAfter: 60 } } };
			const poll = await freshProcess();
			const about = told();
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, mail('good'), mail('bad'));
			await poll(scene, about);
			about.executions[0]?.fail('one of them is bad');
			await settled();
			await poll(scene, about);
			expect(subjects(about)).toEqual([['good', 'bad'], ['good'], ['bad']]);
			about.executions[1]?.end();
			about.executions[2]?.fail('it is bad');
			await settled();
			await sandbox.deliver(scene.mailbox, mail('new'));
			await poll(scene, about);
			expect(subjects(about).slice(3)).toEqual([['new']]);
			about.executions[3]?.end();
			later(179);
			await poll(scene, about);
			expect(about.executions).toHaveLength(4);
			later(1);
			await poll(scene, about);
			expect(subjects(about).slice(4)).toEqual([['bad']]);
		});

		it('retries an email though the clock was set back while it waited for that', async () => {
			const scene = { sandbox, mailbox: 'clock@example.test', workflow: 'clock', parameters: { options: { retryAfter: 60 } } };
			const poll = await freshProcess();
			const about = told();
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, mail('bad'));
			await poll(scene, about);
			about.executions[0]?.fail('no');
			await settled();
			later(-600);
			await poll(scene, about);
			expect([subjects(about), about.warnings]).toEqual([[['bad'], ['bad']], []]);
			later(600);
		});

		it('retries no more than 100 emails with one poll, and the others with the next', async () => {
			const options = { maxTries: 3, retryAfter: 60, limit: 200 };
			const scene = { sandbox, mailbox: 'many@example.test', workflow: 'many', parameters: { options } };
			const poll = await freshProcess();
			const about = told();
			await poll(scene, about);
			const names = Array.from({ length: 103 }, (_, index) => `mail ${index}`);
			await sandbox.fill(scene.mailbox, names.map(mail));
			await poll(scene, about);
			about.executions[0]?.fail('the service behind it is down');
			await settled();
			await poll(scene, about);
			expect(subjects(about).slice(1)).toEqual(names.slice(0, 100).map((name) => [name]));
			for (const { end } of about.executions.slice(1)) end();
			await settled();
			await poll(scene, about);
			expect(subjects(about).slice(101)).toEqual(names.slice(100).map((name) => [name]));
		});

		it('reports a mail once when its attempts are used up, and leaves it on the server, also after a restart', async () => {
			const scene = {
				sandbox,
				mailbox: 'usedup@example.test',
				workflow: 'usedup',
				parameters: { options: { maxTries: 2, retryAfter: 0, deleteAfterDays: 0 } },
			};
			const about = told();
			const poll = await freshProcess();
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, mail('bad'));
			await poll(scene, about);
			about.executions[0]?.fail('out of ink');
			await settled();
			await poll(scene, about);
			about.executions[1]?.fail('out of ink');
			await settled();
			await poll(scene, about);
			expect(about.executions).toHaveLength(2);
			expect(about.failedExecutions.map(({ message }) => message)).toEqual([
				expect.stringMatching(/usedup@example\.test is no longer retried.*2 attempts/),
			]);
			expect(about.failedExecutions[0]).toMatchObject({ description: expect.stringMatching(/out of ink.*still in the mailbox/) });
			const again = await freshProcess();
			const restarted = told(JSON.parse(JSON.stringify(about.staticData)));
			await again({ ...scene, activation: 'init' }, restarted);
			await again({ ...scene, activation: 'init' }, restarted);
			expect([restarted.executions.length, (await sandbox.messages(scene.mailbox)).length]).toEqual([0, 1]);
		});

		it('deletes such a mail where the user wants that, with the next poll', async () => {
			const scene = {
				sandbox,
				mailbox: 'doomed@example.test',
				workflow: 'doomed',
				parameters: { options: { maxTries: 1, onGiveUp: 'delete' } },
			};
			const about = told();
			const poll = await freshProcess();
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, mail('bad'), mail('good'));
			await poll({ ...scene, parameters: { options: { ...scene.parameters.options, limit: 1 } } }, about);
			about.executions[0]?.fail('no');
			await settled();
			await poll(scene, about);
			about.executions[1]?.end();
			await settled();
			expect((await sandbox.messages(scene.mailbox)).map(String)).toEqual([expect.stringContaining('Subject: good')]);
		});

		it.each([
			['the server refused', () => sandbox.exchange.plan('pop', 'RETR', { reply: '-ERR [SYS/PERM] this one is broken' }), {}, 1],
			['was too large', () => undefined, { maxMessageSize: 1 }, 1],
			['came whole', () => undefined, {}, 0],
		])('never deletes an email unless it came whole: one that %s', async (what, prepare, options, left) => {
			const name = what.replaceAll(' ', '-');
			const scene = {
				sandbox,
				mailbox: `${name}@example.test`,
				workflow: name,
				parameters: { options: { maxTries: 1, onGiveUp: 'delete', ...options } },
			};
			const about = told();
			const poll = await freshProcess();
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, `${mail('bad')}${`${'x'.repeat(1_000)}\r\n`.repeat(1_100)}`);
			prepare();
			await poll(scene, about);
			about.executions[0]?.fail('no');
			await settled();
			await poll(scene, about);
			expect(await sandbox.messages(scene.mailbox)).toHaveLength(left);
			const fate = left === 0 ? 'deleted with the next poll' : 'still in the mailbox';
			expect(about.failedExecutions).toEqual([expect.objectContaining({ description: expect.stringContaining(fate) })]);
		});

		it('forgets the attempts of an email that has left the server', async () => {
			const scene = { sandbox, mailbox: 'gone@example.test', workflow: 'gone', parameters: { options: { retryAfter: 0 } } };
			const poll = await freshProcess();
			const about = told();
			await sandbox.deliver(scene.mailbox, mail('before'));
			await poll(scene, about);
			await sandbox.deliver(scene.mailbox, mail('bad'));
			await poll(scene, about);
			await sandbox.dovecot.doveadm('expunge', '-u', scene.mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', 'bad');
			about.executions[0]?.fail('it has deleted its email, and failed afterwards');
			await settled();
			await poll(scene, about);
			expect(about.executions).toHaveLength(1);
			expect(about.staticData.pop).not.toHaveProperty('attempts');
		});

		it('counts the attempts also where n8n was restarted in between', async () => {
			const scene = {
				sandbox,
				mailbox: 'restarts@example.test',
				workflow: 'restarts',
				parameters: { options: { maxTries: 2, retryAfter: 0 } },
			};
			let about = told();
			await (
				await freshProcess()
			)(scene, about);
			await sandbox.deliver(scene.mailbox, mail('bad'));
			const lives: number[] = [];
			const reports: string[] = [];
			for (let life = 0; life < 7; life += 1) {
				about = told(JSON.parse(JSON.stringify(about.staticData)));
				const poll = await freshProcess();
				await poll({ ...scene, activation: 'init' }, about);
				lives.push(about.executions.length);
				reports.push(...about.failedExecutions.map(({ message }) => message));
			}
			// Each life ended with the execution still running: two attempts, and three that n8n's crashes may have cut short.
			expect(lives).toEqual([1, 1, 1, 1, 1, 0, 0]);
			expect(reports).toEqual([expect.stringContaining('is no longer retried')]);
		});
	});

	it.each([
		['counts mails as fetched whose execution n8n has started and never tells the end of, in queue mode', 'queue', []],
		['gives them again after a restart without queue mode, where the execution may never have begun', 'regular', [['untold']]],
	])('%s', async (_title, executions, again) => {
		vi.stubEnv('EXECUTIONS_MODE', executions);
		const scene = { sandbox, mailbox: `untold-${executions}@example.test`, workflow: `untold ${executions}` };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('untold'));
		vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
		try {
			await poll(scene, about);
			await vi.advanceTimersByTimeAsync(25 * 3_600_000);
		} finally {
			vi.useRealTimers();
		}
		await poll(scene, about);
		const later = told(JSON.parse(JSON.stringify(about.staticData)));
		await (
			await freshProcess()
		)({ ...scene, activation: 'init' }, later);
		vi.unstubAllEnvs();
		expect([subjects(about), subjects(later)]).toEqual([[['untold']], again]);
		expect(about.warnings).toEqual(
			executions === 'queue' ? [expect.stringContaining('n8n did not report how an execution ended. Its 1 emails count as fetched')] : [],
		);
	});

	it('hands nothing over again that a person cancelled', async () => {
		const scene = { sandbox, mailbox: 'cancelled@example.test', workflow: 'cancelled' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('x'));
		await poll(scene, about);
		about.executions[0]?.refuse(new Error('The execution was cancelled manually'));
		await new Promise((resolve) => setImmediate(resolve));
		await poll(scene, about);
		expect(subjects(about)).toEqual([['x']]);
	});

	it.each([
		['No active execution found', [['x'], ['y']]],
		['The execution was cancelled because the system is shutting down', [['x'], ['y']]],
		['The execution was cancelled because it timed out', [['x'], ['y']]],
		// The words of n8n's database while n8n ends: no execution has begun.
		['request for lock canceled', [['x', 'y']]],
	])('hands over again after the restart what n8n noted while it ended, which is told as "%s"', async (reason, again) => {
		const name = reason.replaceAll(' ', '-').toLowerCase();
		const scene = { sandbox, mailbox: `${name}@example.test`, workflow: name };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('x'), mail('y'));
		await poll(scene, about);
		about.executions[0]?.refuse(new Error(reason));
		await new Promise((resolve) => setImmediate(resolve));
		const next = await freshProcess();
		const after = told(JSON.parse(JSON.stringify(about.staticData)));
		await next(scene, after);
		expect(subjects(after)).toEqual(again);
	});

	it('looks once at a time', async () => {
		const scene = { sandbox, mailbox: 'busy@example.test', workflow: 'busy' };
		const poll = await freshProcess();
		const before = sandbox.exchange.sessions.length;
		await Promise.all([poll(scene, told()), poll(scene, told()), poll(scene, told())]);
		expect(sandbox.exchange.sessions.length - before).toBe(1);
	});

	it('lives through faults, and tells a lasting one once an hour', async () => {
		vi.useFakeTimers({ toFake: ['Date'] });
		const scene = { sandbox, mailbox: 'faults@example.test', workflow: 'faults' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		sandbox.exchange.refusing.add('pop');
		for (let minute = 0; minute < 90; minute += 1) {
			expect(await poll(scene, about)).toBeNull();
			vi.setSystemTime(Date.now() + 60_000);
		}
		sandbox.exchange.refusing.delete('pop');
		expect(about.failedExecutions).toHaveLength(2);
		expect(about.warnings).toHaveLength(90);
		vi.useRealTimers();
		await sandbox.deliver(scene.mailbox, mail('afterwards'));
		await poll(scene, about);
		expect(subjects(about)).toEqual([['afterwards']]);
	});

	it('throws for what waiting cannot heal where a person has just switched it on, and only there', async () => {
		const scene = { sandbox, mailbox: 'closed@example.test', workflow: 'closed' };
		sandbox.exchange.closedMailboxes.add(scene.mailbox);
		const poll = await freshProcess();
		const about = told();
		await expect(poll(scene, about)).rejects.toThrow('could not be opened');
		await expect(poll(scene, about)).rejects.toThrow('could not be opened');
		expect(await poll({ ...scene, activation: 'init' }, about)).toBeNull();
		expect(about.failedExecutions).toHaveLength(1);
		// n8n was restarted, and it has never worked yet.
		const restarted = await freshProcess();
		await expect(restarted(scene, told(JSON.parse(JSON.stringify(about.staticData))))).rejects.toThrow('could not be opened');
		sandbox.exchange.reset();
	});

	it("throws on an n8n before 1.119 with a person's credential, also where it has worked before", async () => {
		const scene = { sandbox, mailbox: 'old-n8n@example.test', workflow: 'old-n8n' };
		const about = told();
		await (
			await freshProcess()
		)(scene, about);
		const person = { ...scene, parameters: { authentication: 'oAuth2' } };
		const poll = await freshProcess();
		await expect(poll(person, told(JSON.parse(JSON.stringify(about.staticData))))).rejects.toEqual(
			expect.objectContaining({ description: 'Update n8n to 1.119 or later, or use a service account.' }),
		);
		const unattended = told();
		expect(await poll({ ...person, activation: 'init' }, unattended)).toBeNull();
		expect(unattended.failedExecutions).toEqual([
			expect.objectContaining({ message: expect.stringContaining('This n8n cannot renew the token') }),
		]);
		// A service account needs nothing of n8n.
		expect(await (await freshProcess())(scene, about)).toBeNull();
	});

	it.each(['size', 'headers'])('goes on where the same mailbox has another name, which it knows by the %s of an email', async (by) => {
		const scene = {
			sandbox,
			mailbox: `primary-${by}@example.test`,
			workflow: `renamed ${by}`,
			parameters: { options: { startFrom: 'now', retryAfter: 0 } },
		};
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		await sandbox.deliver(scene.mailbox, mail('done'));
		await poll(scene, about);
		about.executions[0]?.end();
		await sandbox.deliver(scene.mailbox, mail('failed'));
		await poll(scene, about);
		about.executions[1]?.fail('no');
		await sandbox.deliver(scene.mailbox, mail('pending'));
		await poll(scene, about);
		if (by === 'headers') await sandbox.dovecot.doveadm('expunge', '-u', scene.mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', 'pending');
		await sandbox.deliver(scene.mailbox, mail('new'));
		const renamed = await renamedProcess();
		const after = told(JSON.parse(JSON.stringify(about.staticData)));
		await renamed({ ...scene, activation: 'init' }, after);
		expect(subjects(after).flat().sort()).toEqual(by === 'size' ? ['failed', 'new', 'pending'] : ['failed', 'new']);
		expect(after.warnings).toEqual([]);
	});

	it.each([
		['goes on where the same mailbox has another name and it knows three long unique IDs', 'long', [['new']], []],
		['begins anew if it knows two', 'two', [], [expect.stringContaining('it begins anew')]],
		['begins anew if they are short numbers', 'short', [], [expect.stringContaining('it begins anew')]],
		['begins anew if the newest email it knows has another size', 'size', [], [expect.stringContaining('it begins anew')]],
	])('%s, though it has fetched no email that is there', async (_title, what, executions, warnings) => {
		const scene = { sandbox, mailbox: `seen-${what}@example.test`, workflow: `seen ${what}` };
		const before = what === 'two' ? ['1', '2', 'moved'] : ['1', '2', '3', 'moved'];
		await sandbox.deliver(scene.mailbox, ...before.map(mail));
		if (what === 'short') sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 1\r\n2 2\r\n3 3\r\n4 4\r\n.' });
		const about = told();
		await (
			await freshProcess()
		)(scene, about);
		if (what !== 'size') await sandbox.dovecot.doveadm('expunge', '-u', scene.mailbox, 'mailbox', 'INBOX', 'HEADER', 'Subject', 'moved');
		else sandbox.exchange.plan('pop', 'LIST 4', { reply: '+OK 4 7' });
		await sandbox.deliver(scene.mailbox, mail('new'));
		if (what === 'short') sandbox.exchange.plan('pop', 'UIDL', { reply: '+OK\r\n1 1\r\n2 2\r\n3 3\r\n4 5\r\n.' });
		const after = told(JSON.parse(JSON.stringify(about.staticData)));
		await (
			await renamedProcess()
		)({ ...scene, activation: 'init' }, after);
		expect([subjects(after), after.warnings]).toEqual([executions, warnings]);
	});

	it('begins anew where it is pointed at another mailbox', async () => {
		const scene = { sandbox, mailbox: 'one@example.test', workflow: 'other' };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		const other = { ...scene, mailbox: 'two@example.test' };
		await sandbox.deliver(other.mailbox, mail('old'));
		await poll(other, about);
		await sandbox.deliver(other.mailbox, mail('new'));
		await poll(other, about);
		expect(subjects(about)).toEqual([['new']]);
		expect(about.warnings).toEqual([expect.stringContaining('now checks two@example.test')]);
	});

	it('fetches of 30,000 mails with 5 new ones nothing but the listing and those five', async () => {
		const mailbox = 'large@example.test';
		await sandbox.fill(
			mailbox,
			(function* () {
				for (let index = 0; index < 30_000; index += 1) yield mail(`old ${index}`);
			})(),
		);
		const relay = await startRelay(sandbox.exchange.pop.port, 0);
		const scene = { sandbox, mailbox, workflow: 'large', popPort: relay.port };
		const poll = await freshProcess();
		const about = told();
		await poll(scene, about);
		expect(about.executions).toEqual([]);
		await sandbox.deliver(mailbox, ...['1', '2', '3', '4', '5'].map(mail));
		const before = relay.carried();
		await poll(scene, about);
		expect(subjects(about)).toEqual([['1', '2', '3', '4', '5']]);
		const commands = (sandbox.exchange.sessions.at(-1)?.transcript ?? []).flatMap((line) =>
			line.startsWith('C: ') ? [line.slice(3)] : [],
		);
		expect(commands.slice(commands.indexOf('UIDL'))).toEqual([
			'UIDL',
			'LIST 30000',
			...[1, 2, 3, 4, 5].map((index) => `LIST ${30_000 + index}`),
			...[1, 2, 3, 4, 5].map((index) => `RETR ${30_000 + index}`),
			'QUIT',
		]);
		// A line of the listing has 24 bytes; the rest is five mails, the sign-in and TLS.
		const listing = 30_005 * '30000 0123456789abcdef0'.length;
		const down = relay.carried().down - before.down;
		console.log(
			`30,005 mails, 5 new: ${down} bytes down, ${relay.carried().up - before.up} up; stored: ${JSON.stringify(about.staticData).length} characters`,
		);
		expect(down).toBeLessThan(listing * 1.15);
		await relay.stop();
	});

	it('has the fixed names', () => {
		const { description } = new PopTrigger();
		expect(description).toMatchObject({ name: 'popTrigger', displayName: 'POP Trigger', group: ['trigger'], polling: true, inputs: [] });
		expect(description.usableAsTool).toBeUndefined();
		const names = description.properties.map(({ name }) => name);
		for (const name of ['authentication', 'format', 'downloadAttachments', 'dataPropertyAttachmentsPrefixName', 'filters', 'options'])
			expect(names).toContain(name);
	});
});
