import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ensureN8n, startN8n, type Execution, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { Gate } from './gate';
import { credentials, folderState, journalOf, mail, subjects, workflow } from './imapTriggerRig';

/**
 * The rows of the crash table in docs/imap-trigger.md, in a real n8n: each row is a workflow on a mailbox of its own,
 * brought to its point between two steps; then one SIGKILL, one restart, and what each of them did is counted.
 */
const ROWS = ['row1', 'row2', 'row3', 'row4', 'row5', 'row6', 'row7', 'row8', 'row9', 'row10', 'row12', 'row13', 'row15'] as const;
type Row = (typeof ROWS)[number];
const BACKLOG = Array.from({ length: 12 }, (_, index) => (index === 5 ? 'slow 5' : `mail ${index}`));

let gate: Gate;
let sandbox: Sandbox;
let n8n: RunningN8n;
const ids = new Map<Row, string>();
const done = new Map<Row, Execution[]>();

beforeAll(async () => {
	gate = await Gate.start();
	sandbox = await startSandbox();
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: await credentials(sandbox, 'ada@example.test') });
	await prepare();
	await n8n.instance.stop('SIGKILL');
	await whileDead();
	await n8n.restart();
	await settle();
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
	await gate?.stop();
});

const mailboxOf = (row: Row): string => `${row}@example.test`;
const idOf = (row: Row): string => ids.get(row) ?? '';
const journal = (row: Row): string => journalOf(n8n.instance, `${idOf(row)}:trigger`);
const stateOf = (row: Row): ReturnType<typeof folderState> => folderState(n8n.instance, `${idOf(row)}:trigger`);
const pending = (row: Row): Record<string, number> => stateOf(row).pending ?? {};
const transcript = (row: Row): string[] =>
	sandbox.exchange.sessions.filter(({ mailbox }) => mailbox === mailboxOf(row)).flatMap((session) => session.transcript);

async function activate(row: Row, parameters: Record<string, unknown> = {}): Promise<void> {
	ids.set(row, await n8n.api.createWorkflow(workflow(row, mailboxOf(row), parameters, 'serviceAccount', gate.node(row))));
	await n8n.api.activate(idOf(row));
}

async function watching(row: Row): Promise<void> {
	await until(`watching ${row}`, async () =>
		sandbox.exchange
			.live('imap')
			.some((session) => session.mailbox === mailboxOf(row) && session.transcript.at(-1)?.endsWith('IDLE') === true),
	);
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}\n${n8n.instance.logText().slice(-3000)}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

async function ran(row: Row, count: number): Promise<void> {
	await n8n.api.ended(idOf(row), count);
}

const runs = async (row: Row): Promise<boolean> => {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: idOf(row), status: ['running'] }));
	const { data } = await n8n.api.rest<{ data: { results: object[] } }>('GET', `/executions?filter=${filter}`);
	return data.results.length > 0;
};

