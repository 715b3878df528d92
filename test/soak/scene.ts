import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';

import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { appCredential, personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startSandbox, type Sandbox } from '../../sandbox/servers';

/** A mailbox for each node, so that each of them is counted by itself. */
export const BOXES = {
	watch: 'soak-watch@example.test',
	poll: 'soak-poll@example.test',
	fetch: 'soak-fetch@example.test',
	move: 'soak-move@example.test',
	sender: 'soak-sender@example.test',
	receiver: 'soak-receiver@example.test',
} as const;

/** The name under which an email is counted. */
export function nameOf(mail: string): string {
	return /^Subject: (\w+)/m.exec(mail)?.[1] ?? '';
}

/** Tokens live so long that several end in each minute. */
const TOKEN_SECONDS = 40;
/** One execution of a trigger in so many fails. */
const FAIL_ONE_IN = 10;

export type NodeKind = 'watch' | 'poll' | 'fetch' | 'send' | 'move';

/** Servers and a real n8n with a workflow for each of the five nodes. */
export interface Scene {
	sandbox: Sandbox;
	n8n: RunningN8n;
	workflows: Record<NodeKind, string>;
	/** When n8n was killed, in epoch ms. */
	kills: number[];
	/** Emails that a killed mail server has left in two folders, since it was moving them, and how often. */
	leftInBoth: Map<string, number>;
	/** When n8n's processes had ended, killed or in order, in epoch ms. */
	ends: number[];
	/** What the last step of the POP Fetch's workflow has said that it got. */
	reachedEnd: ReadonlySet<string>;
	/** While n8n is down or not yet up again, nobody calls it. */
	down: boolean;
	stop: () => Promise<void>;
}

