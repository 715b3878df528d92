import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { customCloud } from '../../sandbox/credentials';
import type { Execution, Instance } from '../../sandbox/n8n';
import type { Sandbox } from '../../sandbox/servers';
import { waitNode, type Step } from './row';

const APP_CREDENTIAL = { id: 'imapTriggerApp', name: 'app' };
const PERSON_CREDENTIAL = { id: 'imapTriggerPerson', name: 'person' };

/** Both credentials of the package, for the sandbox's servers shaped as Exchange Online. */
export async function credentials(sandbox: Sandbox, person: string): Promise<object[]> {
	const cloud = { ...customCloud(sandbox), clientSecret: sandbox.identity.app.clientSecret };
	return [
		{ ...APP_CREDENTIAL, type: 'microsoftMailServiceAccountApi', data: { ...cloud, authentication: 'clientSecret', mailbox: person } },
		{
			...PERSON_CREDENTIAL,
			type: 'microsoftMailOAuth2Api',
			data: {
				...cloud,
				clientCredentialType: 'clientSecret',
				protocols: ['imap'],
				mailbox: person,
				oauthTokenData: await sandbox.identity.connect(person, ['imap']),
			},
		},
	];
}

/** Trigger, then an error where the subject says "bad", and what holds an execution where it says "slow". */
export function workflow(
	name: string,
	mailbox: string,
	parameters: Record<string, unknown> = {},
	authentication: 'oAuth2' | 'serviceAccount' = 'serviceAccount',
	hold: Step = waitNode(20),
): { name: string; nodes: object[]; connections: object; settings: object } {
	const says = (word: string, id: string, y: number): object => ({
		id,
		name: `Says ${word}`,
		type: 'n8n-nodes-base.if',
		typeVersion: 2,
		position: [220, y],
		parameters: {
			conditions: {
				options: { caseSensitive: true, typeValidation: 'loose', version: 1 },
				combinator: 'and',
				conditions: [
					{ id: `c-${id}`, leftValue: '={{ $json.subject }}', rightValue: word, operator: { type: 'string', operation: 'contains' } },
				],
			},
		},
	});
	const { options = {}, ...rest } = parameters;
	return {
		name,
		settings: { executionOrder: 'v1' },
		nodes: [
			{
				id: 'trigger',
				name: 'IMAP Trigger',
				type: 'n8n-nodes-office365-mail.imapTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: { authentication, folder: 'INBOX', ...rest, options: { mailboxAddress: mailbox, ...record(options) } },
				credentials:
					authentication === 'oAuth2' ? { microsoftMailOAuth2Api: PERSON_CREDENTIAL } : { microsoftMailServiceAccountApi: APP_CREDENTIAL },
			},
			says('bad', 'bad', 0),
			says('slow', 'slow', 200),
			{
				id: 'stop',
				name: 'Stop',
				type: 'n8n-nodes-base.stopAndError',
				typeVersion: 1,
				position: [440, 0],
				parameters: { errorMessage: 'bad mail' },
			},
			{ id: 'wait', position: [660, 200], ...hold, name: 'Wait' },
			{ id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [880, 200], parameters: {} },
		],
		connections: {
			'IMAP Trigger': { main: [[{ node: 'Says bad', type: 'main', index: 0 }]] },
			'Says bad': { main: [[{ node: 'Stop', type: 'main', index: 0 }], [{ node: 'Says slow', type: 'main', index: 0 }]] },
			'Says slow': { main: [[{ node: 'Wait', type: 'main', index: 0 }], [{ node: 'End', type: 'main', index: 0 }]] },
			Wait: { main: [[{ node: 'End', type: 'main', index: 0 }]] },
		},
	};
}

function record(value: unknown): Record<string, unknown> {
	return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The file in which a trigger keeps its memory. @param key the workflow's id and the node's, as `17:trigger` */
export function journalOf({ userFolder }: Instance, key: string): string {
	return join(userFolder, '.n8n', 'office365-mail', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
}

/** What lies on disk of INBOX. */
export function folderState(instance: Instance, key: string): { uid?: number; pending?: Record<string, number> } {
	try {
		return JSON.parse(readFileSync(journalOf(instance, key), 'utf8')).folders?.INBOX ?? {};
	} catch {
		return {};
	}
}

/** The subjects of the emails of an execution. */
export function subjects(execution: Execution): string[] {
	return subjectsFrom('IMAP Trigger', execution);
}

/** The subjects of the emails that this node gave in an execution. */
export function subjectsFrom(node: string, execution: Execution): string[] {
	const items = execution.data?.resultData?.runData?.[node]?.[0]?.data?.main?.[0] ?? [];
	return items.map((item) => String(item.json.subject));
}

export function mail(subject: string, attachment?: Buffer): string {
	const head = `Message-ID: <${subject.replace(/\W/g, '-')}.${Math.random()}@example.test>\r\nFrom: Bob <bob@example.test>\r\nTo: ada@example.test\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n`;
	if (attachment === undefined) return `${head}\r\nhello\r\n`;
	const base64 = attachment.toString('base64').replace(/.{76}/g, '$&\r\n');
	return `${head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: image/png; name=data.png\r\nContent-Disposition: attachment; filename=data.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}\r\n--b--\r\n`;
}
