import { personCredential, uses } from '../../sandbox/credentials';
import type { RunningN8n } from '../../sandbox/n8n';

type Workflow = Parameters<RunningN8n['api']['createWorkflow']>[0];
type Credential = Awaited<ReturnType<typeof personCredential>>;
type Position = readonly [x: number, y: number];

const VERSIONS: Record<string, number> = { office365SmtpSend: 1.1 };
const INBOX = { __rl: true, mode: 'list', value: 'INBOX' };

function ours(name: string, kind: string, position: Position, parameters: object, credential: Credential): object {
	const { authentication, credentials } = uses(credential);
	return {
		id: name,
		name,
		type: `n8n-nodes-office365-mail.${kind}`,
		typeVersion: VERSIONS[kind] ?? 1,
		position,
		parameters: { authentication, ...parameters },
		credentials,
	};
}

const base = (name: string, kind: string, typeVersion: number, position: Position, parameters: object = {}): object => ({
	id: name,
	name,
	type: `n8n-nodes-base.${kind}`,
	typeVersion,
	position,
	parameters,
});

const note = (name: string, [x, y]: Position, text: string, color: number): object =>
	base(name, 'stickyNote', 1, [x - 60, y - 100], { content: `## ${text}`, width: 520, height: 260, color });

const link = (from: string, to: string): object => ({ [from]: { main: [[{ node: to, type: 'main', index: 0 }]] } });

/** One small flow for each thing that the nodes do, on one canvas. */
export function overview(credential: Credential): Workflow {
	const [send, watch, mailbox, collect]: Position[] = [
		[0, 0],
		[580, 0],
		[0, 320],
		[580, 320],
	];
	const after = ([x, y]: Position = [0, 0]): Position => [x + 240, y];
	return {
		name: 'Mail',
		nodes: [
			note('1', watch ?? [0, 0], 'Watch', 4),
			note('2', send ?? [0, 0], 'Send', 5),
			note('3', mailbox ?? [0, 0], 'Mailbox', 6),
			note('4', collect ?? [0, 0], 'Collect', 3),
			base('Every morning', 'scheduleTrigger', 1.2, send ?? [0, 0], { rule: { interval: [{}] } }),
			ours(
				'Office365 SMTP Send',
				'office365SmtpSend',
				after(send),
				{ operation: 'send', toEmail: 'team@example.com', options: {} },
				credential,
			),
			ours('IMAP Trigger', 'imapTrigger', watch ?? [0, 0], { folder: INBOX, options: {} }, credential),
			ours('Reply', 'office365SmtpSend', after(watch), { operation: 'reply', original: '={{ $json }}', options: {} }, credential),
			ours(
				'IMAP Mailbox',
				'imapMailbox',
				mailbox ?? [0, 0],
				{ resource: 'message', operation: 'getMany', folder: INBOX, options: {} },
				credential,
			),
			ours(
				'Move',
				'imapMailbox',
				after(mailbox),
				{ resource: 'message', operation: 'move', destinationFolder: { __rl: true, mode: 'name', value: 'Done' }, options: {} },
				credential,
			),
			ours('POP Trigger', 'popTrigger', collect ?? [0, 0], { options: {} }, credential),
			ours('POP Fetch', 'popFetch', after(collect), { operation: 'delete', options: {} }, credential),
		],
		connections: {
			...link('Every morning', 'Office365 SMTP Send'),
			...link('IMAP Trigger', 'Reply'),
			...link('IMAP Mailbox', 'Move'),
			...link('POP Trigger', 'POP Fetch'),
		},
	};
}

/** A node alone behind a manual trigger, as its form is first filled in. */
const alone =
	(name: string, kind: string, parameters: object) =>
	(credential: Credential): Workflow => {
		const isTrigger = kind.endsWith('Trigger');
		return {
			name,
			nodes: [...(isTrigger ? [] : [base('Start', 'manualTrigger', 1, [0, 0])]), ours(name, kind, [240, 0], parameters, credential)],
			connections: isTrigger ? {} : link('Start', name),
		};
	};

/** A workflow for the form of each node, by the name of its picture; the node is called as the workflow. */
export const FORMS: Record<string, (credential: Credential) => Workflow> = {
	'smtp-send': alone('Office365 SMTP Send', 'office365SmtpSend', {
		operation: 'send',
		toEmail: 'Grace <grace@example.com>',
		subject: 'Your order',
		emailFormat: 'html',
		html: '<p>Your order is on its way.</p>',
		options: { fileAttachments: 'data', replyTo: 'shop@example.com' },
	}),
	'imap-trigger': alone('IMAP Trigger', 'imapTrigger', {
		folder: INBOX,
		postProcessAction: 'read',
		format: 'simple',
		filters: { subject: 'invoice', hasAttachment: true },
		options: {},
	}),
	'imap-mailbox': alone('IMAP Mailbox', 'imapMailbox', {
		resource: 'message',
		operation: 'getMany',
		folder: INBOX,
		filters: { from: 'bob@example.com', unread: true },
		options: {},
	}),
	'pop-fetch': alone('POP Fetch', 'popFetch', { operation: 'getMany', filters: {}, options: { deleteAfterDays: 30 } }),
	'pop-trigger': alone('POP Trigger', 'popTrigger', {
		pollTimes: { item: [{ mode: 'everyX', value: 10, unit: 'minutes' }] },
		filters: { subject: 'order' },
		options: {},
	}),
};

/** The test of the connection, ready to be run. */
export const tested = alone('Test the connection', 'office365SmtpSend', {
	operation: 'testConnection',
	options: { testProtocols: ['smtp', 'imap', 'pop'] },
});
