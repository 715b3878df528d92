import { startN8n, type Execution, type RunningN8n } from '../sandbox/n8n';
import { personCredential, uses, type Credential } from '../sandbox/credentials';
import type { Sandbox } from '../sandbox/servers';
import { aimAt, atDistance, median, type Contender, type Run, type Stage } from './harness';
import { memoryOf, resetPeak } from './probed';
import { FROM, heldMails, largeFile, TO } from './smtpMails';

const ROUND_TRIPS = [0, 20] as const;
/**
 * The built-in node takes a third of a second a mail at 20 ms, so it gets fewer; what is compared is the time of one mail.
 * Many first: an n8n that has just started runs code that V8 has not compiled yet.
 */
const MAILS = { ours: [1_000, 200], builtIn: { 0: 100, 20: 20 } } as const;
/** The least ratios to the built-in node, by round trip in ms. */
const AIMS = { 0: 40, 20: 20 } as const;
const TEXT = 'A line of text as people write it, with a few words in it.\r\n'.repeat(35).slice(0, 2_048);

/** The node itself in a real n8n, beside the built-in Send Email in the same n8n, on the same Postfix. */
export async function compareInN8n(stage: Stage): Promise<void> {
	const { sandbox } = stage;
	const servers = await Promise.all(ROUND_TRIPS.map(async (ms) => await atDistance(sandbox.postfix.ports.held, ms)));
	const file = await largeFile(sandbox);
	const credentials = await Promise.all(ROUND_TRIPS.map(async (ms, index) => await credentialsFor(sandbox, ms, servers[index]?.port ?? 0)));
	const n8n = await startN8n({
		caFile: sandbox.caFile,
		credentials: credentials.flatMap((pair) => [pair.ours, pair.builtIn]),
		env: { N8N_RESTRICT_FILE_ACCESS_TO: sandbox.folder },
	});
	try {
		for (const [index, ms] of ROUND_TRIPS.entries()) {
			const pair = credentials[index];
			if (pair === undefined || !stage.roundTrips.includes(ms)) continue;
			const builtIn = await contender(n8n, sandbox, 'Send Email 2.1', builtInNode(pair.builtIn), MAILS.builtIn[ms]);
			for (const mails of MAILS.ours) {
				const ours = await contender(n8n, sandbox, 'Office365 SMTP Send', ourNode(pair.ours), mails);
				await stage.compare({
					title: `${mails} mails of 2 KB in n8n`,
					units: mails,
					unit: 'mails',
					roundTripMs: ms,
					ours,
					peers: [{ ...builtIn, aim: AIMS[ms] }],
					pairs: stage.pairs,
				});
			}
		}
		const [pair] = credentials;
		if (pair !== undefined) await compareMemory(stage, n8n, file, pair);
	} finally {
		await n8n.stop();
		await Promise.all(servers.map(async (server) => await server.stop()));
	}
}

interface Pair {
	ours: Credential;
	builtIn: { id: string; name: string; type: string; data: object };
}

async function credentialsFor(sandbox: Sandbox, ms: number, port: number): Promise<Pair> {
	const servers = { ...sandbox.straight, smtp: { ...sandbox.straight.smtp, port } };
	const ours = { ...(await personCredential(sandbox, FROM, servers)), id: `benchOurs${ms}`, name: `ours ${ms}` };
	return {
		ours,
		builtIn: {
			id: `benchBuiltIn${ms}`,
			name: `built-in ${ms}`,
			type: 'smtp',
			data: {
				user: FROM,
				password: sandbox.dovecot.password,
				host: 'localhost',
				port,
				secure: false,
				disableStartTls: false,
				hostName: '',
			},
		},
	};
}

const MESSAGE = { fromEmail: FROM, toEmail: TO, subject: '=mail {{ $json.number }}', emailFormat: 'text', text: TEXT };

function ourNode(credential: Credential, options: object = {}): object {
	const { authentication, credentials } = uses(credential);
	return {
		...at('Send', 2),
		type: 'n8n-nodes-office365-mail.office365SmtpSend',
		typeVersion: 1,
		parameters: { authentication, ...MESSAGE, options },
		credentials,
	};
}

function builtInNode(credential: Pair['builtIn'], options: object = {}): object {
	return {
		...at('Send', 2),
		type: 'n8n-nodes-base.emailSend',
		typeVersion: 2.1,
		parameters: { ...MESSAGE, options: { appendAttribution: false, ...options } },
		credentials: { smtp: { id: credential.id, name: credential.name } },
	};
}

