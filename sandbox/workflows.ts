import { uses, type Credential } from './credentials';

/** Three workflows to look at, each with a note that says what to try. */
export function exampleWorkflows(person: Credential, app: Credential): object[] {
	const send = mailNode('office365SmtpSend', 'Office365 SMTP Send', person, {
		operation: 'send',
		toEmail: 'Grace <grace@example.test>',
		subject: '=Hello from n8n, {{ $now.toFormat("HH:mm:ss") }}',
		emailFormat: 'both',
		text: 'This mail came over SMTP with an OAuth token.',
		html: '<p>This mail came over <b>SMTP</b> with an OAuth token.</p>',
		options: {},
	});
	const trigger = mailNode('imapTrigger', 'IMAP Trigger', app, {
		folder: { __rl: true, mode: 'name', value: 'INBOX' },
		format: 'simple',
		postProcessAction: 'read',
		options: {},
	});
	const fetch = mailNode('popFetch', 'POP Fetch', app, { operation: 'getMany', onlyNew: false, format: 'simple', options: {} });
	return [
		workflow(
			'exampleSend00001',
			'1 Send a mail',
			[manual(), send],
			"## Send\nAda's credential is connected already. Press **Execute workflow**: the mail goes to Grace, and workflow 2 starts.",
		),
		workflow(
			'exampleTrigger01',
			'2 Start on new mail',
			[trigger, edit()],
			'## Watch\nActive: each mail to Grace starts an execution within a second; see the tab **Executions**.',
		),
		workflow(
			'exampleFetch0001',
			'3 Collect over POP',
			[manual(), fetch],
			"## Collect\nPress **Execute workflow**: Grace's mails come out as items. Switch **Only New** on to get each one once in production.",
		),
	];
}

interface Node {
	name: string;
	[field: string]: unknown;
}

function workflow(id: string, name: string, nodes: Node[], note: string): object {
	const [first, second] = nodes;
	return {
		id,
		name,
		active: false,
		settings: { executionOrder: 'v1' },
		nodes: [
			...nodes.map((node, index) => ({ ...node, id: `${id}-${index}`, position: [index * 240, 0] })),
			{
				id: `${id}-note`,
				name: 'Note',
				type: 'n8n-nodes-base.stickyNote',
				typeVersion: 1,
				position: [-40, -220],
				parameters: { content: note, height: 160, width: 420 },
			},
		],
		connections: { [first?.name ?? '']: { main: [[{ node: second?.name, type: 'main', index: 0 }]] } },
	};
}

function mailNode(type: string, name: string, credential: Credential, parameters: Record<string, unknown>): Node {
	const { authentication, credentials } = uses(credential);
	return { name, type: `n8n-nodes-office365-mail.${type}`, typeVersion: 1, parameters: { authentication, ...parameters }, credentials };
}

const manual = (): Node => ({ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} });

const edit = (): Node => ({
	name: 'Who wrote what',
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	parameters: {
		assignments: {
			assignments: [
				{ id: 'from', name: 'from', value: '={{ $json.from }}', type: 'string' },
				{ id: 'subject', name: 'subject', value: '={{ $json.subject }}', type: 'string' },
			],
		},
		options: {},
	},
});
