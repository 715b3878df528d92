import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import PostalMime, { type Email } from 'postal-mime';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { Answers } from '../../../../mail/questions/answerStore';
import { OnceFiles } from '../../../../mail/questions/onceFiles';
import { emailsOf } from '../../../../mail/questions/waiting';
import { answersOf } from '../../../../nodes/Office365SmtpSend/question/givenAnswers';
import { startSandbox, trust, type Sandbox } from '../../../../sandbox/servers';
import { ADA, approvers, ask, call, dataOf, GRACE, LIN, linksIn, visit, type Posted, type Waiting } from '../questionRig';

const SHARED = 'shared@example.test';
const MINUTE = 60_000;

let sandbox: Sandbox;
let folder: string;
/** How far the clock is ahead. */
let ahead = 0;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox?.stop());

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'questions-'));
	process.env.N8N_MAIL_QUESTIONS_FOLDER = folder;
	ahead = 0;
	const now = Date.now.bind(Date);
	vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
});
afterEach(async () => {
	vi.restoreAllMocks();
	delete process.env.N8N_MAIL_QUESTIONS_FOLDER;
	await rm(folder, { recursive: true, force: true });
});

async function arrived(recipient: string, text: string): Promise<Email> {
	return await PostalMime.parse(await sandbox.arrival(recipient, (mail) => mail.includes(text)));
}

/** Of an hour. */
const AMINUTE = 1 / 60;
const within = (hours: number): IDataObject => ({ values: { limitType: 'afterTimeInterval', resumeAmount: hours, resumeUnit: 'hours' } });

