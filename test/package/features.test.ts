import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import { expect, it } from 'vitest';

import { ensureN8n } from '../../sandbox/n8n';
import { NODES } from './names';

const [BEGIN, END] = ['<!-- the test of features holds this table -->\n', '<!-- the table ends here -->'];
const ROOT = resolve(__dirname, '..', '..');

type Nodes = readonly INodeTypeDescription[];

/** n8n's own nodes as its installed version describes them. */
async function builtIn(): Promise<{ email: Nodes; outlook: Nodes }> {
	const installation = await ensureN8n(() => undefined);
	const script = `
		const nodes = ['EmailSend/EmailSend', 'EmailReadImap/EmailReadImap', 'Microsoft/Outlook/MicrosoftOutlook', 'Microsoft/Outlook/MicrosoftOutlookTrigger'];
		const described = nodes.map((path) => {
			const [node] = Object.values(require('n8n-nodes-base/dist/nodes/' + path + '.node.js')).map((Node) => new Node());
			return (node.nodeVersions ? node.nodeVersions[node.description.defaultVersion] : node).description;
		});
		process.stdout.write(JSON.stringify(described));`;
	const printed = execFileSync(installation.node, ['-e', script], { cwd: installation.folder, encoding: 'utf8', maxBuffer: 32e6 });
	const [send, imap, outlook, trigger]: INodeTypeDescription[] = JSON.parse(printed);
	if (send === undefined || imap === undefined || outlook === undefined || trigger === undefined) throw new Error('n8n has other nodes.');
	return { email: [send, imap], outlook: [outlook, trigger] };
}

/** Every field, option and choice of some nodes, by its internal name. */
function words(nodes: Nodes): Set<string> {
	const found = new Set<string>();
	const collect = (properties: readonly unknown[]): void => {
		for (const one of properties) {
			const { name, value, options, values }: { name?: string; value?: unknown; options?: unknown[]; values?: unknown[] } = Object(one);
			for (const word of [name, value]) if (typeof word === 'string') found.add(word);
			collect([...(Array.isArray(options) ? options : []), ...(Array.isArray(values) ? values : [])]);
		}
	};
	for (const { properties } of nodes) collect(properties);
	return found;
}

const operation = (nodes: Nodes, resource: string | undefined, value: string): boolean =>
	nodes.some(({ properties }) =>
		properties.some(
			({ name, options, displayOptions }: INodeProperties) =>
				name === 'operation' &&
				(resource === undefined || displayOptions?.show?.resource?.includes(resource) === true) &&
				(options ?? []).some((option) => 'value' in option && option.value === value),
		),
	);
const credential = (nodes: Nodes, pattern: RegExp): boolean =>
	nodes.some(({ credentials }) => (credentials ?? []).some(({ name }) => pattern.test(name)));
const anyWord =
	(...some: string[]) =>
	(nodes: Nodes): boolean => {
		const all = words(nodes);
		return some.some((word) => all.has(word));
	};
const trigger = ({ group }: INodeTypeDescription): boolean => group.includes('trigger');

/** What a row says of some nodes, by their descriptions alone. */
const ROWS: ReadonlyArray<readonly [string, (nodes: Nodes) => boolean]> = [
	['sign in with Microsoft (OAuth)', (nodes) => credential(nodes, /microsoft/i)],
	['an app signs in, nobody present', (nodes) => credential(nodes, /ServiceAccount|ServicePrincipal/)],
	['user name and password of any provider', (nodes) => credential(nodes, /^(?:smtp|imap)$/)],
	[
		'new email is announced, not looked for in intervals',
		(nodes) => nodes.some((node) => trigger(node) && node.polling !== true && node.outputs.length > 0),
	],
	['a failed execution is retried with the same email', anyWord('maxTries')],
	['move, flag or delete only after the execution succeeded', (nodes) => nodes.some((node) => trigger(node) && anyWord('move')([node]))],
	['several folders in one trigger', anyWord('additionalFolders', 'foldersToInclude')],
	['POP', (nodes) => nodes.some(({ displayName }) => displayName.startsWith('POP '))],
	['reply in the thread', (nodes) => operation(nodes, undefined, 'reply')],
	['forward with attachments', (nodes) => operation(nodes, undefined, 'forward')],
	['send a finished .eml file', (nodes) => operation(nodes, undefined, 'sendRaw')],
	['calendar invitation by email, with update and cancel', (nodes) => operation(nodes, undefined, 'sendInvitation')],
	['ask and wait for an answer', (nodes) => operation(nodes, undefined, 'sendAndWait')],
	['ask several people, with a rule who decides', anyWord('approvers')],
	['unsubscribe button (List-Unsubscribe)', anyWord('listUnsubscribe')],
	['no email twice when a batch is started again', anyWord('idempotencyKey')],
	['find, move and delete email in any folder', (nodes) => operation(nodes, 'message', 'move')],
	['drafts', (nodes) => operation(nodes, 'draft', 'create')],
	['whole conversation of an email', (nodes) => operation(nodes, 'message', 'getConversation')],
	['reasons of bounces as fields', anyWord('bounces')],
	['test of the connection, step by step', (nodes) => operation(nodes, undefined, 'testConnection')],
	['calendars and contacts', (nodes) => operation(nodes, 'contact', 'create')],
];

it('README says what these nodes and those of n8n can do', async () => {
	const { email, outlook } = await builtIn();
	const ours = NODES.map(({ description }) => description);
	const mark = (can: boolean): string => (can ? '✓' : '–');
	const table = [
		'| | these nodes | Send Email, Email Trigger (IMAP) | Microsoft Outlook, its trigger |',
		'| --- | --- | --- | --- |',
		...ROWS.map(([title, can]) => `| ${title} | ${[ours, email, outlook].map((nodes) => mark(can(nodes))).join(' | ')} |`),
	].join('\n');
	const page = readFileSync(join(ROOT, 'README.md'), 'utf8');
	const from = page.indexOf(BEGIN) + BEGIN.length;
	expect(page.slice(from, page.indexOf(END, from)).trim()).toBe(table);
});