export async function openScene(): Promise<Scene> {
	const sandbox = await startSandbox();
	const finish = await FinishingLine.open();
	let n8n: RunningN8n | undefined;
	const stop = async (): Promise<void> => {
		await n8n?.stop();
		finish.close();
		await sandbox.stop();
	};
	try {
		sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
		for (const mailbox of [BOXES.watch, BOXES.move]) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Done');
		const credentials = await credentialsOf(sandbox);
		n8n = await startN8n({
			caFile: sandbox.caFile,
			credentials: Object.values(credentials),
			// What is counted at the end has to be there then.
			env: { EXECUTIONS_DATA_PRUNE: 'false' },
		});
		const workflows = { watch: '', poll: '', fetch: '', send: '', move: '' };
		for (const [kind, steps] of entriesOf(workflowsOf(credentials, finish.url))) workflows[kind] = await serve(n8n, kind, steps);
		return { sandbox, n8n, workflows, kills: [], leftInBoth: new Map(), ends: [], reachedEnd: finish.names, down: false, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

/** A server on loopback that the last step of a workflow calls. */
class FinishingLine {
	readonly names = new Set<string>();
	readonly #server: Server = createServer((request, response) => {
		text(request).then(
			(names) => {
				for (const name of names.split(' ')) this.names.add(name);
				response.end('{}');
			},
			// n8n was killed while it told.
			() => response.destroy(),
		);
	});

	static async open(): Promise<FinishingLine> {
		const line = new FinishingLine();
		line.#server.listen(0, '127.0.0.1');
		await once(line.#server, 'listening');
		return line;
	}

	get url(): string {
		const address = this.#server.address();
		return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`;
	}

	close(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}
}

type Credentials = Record<NodeKind, Credential>;

/** A person for some of the nodes and the app for the others. */
async function credentialsOf(sandbox: Sandbox): Promise<Credentials> {
	return {
		watch: await personCredential(sandbox, BOXES.watch),
		poll: appCredential(sandbox, BOXES.poll),
		fetch: await personCredential(sandbox, BOXES.fetch),
		send: await personCredential(sandbox, BOXES.sender),
		move: appCredential(sandbox, BOXES.move),
	};
}

interface Step {
	name: string;
	type: string;
	typeVersion: number;
	parameters: object;
	[field: string]: unknown;
}

function workflowsOf(credentials: Credentials, finishUrl: string): Record<NodeKind, Step[]> {
	const ours = (kind: NodeKind, name: string, type: string, parameters: object = {}, more: object = {}): Step => {
		const { authentication, credentials: used } = uses(credentials[kind]);
		return {
			...{ name, type: `n8n-nodes-office365-mail.${type}`, typeVersion: 1, credentials: used },
			...{ parameters: { authentication, ...parameters }, ...more },
		};
	};
	// So many attempts that what fails by chance succeeds in the end.
	const options = { maxTries: 20, retryAfter: 1 };
	// n8n polls no more often; each of its starts polls, too.
	const everyMinute = { item: [{ mode: 'everyMinute' }] };
	return {
		watch: [ours('watch', 'Mail', 'imapTrigger', { postProcessAction: 'move', moveToFolder: 'Done', options }), ...failingByChance()],
		poll: [ours('poll', 'Mail', 'popTrigger', { pollTimes: everyMinute, options: { ...options, limit: 1_000 } }), ...failingByChance()],
		fetch: [
			webhook('soak-fetch', 'lastNode'),
			ours('fetch', 'Mail', 'popFetch', { operation: 'getMany', returnAll: true }),
			tell(finishUrl),
		],
		send: [
			webhook('soak-send', 'lastNode'),
			{
				...{ name: 'Items', type: 'n8n-nodes-base.splitOut', typeVersion: 1 },
				parameters: { fieldToSplitOut: 'body.names', options: { destinationFieldName: 'name' } },
			},
			ours(
				'send',
				'Mail',
				'office365SmtpSend',
				{ fromEmail: BOXES.sender, toEmail: BOXES.receiver, subject: '={{ $json.name }}', text: 'hello' },
				{ onError: 'continueRegularOutput' },
			),
		],
		move: [
			webhook('soak-move', 'lastNode'),
			ours('move', 'Find', 'imapMailbox', { resource: 'message', operation: 'getMany', format: 'fields', returnAll: true }),
			ours('move', 'Mail', 'imapMailbox', {
				...{ resource: 'message', operation: 'move' },
				destinationFolder: { __rl: true, mode: 'list', value: 'Done' },
			}),
		],
	};
}

function webhook(path: string, responseMode: 'onReceived' | 'lastNode'): Step {
	return {
		...{ name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: path },
		parameters: { httpMethod: 'POST', path, responseMode, responseData: 'allEntries', options: {} },
	};
}

/** The last step, which says what it got: n8n may be killed before it stores the execution. */
function tell(url: string): Step {
	return {
		...{ name: 'End', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, executeOnce: true },
		parameters: {
			...{ method: 'POST', url, sendBody: true, contentType: 'raw', rawContentType: 'text/plain', options: {} },
			body: "={{ $('Mail').all().map((item) => item.json.subject).join(' ') }}",
		},
	};
}

const end = (): Step => ({ name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} });

/** Steps that let some executions fail, and the last one. */
function failingByChance(): Step[] {
	return [
		{
			...{ name: 'Chance', type: 'n8n-nodes-base.if', typeVersion: 2 },
			parameters: {
				conditions: {
					options: { caseSensitive: true, typeValidation: 'loose', version: 1 },
					combinator: 'and',
					conditions: [
						{
							...{ id: 'chance', rightValue: 'good', operator: { type: 'string', operation: 'equals' } },
							leftValue: `={{ $itemIndex === 0 && Math.random() * ${FAIL_ONE_IN} < 1 ? 'bad' : 'good' }}`,
						},
					],
				},
			},
		},
		end(),
		{ name: 'Stop', type: 'n8n-nodes-base.stopAndError', typeVersion: 1, parameters: { errorMessage: 'as planned' } },
	];
}

async function serve(n8n: RunningN8n, name: string, steps: Step[]): Promise<string> {
	const to = (node: string): object[] => [{ node, type: 'main', index: 0 }];
	const inARow = steps
		.filter((step) => step.name !== 'Stop')
		.map((step, index, row): [string, object] => [
			step.name,
			{ main: [to(row[index + 1]?.name ?? ''), to('Stop')].slice(0, step.name === 'Chance' ? 2 : 1) },
		]);
	const id = await n8n.api.createWorkflow({
		name,
		settings: { executionOrder: 'v1' },
		nodes: steps.map((step, index) => ({ id: `${name}-${index}`, position: [index * 200, 0], ...step })),
		connections: Object.fromEntries(inARow.slice(0, -1)),
	});
	await n8n.api.activate(id);
	return id;
}

function entriesOf(steps: Record<NodeKind, Step[]>): Array<[NodeKind, Step[]]> {
	return (['watch', 'poll', 'fetch', 'send', 'move'] as const).map((kind) => [kind, steps[kind]]);
}
