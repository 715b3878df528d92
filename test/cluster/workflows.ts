import { setTimeout as sleep } from 'node:timers/promises';

import { appCredential, personCredential, uses, type Credential } from '../../sandbox/credentials';
import type { Api, Queue } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';
import { range } from './counting';

/** Whose mails are forwarded: a person, whose token n8n stores. */
export const PERSON = 'ada@example.test';
/** Whose mails are collected: a service account, whose token each process has. */
export const SERVICE = 'service@example.test';
/** Where both workflows send. */
export const FORWARDED = 'forwarded@example.test';
export const COLLECTED = 'collected@example.test';

export interface Credentials {
	person: Credential;
	service: Credential;
}

/** The servers, the cluster and its workflows, and how many emails each of the two mailboxes has got. */
export interface Scene {
	sandbox: Sandbox;
	queue: Queue;
	credentials: Credentials;
	/** Ids of the workflows of {@link forward} and {@link collect}. */
	forwarding: string;
	collecting: string;
	delivered: number;
}

/** So many more emails for both mailboxes. */
export async function deliver(scene: Scene, count: number): Promise<void> {
	const numbers = range(scene.delivered, count);
	scene.delivered += count;
	await scene.sandbox.deliver(PERSON, ...numbers.map(numbered));
	await scene.sandbox.deliver(SERVICE, ...numbers.map(numbered));
}

export async function makeCredentials(sandbox: Sandbox): Promise<Credentials> {
	return { person: await personCredential(sandbox, PERSON), service: appCredential(sandbox, SERVICE) };
}

const node = (name: string, place: number, type: string, typeVersion: number, parameters: object, credential?: Credential): object => ({
	id: name.toLowerCase(),
	name,
	type,
	typeVersion,
	position: [place * 200, 0],
	parameters: { ...parameters, ...(credential !== undefined && { authentication: uses(credential).authentication }) },
	...(credential !== undefined && { credentials: uses(credential).credentials }),
});

/** One line of nodes. */
const line = (...names: string[]): object =>
	Object.fromEntries(names.slice(1).map((name, index) => [names[index], { main: [[{ node: name, type: 'main', index: 0 }]] }]));

const send = (
	place: number,
	credential: Credential,
	to: string,
	subject: string,
	options: { idempotencyKey?: string; fileAttachments?: string },
): object =>
	node(
		'Send',
		place,
		'n8n-nodes-office365-mail.office365SmtpSend',
		1.1,
		{ operation: 'send', toEmail: to, subject, emailFormat: 'text', text: 'hello', options },
		credential,
	);

const BY_MESSAGE_ID = { idempotencyKey: '={{ $json.messageId }}' };

const webhook = (path: string): object => ({
	...node('Webhook', 0, 'n8n-nodes-base.webhook', 2, { httpMethod: 'POST', path, responseMode: 'onReceived', options: {} }),
	webhookId: path,
});

/** IMAP Trigger → Send, each email under its Message-ID and with its attachment. @returns the workflow's id */
export async function forward(api: Api, { person }: Credentials): Promise<string> {
	const parameters = { folder: 'INBOX', downloadAttachments: true, options: { retryAfter: 1 } };
	return await start(api, 'forward', [
		node('Trigger', 0, 'n8n-nodes-office365-mail.imapTrigger', 1, parameters, person),
		send(1, person, FORWARDED, '={{ $json.subject }}', { ...BY_MESSAGE_ID, fileAttachments: 'attachment_0' }),
	]);
}

/** Waits until the trigger of {@link forward} listens for new mails; earlier ones do not count for it. */
export async function listening({ exchange }: Sandbox): Promise<void> {
	const listens = (): boolean =>
		exchange.live('imap').some(({ mailbox, transcript }) => mailbox === PERSON && transcript.at(-1)?.endsWith('IDLE') === true);
	const deadline = Date.now() + 120_000;
	while (!listens()) {
		if (Date.now() > deadline) throw new Error('The IMAP Trigger does not listen.');
		await sleep(100);
	}
}

/** POP Fetch → Send, whenever the webhook `collect` is called. @returns the workflow's id */
export async function collect(api: Api, { service }: Credentials, limit: number): Promise<string> {
	return await start(api, 'collect', [
		webhook('collect'),
		node('Fetch', 1, 'n8n-nodes-office365-mail.popFetch', 1, { operation: 'getMany', limit }, service),
		send(2, service, COLLECTED, '={{ $json.subject }}', BY_MESSAGE_ID),
	]);
}

/** Sends an email for each number that the webhook `batch` gets. @returns the workflow's id */
export async function sendBatches(api: Api, { person }: Credentials, to: string): Promise<string> {
	return await start(api, 'batch', [
		webhook('batch'),
		node('Items', 1, 'n8n-nodes-base.splitOut', 1, {
			fieldToSplitOut: 'body.numbers',
			options: { destinationFieldName: 'number' },
		}),
		send(2, person, to, '=m{{ $json.number }}', {}),
	]);
}

async function start(api: Api, name: string, nodes: object[]): Promise<string> {
	const names = nodes.map((one) => String(Reflect.get(one, 'name')));
	const id = await api.createWorkflow({ name, nodes, connections: line(...names), settings: { executionOrder: 'v1' } });
	await api.activate(id);
	return id;
}

/** A mail whose subject is its number, as is the content of its attachment. */
function numbered(number: number): string {
	return [
		`Message-ID: <m${number}@cluster.test>`,
		'From: Bob <bob@example.test>',
		`Subject: m${number}`,
		`Date: ${new Date().toUTCString()}`,
		'MIME-Version: 1.0',
		'Content-Type: multipart/mixed; boundary=b',
		'',
		'--b',
		'Content-Type: text/plain',
		'',
		'hello',
		'--b',
		'Content-Type: application/octet-stream',
		'Content-Disposition: attachment; filename=number.bin',
		'Content-Transfer-Encoding: base64',
		'',
		attached(number),
		'--b--',
		'',
	].join('\r\n');
}

/** In base64. */
export function attached(number: number): string {
	return Buffer.from(`file of m${number}`).toString('base64');
}