/** Each row at its point; those that need a fault of the server come last, since a fault is anybody's. */
async function prepare(): Promise<void> {
	await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailboxOf('row6'), 'Done');
	for (const row of ['row1', 'row2', 'row3', 'row5', 'row8'] as const) await activate(row, { postProcessAction: 'nothing' });
	await activate('row4');
	await activate('row6', { postProcessAction: 'move', moveToFolder: 'Done' });
	await activate('row7', { postProcessAction: 'delete' });
	await activate('row9', { options: { retryAfter: 3_600 } });
	await activate('row10', { options: { batchSize: 2, maxInFlight: 1 } });
	// Rows 13 and 15: an email that was there before, and that somebody flags.
	await sandbox.deliver(mailboxOf('row13'), mail('mail'));
	await sandbox.deliver(mailboxOf('row15'), mail('slow'));
	for (const row of ['row13', 'row15'] as const)
		await activate(row, { postProcessAction: 'nothing', options: { alsoStartOn: { on: { events: ['flagged'] } } } });
	for (const row of ids.keys()) await watching(row);

	// Rows 3 and 11: what is stored is put back later.
	for (const row of ['row3', 'row8'] as const) await sandbox.deliver(mailboxOf(row), mail('mail'));
	for (const row of ['row3', 'row8'] as const)
		await until(`${row} settled`, async () => stateOf(row).uid === 1 && Object.keys(pending(row)).length === 0);
	// Row 5: nothing can be written where the journal is.
	mkdirSync(`${journal('row5')}.new`);
	await sandbox.deliver(mailboxOf('row5'), mail('mail'));
	await ran('row5', 1);
	await sandbox.deliver(mailboxOf('row9'), mail('bad'));
	await ran('row9', 1);
	await until('row 9 pending', async () => pending('row9')['1'] === 1);
	// Row 6: the action never gets through; row 7: it does, but nobody hears of it.
	sandbox.exchange.plan('imap', 'UID MOVE', { drop: true }, 99);
	sandbox.exchange.plan('imap', 'UID EXPUNGE', { afterBytes: 1 }, 99);
	await sandbox.deliver(mailboxOf('row6'), mail('mail'));
	await sandbox.deliver(mailboxOf('row7'), mail('mail'));
	for (const row of ['row6', 'row7'] as const) await until(`${row} due`, async () => pending(row)['1'] === 0);
	await until('row 7 deleted', async () => (await sandbox.messages(mailboxOf('row7'))).length === 0);
	// Row 2: its fetch is never answered.
	sandbox.exchange.plan('imap', 'UID FETCH', { delayMs: 600_000 });
	await sandbox.deliver(mailboxOf('row2'), mail('mail'));
	await until('row 2 fetches', async () => transcript('row2').some((line) => line.includes('UID FETCH')));
	// Row 12: switched on for the first time while nobody can sign in.
	sandbox.exchange.plan('imap', 'AUTHENTICATE', { drop: true }, 999);
	await activate('row12');
	await until(
		'row 12 refused',
		async () => n8n.instance.logText().includes('row12@example.test') && transcript('row12').length === 0 && (await activeAgain()),
	);
	await sandbox.deliver(mailboxOf('row12'), mail('mail'));
	// Rows 4 and 10: an execution runs, in the middle of a backlog in row 10.
	await sandbox.deliver(mailboxOf('row4'), mail('slow'));
	await sandbox.deliver(mailboxOf('row10'), ...BACKLOG.map((subject) => mail(subject)));
	await flag('row15');
	for (const row of ['row4', 'row10', 'row15'] as const) await gate.holds(row);
	for (const row of ['row4', 'row15'] as const) await until(`${row} pending`, async () => pending(row)['1'] === 1);
	// The batches before have succeeded, and this is known.
	await until('row 10 in the middle', async () => Object.keys(pending('row10')).join() === '5,6');
}

const flag = async (row: Row): Promise<string> =>
	await sandbox.dovecot.doveadm('flags', 'add', '-u', mailboxOf(row), '\\Flagged', 'mailbox', 'INBOX', 'ALL');

/** n8n has stored the static data of row 12, which it does when its activation is over. */
async function activeAgain(): Promise<boolean> {
	return (await sql(`select staticData as value from workflow_entity where id = '${idOf('row12')}'`)).includes('startedAt');
}

async function whileDead(): Promise<void> {
	for (const row of ROWS) gate.open(row);
	sandbox.exchange.reset();
	await sandbox.deliver(mailboxOf('row1'), mail('mail'));
	await flag('row13');
	rmSync(`${journal('row5')}.new`, { recursive: true });
	// Row 3: nothing had been stored, though n8n has had the execution (row 11: it knows its key).
	rmSync(journal('row3'));
	const stored = JSON.parse(await sql(`select staticData as value from workflow_entity where id = '${idOf('row3')}'`));
	const folder = stored['node:IMAP Trigger'].watch.folders.INBOX;
	Object.assign(folder, { uid: 0, pending: {}, start: undefined });
	await sql(`update workflow_entity set staticData = '${JSON.stringify(stored).replaceAll("'", "''")}' where id = '${idOf('row3')}'`);
}

/** One statement on n8n's database, by the Node that runs n8n, which has SQLite built in. */
async function sql(statement: string): Promise<string> {
	const { node } = await ensureN8n(() => undefined);
	const script =
		'const { DatabaseSync } = require("node:sqlite"); const [, file, statement] = process.argv; const db = new DatabaseSync(file); process.stdout.write(String(db.prepare(statement).get()?.value ?? ""));';
	return execFileSync(node, ['-e', script, join(dirname(n8n.instance.logFile), '.n8n', 'database.sqlite'), statement], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'ignore'],
	});
}

