import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startN8n, type Execution, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Gate } from './gate';
import { credentials, folderState, mail, subjects, workflow } from './imapTriggerRig';
import { waitNode, type Step } from './row';

let gate: Gate;
let sandbox: Sandbox;
let n8n: RunningN8n;

beforeAll(async () => {
	gate = await Gate.start();
	sandbox = await startSandbox();
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: await credentials(sandbox, 'ada@example.test') });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
	await gate?.stop();
});

/** An active workflow on a mailbox of its own. */
async function active(mailbox: string, parameters: Record<string, unknown> = {}, authentication?: 'oAuth2', hold?: Step): Promise<string> {
	const id = await n8n.api.createWorkflow(workflow(mailbox, mailbox, parameters, authentication, hold));
	await n8n.api.activate(id);
	return id;
}

async function watching(mailbox: string): Promise<void> {
	await until(`watching ${mailbox}`, async () =>
		sandbox.exchange.live('imap').some((session) => session.mailbox === mailbox && session.transcript.at(-1)?.endsWith('IDLE') === true),
	);
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}\n${n8n.instance.logText().slice(-3000)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const bySubject = (executions: Execution[]): string[] =>
	executions.flatMap((execution) => subjects(execution).map((subject) => `${subject} ${execution.status}`));

async function unread(mailbox: string): Promise<number> {
	return (await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean).length;
}

describe('the IMAP Trigger in n8n', () => {
	it.each([undefined, 'oAuth2'] as const)(
		'starts an execution when the server rings, with attachments byte for byte (%s)',
		async (authentication) => {
			const mailbox = authentication === 'oAuth2' ? 'ada@example.test' : 'app@example.test';
			const id = await active(mailbox, { downloadAttachments: true }, authentication);
			await watching(mailbox);
			const bytes = randomBytes(300_000);
			await sandbox.deliver(mailbox, mail('first', bytes));
			const [execution] = await n8n.api.ended(id, 1);
			expect(execution?.status).toBe('success');
			// Dovecot itself rings about half a second after the delivery.
			const item = execution?.data?.resultData?.runData?.['IMAP Trigger']?.[0]?.data?.main?.[0]?.[0];
			expect(item?.json).toMatchObject({
				subject: 'first',
				from: expect.stringContaining('bob@example.test'),
				text: expect.stringContaining('hello'),
				uid: 1,
				folder: 'INBOX',
				uidValidity: expect.stringMatching(/^\d+$/),
			});
			expect((await n8n.api.binary(item?.binary?.attachment_0 ?? {})).equals(bytes)).toBe(true);
			await until('marked as read', async () => (await unread(mailbox)) === 0);
			await n8n.api.deactivate(id);
			await until('the session is closed', async () => !sandbox.exchange.live('imap').some((session) => session.mailbox === mailbox));
		},
	);

	it('reports one bad mail of ten once after its tries; the nine succeed once', async () => {
		const mailbox = 'ten@example.test';
		const id = await active(mailbox, { options: { retryAfter: 0 } });
		await watching(mailbox);
		await sandbox.deliver(mailbox, ...Array.from({ length: 10 }, (_, index) => mail(index === 3 ? 'bad' : `good ${index}`)));
		// Nine successes, three tries, one report.
		const executions = await n8n.api.ended(id, 13);
		const told = bySubject(executions);
		expect(told.filter((line) => line.endsWith('success')).sort()).toEqual(
			[0, 1, 2, 4, 5, 6, 7, 8, 9].map((index) => `good ${index} success`),
		);
		expect(told.filter((line) => line === 'bad error')).toHaveLength(3);
		expect(executions.filter(({ data }) => data?.resultData?.error?.message?.includes('no longer retried') === true)).toHaveLength(1);
		await expect.poll(async () => await unread(mailbox)).toBe(1);
		await n8n.api.deactivate(id);
	});

	it('neither repeats nor skips over a restart, and SIGKILL after the success repeats nothing either', async () => {
		const mailbox = 'restart@example.test';
		const id = await active(mailbox, { postProcessAction: 'nothing' });
		await watching(mailbox);
		await sandbox.deliver(mailbox, mail('before'));
		await n8n.api.ended(id, 1);
		await n8n.instance.stop();
		await sandbox.deliver(mailbox, mail('while stopped'));
		await n8n.restart();
		await n8n.api.ended(id, 2);
		await watching(mailbox);
		// A success that is not on disk yet is repeated (row 5 of the crash table).
		await until('settled', async () => {
			const { uid, pending = {} } = folderState(n8n.instance, `${id}:trigger`);
			return uid === 2 && Object.keys(pending).length === 0;
		});
		await n8n.instance.stop('SIGKILL');
		await sandbox.deliver(mailbox, mail('while dead'));
		await n8n.restart();
		await watching(mailbox);
		await sandbox.deliver(mailbox, mail('after'));
		const executions = await n8n.api.ended(id, 4);
		expect(bySubject(executions).sort()).toEqual(['before success', 'while stopped success', 'while dead success', 'after success'].sort());
		await n8n.api.deactivate(id);
	});

	it('hands a mail over again whose execution SIGKILL ended', async () => {
		const mailbox = 'killed@example.test';
		const id = await active(mailbox, {}, undefined, gate.node('killed'));
		await watching(mailbox);
		await sandbox.deliver(mailbox, mail('slow'));
		await gate.holds('killed');
		// That it is under way is known on disk.
		await until('pending', async () => folderState(n8n.instance, `${id}:trigger`).pending?.['1'] === 1);
		await n8n.crash();
		gate.open('killed');
		await until('it ran again to its end', async () => (await n8n.api.statuses(id)).includes('success'));
		const executions = await n8n.api.executions(id);
		expect(executions.filter(({ status }) => status === 'success').flatMap(subjects)).toEqual(['slow']);
		await n8n.api.deactivate(id);
	});

	it('counts an execution that waits as handed over: the email is marked and not repeated by a restart', async () => {
		const mailbox = 'waiting@example.test';
		const id = await active(mailbox, {}, undefined, waitNode(3_600));
		await watching(mailbox);
		await sandbox.deliver(mailbox, mail('slow'));
		await until('the execution waits', async () => (await n8n.api.statuses(id)).includes('waiting'));
		await until('marked as read', async () => (await unread(mailbox)) === 0);
		await n8n.restart();
		await watching(mailbox);
		await sandbox.deliver(mailbox, mail('next'));
		await n8n.api.ended(id, 1);
		expect((await n8n.api.statuses(id)).sort()).toEqual(['success', 'waiting']);
		await n8n.api.deactivate(id);
	});

	it('takes what was unread at the first activation, oldest first, each once', async () => {
		const mailbox = 'unread@example.test';
		const waiting = Array.from({ length: 30 }, (_, index) => `waiting ${index}`);
		await sandbox.deliver(mailbox, ...waiting.map((subject) => mail(subject)));
		const id = await active(mailbox, { options: { startFrom: 'unread', batchSize: 10, maxInFlight: 1 } });
		const executions = await n8n.api.ended(id, 3);
		expect(executions.map(({ status }) => status)).toEqual(['success', 'success', 'success']);
		expect(executions.flatMap(subjects)).toEqual(waiting);
		await until('all marked', async () => (await unread(mailbox)) === 0);
		await n8n.api.deactivate(id);
	});

	it('goes on with one watch after the workflow was published again', async () => {
		const mailbox = 'again@example.test';
		const id = await active(mailbox);
		await watching(mailbox);
		for (let times = 0; times < 3; times++) {
			await n8n.api.deactivate(id);
			await n8n.api.activate(id);
		}
		await watching(mailbox);
		await until('one session', async () => sandbox.exchange.live('imap').filter((session) => session.mailbox === mailbox).length === 1);
		await sandbox.deliver(mailbox, mail('once'));
		expect(bySubject(await n8n.api.ended(id, 1))).toEqual(['once success']);
		await n8n.api.deactivate(id);
	});

	it('lives through the end of its token and says so; nothing is lost', async () => {
		const mailbox = 'ended@example.test';
		const id = await active(mailbox);
		for (let round = 1; round <= 3; round++) {
			await watching(mailbox);
			await sandbox.deliver(mailbox, mail(`before ${round}`));
			sandbox.exchange.expireTokens('imap');
			await sandbox.deliver(mailbox, mail(`after ${round}`));
			await n8n.api.ended(id, 2 * round);
		}
		expect(bySubject(await n8n.api.ended(id, 6)).sort()).toEqual(
			[1, 2, 3].flatMap((round) => [`after ${round} success`, `before ${round} success`]).sort(),
		);
		expect(n8n.instance.logText()).toContain('token expired');
		expect(n8n.instance.logText()).not.toMatch(/eyJ[\w-]{20,}\./);
		await n8n.api.deactivate(id);
	});

	it('takes the newest mail in a manual run and leaves it unread; explains an empty result', async () => {
		const mailbox = 'manual@example.test';
		const run = async (parameters: Record<string, unknown>): Promise<Execution> => {
			const made = workflow('manual', mailbox, parameters);
			const id = await n8n.api.createWorkflow(made);
			await n8n.api.rest('POST', `/workflows/${id}/run`, {
				workflowData: { ...made, id },
				triggerToStartFrom: { name: 'IMAP Trigger' },
				startNodes: [],
			});
			const [execution] = await n8n.api.ended(id, 1);
			if (execution === undefined) throw new Error('no execution');
			return execution;
		};
		const empty = await run({ filters: { subject: 'nothing like it' } });
		expect(empty.data?.resultData?.error?.message).toMatch(/No email in INBOX matches .*nothing like it/);
		await sandbox.deliver(mailbox, mail('older'), mail('newest'));
		expect(subjects(await run({}))).toEqual(['newest']);
		expect(await unread(mailbox)).toBe(2);
	});

	it('refuses activation for what waiting cannot heal, and says what to do', async () => {
		const id = await n8n.api.createWorkflow(workflow('unknown folder', 'folder@example.test', { folder: 'Nowhere' }));
		// n8n activates in the background and shows the refusal in the editor.
		await n8n.api.activate(id).catch(() => undefined);
		const status = async (): Promise<string> => JSON.stringify(await n8n.api.rest('GET', `/workflows/${id}/publication-status`));
		await until('the refusal', async () => (await status()).includes('There is no folder \\"Nowhere\\". The mailbox has: INBOX'));
		await n8n.api.deactivate(id);
	});
});

it('all folders of a mailbox start executions over one session, and so does a flag; each item says why', async () => {
	const mailbox = 'tree@example.test';
	await sandbox.deliver(mailbox, mail('old'));
	for (const path of ['Work', 'Sent Items']) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
	const parameters = { scope: 'all', exceptFolders: 'Sent Items, Junk Email', options: { alsoStartOn: { on: { events: ['flagged'] } } } };
	const id = await n8n.api.createWorkflow(workflow(mailbox, mailbox, parameters));
	await n8n.api.activate(id);
	const live = (): typeof sandbox.exchange.sessions => sandbox.exchange.live('imap').filter((session) => session.mailbox === mailbox);
	// Not the first IDLE on the wire: the session may listen between the commands of its first look too.
	await expect.poll(() => n8n.instance.logText()).toContain(`of ${mailbox}): watching (IDLE)`);
	await sandbox.fill(mailbox, [mail('sent')], 'Sent Items');
	await sandbox.fill(mailbox, [mail('at work')], 'Work');
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailbox, '\\Flagged', 'mailbox', 'INBOX', 'uid', '1');
	await sandbox.deliver(mailbox, mail('new'));
	const executions = await n8n.api.ended(id, 3, 150_000);
	const items = executions.flatMap(
		(execution) => execution.data?.resultData?.runData?.['IMAP Trigger']?.[0]?.data?.main?.[0]?.map(({ json }) => json) ?? [],
	);
	const told = items.map(({ startedBy, folder, subject }) => [startedBy, folder, subject].join(' '));
	expect(told.sort()).toEqual(['flagged INBOX old', 'new INBOX new', 'new Work at work']);
	expect(live()).toHaveLength(1);
	// n8n has had an execution of this email, and starts no second one under the same key.
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailbox, '\\Flagged', 'mailbox', 'INBOX', 'uid', '2');
	const more = await n8n.api.ended(id, 4, 150_000);
	expect(more).toHaveLength(4);
	expect(n8n.instance.logText()).not.toContain('duplicate deduplication key');
});
