import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IBinaryData, IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { toItem } from '../../../../mail/item/item';
import { answersOf } from '../../../../nodes/Office365SmtpSend/question/givenAnswers';
import { Answers } from '../../../../mail/questions/answerStore';
import { OnceFiles } from '../../../../mail/questions/onceFiles';
import { WaitingQuestions } from '../../../../mail/questions/waiting';
import { takeReplyAnswer } from '../../../../nodes/Office365SmtpSend/answers/replyAnswer';
import { mailContext, store } from '../../../support/mailContext';
import { ADA, approvers, ask, call, GRACE, LIN, visit, type Page, type Waiting } from '../questionRig';

/** n8n, as far as this node calls it: each waiting question under its link. */
let n8n: Server;
let waiting: Waiting | undefined;
let pages: Page[] = [];
let folder: string;
/** Whether n8n runs the execution at the moment. */
let isBusy = false;
const env = { N8N_PORT: process.env.N8N_PORT, N8N_LISTEN_ADDRESS: process.env.N8N_LISTEN_ADDRESS };

beforeAll(async () => {
	n8n = createServer((request, response) => {
		let text = '';
		request.on('data', (chunk: Buffer) => (text += chunk.toString()));
		request.on('end', () => {
			void (async () => {
				if (waiting === undefined) {
					response
						.writeHead(404, { 'content-type': 'application/json' })
						.end('{"code":404,"message":"The execution \\"17\\" does not exist."}');
					return;
				}
				if (isBusy) {
					response
						.writeHead(409, { 'content-type': 'application/json' })
						.end('{"code":409,"message":"The execution \\"17\\" is running already."}');
					return;
				}
				const url = `https://${request.headers.host ?? ''}${request.url ?? ''}`;
				const page = await visit(waiting, url, { contentType: 'application/json', body: JSON.parse(text) });
				pages.push(page);
				response.writeHead(page.status, Object.fromEntries(page.headers)).end(page.html);
			})();
		});
	});
	await new Promise<void>((resolve) => n8n.listen(0, '127.0.0.1', resolve));
	const address = n8n.address();
	process.env.N8N_PORT = String(typeof address === 'object' ? address?.port : '');
	process.env.N8N_LISTEN_ADDRESS = '127.0.0.1';
});
afterAll(async () => {
	Object.assign(process.env, env);
	for (const [name, value] of Object.entries(env)) if (value === undefined) Reflect.deleteProperty(process.env, name);
	await new Promise((resolve) => n8n.close(resolve));
});

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'questions-'));
	process.env.N8N_MAIL_QUESTIONS_FOLDER = folder;
	pages = [];
});
afterEach(async () => {
	waiting = undefined;
	isBusy = false;
	delete process.env.N8N_MAIL_QUESTIONS_FOLDER;
	await rm(folder, { recursive: true, force: true });
});

async function asking(parameters: INodeParameters): Promise<Waiting> {
	waiting = await ask(parameters);
	return waiting;
}

const threadOf = (to: string): string => `In-Reply-To: ${to}\r\nReferences: <older@example.test> ${to}\r\n`;

/** A reply as it arrives. */
function reply(
	to: string | undefined,
	text: string,
	{
		from = GRACE,
		more = '',
		id = '<reply@example.test>',
		subject = 'Re: Order 17',
		thread = to === undefined ? '' : threadOf(to),
	}: Partial<Record<'from' | 'more' | 'id' | 'subject' | 'thread', string>> = {},
): Buffer {
	return Buffer.from(
		`From: ${from}\r\nTo: ${ADA}\r\nSubject: ${subject}\r\nMessage-ID: ${id}\r\nDate: Fri, 27 Nov 2026 10:00:00 +0000\r\n${thread}${more}Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`,
	);
}

/** The beginning of an email that Microsoft 365 protects; the text of {@link reply} becomes its last part. */
const PROTECTED =
	'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x-microsoft-rpmsg-message; ' +
	'name=message.rpmsg\r\nContent-Disposition: attachment; filename=message.rpmsg\r\n\r\nx\r\n--b\r\n';