/** A later mail in each mailbox, so that whatever comes before it has come. */
async function settle(): Promise<void> {
	for (const row of ROWS) await watching(row);
	for (const row of ROWS) await sandbox.deliver(mailboxOf(row), mail('later'));
	for (const row of ROWS) {
		await until(`${row} through`, async () =>
			(await n8n.api.executions(idOf(row))).some((execution) => execution.status === 'success' && subjects(execution).includes('later')),
		);
		await until(
			`${row} settled`,
			async () => !(await runs(row)) && Object.values(pending(row)).every((tries) => row === 'row9' && tries > 0),
			90_000,
		);
		done.set(row, (await n8n.api.executions(idOf(row))).reverse());
	}
}

/** Why the emails of an execution were handed over. */
const reasons = (execution: Execution): string[] =>
	(execution.data?.resultData?.runData?.['IMAP Trigger']?.[0]?.data?.main?.[0] ?? []).map(({ json }) => String(json.startedBy));

/** Subjects of the executions that succeeded, without the later mail. */
const succeeded = (row: Row): string[] =>
	(done.get(row) ?? [])
		.filter(({ status }) => status === 'success')
		.flatMap(subjects)
		.filter((subject) => subject !== 'later');

describe('n8n killed by SIGKILL', () => {
	it.each([
		['row1', 'before the mail was seen'],
		['row2', 'while it was fetched'],
		['row6', 'after the success, the action due'],
		['row7', 'after the action, not settled'],
		['row8', 'when all was settled'],
		['row12', 'after a first activation without a server'],
	] as const)('%s, %s: the email succeeds once', (row, _when) => {
		expect(succeeded(row)).toEqual(['mail']);
	});

	it.each([
		['row3', 'when nothing had been stored and n8n has had the execution (row 11 too)'],
		['row5', 'after the success, before the journal'],
	] as const)('%s, %s: the email is repeated once, never skipped', (row, _when) => {
		expect(succeeded(row)).toEqual(['mail', 'mail']);
	});

	it('row4, while the execution ran: the email is handed over again and succeeds once', () => {
		expect(succeeded('row4')).toEqual(['slow']);
		expect(
			done
				.get('row4')
				?.map(({ status }) => status)
				.sort(),
		).toEqual(['crashed', 'success', 'success']);
	});

	it('row13 and row15, before a mark was seen and while its execution ran: the marked email succeeds once, for that reason', () => {
		expect([succeeded('row13'), succeeded('row15')]).toEqual([['mail'], ['slow']]);
		expect((done.get('row15') ?? []).map(({ status }) => status).sort()).toEqual(['crashed', 'success', 'success']);
		// For an execution that was killed n8n makes an item up.
		for (const row of ['row13', 'row15'] as const) {
			const ended = (done.get(row) ?? []).filter(({ status }) => status === 'success');
			expect(ended.flatMap(reasons).sort()).toEqual(['flagged', 'new']);
		}
	});

	it('row6 and row7: the action is made up for, and made once', async () => {
		expect(await sandbox.messages(mailboxOf('row6'), 'Done')).toHaveLength(2);
		expect(await sandbox.messages(mailboxOf('row6'))).toHaveLength(0);
		expect(await sandbox.messages(mailboxOf('row7'))).toHaveLength(0);
	});

	it('row9, while a failed mail waited for its next try: it is tried at once', () => {
		expect((done.get('row9') ?? []).filter(({ status }) => status === 'error').flatMap(subjects)).toEqual(['bad', 'bad']);
	});

	it('row10, in the middle of a backlog: every mail succeeds, none is begun twice but the one batch in flight', () => {
		const begun = (done.get('row10') ?? []).flatMap(subjects).filter((subject) => subject !== 'later');
		expect([...new Set(succeeded('row10'))].sort()).toEqual([...BACKLOG].sort());
		// It may have succeeded in the moment of the kill (row 5).
		expect(begun.length - BACKLOG.length).toBeLessThanOrEqual(2);
	});
});
