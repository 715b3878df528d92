import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { ImapSession } from '../../../mail/imap/session';
import type { Outcome } from '../../../mail/watch/handover/executions';
import type { Sandbox } from '../../../sandbox/servers';
import type { Session } from '../../../sandbox/servers/exchange/session';
import { mail, makeRigs, subjectOf, type Rig } from './watchRig';

vi.mock('../../../mail/backoff', async () => await (await import('./shortPauses')).withShortPauses());

let sandbox: Sandbox;
const rig = makeRigs('sought', (started) => (sandbox = started));

const FLAGGED: Parameters<typeof rig>[0] = {
	folders: ['Work'],
	alsoStartOn: { flagged: true },
	heartbeatMs: 100,
	make: async (fetched, _folder, _uidValidity, startedBy) => `${startedBy} ${await subjectOf(fetched)}`,
};
const never = async (): Promise<Outcome> => await new Promise(() => undefined);
const longAgo = new Date(Date.now() - 10 * 86_400_000);
const THROTTLED = '%t BAD Request is throttled. Suggested Backoff Time: 50 milliseconds';

async function put(to: Rig, receivedAt: Date, ...subjects: string[]): Promise<void> {
	const session = await ImapSession.open(to.account());
	for (const subject of subjects) await session.run('APPEND', async (client) => await client.append('Work', mail(subject), [], receivedAt));
	session.close();
}

/** Old emails that somebody has flagged, whose executions were running when n8n ended and the folder was recreated. */
async function pendingWhenRecreated(...subjects: string[]): Promise<Rig> {
	const first = rig({ ...FLAGGED, execute: never });
	await sandbox.dovecot.doveadm('mailbox', 'create', '-u', first.mailbox, 'Work');
	await put(first, longAgo, ...subjects);
	await first.watch.start();
	await sandbox.dovecot.doveadm('flags', 'add', '-u', first.mailbox, '\\Flagged', 'mailbox', 'Work', 'ALL');
	await first.until('the hand-over', () => first.handed.length === subjects.length);
	first.watch.stop();
	await sandbox.renewFolder(first.mailbox, 'Work');
	return first;
}

/** Refuses searches of this mailbox, until the test ends. */
function throttle(mailbox: string, which: (line: string) => boolean): void {
	sandbox.exchange.endsThrottled = false;
	const listen = (session: Session): void => {
		const note = session.note.bind(session);
		session.note = (line) => {
			note(line);
			if (session.mailbox === mailbox && /^C: \S+ UID SEARCH/.test(line) && which(line))
				sandbox.exchange.plan('imap', 'UID SEARCH', { reply: THROTTLED });
		};
	};
	sandbox.exchange.on('open', listen);
	onTestFinished(() => void sandbox.exchange.off('open', listen));
}

describe('an email that a mark has handed over before UIDVALIDITY changed', () => {
	it('is handed over again although the server is too busy to find the next one', async () => {
		const first = await pendingWhenRecreated('one', 'two');
		await put(first, longAgo, 'one', 'two');
		let refusals = 1;
		throttle(first.mailbox, (line) => line.includes('two@example.test') && (refusals -= 1) >= 0);
		const second = rig({ ...FLAGGED, mailbox: first.mailbox, memory: first.stored });
		expect((await second.watch.start()).map(({ code }) => code)).toEqual(['throttled']);
		await second.until('both', () => second.handed.length === 2, 10_000);
		expect([...second.subjects].sort()).toEqual(['flagged one', 'flagged two']);
	});

	it('loses none of the new ones below it if the first searches for these fail', async () => {
		const first = await pendingWhenRecreated('old');
		await put(first, new Date(), 'new 1', 'new 2');
		await put(first, longAgo, 'old');
		let over = false;
		throttle(first.mailbox, (line) => !over && !/HEADER/i.test(line));
		const second = rig({ ...FLAGGED, mailbox: first.mailbox, memory: first.stored });
		await second.watch.start();
		await second.until('the old one', () => second.handed.length === 1, 10_000);
		over = true;
		await second.until('the new ones', () => second.handed.length === 3 && second.watch.idle, 10_000);
		expect(second.subjects).toEqual(['flagged old', 'new new 1', 'new new 2']);
	});

	it('loses none of a backlog below it if the trigger ends before that is done, and comes no second time', async () => {
		const first = await pendingWhenRecreated('old');
		const backlog = Array.from({ length: 120 }, (_, index) => `new ${index + 1}`);
		await sandbox.fill(
			first.mailbox,
			backlog.map((subject) => mail(subject)),
			'Work',
		);
		// UIDs rise in the order of the emails.
		await sandbox.dovecot.doveadm('search', '-u', first.mailbox, 'mailbox', 'Work', 'ALL');
		await put(first, new Date(), 'old');
		const second = rig({ ...FLAGGED, mailbox: first.mailbox, memory: first.stored, rules: { maxInFlight: 1 }, execute: never });
		await second.watch.start();
		await second.until('the old one', () => second.handed.length === 1, 20_000);
		expect(second.subjects).toEqual(['flagged old']);
		second.watch.stop();
		const third = rig({ ...FLAGGED, mailbox: first.mailbox, memory: second.stored });
		await third.watch.start();
		await third.until('all', () => third.handed.length >= 121 && third.watch.idle, 20_000);
		expect([...third.subjects].sort()).toEqual([...backlog.map((subject) => `new ${subject}`), 'flagged old'].sort());
	});
});
