import { afterAll, beforeAll, expect, it } from 'vitest';

import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { credentials, mail, workflow } from './imapTriggerRig';

let sandbox: Sandbox;
let n8n: RunningN8n;

beforeAll(async () => {
	sandbox = await startSandbox();
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: await credentials(sandbox, 'ada@example.test') });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
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
	await expect.poll(() => n8n.instance.logText()).toContain('watching (IDLE)');
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
