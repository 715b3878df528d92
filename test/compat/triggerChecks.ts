import { mail, subjects, workflow } from '../n8n/imapTriggerRig';
import { waitNode } from '../n8n/row';
import type { Execution } from '../../sandbox/n8n';
import { same, until, watching, type Scene } from './scene';

/** Seconds, of the executions that wait. */
const WAIT_SECONDS = 5;

/** One execution each for mails that succeed, that wait and that come together; one that fails is tried again, and then no more. */
export async function checkTrigger(scene: Scene): Promise<void> {
	await Promise.all([eachOnce(scene), failing(scene), together(scene)]);
}

async function watched(scene: Scene, mailbox: string, parameters: Record<string, unknown>): Promise<string> {
	const { authentication, credentials } = {
		authentication: 'serviceAccount' as const,
		credentials: { microsoftMailServiceAccountApi: { id: scene.app.id, name: scene.app.name } },
	};
	const made = workflow(mailbox, mailbox, parameters, authentication, waitNode(WAIT_SECONDS));
	const nodes = made.nodes.map((node) => ('name' in node && node.name === 'IMAP Trigger' ? { ...node, credentials } : node));
	const id = await scene.n8n.api.createWorkflow({ ...made, nodes });
	await scene.n8n.api.activate(id);
	await watching(scene, mailbox);
	return id;
}

const said = (runs: Execution[]): string[] => runs.map((run) => `${subjects(run).join('+')} ${run.status}`).sort();
const unread = async ({ sandbox }: Scene, mailbox: string): Promise<number> =>
	(await sandbox.dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'UNSEEN')).trim().split('\n').filter(Boolean).length;

async function eachOnce(scene: Scene): Promise<void> {
	const mailbox = 'trigger@example.test';
	const id = await watched(scene, mailbox, {});
	await scene.sandbox.deliver(mailbox, mail('one'), mail('two'), mail('slow three'));
	await scene.n8n.api.ended(id, 3, 90_000);
	await until('all mails are marked as read', async () => (await unread(scene, mailbox)) === 0);
	// What counted as failed would be handed over again by now.
	await new Promise((resolve) => setTimeout(resolve, 10_000));
	same('executions', said(await scene.n8n.api.executions(id)), ['one success', 'slow three success', 'two success']);
}

async function failing(scene: Scene): Promise<void> {
	const mailbox = 'failing@example.test';
	const id = await watched(scene, mailbox, { options: { maxTries: 2 } });
	await scene.sandbox.deliver(mailbox, mail('bad'));
	await scene.n8n.api.ended(id, 2, 120_000);
	await until(
		'the second try',
		async () => (await scene.n8n.api.executions(id)).filter((run) => subjects(run).join() === 'bad').length === 2,
		90_000,
	);
	const all = await scene.n8n.api.executions(id);
	if (all.some(({ status }) => status !== 'error')) throw new Error(`a mail that fails: ${said(all).join(', ')}`);
}

async function together(scene: Scene): Promise<void> {
	const mailbox = 'batch@example.test';
	const id = await watched(scene, mailbox, { options: { batchSize: 10 } });
	const all = Array.from({ length: 6 }, (_, index) => `mail ${index}`);
	await scene.sandbox.deliver(mailbox, ...all.map((subject) => mail(subject)));
	const started = async (): Promise<string[]> => (await scene.n8n.api.executions(id)).flatMap((run) => subjects(run));
	await until('all emails of a batch', async () => (await started()).length >= all.length);
	await until('all of them are marked as read', async () => (await unread(scene, mailbox)) === 0);
	same('mails', (await started()).sort(), all);
}
