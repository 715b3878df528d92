import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { appCredential, personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type Execution, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { endTokensEach } from '../support/tokenEnds';
import { serveRow, webhook } from './row';

const ADA = 'ada@example.test';
const COUNT = 20;
/** Of each of three connections: an email whose content is leaving, and the one before it, whose acceptance is being recorded. */
const UNDER_WAY = 6;
const THOUSAND = 1_000;
const ALL = Array.from({ length: COUNT }, (_, number) => number);

let sandbox: Sandbox;
let n8n: RunningN8n;

beforeAll(async () => {
	sandbox = await startSandbox();
	n8n = await startN8n({
		editor: false,
		caFile: sandbox.caFile,
		credentials: [await personCredential(sandbox, ADA), perItem(), byDefault()],
	});
});
beforeEach(() => sandbox.exchange.reset());
afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

/** The app's credential, with an expression as its mailbox. */
const perItem = (): Credential => ({ ...appCredential(sandbox, '={{ $json.mailbox }}'), id: 'per-item', name: 'Mailbox of the item' });
const byDefault = (): Credential => ({
	...appCredential(sandbox, "={{ $json.mailbox || 'default@example.test' }}"),
	...{ id: 'by-default', name: 'Mailbox of the item or the default one' },
});

/** A workflow that sends an email for each number it is given; active. */
async function serve(name: string, options: object): Promise<string> {
	const { authentication, credentials } = uses(await personCredential(sandbox, ADA));
	return await serveRow(n8n.api, name, [
		webhook(name, 'onReceived'),
		{
			...{ name: 'Items', type: 'n8n-nodes-base.splitOut' },
			parameters: { fieldToSplitOut: 'body.numbers', options: { destinationFieldName: 'number' } },
		},
		{
			...{ name: 'Send', type: 'n8n-nodes-office365-mail.office365SmtpSend', typeVersion: 1.1, credentials },
			parameters: {
				...{ authentication, operation: 'send', toEmail: `${name}@example.test` },
				...{ subject: '=mail {{ $json.number }}', emailFormat: 'text', text: 'hello', options },
			},
		},
	]);
}

/** Each email under its own key. */
const KEYED = { idempotencyKey: '=order {{ $json.number }}' };

const run = async (name: string): Promise<unknown> => await n8n.api.webhook(name, { numbers: ALL });
const numbers = async (name: string): Promise<number[]> =>
	(await sandbox.messages(`${name}@example.test`)).map((mail) => Number(/^Subject: mail (\d+)/m.exec(mail.toString())?.[1]));

async function arrived(name: string, count: number): Promise<void> {
	await expect.poll(async () => (await sandbox.messages(`${name}@example.test`)).length, { interval: 100 }).toBeGreaterThanOrEqual(count);
}

/** What the items of an execution say: `already`, `unknown` or `sent`, by their number. */
function outcomes(execution: Execution | undefined): string[] {
	const items = execution?.data?.resultData?.runData?.Send?.at(-1)?.data?.main?.[0] ?? [];
	return items.map(({ json }) =>
		json.alreadySent === true
			? 'already'
			: json.deliveryUnknown === true
				? 'unknown'
				: Array.isArray(json.accepted) && json.accepted.length === 1
					? 'sent'
					: JSON.stringify(json),
	);
}

/** n8n's own Retry, of the execution in the list. */
async function retry(id: string): Promise<void> {
	await n8n.api.rest('POST', `/executions/${id}/retry`, { loadWorkflow: false });
}

it('1,000 items run to the end in order, none failed, lost or doubled, with progress in the log, though the server has its moods', async () => {
	const to = 'thousand@example.test';
	const id = await serve('thousand', {});
	const { exchange } = sandbox;
	exchange.plan('smtp', 'CONNECT', { reply: '421 4.3.2 Service not available', drop: true });
	exchange.plan('smtp', 'MAIL', { reply: '432 4.3.2 Concurrent connections limit exceeded.' }, 3);
	exchange.plan('smtp', 'DATA', { drop: true }, 3);
	const ended = endTokensEach(sandbox, 150);
	await n8n.api.webhook('thousand', { numbers: Array.from({ length: THOUSAND }, (_, number) => number) });
	const [execution] = await n8n.api.ended(id, 1, 240_000);
	expect(ended()).toBeGreaterThan(2);
	expect(execution?.status).toBe('success');
	const items = execution?.data?.resultData?.runData?.Send?.[0]?.data?.main?.[0] ?? [];
	expect(items.map(({ pairedItem }) => pairedItem)).toEqual(Array.from({ length: THOUSAND }, (_, item) => ({ item })));
	expect(
		items.filter(
			({ json }) => json.error !== undefined || json.deliveryUnknown === true || !Array.isArray(json.accepted) || json.accepted[0] !== to,
		),
	).toEqual([]);
	for (const done of [100, 500, 900])
		expect(n8n.instance.logText()).toMatch(new RegExp(`${done} of ${THOUSAND} emails sent, \\d+ a minute, `));
	await expect.poll(async () => (await sandbox.messages(to)).length, { interval: 500 }).toBe(THOUSAND);
	const subjects = (await sandbox.messages(to)).map((mail) => /^Subject: mail (\d+)/m.exec(mail.toString())?.[1]);
	expect(new Set(subjects).size).toBe(THOUSAND);
	const ids = new Map(
		(await sandbox.messages(to)).map((mail) => [
			/^Subject: mail (\d+)/m.exec(mail.toString())?.[1],
			/^Message-ID: (\S+)/im.exec(mail.toString())?.[1],
		]),
	);
	expect(items.every(({ json }, number) => ids.get(String(number)) === json.messageId)).toBe(true);
});

it.each([
	['each item has one', perItem, ['ada@example.test', 'grace@example.test', 'grace@example.test', 'shared@example.test']],
	['only the last item has one', byDefault, ['default@example.test', 'default@example.test', 'ada@example.test']],
	['only the first item has one', byDefault, ['ada@example.test', 'default@example.test', 'default@example.test']],
	['only an item in the middle has one', byDefault, ['default@example.test', 'ada@example.test', 'default@example.test']],
])('each item leaves from the mailbox that the expression in the credential gives it, where %s', async (name, credential, mailboxes) => {
	const path = name.replaceAll(' ', '-');
	const { authentication, credentials } = uses(credential());
	const id = await serveRow(n8n.api, path, [
		webhook(path, 'onReceived'),
		{
			...{ name: 'Items', type: 'n8n-nodes-base.splitOut' },
			parameters: { fieldToSplitOut: 'body.items', options: {} },
		},
		{
			...{ name: 'Send', type: 'n8n-nodes-office365-mail.office365SmtpSend', typeVersion: 1.1, credentials },
			parameters: {
				...{ authentication, operation: 'send', toEmail: `${path}@example.test` },
				subject: 'x',
				emailFormat: 'text',
				text: 'x',
			},
		},
	]);
	await n8n.api.webhook(path, { items: mailboxes.map((mailbox) => (mailbox.startsWith('default') ? { other: 1 } : { mailbox })) });
	const [execution] = await n8n.api.ended(id, 1);
	expect(execution?.data?.resultData?.error).toBeUndefined();
	const items = execution?.data?.resultData?.runData?.Send?.[0]?.data?.main?.[0] ?? [];
	expect(items.map(({ json }) => json.envelope)).toEqual(mailboxes.map((from) => ({ from, to: [`${path}@example.test`] })));
});

describe('a batch that is interrupted', () => {
	// About one email in 1.5 seconds, so that a batch can be interrupted in its middle on a slow machine, too.
	beforeEach(() => void Object.assign(sandbox.exchange, { messagesPerMinute: 2, minuteMs: 3_000 }));

	it.each([
		['the same items come again', 'again'],
		['the execution is retried', 'retried'],
	] as const)(
		'n8n killed in the middle of a batch: when %s, each email leaves once, and items nobody knows about say so',
		async (_how, name) => {
			const id = await serve(name, KEYED);
			await run(name);
			await arrived(name, 6);
			await n8n.instance.stop('SIGKILL');
			sandbox.exchange.reset();
			await n8n.restart();
			const [crashed] = await n8n.api.ended(id, 1);
			expect(crashed?.status).toBe('crashed');
			// What the server took just before the kill has been delivered meanwhile.
			const before = new Set(await numbers(name));
			expect(before.size).toBeLessThan(COUNT);
			await (name === 'again' ? run(name) : retry(crashed?.id ?? ''));
			const second = (await n8n.api.ended(id, 2)).at(-1);
			expect(second?.status).toBe('success');
			const said = outcomes(second);
			const by = (outcome: string): number[] => ALL.filter((number) => said[number] === outcome);
			expect([...by('already'), ...by('sent'), ...by('unknown')].sort((a, b) => a - b)).toEqual(ALL);
			// What was answered before the kill is known; what was under way is not.
			expect(by('already').length).toBeGreaterThan(0);
			expect(by('unknown').length).toBeLessThanOrEqual(UNDER_WAY);
			expect(by('already').every((number) => before.has(number))).toBe(true);
			expect(by('sent').some((number) => before.has(number))).toBe(false);
			await arrived(name, new Set([...before, ...by('sent')]).size);
			const inMailbox = await numbers(name);
			expect(inMailbox.length).toBe(new Set(inMailbox).size);
			expect(ALL.filter((number) => !inMailbox.includes(number) && said[number] !== 'unknown')).toEqual([]);
		},
	);

	it.each([
		['the same items come again', 'stopped'],
		['it is retried', 'stopped-retried'],
	] as const)(
		'an execution stopped in the middle of a batch finishes the emails under way and knows them: when %s, the others are sent',
		async (_how, name) => {
			const id = await serve(name, KEYED);
			await run(name);
			await arrived(name, 4);
			const filter = encodeURIComponent(JSON.stringify({ workflowId: id, status: ['running'] }));
			const { data } = await n8n.api.rest<{ data: { results: Array<{ id: string }> } }>('GET', `/executions?filter=${filter}`);
			const stopped = data.results[0]?.id ?? '';
			const logged = n8n.instance.logText().length;
			await n8n.api.rest('POST', `/executions/${stopped}/stop`);
			const ended = (): RegExpExecArray | null =>
				/Send: Ended early: (\d+) of 20 emails sent, (\d+) not sent/.exec(n8n.instance.logText().slice(logged));
			await expect.poll(ended, { interval: 100 }).not.toBeNull();
			const [sent, left] = [Number(ended()?.[1]), Number(ended()?.[2])];
			await expect.poll(async () => (await n8n.api.statuses(id))[0]).toBe('canceled');
			expect(sent + left).toBe(COUNT);
			expect(left).toBeGreaterThan(0);
			await arrived(name, sent);
			const before = await numbers(name);
			expect(before.length).toBe(sent);

			sandbox.exchange.reset();
			await (name === 'stopped' ? run(name) : retry(stopped));
			const second = (await n8n.api.ended(id, 2)).at(-1);
			expect(outcomes(second)).toEqual(ALL.map((number) => (before.includes(number) ? 'already' : 'sent')));
			await arrived(name, COUNT);
			expect((await numbers(name)).sort((a, b) => a - b)).toEqual(ALL);
		},
	);
});
