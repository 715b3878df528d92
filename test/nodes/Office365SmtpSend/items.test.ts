import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INodeExecutionData } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { OnceFiles } from '../../../mail/questions/onceFiles';
import { emailsOf, WaitingQuestions } from '../../../mail/questions/waiting';
import { askAndWait } from '../../../nodes/Office365SmtpSend/question/askAndWait';
import { MAILS_AT_A_TIME } from '../../../mail/smtp/pool';
import { sendItems } from '../../../nodes/Office365SmtpSend/execute';
import { readAsking } from '../../../nodes/Office365SmtpSend/question/askingSettings';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told } from '../../support/contexts';

const GRACE = 'grace@example.test';
const MAIL = { operation: 'send', toEmail: GRACE, subject: 'x', emailFormat: 'text', text: 'hello', options: {} };

let sandbox: Sandbox;
let senders = 0;
const folder = mkdtempSync(join(tmpdir(), 'questions-'));
beforeAll(async () => {
	process.env.N8N_MAIL_QUESTIONS_FOLDER = folder;
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => {
	delete process.env.N8N_MAIL_QUESTIONS_FOLDER;
	rmSync(folder, { recursive: true, force: true });
	await sandbox.stop();
});

/** One execution of the node. */
async function execute(parameters: Record<string, unknown>, perItem: Record<string, unknown[]> = {}): Promise<INodeExecutionData[]> {
	const input = Math.max(1, ...Object.values(perItem).map(({ length }) => length));
	const mailbox = `items-${(senders += 1)}@example.test`;
	return await sendItems(
		executeFunctions({ sandbox, mailbox, workflow: mailbox, input, perItem, parameters: { ...MAIL, ...parameters } }, told()),
	);
}

/** n8n runs the whole node again where one item failed. */
describe('Retry On Fail', () => {
	const again = (execution: string, more: object): Promise<INodeExecutionData[]> => {
		const mailbox = `retried-${execution}@example.test`;
		const scene = { sandbox, mailbox, workflow: mailbox, execution, input: 2, retryOnFail: true, ...more };
		return sendItems(
			executeFunctions({ ...scene, parameters: { ...MAIL, toEmail: undefined, continueOnFail: true, ...Object(more).parameters } }, told()),
		);
	};
	/** How often the server was asked to take an email to somebody. */
	const asked = (address: string): number =>
		sandbox.exchange.sessions.flatMap(({ transcript }) => transcript).filter((line) => line.includes(`RCPT TO:<${address}>`)).length;

	it('sends to nobody again in the same run, and again in the next run of a loop', async () => {
		const [bad, good] = ['nonsense', 'retried-good@example.test'];
		const first = await again('retry-1', { perItem: { toEmail: [bad, good] } });
		const second = await again('retry-1', { perItem: { toEmail: [bad, good] } });
		expect(first[0]?.json.error).toContain('is not an email address');
		expect(second.map(({ json }) => json)).toEqual(first.map(({ json }) => json));
		expect(asked(good)).toBe(1);
		await again('retry-1', { perItem: { toEmail: [bad, good] }, runIndex: 1 });
		await again('retry-2', { perItem: { toEmail: [bad, good] } });
		await again('retry-2', { perItem: { toEmail: [bad, good] }, type: 'x.office365SmtpSendTool' });
		expect(asked(good)).toBe(4);
	});

	it('sends to nobody again however many other runs have begun meanwhile', async () => {
		const to = 'retried-beside@example.test';
		const scene = { perItem: { toEmail: ['nonsense', to] } };
		await again('retry-beside', scene);
		for (let other = 0; other < 60; other += 1) await again(`retry-other-${other}`, { input: 1, perItem: { toEmail: ['nonsense'] } });
		await again('retry-beside', scene);
		expect(asked(to)).toBe(1);
	});

	it('sends again what nobody has', async () => {
		sandbox.exchange.plan('smtp', 'RCPT', { reply: '550 5.1.1 User unknown' }, 1);
		const to = 'retried-later@example.test';
		const scene = { perItem: { toEmail: ['nonsense', to] } };
		expect((await again('retry-3', scene))[1]?.json.error).toContain('User unknown');
		expect((await again('retry-3', scene))[1]?.json.accepted).toEqual([to]);
		expect(asked(to)).toBe(2);
	});

	it('sends to nobody again where Fail on Partial Rejection fails the item', async () => {
		const [refused, taken] = ['retried-refused@example.test', 'retried-taken@example.test'];
		const scene = {
			input: 1,
			perItem: { toEmail: [`${refused}, ${taken}`] },
			parameters: { options: { failOnRejected: true } },
		};
		sandbox.exchange.plan('smtp', 'RCPT', { reply: '550 5.1.1 User unknown' }, 1);
		const first = await again('retry-4', scene);
		const second = await again('retry-4', scene);
		expect(first[0]?.json.error).toContain('User unknown');
		expect(second[0]?.json).toEqual(first[0]?.json);
		expect([asked(taken), asked(refused)]).toEqual([1, 1]);
	});
});

describe('the items of one execution', () => {
	it('come out in their order, each paired with its own, though some fail and the first takes longest', async () => {
		sandbox.exchange.plan('smtp', 'END', { delayMs: 1_000 });
		const toEmail = ['ada@example.test', 'nonsense', GRACE, '', { a: 1 }, [GRACE, 'shared@example.test'], 'carl@example.test'];
		const items = await execute({ continueOnFail: true }, { toEmail });
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(toEmail.map((_, item) => ({ item })));
		expect(items.map(({ json }) => json.accepted ?? json.error)).toEqual([
			['ada@example.test'],
			expect.stringMatching(/^To Email: "nonsense" is not an email address/),
			[GRACE],
			expect.stringContaining('no recipient'),
			expect.stringMatching(/^To Email: the expression returns an object/),
			[GRACE, 'shared@example.test'],
			['carl@example.test'],
		]);
		// n8n would replace all fields of an item that has an error beside them.
		for (const { json, error } of items)
			expect([typeof json.description, error]).toEqual([json.error === undefined ? 'undefined' : 'string', undefined]);
	});

	it('end with the first failure where the node does not continue on fail; what is under way is finished', async () => {
		const mark = `under-way-${process.pid}`;
		sandbox.exchange.plan('smtp', 'END', { delayMs: 500 });
		await expect(
			execute({ subject: mark }, { toEmail: [GRACE, 'nonsense', ...Array.from({ length: 60 }, () => 'later@example.test')] }),
		).rejects.toMatchObject({ message: expect.stringContaining('nonsense'), context: { itemIndex: 1 } });
		await sandbox.arrival(GRACE, (mail) => mail.includes(`Subject: ${mark}`));
		expect((await sandbox.messages('later@example.test')).length).toBeLessThan(30);
	});
});

/** With Continue on Fail, each of many items would meet the same refusal, and Exchange Online blocks a mailbox that goes on. */
describe('what the server refuses again and again', () => {
	const toEmail = Array.from({ length: 60 }, () => GRACE);
	const asked = (line: RegExp): number =>
		sandbox.exchange.sessions.flatMap(({ transcript }) => transcript).filter((one) => line.test(one)).length;
	const TOLD = 'The server refused the same 5 times in a row in this execution, so it was not asked again.';

	it.each([
		[
			'the sign-in',
			/^C: AUTH XOAUTH2/,
			'AUTH',
			'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.',
		],
		['the From address', /^C: MAIL FROM:/, 'END', '554 5.2.252 SendAsDenied; ada@example.test not allowed to send as grace@example.test'],
	])('%s is asked for no more in the same execution, and again in the next one', async (_what, line, command, reply) => {
		sandbox.exchange.plan('smtp', command, { reply }, 60);
		const before = asked(line);
		const items = await execute({ continueOnFail: true }, { toEmail });
		const requests = asked(line) - before;
		// Those that are under way together are not in a row.
		expect(requests).toBeGreaterThanOrEqual(5);
		expect(requests).toBeLessThanOrEqual(5 + MAILS_AT_A_TIME);
		const errors = items.map(({ json }) => (typeof json.error === 'string' ? json.error : ''));
		expect(errors.filter((error) => !error.endsWith(TOLD))).toHaveLength(requests);
		expect(new Set(errors.map((error) => error.replace(` ${TOLD}`, ''))).size).toBe(1);
		sandbox.exchange.reset();
		expect((await execute({ continueOnFail: true }, { toEmail: [GRACE] }))[0]?.json.accepted).toEqual([GRACE]);
	});

	it('does not keep the mailbox from sending as itself, or on behalf of others', async () => {
		sandbox.exchange.plan('smtp', 'END', { reply: '554 5.2.252 SendAsDenied; not allowed to send as refused' }, 30);
		const fromEmail = [...Array.from({ length: 30 }, () => 'refused@example.test'), '', 'other@example.test'];
		const toEmail = fromEmail.map(() => GRACE);
		const items = await execute({ continueOnFail: true, options: { sendOnBehalf: true } }, { toEmail, fromEmail });
		const refused = items.slice(0, 30).map(({ json }) => (typeof json.error === 'string' ? json.error : ''));
		expect(refused.every((message) => message?.includes('may not send on behalf of refused@example.test'))).toBe(true);
		expect(refused.at(-1)).toContain(TOLD);
		// The server was asked for these, and has its answer to each.
		expect(items.slice(30).map(({ json }) => json.error)).not.toContainEqual(expect.stringContaining(TOLD));
	});

	it('ends after twenty persons on behalf of whom the mailbox may not send', async () => {
		sandbox.exchange.plan('smtp', 'END', { reply: '554 5.2.252 SendAsDenied; not allowed to send as refused' }, 60);
		const fromEmail = Array.from({ length: 60 }, (_, index) => `refused-${index}@example.test`);
		const items = await execute(
			{ continueOnFail: true, options: { sendOnBehalf: true } },
			{ toEmail: fromEmail.map(() => GRACE), fromEmail },
		);
		expect(items.at(-1)?.json.error).toContain('refused the same 20 times');
	});

	it('does not keep the other From addresses from being used', async () => {
		const fromEmail = toEmail.map((_, index) => (index % 2 === 0 ? `refused-${index}@example.test` : ''));
		const items = await execute({ continueOnFail: true }, { toEmail, fromEmail });
		for (const [index, { json }] of items.entries()) {
			if (index % 2 === 0) expect(json.error).toMatch(/may not send from refused-\d+@example.test\.$/);
			else expect(json.accepted).toEqual([GRACE]);
		}
	});
});

it('a stopped execution handles no further item, also where the node continues on fail, and logs where it ended', async () => {
	const stop = new AbortController();
	const toEmail = Array.from({ length: 100 }, () => 'stopped@example.test');
	const scene = { sandbox, mailbox: 'stopped-from@example.test', workflow: 'stopped', input: toEmail.length, cancel: stop.signal };
	const context = executeFunctions({ ...scene, perItem: { toEmail }, parameters: { ...MAIL, continueOnFail: true } }, told());
	const lines: string[] = [];
	const running = sendItems(Object.assign(context, { logger: { ...context.logger, info: (line: string) => lines.push(line) } }));
	sandbox.exchange.plan('smtp', 'END', { delayMs: 300 }, 10);
	await sandbox.arrival('stopped@example.test', () => true);
	stop.abort();
	await expect(running).rejects.toThrow('The execution was stopped');
	expect(lines.at(-1)).toMatch(/Ended early: \d+ of 100 emails sent, \d+ not sent$/);
});

describe('the parameters of many items', () => {
	const count = 4;
	const perItem = {
		toEmail: Array.from({ length: count }, (_, item) => `item-${item}@example.test`),
		options: Array.from({ length: count }, (_, item) => ({ ccEmail: `copy-${item}@example.test` })),
	};

	it('are read from n8n once an item where they hold an expression, and once for all where they do not', async () => {
		const context = executeFunctions({ sandbox, mailbox: GRACE, workflow: 'parameters', input: count, perItem, parameters: MAIL }, told());
		const reads: Record<string, number> = {};
		const read = context.getNodeParameter.bind(context);
		const items = await sendItems(
			Object.assign(context, {
				getNodeParameter: (name: string, item: number, fallback: unknown) => {
					reads[name] = (reads[name] ?? 0) + 1;
					return read(name, item, fallback);
				},
			}),
		);
		expect(items.map(({ json }) => json.accepted)).toEqual(perItem.toEmail.map((to, item) => [to, `copy-${item}@example.test`]));
		expect(reads).toMatchObject({ toEmail: count, options: count, subject: 1, text: 1, operation: 1, authentication: 1 });
	});
});

describe('a credential whose fields hold an expression', () => {
	it('sends each item from its own mailbox, with one token for all', async () => {
		const mailboxes = ['tenant-1@example.test', 'tenant-2@example.test', 'tenant-1@example.test', 'tenant-3@example.test'];
		const asked = (): number => sandbox.identity.requests.filter(({ grant }) => grant === 'client_credentials').length;
		const before = asked();
		const scene = { sandbox, mailbox: 'tenants@example.test', workflow: 'tenants', input: mailboxes.length, parameters: MAIL };
		const credentialPerItem = mailboxes.map((mailbox) => ({ mailbox }));
		const items = await sendItems(executeFunctions({ ...scene, credentialPerItem }, told()));
		expect(items.map(({ json }) => Object(json.envelope).from)).toEqual(mailboxes);
		const users = sandbox.exchange.sessions.flatMap(({ protocol, mailbox }) => (protocol === 'smtp' ? [mailbox] : []));
		expect(users).toEqual(expect.arrayContaining(mailboxes));
		expect(asked() - before).toBe(1);
	});

	it('sends an item between others from its own mailbox, where the expression has a default for those without the field', async () => {
		const items = [{}, { sender: { address: 'tenant-4@example.test' } }, { sender: { address: '' } }];
		const credentialPerItem = items.map(({ sender }) => (sender?.address ? { mailbox: sender.address } : {}));
		const scene = { sandbox, mailbox: 'default@example.test', workflow: 'default', parameters: MAIL, credentialPerItem };
		const context = Object.assign(executeFunctions(scene, told()), { getInputData: () => items.map((json) => ({ json })) });
		expect((await sendItems(context)).map(({ json }) => Object(json.envelope).from)).toEqual([
			'default@example.test',
			'tenant-4@example.test',
			'default@example.test',
		]);
	});

	it('is not read for each item if it holds none that depends on the item', async () => {
		const scene = { sandbox, mailbox: 'fixed@example.test', workflow: 'fixed', input: 50, parameters: MAIL };
		const context = executeFunctions(scene, told());
		let reads = 0;
		const getCredentials: typeof context.getCredentials = async (type, item) => {
			reads += 1;
			return await context.getCredentials(type, item);
		};
		const items = await sendItems(Object.assign(Object.create(context), { getCredentials }));
		expect(items).toHaveLength(50);
		// Each session reads it once more for its token.
		expect(reads).toBeLessThan(12);
	});
});

describe('recipients of whom the server refuses some', () => {
	const toEmail = `${GRACE}, nobody@example.test`;

	it('are told with its answer, and the others have the email', async () => {
		const [item] = await execute({ toEmail });
		expect(item?.json).toMatchObject({
			accepted: [GRACE],
			rejected: ['nobody@example.test'],
			rejectedErrors: [{ recipient: 'nobody@example.test', response: expect.stringMatching(/^550 /) }],
			attempts: 1,
			messageSize: expect.any(Number),
			queuedMs: expect.any(Number),
			tookMs: expect.any(Number),
		});
	});

	it('fail the item where that is wished, which says who and why', async () => {
		const subject = `partly ${process.pid}`;
		const [failed, sent] = await execute(
			{ subject, continueOnFail: true, options: { failOnRejected: true } },
			{ toEmail: [toEmail, GRACE] },
		);
		expect(failed?.json.error).toMatch(/refused nobody@example\.test \(550 .*\); the other recipients have the email/);
		expect(failed?.json).toMatchObject({
			accepted: [GRACE],
			rejected: ['nobody@example.test'],
			rejectedErrors: [{ recipient: 'nobody@example.test', response: expect.stringMatching(/^550 /) }],
		});
		expect(sent?.json.accepted).toEqual([GRACE]);
		await expect.poll(async () => (await sandbox.messages(GRACE)).filter((mail) => mail.includes(`Subject: ${subject}`)).length).toBe(2);
	});
});

describe('recipients of whom the server refuses all', () => {
	it('are named with its answer to each, in the error and in the item that goes on', async () => {
		for (const reply of ['550 5.1.10 RESOLVER.ADR.RecipientNotFound', '554 5.7.1 not from you'])
			sandbox.exchange.plan('smtp', 'RCPT', { reply });
		const toEmail = `${GRACE}, ada@example.test, nobody@example.test`;
		const [item] = await execute({ toEmail, continueOnFail: true });
		expect(item?.json.error).toMatch(
			/^The server accepted none of the recipients: grace@example\.test \(550 5\.1\.10 RESOLVER\.ADR\.RecipientNotFound\), ada@example\.test \(554 5\.7\.1 not from you\), nobody@example\.test \(550 .*\)\.$/,
		);
		expect(item?.json).toMatchObject({
			accepted: [],
			rejected: [GRACE, 'ada@example.test', 'nobody@example.test'],
			rejectedErrors: [
				{ recipient: GRACE, response: '550 5.1.10 RESOLVER.ADR.RecipientNotFound' },
				{ recipient: 'ada@example.test', response: '554 5.7.1 not from you' },
				{ recipient: 'nobody@example.test' },
			],
		});
	});

	it('are named as far as a sentence can, and all of them in the item', async () => {
		const unknown = Array.from({ length: 12 }, (_, index) => `nobody${index}@example.test`);
		const [item] = await execute({ toEmail: unknown.join(', '), continueOnFail: true });
		expect(item?.json.error).toMatch(/nobody0@example\.test \(550 .*nobody4@example\.test \(550 .*\) and 7 more\.$/);
		expect(item?.json.error).not.toContain('nobody5@example.test');
		expect(item?.json.rejected).toEqual(unknown);
	});
});

describe('a question that may not have come to everybody', () => {
	it.each<[string, string, object, RegExp]>([
		[
			'is waited for, which the log, the node and the item say',
			GRACE,
			{ deliveryUnknown: true },
			/may not have been delivered: The connection to .* broke/,
		],
		[
			'names those whom the server refused',
			`${GRACE}, nobody@example.test`,
			{ rejectedErrors: [{ recipient: 'nobody@example.test', response: expect.stringMatching(/^550 /) }] },
			/some recipients did not get/,
		],
	])('%s', async (_name, toEmail, doubts, words) => {
		if ('deliveryUnknown' in doubts) sandbox.exchange.plan('smtp', 'END', { drop: true });
		const about = told();
		const mailbox = `asker-${(senders += 1)}@example.test`;
		const input: INodeExecutionData[] = [{ json: { order: 17, error: 'of the node before' } }];
		const waits: Date[] = [];
		const context = Object.assign(
			executeFunctions(
				{
					sandbox,
					mailbox,
					workflow: mailbox,
					parameters: { operation: 'sendAndWait', toEmail, subject: 'x', message: 'May we?', options: {} },
				},
				about,
			),
			{
				getInputData: () => input,
				getTimezone: () => 'UTC',
				getSignedResumeUrl: () => 'https://n8n.example.test/',
				putExecutionToWait: async (until: Date) => await Promise.resolve(void waits.push(until)),
			},
		);
		const shown = await askAndWait(context);
		expect(waits).toHaveLength(1);
		expect(shown.map(({ json }) => json)).toEqual([
			{ order: 17, ...doubts, emailQuestion: expect.objectContaining({ recipients: toEmail.split(', ') }) },
		]);
		// n8n goes on with these very items. It would ask again where one that is shown has an error.
		expect(input.map(({ json }) => json)).toEqual([{ ...shown[0]?.json, error: 'of the node before' }]);
		for (const said of [about.warnings, about.hints]) expect(said).toEqual([expect.stringMatching(words)]);
	});
});

describe('a question to several people', () => {
	const parameters = {
		operation: 'sendAndWait',
		subject: 'x',
		message: 'May we?',
		options: { approvers: { values: { emails: `${GRACE}, nobody@example.test, shared@example.test`, rule: 'majority' } } },
	};

	async function withdraw(): Promise<unknown> {
		const mailbox = `withdrawn-${(senders += 1)}@example.test`;
		const waits: Date[] = [];
		const context = Object.assign(executeFunctions({ sandbox, mailbox, workflow: mailbox, parameters }, told()), {
			getInputData: () => [{ json: {} }],
			getSignedResumeUrl: () => 'https://n8n.example.test/',
			putExecutionToWait: async (until: Date) => await Promise.resolve(void waits.push(until)),
		});
		const [asked] = await Promise.allSettled([askAndWait(context)]);
		expect(waits).toEqual([]);
		return asked.status === 'rejected' ? asked.reason : undefined;
	}

	it('is withdrawn where one of the emails cannot be sent: the error names who was not asked and who has it already', async () => {
		expect(await withdraw()).toMatchObject({
			message: expect.stringMatching(
				/^The question could not be sent to nobody@example\.test, so it is withdrawn: the links in the emails to grace@example\.test no longer work\. .*The server said: 550 /,
			),
		});
	});

	it('leaves no files behind a day after it was withdrawn, and the others keep theirs', async () => {
		const before = readdirSync(folder);
		await withdraw();
		const added = readdirSync(folder).filter((name) => !before.includes(name) && /^\d/.test(name));
		expect(added).toHaveLength(1);
		const waits = new WaitingQuestions(folder);
		await waits.add(new OnceFiles(join(folder, `${Date.now() + 9 * 86_400_000}-${'a'.repeat(32)}`)), {
			link: '',
			due: new Map(),
			asked: {},
		});
		await waits.removeOld(Date.now() + 2 * 86_400_000);
		expect(readdirSync(folder)).not.toContain(added[0]);
		expect(readdirSync(folder).join()).toContain('a'.repeat(32));
	});

	it('is found by a reply to the first email before the others are sent, so that Take Answer fails and can be retried', async () => {
		const before = readdirSync(folder);
		await withdraw();
		const [added = ''] = readdirSync(folder).filter((name) => !before.includes(name) && /^\d/.test(name));
		const emails = await emailsOf(new OnceFiles(join(folder, added)));
		expect(emails).toMatchObject([{ kind: 'question', to: [GRACE] }]);
		expect(new WaitingQuestions(folder).find(emails.map(({ messageId }) => messageId))?.files.folder).toBe(join(folder, added));
	});

	it('is not asked at all where it cannot be written down', async () => {
		writeFileSync(join(folder, 'file'), '');
		process.env.N8N_MAIL_QUESTIONS_FOLDER = join(folder, 'file', 'questions');
		await expect(
			askAndWait(
				Object.assign(executeFunctions({ sandbox, mailbox: GRACE, workflow: 'x', parameters }, told()), {
					getInputData: () => [{ json: {} }],
					getSignedResumeUrl: () => 'https://n8n.example.test/',
				}),
			),
		).rejects.toMatchObject({ message: expect.stringMatching(/cannot be stored, so nobody was asked/) });
		process.env.N8N_MAIL_QUESTIONS_FOLDER = folder;
	});
});

describe('the buttons of a question', () => {
	it("look and are called as the built-in node's parameters say", async () => {
		const buttons = async (values: object): Promise<Array<[string, string]>> => {
			const context = executeFunctions(
				{
					sandbox,
					mailbox: GRACE,
					workflow: 'ask',
					parameters: { operation: 'sendAndWait', toEmail: GRACE, subject: 'x', message: 'May we?', approvalOptions: { values } },
				},
				told(),
			);
			const { mails } = await readAsking(
				Object.assign(context, {
					getSignedResumeUrl: ({ approved }: Record<string, string> = {}) => `https://n8n.example.test/${approved}`,
				}),
				GRACE,
				new Date(),
			);
			return [...(mails[0]?.html ?? '').matchAll(/<a href="[^"]*\/(\w+)"[^>]*background-color:(#\w+)/g)].map(
				([, approved = '', colour = '']) => [approved, colour === '#ffffff' ? 'border' : 'filled'],
			);
		};
		expect(await buttons({})).toEqual([['true', 'filled']]);
		expect(await buttons({ approvalType: 'double' })).toEqual([
			['true', 'filled'],
			['false', 'border'],
		]);
		expect(await buttons({ approvalType: 'double', buttonApprovalStyle: 'secondary', buttonDisapprovalStyle: 'primary' })).toEqual([
			['true', 'border'],
			['false', 'filled'],
		]);
	});
});