const at = (name: string, place: number): { id: string; name: string; position: number[] } => ({
	id: name,
	name,
	position: [place * 200, 0],
});

/** A workflow of webhook, one item a mail, and the node; its time is the node's own, as n8n measured it. */
async function contender(n8n: RunningN8n, sandbox: Sandbox, name: string, send: object, mails: number): Promise<Contender> {
	const items = {
		...at('Items', 1),
		type: 'n8n-nodes-base.splitOut',
		typeVersion: 1,
		parameters: { fieldToSplitOut: 'body.numbers', options: { destinationFieldName: 'number' } },
	};
	const workflow = await serve(n8n, `${name} ${mails} ${crypto.randomUUID()}`, items, send);
	return {
		name,
		command: '',
		args: [],
		units: mails,
		measure: async () => await measure(n8n, workflow, { numbers: Array.from({ length: mails }, (_, index) => index) }, mails),
		...heldMails(sandbox, mails),
	};
}

async function serve(n8n: RunningN8n, path: string, before: object, send: object): Promise<{ id: string; path: string }> {
	const id = await n8n.api.createWorkflow({
		name: path,
		nodes: [
			{
				...at('Webhook', 0),
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				webhookId: path,
				parameters: { httpMethod: 'POST', path, responseMode: 'lastNode' },
			},
			before,
			send,
		],
		connections: {
			Webhook: { main: [[{ node: Reflect.get(before, 'name'), type: 'main', index: 0 }]] },
			[String(Reflect.get(before, 'name'))]: { main: [[{ node: 'Send', type: 'main', index: 0 }]] },
		},
		settings: { executionOrder: 'v1' },
	});
	await n8n.api.activate(id);
	return { id, path };
}

async function measure(n8n: RunningN8n, { id, path }: { id: string; path: string }, body: object, mails: number): Promise<Run> {
	const before = resetPeak(n8n.instance.pid);
	const answer = await n8n.api.webhook(encodeURIComponent(path), body);
	if (answer.status !== 200) throw new Error(`n8n answered ${answer.status}: ${JSON.stringify(answer.body)}`);
	const { data } = await n8n.api.v1<{ data: Execution[] }>('GET', `/executions?workflowId=${id}&includeData=true&limit=1`);
	const run = data[0]?.data?.resultData?.runData?.Send?.[0];
	const sent = run?.data?.main?.[0]?.filter(({ json }) => Array.isArray(json.accepted) && json.accepted.length === 1).length;
	if (sent !== mails) throw new Error(`${String(sent)} of ${mails} mails sent.`);
	return { seconds: (run?.executionTime ?? NaN) / 1000, peakMiB: memoryOf(n8n.instance.pid, 'VmHWM'), facts: { beforeMiB: before } };
}

/** The whole of n8n while a workflow reads a file of 100 MB from disk and sends it. */
async function compareMemory(stage: Stage, n8n: RunningN8n, file: string, pair: Pair): Promise<void> {
	const read = {
		...at('Read', 1),
		type: 'n8n-nodes-base.readWriteFile',
		typeVersion: 1,
		parameters: { operation: 'read', fileSelector: file, options: {} },
	};
	for (const [name, send, mostMiB] of [
		['Office365 SMTP Send', ourNode(pair.ours, { fileAttachments: 'data' }), 64],
		['Send Email 2.1', builtInNode(pair.builtIn, { fileAttachments: 'data' }), undefined],
	] as const) {
		const workflow = await serve(n8n, `memory ${crypto.randomUUID()}`, read, send);
		const { prepare, verify } = heldMails(stage.sandbox, 1);
		const rises: number[] = [];
		for (let run = 0; run < 3; run += 1) {
			await prepare();
			const { peakMiB, facts } = await measure(n8n, workflow, {}, 1);
			await verify();
			rises.push(peakMiB - (facts.beforeMiB ?? NaN));
		}
		stage.note(
			`Memory of n8n while it reads a file of 100 MB and sends it: ${name} ${median(rises).toFixed(0)} MiB above the start (${rises.map((rise) => rise.toFixed(0)).join(', ')}).`,
			...(mostMiB === undefined ? [] : [aimAt(median(rises), mostMiB, 'MiB')]),
		);
	}
}