describe('a code', () => {
	const subject = (name: string): INodeParameters => ({ subject: name, toEmail: GRACE });
	const confirmed = async (name: string, more: INodeParameters = {}): Promise<Waiting> =>
		await ask({ ...subject(name), options: { confirmByCode: true }, ...more }, sandbox);
	const step = { body: { step: 'code' } };
	const codeOf = ({ text = '' }: Email): string => (/Your code is (\d{3} \d{3})/.exec(text)?.[1] ?? '').replace(' ', '');
	const another = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

	it('is mailed by a press on the page and not by opening the link, and the answer counts with it alone', async () => {
		const waiting = await confirmed('code-one');
		const link = waiting.links.get(GRACE)?.[0];
		const opened = await visit(waiting, link, { method: 'GET' });
		expect(opened.html).toContain('Send me a code');
		expect(opened.html).not.toContain('name="code"');
		expect(
			(await readdir(join(folder, (await readdir(folder)).find((name) => /^\d/.test(name)) ?? ''))).filter((name) =>
				name.startsWith('code-'),
			),
		).toEqual([]);
		// A forwarded mail without the code.
		const without = await visit(waiting, link, { body: {} });
		expect([without.status, without.output]).toEqual([422, undefined]);
		expect(without.html).toContain('Enter the code from the email.');
		expect((await visit(waiting, link, step)).html).toContain('<label for="code">');
		const email = await arrived(GRACE, 'Subject: Code for: code-one');
		expect(email.headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
		expect(email.inReplyTo).toBe(waiting.messageIds[0]);
		const code = codeOf(email);
		const wrong = await visit(waiting, link, { body: { code: another(code) } });
		expect([wrong.status, wrong.output]).toEqual([422, undefined]);
		expect(wrong.html).toContain('You can try 4 more times.');
		expect(wrong.logged).toEqual([expect.stringContaining(`the code was wrong (${GRACE})`)]);
		const right = await visit(waiting, link, { body: { code: `${code.slice(0, 3)} ${code.slice(3)} ` } });
		expect(right.output?.json).toMatchObject({
			data: { approved: true, answers: [{ email: GRACE, approved: true, confirmedByCode: true }] },
			emailQuestion: { confirmedByCode: true, emails: [{ kind: 'question' }, { kind: 'code', to: [GRACE], messageId: email.messageId }] },
		});
	});

	it('has five tries, counted also where they come at once, and is dead after them', async () => {
		const waiting = await confirmed('code-tries');
		const link = waiting.links.get(GRACE)?.[0];
		await visit(waiting, link, step);
		const code = codeOf(await arrived(GRACE, 'Subject: Code for: code-tries'));
		const tries = await Promise.all(Array.from({ length: 20 }, async () => await visit(waiting, link, { body: { code: another(code) } })));
		expect(tries.filter(({ logged }) => logged[0]?.includes('the code was wrong'))).toHaveLength(4);
		const late = await visit(waiting, link, { body: { code } });
		expect([late.status, late.output]).toEqual([422, undefined]);
		expect(late.html).toContain('no longer');
		expect((await visit(waiting, link, { method: 'GET' })).html).toContain('Send me a code');
	});

	it('is good for ten minutes, and a newer one replaces it', async () => {
		const waiting = await confirmed('code-time');
		const link = waiting.links.get(GRACE)?.[0];
		await visit(waiting, link, step);
		const first = codeOf(await arrived(GRACE, 'Subject: Code for: code-time'));
		// A second press at once sends no second mail.
		await Promise.all([visit(waiting, link, step), visit(waiting, link, step)]);
		ahead = 11 * MINUTE;
		expect((await visit(waiting, link, { body: { code: first } })).output).toBeUndefined();
		await visit(waiting, link, step);
		const isFirst = (mail: string): boolean => mail.includes(`${first.slice(0, 3)} ${first.slice(3)}`);
		const newer = await sandbox.arrival(GRACE, (mail) => mail.includes('Subject: Code for: code-time') && !isFirst(mail));
		const second = codeOf(await PostalMime.parse(newer));
		if (first !== second) expect((await visit(waiting, link, { body: { code: first } })).output).toBeUndefined();
		expect(dataOf(await visit(waiting, link, { body: { code: second } }))).toMatchObject({ approved: true });
	});

	it('of one person is none for another, and ten codes are the most', async () => {
		const waiting = await ask({ subject: 'code-two', ...approvers('all', `${GRACE},${SHARED}`, {}, { confirmByCode: true }) }, sandbox);
		const [grace, shared] = [waiting.links.get(GRACE)?.[0], waiting.links.get(SHARED)?.[0]];
		await visit(waiting, grace, step);
		const code = codeOf(await arrived(GRACE, 'Subject: Code for: code-two'));
		await visit(waiting, shared, step);
		const others = codeOf(await arrived(SHARED, 'Subject: Code for: code-two'));
		if (code !== others) expect((await visit(waiting, shared, { body: { code } })).status).toBe(422);
		for (let sent = 2; sent <= 10; sent++) {
			ahead += MINUTE;
			expect((await visit(waiting, grace, step)).status).toBe(200);
		}
		ahead += MINUTE;
		const tooMany = await visit(waiting, grace, step);
		expect([tooMany.status, tooMany.logged]).toEqual([429, [expect.stringContaining('too many codes')]]);
	});

	it('that cannot be sent is told on the page and in the log, and does not count', async () => {
		const waiting = await confirmed('code-fails', { toEmail: 'nobody@refused.example', authentication: 'oAuth2' });
		const link = waiting.links.get('nobody@refused.example')?.[0];
		const page = await visit(waiting, link, step);
		expect([page.status, page.output]).toEqual([503, undefined]);
		expect(page.html).toContain('The code could not be sent');
		expect(page.logged).toEqual([expect.stringContaining('could not be sent')]);
		expect((await visit(waiting, link, { method: 'GET' })).html).toContain('Send me a code');
	});

	it('keeps what was written where it is wrong', async () => {
		const waiting = await confirmed('code-text', { responseType: 'freeText' });
		const link = waiting.links.get(GRACE)?.[0];
		await visit(waiting, link, step);
		const code = codeOf(await arrived(GRACE, 'Subject: Code for: code-text'));
		const page = await visit(waiting, link, { body: { text: 'My <reason>', code: another(code) } });
		expect(page.html).toContain('My &lt;reason&gt;</textarea>');
		expect(dataOf(await visit(waiting, link, { body: { text: 'My reason', code } }))).toMatchObject({ text: 'My reason' });
	});

	it('that is new keeps what was written, whether it is sent, was sent a moment ago or cannot be sent', async () => {
		const waiting = await confirmed('code-new', { responseType: 'freeText' });
		const link = waiting.links.get(GRACE)?.[0];
		const body = { text: 'My <reason>', code: '', step: 'code' };
		for (const [page, problem] of [
			[await visit(waiting, link, { body }), ''],
			[await visit(waiting, link, { body }), ''],
			[((ahead = 2 * MINUTE), await visit({ ...waiting, sandbox: undefined }, link, { body })), 'The code could not be sent'],
		] as const) {
			expect(page.output).toBeUndefined();
			expect(page.html).toContain('My &lt;reason&gt;</textarea>');
			expect(page.html).toContain(problem);
			// The answer's button comes first, because Enter presses that one. All that is in the form is sent with the other one too.
			expect(page.html).toMatch(
				/<form method="post">(?:(?!<\/form>).)*<button type="submit">[^<]*<\/button> <button type="submit" name="step" value="code" formnovalidate/s,
			);
			expect(page.html.match(/<form/g)).toHaveLength(1);
		}
	});

	it('of a form keeps what was entered where it is new or wrong, and the page says what has to be entered again', async () => {
		const values = [
			{ fieldLabel: 'Name', requiredField: true, defaultValue: 'Ada' },
			{ fieldLabel: 'Plan', fieldType: 'file' },
			{ fieldLabel: 'PIN', fieldType: 'password' },
		];
		const waiting = await confirmed('code-form', { responseType: 'customForm', formFields: { values } });
		const link = waiting.links.get(GRACE)?.[0];
		const first = await visit(waiting, link, step);
		expect(first.html).toContain('value="Ada"');
		expect(first.html).not.toContain('again.');
		const code = codeOf(await arrived(GRACE, 'Subject: Code for: code-form'));
		const posted = (data: object): Posted => ({ contentType: 'multipart/form-data', body: { data, files: {} } });
		const notes = 'Files have to be chosen again. Passwords have to be entered again.';
		for (const data of [{ step: 'code' }, { code: another(code) }]) {
			const { html, output } = await visit(waiting, link, posted({ 'field-0': 'Grace', 'field-2': '1234', ...data }));
			expect(output).toBeUndefined();
			expect(html).toContain('value="Grace"');
			expect(html).toContain(notes);
			expect(html).not.toContain('1234');
		}
		// Nothing was sent yet, so nothing is wrong with the form.
		const early = await visit(waiting, link, posted({ 'field-0': '', step: 'code' }));
		expect(early.html).not.toContain('Please check your answer');
		expect((await visit(waiting, link, posted({ 'field-0': '', code }))).html).toContain(notes);
	});

	it.each<[string, INodeParameters, RegExp]>([
		['several people with one link', { toEmail: `${ADA}, ${GRACE}` }, /several with the same link/],
		['a copy', { toEmail: ADA, options: { confirmByCode: true, ccEmail: GRACE } }, /several with the same link/],
		['nobody', { toEmail: '' }, /./],
	])('is not asked of %s', async (_name, parameters, message) => {
		await expect(ask({ options: { confirmByCode: true }, ...parameters })).rejects.toMatchObject({
			code: 'input',
			message: expect.stringMatching(message),
		});
	});
});

describe('while nobody answers', () => {
	it('those who are silent are reminded once, in the thread, and the link of the reminder answers', async () => {
		const waiting = await ask(
			{
				subject: 'remind-me',
				...approvers('all', `${GRACE},${SHARED}`, {}, { remindAfter: 2 * AMINUTE, limitWaitTime: within(5 * AMINUTE) }),
			},
			sandbox,
		);
		await visit(waiting, waiting.links.get(SHARED)?.[0]);
		expect((await call(waiting)).state).toBe('waiting');
		ahead = 2.1 * MINUTE;
		// Two processes look at the same moment.
		await Promise.all([call(waiting), call(waiting)]);
		await call(waiting);
		const reminder = await arrived(GRACE, 'Subject: Reminder: remind-me');
		expect(reminder.inReplyTo).toBe(waiting.messageIds[0]);
		expect(reminder.text).toContain('May we ship?');
		const [link = ''] = linksIn(reminder.html);
		const { output } = await visit(waiting, link);
		const emails: object[] = Object(output?.json.emailQuestion).emails;
		expect(emails).toHaveLength(3);
		expect(emails[2]).toMatchObject({ kind: 'reminder', to: [GRACE] });
		expect(output?.json).toMatchObject({ data: { approved: true }, emailQuestion: { remindAt: expect.any(String) } });
	});

	it('nobody is reminded or asked whose link has expired, which the log tells once', async () => {
		const escalation = { values: { emails: ADA, afterHours: AMINUTE } };
		const waiting = await ask({ toEmail: GRACE, options: { remindAfter: AMINUTE, escalation, linksValidFor: 2 * AMINUTE } });
		ahead = 3 * MINUTE;
		const { state, logged } = await call(waiting);
		expect([state, logged]).toEqual([
			'waiting',
			[
				expect.stringContaining('The escalation of a question was not sent'),
				expect.stringContaining('The reminder of a question was not sent'),
			],
		]);
		expect((await call(waiting)).logged).toEqual([]);
	});

	it.each<[string, string, IDataObject, string, string[]]>([
		['who answers while others are reminded', 'all', {}, 'reminder', [GRACE, ADA]],
		['once others have decided meanwhile', 'first', {}, 'reminder', [GRACE]],
		[
			'once others have decided while the question is escalated',
			'first',
			{ escalation: { values: { emails: `${LIN}, lin2@example.test`, afterHours: AMINUTE } } },
			'escalation',
			[LIN],
		],
	])('nobody is reminded %s', async (_name, rule, more, kind, reached) => {
		const waiting = await ask(
			{ subject: `remind-${rule}-${kind}`, ...approvers(rule, `${GRACE},${SHARED},${ADA}`, {}, { remindAfter: AMINUTE, ...more }) },
			sandbox,
		);
		ahead = 1.1 * MINUTE;
		// After the first of the emails.
		vi.spyOn(OnceFiles.prototype, 'renew').mockImplementationOnce(async () => void (await visit(waiting, waiting.links.get(SHARED)?.[0])));
		expect((await call(waiting)).output).toBeUndefined();
		const emails = await emailsOf(answersOf({ id: waiting.id, until: '' }).files);
		expect(emails.filter((email) => email.kind !== 'question').flatMap(({ to }) => to)).toEqual(reached);
	});

	it('others are asked, and the first of their answers decides', async () => {
		const waiting = await ask(
			{
				subject: 'escalate-me',
				...approvers('all', `${GRACE},${SHARED}`, {}, { escalation: { values: { emails: ADA, afterHours: AMINUTE } } }),
			},
			sandbox,
		);
		await visit(waiting, waiting.links.get(SHARED)?.[0]);
		ahead = 1.1 * MINUTE;
		await call(waiting);
		const email = await arrived(ADA, 'Subject: escalate-me');
		expect(email.text).toContain(`Still without an answer: ${GRACE}.`);
		const { output } = await visit(waiting, linksIn(email.html)[1]);
		expect(output?.json).toMatchObject({
			data: {
				approved: false,
				answers: [
					{ email: SHARED, approved: true },
					{ email: ADA, approved: false, escalated: true },
				],
			},
			emailQuestion: { escalateTo: [ADA], notAnswered: [GRACE] },
		});
		expect((await visit(waiting, waiting.links.get(GRACE)?.[0], { method: 'GET' })).html).toContain('This question is decided');
	});

	it('others are asked also where all had the same link, whose answer comes too late then', async () => {
		const waiting = await ask(
			{
				subject: 'escalate-one',
				toEmail: GRACE,
				options: { bccEmail: SHARED, escalation: { values: { emails: ADA, afterHours: AMINUTE } } },
			},
			sandbox,
		);
		ahead = 1.1 * MINUTE;
		await call(waiting);
		const email = await arrived(ADA, 'Subject: escalate-one');
		expect(email.text).toContain(`Still without an answer: ${GRACE}.`);
		expect(`${email.text} ${email.html}`).not.toContain(SHARED);
		const [link = ''] = linksIn(email.html);
		// Files have the time of the machine, by which a decision is not lost yet.
		ahead = 0;
		const pages = await Promise.all([visit(waiting, link), visit(waiting, waiting.links.get(GRACE)?.[0])]);
		expect(pages.filter(({ output }) => output !== undefined)).toHaveLength(1);
	});

	it('a reminder that cannot be sent is told in the log and sent after a pause', async () => {
		const waiting = await ask({ subject: 'remind-later', toEmail: GRACE, options: { remindAfter: AMINUTE } }, sandbox);
		ahead = 1.1 * MINUTE;
		const failed = await call({ ...waiting, sandbox: undefined });
		expect(failed.logged).toEqual([expect.stringContaining('It is retried')]);
		// At the next check, a minute later, it is too early.
		expect((await call({ ...waiting, sandbox: undefined })).logged).toEqual([]);
		ahead = 7 * MINUTE;
		await call(waiting);
		expect((await arrived(GRACE, 'Subject: Reminder: remind-later')).text).toContain('Your answer is still missing');
	});

	it('a reminder that the server refuses permanently is told in the log once and never repeated', async () => {
		const nobody = 'nobody@elsewhere.invalid';
		const remindAfter = AMINUTE;
		for (const people of [{ toEmail: nobody, options: { remindAfter } }, approvers('all', `${GRACE},${nobody}`, {}, { remindAfter })]) {
			ahead = 0;
			const waiting = await ask({ subject: 'remind-nobody', ...people }, sandbox);
			ahead = 1.1 * MINUTE;
			expect((await call(waiting)).logged).toEqual([
				expect.stringContaining('The reminder of a question could not be sent. It is not retried.'),
			]);
			ahead = 60 * MINUTE;
			expect((await call(waiting)).logged).toEqual([]);
		}
	});

	it('people who were asked in BCC only are reminded, and none of them sees another', async () => {
		const waiting = await ask(
			{ subject: 'remind-blind', toEmail: '', options: { bccEmail: `${GRACE}, ${SHARED}`, remindAfter: AMINUTE } },
			sandbox,
		);
		ahead = 1.1 * MINUTE;
		expect((await call(waiting)).logged).toEqual([]);
		for (const [person, other] of [
			[GRACE, SHARED],
			[SHARED, GRACE],
		] as const) {
			const mail = await sandbox.arrival(person, (one) => one.includes('Subject: Reminder: remind-blind'));
			// The server itself notes for whom it delivered the email.
			expect(mail).not.toContain(other);
		}
		const { output } = await visit(waiting, waiting.links.get('')?.[0]);
		const emails: object[] = Object(output?.json.emailQuestion).emails;
		expect(emails[1]).toMatchObject({ kind: 'reminder', to: [GRACE, SHARED] });
	});

	it('the answers that were given go on with the default answer when the time is over, and no later answer counts', async () => {
		const waiting = await ask(
			{
				subject: 'time-over',
				...approvers('all', `${GRACE},${SHARED}`, {}, { limitWaitTime: within(AMINUTE / 60), defaultAnswer: 'decline' }),
			},
			sandbox,
		);
		await visit(waiting, waiting.links.get(GRACE)?.[0]);
		ahead = 2_000;
		const late = await visit(waiting, waiting.links.get(SHARED)?.[0]);
		expect([late.status, late.output]).toEqual([410, undefined]);
		const ended = await Promise.all([call(waiting), call(waiting)]);
		const [end] = ended.filter(({ state }) => state === 'goesOn');
		expect(ended.filter(({ output }) => output !== undefined)).toHaveLength(1);
		expect(end?.outputs.map(({ json }) => json)).toMatchObject([
			{
				order: 17,
				data: { approved: false, timedOut: true, answers: [{ email: GRACE, approved: true }] },
				emailQuestion: { timedOut: true, answers: [{ email: GRACE }], notAnswered: [SHARED] },
			},
			{ order: 18, data: { approved: false } },
		]);
		expect(end?.output?.json.emailQuestion).not.toHaveProperty('kept');
	});

	it('an answer that decides at the very moment counts, and not the default answer', async () => {
		const limits = { limitWaitTime: within(AMINUTE / 60), defaultAnswer: 'decline' };
		const waiting = await ask(approvers('all', `${GRACE},${SHARED}`, {}, limits));
		await visit(waiting, waiting.links.get(GRACE)?.[0]);
		const link = waiting.links.get(SHARED)?.[0];
		// The last person answers after the end has taken the decision, and before it has read the answers.
		vi.spyOn(Answers.prototype, 'claimDecision').mockImplementationOnce(async () => {
			ahead = 0;
			const [name = ''] = (await readdir(folder)).filter((one) => /^\d/.test(one));
			const claimed = await new OnceFiles(join(folder, name)).claim('decided', MINUTE);
			expect((await visit(waiting, link)).output).toBeUndefined();
			return claimed !== undefined;
		});
		ahead = 2_000;
		expect((await call(waiting)).output?.json).toMatchObject({ data: { approved: true, answers: [{ email: GRACE }, { email: SHARED }] } });
	});

	it('a decision that n8n did not take up, because it was ended, is taken up by the next look', async () => {
		const waiting = await ask(approvers('first', `${GRACE},${SHARED}`), sandbox);
		expect((await visit(waiting, waiting.links.get(GRACE)?.[0])).output).toBeDefined();
		expect((await call(waiting)).output).toBeUndefined();
		const [name = ''] = (await readdir(folder)).filter((one) => /^\d/.test(one));
		const then = new Date(Date.now() - 2 * MINUTE);
		await utimes(join(folder, name, 'decided.json'), then, then);
		expect((await call(waiting)).output?.json.data).toMatchObject({ approved: true });
	});

	it.each<[string, IDataObject, string]>([
		['a reminder after the end', { remindAfter: 2, limitWaitTime: within(1) }, 'Reminder After (Hours)'],
		['a reminder with links that have ended', { remindAfter: 2, linksValidFor: 1 }, 'Reminder After (Hours)'],
		['a reminder before it is asked', { remindAfter: -1 }, 'Reminder After (Hours)'],
		['an escalation to nobody', { escalation: { values: { emails: ' ', afterHours: 1 } } }, 'Escalate To'],
		['an escalation to who is asked already', { escalation: { values: { emails: 'GRACE@example.test', afterHours: 1 } } }, 'Escalate To'],
		[
			'an escalation after the end',
			{ escalation: { values: { emails: ADA, afterHours: 9 } }, limitWaitTime: within(1) },
			'Escalate After (Hours)',
		],
		['an escalation at no time', { escalation: { values: { emails: ADA, afterHours: 0 } } }, 'Escalate After (Hours)'],
		['no time to answer', { limitWaitTime: within(0) }, 'Amount'],
		[
			'a deadline in the past',
			{ limitWaitTime: { values: { limitType: 'atSpecifiedTime', maxDateAndTime: '2020-01-01T00:00:00' } } },
			'Max Date and Time',
		],
		['a deadline that is no time', { limitWaitTime: within(Infinity) }, 'Amount'],
	])('nothing is asked with %s', async (_name, options, field) => {
		await expect(ask({ toEmail: GRACE, options: Object(options) })).rejects.toMatchObject({ code: 'input', field });
	});

	it('nothing is asked where an expression chooses the credential, which n8n does not give to a waiting node', async () => {
		const authentication = '={{ $json.authentication }}';
		await expect(ask({ authentication, toEmail: GRACE, options: { remindAfter: 1 } })).rejects.toMatchObject({ field: 'Authentication' });
		expect((await ask({ authentication, toEmail: GRACE })).links.size).toBe(1);
	});
});