const quoting = (text: string): string =>
	`${text}\r\n\r\nOn Fri, 27 Nov 2026 at 09:00, Ada wrote:\r\n> May we ship?\r\n> Approve: yes\r\n> Decline: no\r\n`;

async function itemOf(mail: Buffer, format: 'simple' | 'resolved' | 'raw'): Promise<INodeExecutionData> {
	const from = { size: mail.length, folder: 'INBOX', uid: 1, uidValidity: '1' };
	const { json, binary } = await toItem<IBinaryData>(mail, from, { format, downloadAttachments: false, prefix: 'a_', store });
	return { json, ...(binary !== undefined && { binary }) };
}

async function take(item: INodeExecutionData | Buffer): Promise<IDataObject> {
	const given = Buffer.isBuffer(item) ? await itemOf(item, 'simple') : item;
	return await takeReplyAnswer(mailContext({ original: given.json }, given), 0);
}

const output = (): IDataObject | undefined => pages.find((page) => page.output !== undefined)?.output?.json;

describe('a reply to a question', () => {
	it.each<[string, (mail: Buffer) => Promise<INodeExecutionData>]>([
		['simple', async (mail) => await itemOf(mail, 'simple')],
		['resolved', async (mail) => await itemOf(mail, 'resolved')],
		['raw', async (mail) => await itemOf(mail, 'raw')],
		[
			"simple of n8n's Email Trigger",
			async (mail) => {
				const id = /In-Reply-To: (<[^>]+>)/.exec(mail.toString())?.[1] ?? '';
				const metadata = { 'in-reply-to': id, references: id, 'message-id': '<reply@example.test>' };
				return await Promise.resolve({
					json: { textPlain: quoting('Yes, please'), metadata, from: `Grace <${GRACE}>`, to: ADA, subject: 'Re: Order 17' },
				});
			},
		],
		[
			"resolved of n8n's Email Trigger",
			async (mail) => {
				const id = /In-Reply-To: (<[^>]+>)/.exec(mail.toString())?.[1] ?? '';
				const headers = { 'in-reply-to': `In-Reply-To: ${id}`, from: `From: ${GRACE}` };
				const json = {
					headers,
					text: quoting('Yes, please'),
					from: { value: [{ address: GRACE, name: '' }] },
					messageId: '<reply@example.test>',
				};
				return await Promise.resolve({ json });
			},
		],
		["raw of n8n's Email Trigger", async (mail) => await Promise.resolve({ json: { raw: mail.toString('base64') } })],
	])('answers it, as an item in format %s, and lets the execution go on', async (_format, item) => {
		const { messageIds } = await asking({ toEmail: `${GRACE}, ${LIN}`, approvalOptions: { values: { approvalType: 'double' } } });
		expect(await take(await item(reply(messageIds[0], quoting('Yes, please'))))).toMatchObject({
			answerTaken: true,
			approved: true,
			email: GRACE,
			messageId: '<reply@example.test>',
			question: 'Order 17',
		});
		expect(output()).toMatchObject({
			data: { approved: true },
			emailQuestion: { by: 'email', answeredBy: GRACE, replyMessageId: '<reply@example.test>' },
		});
	});

	it('declines by the word of the button, and counts as the answer of the person who sent it', async () => {
		const { messageIds } = await asking(approvers('majority', `${GRACE},${LIN}`));
		expect(await take(reply(messageIds[1], quoting('Decline'), { from: `Lin <${LIN.toUpperCase()}>` }))).toMatchObject({
			answerTaken: true,
			approved: false,
		});
		expect(output()).toMatchObject({
			data: { answers: [{ email: LIN, approved: false, by: 'email', replyMessageId: '<reply@example.test>' }] },
		});
	});

	it('is found also by an email of the other person, and waits for the others', async () => {
		const { messageIds } = await asking(approvers('all', `${GRACE},${LIN}`));
		expect(await take(reply(messageIds[0], 'Yes', { from: LIN }))).toMatchObject({ answerTaken: true });
		expect(output()).toBeUndefined();
		const again = { from: LIN, id: '<again@example.test>' };
		expect(await take(reply(messageIds[0], 'Yes', again))).toMatchObject({ answerTaken: false, outcome: 'again' });
		expect(await take(reply(messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true });
		expect(output()).toMatchObject({ data: { approved: true } });
		expect(await take(reply(messageIds[0], 'No', { id: '<later@example.test>' }))).toMatchObject({ answerTaken: false, outcome: 'again' });
	});

	it.each<[string, INodeParameters]>([
		['of one link for all', { toEmail: `${GRACE}, ${LIN}` }],
		['of several people', approvers('all', `${GRACE},${LIN}`)],
	])('is taken if the node is retried because it failed after the answer was stored: a question %s', async (_name, parameters) => {
		const { messageIds } = await asking(parameters);
		const goOn = vi.spyOn(Answers.prototype, 'claimDecision').mockRejectedValue(new Error('the disk is full'));
		const fails = vi.spyOn(OnceFiles.prototype, 'names').mockRejectedValue(new Error('the disk is full'));
		await take(reply(messageIds[0], 'Yes')).catch(() => undefined);
		goOn.mockRestore();
		fails.mockRestore();
		expect(await take(reply(messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true, approved: true });
		const others = { from: LIN, id: '<lin@example.test>' };
		expect((await take(reply(messageIds[0], 'Yes', others))).answerTaken).toBe(parameters.toEmail === undefined);
		expect(pages.filter((page) => page.output !== undefined)).toHaveLength(1);
	});

	it('fails the item if it cannot be stored, so that it can be retried', async () => {
		const { messageIds } = await asking({ toEmail: GRACE });
		const fails = vi.spyOn(Answers.prototype, 'give').mockRejectedValue(new Error('the disk is full'));
		await expect(take(reply(messageIds[0], 'Yes'))).rejects.toMatchObject({ code: 'unreachable' });
		fails.mockRestore();
		expect(output()).toBeUndefined();
		expect(await take(reply(messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true });
	});

	it('gives its new text as the answer to a question for text', async () => {
		const { messageIds } = await asking({ toEmail: GRACE, responseType: 'freeText' });
		expect(await take(reply(messageIds[0], quoting('On Monday,\r\nnot before.')))).toMatchObject({
			answerTaken: true,
			text: 'On Monday,\nnot before.',
		});
		expect(output()).toMatchObject({ data: { text: 'On Monday,\nnot before.' } });
	});

	it.each<[string, { text?: string; subject?: string; more?: string; raw?: boolean }, string]>([
		...(
			[
				'Automatic reply: Order 17',
				'Automatische Antwort: Order 17',
				'Re\u0301ponse automatique\u00a0: Order 17',
				'Respuesta automática: Order 17',
				'Risposta automatica: Order 17',
				'Automatisch antwoord: Order 17',
				'Abwesenheitsnotiz: Order 17',
				'Recall: Order 17',
			] as const
		).map((subject): [string, { subject: string }, string] => [`a program with the subject "${subject}"`, { subject }, 'automatic']),
		['a program that encrypts with PGP', { text: '-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----' }, 'unclear'],
		['Microsoft 365 around a protected email', { more: PROTECTED }, 'unclear'],
		['Microsoft 365 around a protected email, in format raw', { more: PROTECTED, raw: true }, 'unclear'],
	])('gives no text that is one of %s', async (_name, { text = 'On Monday', subject = 'Re: Order 17', more = '', raw }, outcome) => {
		const { messageIds } = await asking({ toEmail: GRACE, responseType: 'freeText' });
		const mail = reply(messageIds[0], text, { more, subject });
		expect(await take(raw === true ? await itemOf(mail, 'raw') : mail)).toMatchObject({ answerTaken: false, outcome });
		expect(pages).toEqual([]);
	});

	it.each<[string, string, string]>([
		['a person who replies to such an email', 'Order 17', 'Re: Automatic reply: Order 17'],
		['a person whose program adds nothing to the subject of a question that begins so', 'Recall: pumps of May', 'Recall: pumps of May'],
		['a person who writes of such a thing', 'Order 17', 'Recall of the pumps: Order 17'],
	])('gives the text of %s', async (_name, question, subject) => {
		const { messageIds } = await asking({ toEmail: GRACE, responseType: 'freeText', subject: question });
		expect(await take(reply(messageIds[0], 'On Monday', { subject }))).toMatchObject({ answerTaken: true, text: 'On Monday' });
	});

	it.each<[string, INodeParameters, { text?: string; from?: string; more?: string; to?: string }, string]>([
		['what is only quoted', { toEmail: GRACE }, { text: quoting('') }, 'unclear'],
		['a condition', { toEmail: GRACE }, { text: 'Yes, but not before Monday' }, 'unclear'],
		['an out-of-office reply', { toEmail: GRACE }, { more: 'Auto-Submitted: auto-replied\r\n' }, 'automatic'],
		['an out-of-office reply of Exchange', { toEmail: GRACE }, { more: 'X-Auto-Response-Suppress: All\r\n' }, 'automatic'],
		['somebody else', { toEmail: GRACE }, { from: LIN }, 'otherSender'],
		[
			'somebody who is asked only if nobody answers',
			{ toEmail: GRACE, options: { escalation: { values: { emails: LIN, afterHours: 48 } } } },
			{ from: LIN },
			'otherSender',
		],
		['two senders', { toEmail: GRACE }, { from: `${GRACE}, ${LIN}` }, 'otherSender'],
		['a name that looks like the address', { toEmail: GRACE }, { from: `"${GRACE}" <evil@elsewhere.example>` }, 'otherSender'],
		[
			'a sender whom the server doubts',
			{ toEmail: GRACE },
			{ more: 'Authentication-Results: spf=fail smtp.mailfrom=x; dmarc=fail action=none\r\n' },
			'forged',
		],
		['a question with a code', { toEmail: GRACE, options: { confirmByCode: true } }, {}, 'needsCode'],
		['a form', { toEmail: GRACE, responseType: 'customForm', formFields: { values: [{ fieldLabel: 'x' }] } }, {}, 'needsForm'],
		['another thread', { toEmail: GRACE }, { to: '<unknown@example.test>' }, 'noQuestion'],
		['no thread', { toEmail: GRACE }, { to: '' }, 'noQuestion'],
	])(
		'is not taken with %s: the question stays open, and the item says why',
		async (_name, parameters, { text = 'Yes', from, more, to }, outcome) => {
			const { messageIds } = await asking(parameters);
			const taken = await take(reply(to === '' ? undefined : (to ?? messageIds[0]), text, { from, more }));
			expect(taken).toMatchObject({ answerTaken: false, outcome, reason: expect.stringMatching(/\.$/) });
			expect(pages).toEqual([]);
		},
	);

	it.each<[string, (question: string) => string]>([
		[
			'to a later email of somebody else in the thread',
			(one) => `In-Reply-To: <other@example.test>\r\nReferences: ${one} <other@example.test>\r\n`,
		],
		['to such an email, from a program that loses In-Reply-To', (one) => `References: ${one} <other@example.test>\r\n`],
		[
			'to such an email, from a program that leaves it out of References',
			(one) => `In-Reply-To: <other@example.test>\r\nReferences: ${one}\r\n`,
		],
	])('is not taken if it is a reply %s', async (_name, threadBelow) => {
		const { messageIds } = await asking({ toEmail: GRACE });
		expect(await take(reply(undefined, 'Yes', { thread: threadBelow(messageIds[0] ?? '') }))).toMatchObject({
			answerTaken: false,
			outcome: 'otherEmail',
			question: 'Order 17',
			reason: expect.stringContaining('another email'),
		});
		expect(pages).toEqual([]);
	});

	it.each<[string, (question: string) => string]>([
		['that has lost In-Reply-To', (one) => `References: <older@example.test> ${one}\r\n`],
		['that has lost References', (one) => `In-Reply-To: ${one}\r\n`],
		['with words in In-Reply-To, as old programs write it', (one) => `In-Reply-To: Your message of Monday ${one}\r\n`],
		['whose In-Reply-To has lost its brackets', (one) => `In-Reply-To: ${one.slice(1, -1)}\r\nReferences: ${one}\r\n`],
	])('is taken from an email %s', async (_name, threadOfIt) => {
		const { messageIds } = await asking({ toEmail: GRACE });
		expect(await take(reply(undefined, 'Yes', { thread: threadOfIt(messageIds[0] ?? '') }))).toMatchObject({ answerTaken: true });
	});

	it('is taken if it replies to a reminder or an escalation, also by the Message-ID that a server gave to it', async () => {
		const { id, messageIds } = await asking({ toEmail: GRACE });
		const files = answersOf({ id, until: '' }).files;
		const email = { to: [GRACE], sentAt: new Date().toISOString(), messageId: '<reminder@server.example>' };
		await new WaitingQuestions(folder).addEmail(files, { kind: 'reminder', ...email }, ['<reminder@ours.example>']);
		for (const to of ['<reminder@server.example>', '<reminder@ours.example>']) {
			const thread = `In-Reply-To: ${to}\r\nReferences: ${messageIds[0] ?? ''} ${to}\r\n`;
			expect(await take(reply(undefined, 'Perhaps', { thread }))).toMatchObject({ outcome: 'unclear' });
		}
	});

	it("is taken if it corrects a person's own earlier reply, and that of nobody else", async () => {
		const { messageIds } = await asking(approvers('all', `${GRACE},${LIN}`));
		const question = messageIds[0] ?? '';
		const below = (to: string, from: string, id: string, text = 'Yes'): Buffer =>
			reply(undefined, text, { from, id, thread: `In-Reply-To: ${to}\r\nReferences: ${question} ${to}\r\n` });
		expect(await take(below(question, GRACE, '<first@example.test>', 'Yes, but when?'))).toMatchObject({ outcome: 'unclear' });
		// It agrees with what Grace wrote, whatever that was.
		expect(await take(below('<first@example.test>', LIN, '<lin@example.test>'))).toMatchObject({ outcome: 'otherEmail' });
		expect(await take(below('<lin@example.test>', LIN, '<lin2@example.test>'))).toMatchObject({ outcome: 'otherEmail' });
		expect(await take(below('<first@example.test>', GRACE, '<second@example.test>', 'I mean Monday'))).toMatchObject({
			outcome: 'unclear',
		});
		expect(await take(below('<second@example.test>', GRACE, '<third@example.test>'))).toMatchObject({ answerTaken: true, email: GRACE });
		expect(await take(below('<third@example.test>', GRACE, '<fourth@example.test>', 'No'))).toMatchObject({ outcome: 'again' });
	});

	it("does not come from a reply that is no person's, or whose sender the server doubts", async () => {
		const { messageIds } = await asking({ toEmail: GRACE });
		const question = messageIds[0] ?? '';
		for (const [id, more] of [
			['<auto@example.test>', 'Auto-Submitted: auto-replied\r\n'],
			['<forged@example.test>', 'Authentication-Results: dmarc=fail action=none\r\n'],
		] as const) {
			expect((await take(reply(question, 'Hello', { id, more }))).answerTaken).toBe(false);
			const thread = `In-Reply-To: ${id}\r\nReferences: ${question} ${id}\r\n`;
			expect(await take(reply(undefined, 'Yes', { thread }))).toMatchObject({ outcome: 'otherEmail' });
		}
	});

	it('is told as taken also if it is given once more after the execution has gone on', async () => {
		const { messageIds } = await asking({ toEmail: GRACE });
		const taken = await take(reply(messageIds[0], 'Yes'));
		expect(taken).toMatchObject({ answerTaken: true, approved: true });
		waiting = undefined;
		expect(await take(reply(messageIds[0], 'Yes'))).toEqual(taken);
		expect(await take(reply(messageIds[0], 'Yes', { id: '<second@example.test>' }))).toMatchObject({ outcome: 'ended' });
	});

	it('comes too late where the links have ended, or the execution', async () => {
		const { messageIds } = await asking({ toEmail: GRACE, options: { linksValidFor: 1e-7 } });
		await expect.poll(async () => await take(reply(messageIds[0], 'Yes'))).toMatchObject({ outcome: 'over' });
		waiting = undefined;
		expect(await take(reply(messageIds[0], 'Yes'))).toMatchObject({ answerTaken: false, outcome: 'ended' });
		await new WaitingQuestions(folder).removeOld(Date.now() + 2 * 86_400_000);
		expect(await take(reply(messageIds[0], 'Yes'))).toMatchObject({ answerTaken: false, outcome: 'noQuestion' });
	});

	it('fails the item where n8n cannot be reached, so that it can be retried', async () => {
		const { messageIds } = await asking({ toEmail: GRACE });
		const port = process.env.N8N_PORT;
		process.env.N8N_PORT = '1';
		await expect(take(reply(messageIds[0], 'Yes'))).rejects.toMatchObject({ code: 'unreachable' });
		process.env.N8N_PORT = port;
	});

	it('comes too late, and fails nothing, where n8n is busy with the execution that went on', async () => {
		const later = { id: '<later@example.test>' };
		const first = await asking(approvers('first', `${GRACE}, ${LIN}`));
		expect(await take(reply(first.messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true });
		// As n8n answers while the execution runs, or waits at a form of n8n.
		isBusy = true;
		expect(await take(reply(first.messageIds[1], 'No', { ...later, from: LIN }))).toMatchObject({ outcome: 'decided' });
		expect(await take(reply(first.messageIds[0], 'No', later))).toMatchObject({ outcome: 'again' });
		// The same reply once more is the answer that was taken.
		expect(await take(reply(first.messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true, approved: true });
		isBusy = false;
		const shared = await asking({ toEmail: `${GRACE}, ${LIN}` });
		expect(await take(reply(shared.messageIds[0], 'Yes'))).toMatchObject({ answerTaken: true });
		isBusy = true;
		expect(await take(reply(shared.messageIds[0], 'Yes', { ...later, from: LIN }))).toMatchObject({ outcome: 'decided' });
		isBusy = false;
		const ended = await asking({ toEmail: GRACE, options: { linksValidFor: 1e-7 } });
		isBusy = true;
		await expect.poll(async () => await take(reply(ended.messageIds[0], 'Yes'))).toMatchObject({ outcome: 'over' });
		const open = await asking(approvers('all', `${GRACE}, ${LIN}`));
		await expect(take(reply(open.messageIds[0], 'Yes'))).rejects.toMatchObject({ code: 'unreachable' });
	});

	it('can be given to the execution by its own link only', async () => {
		const one = await asking({ toEmail: GRACE });
		const body = { work: 'answer', who: GRACE, approved: true };
		for (const link of one.links.get(GRACE) ?? []) {
			const page = await visit(one, link.replace('approved=true', 'own=true'), { contentType: 'application/json', body });
			expect([page.status, page.output]).toEqual([401, undefined]);
		}
	});

	it('is refused by the execution itself: an answer without the code', async () => {
		const one = await asking({ toEmail: GRACE, options: { confirmByCode: true } });
		const who = new URL(one.links.get(GRACE)?.[0] ?? '').searchParams.get('who') ?? '';
		expect(who).not.toBe('');
		const refused = await call(one, { work: 'answer', approved: true, who });
		expect([refused.state, refused.output]).toEqual(['refused', undefined]);
	});

	it.each<[string, INodeParameters, object]>([
		['of somebody who was not asked', { toEmail: GRACE }, { who: LIN }],
		['of nobody', { toEmail: GRACE }, { who: '' }],
		['to a form', { toEmail: GRACE, responseType: 'customForm', formFields: { values: [{ fieldLabel: 'x' }] } }, { who: GRACE }],
		['with an address in place of a person', approvers('all', `${GRACE},${LIN}`), { who: GRACE }],
	])('is refused by the execution itself: an answer %s', async (_name, parameters, who) => {
		const one = await asking(parameters);
		const refused = await call(one, { work: 'answer', approved: true, ...who });
		expect([refused.state, refused.output]).toEqual(['refused', undefined]);
	});
});
