import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { INodeParameters } from 'n8n-workflow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ADA, approvers, ask, call, dataOf, GRACE, LIN, sign, visit } from '../questionRig';

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'questions-'));
	process.env.N8N_MAIL_QUESTIONS_FOLDER = join(folder, 'kept');
});
afterEach(async () => {
	delete process.env.N8N_MAIL_QUESTIONS_FOLDER;
	await rm(folder, { recursive: true, force: true });
});

const HOUR = { values: { limitType: 'afterTimeInterval', resumeAmount: 1, resumeUnit: 'hours' } };

describe('several people', () => {
	it('are mailed each a link of their own, which says nothing of them', async () => {
		const { links } = await ask(approvers('all', `Ada <${ADA}>, ${GRACE}`));
		expect([...links.keys()]).toEqual([ADA, GRACE]);
		const all = [...links.values()].flat();
		expect(new Set(all).size).toBe(4);
		// Shorter words may stand in a random signature by chance.
		for (const link of all) expect(decodeURIComponent(link)).not.toMatch(/ada@|grace|order|may we/i);
	});

	it("can answer with n8n's setting Execute Once, for all items", async () => {
		const waiting = await ask(approvers('first', [ADA, GRACE].join(',')), undefined, 'once');
		expect(waiting.items.map(({ json }) => json.order)).toEqual([17, 18]);
		expect(dataOf(await visit(waiting, waiting.links.get(GRACE)?.[0]))).toMatchObject({ approved: true });
	});

	it('decide once all have approved, and the output says who answered what and when', async () => {
		const waiting = await ask(approvers('all', [ADA, GRACE].join(','), {}, { limitWaitTime: HOUR }));
		const first = await visit(waiting, waiting.links.get(ADA)?.[0]);
		expect([first.status, first.output, first.html]).toEqual([200, undefined, expect.stringContaining('Got it')]);
		const last = await visit(waiting, waiting.links.get(GRACE)?.[0]);
		const time = expect.stringMatching(/^\d{4}-.*Z$/);
		expect(last.output?.json).toEqual({
			data: {
				approved: true,
				respondedAt: time,
				answers: [
					{ email: ADA, approved: true, respondedAt: time },
					{ email: GRACE, approved: true, respondedAt: time },
				],
			},
			emailQuestion: {
				subject: 'Order 17',
				message: 'May we ship?',
				responseType: 'approval',
				recipients: [ADA, GRACE],
				rule: 'all',
				askedAt: time,
				until: time,
				messageIds: waiting.messageIds,
				emails: [
					{ kind: 'question', to: [ADA], sentAt: time, messageId: waiting.messageIds[0] },
					{ kind: 'question', to: [GRACE], sentAt: time, messageId: waiting.messageIds[1] },
				],
				answeredAt: time,
				notAnswered: [],
			},
		});
	});

	it('are told that it is decided, where the others were enough; opening a link never answers', async () => {
		const waiting = await ask(approvers('majority', [ADA, GRACE, LIN].join(',')));
		for (const who of [ADA, GRACE, LIN])
			expect((await visit(waiting, waiting.links.get(who)?.[0], { method: 'GET' })).output).toBeUndefined();
		await visit(waiting, waiting.links.get(ADA)?.[1]);
		const decided = await visit(waiting, waiting.links.get(LIN)?.[1]);
		expect(decided.output?.json).toMatchObject({ data: { approved: false }, emailQuestion: { notAnswered: [GRACE] } });
		const late = await visit(waiting, waiting.links.get(GRACE)?.[0], { method: 'GET' });
		expect(late.html).toContain('This question is decided');
		expect(late.html).not.toContain('<form');
		expect((await visit(waiting, waiting.links.get(GRACE)?.[0])).output).toBeUndefined();
	});

	it('answer once each: a replay, and the other button, change nothing', async () => {
		const waiting = await ask(approvers('count', [ADA, GRACE, LIN].join(','), { neededAnswers: 2 }));
		await visit(waiting, waiting.links.get(ADA)?.[0]);
		for (const link of waiting.links.get(ADA) ?? []) {
			const again = await visit(waiting, link);
			expect([again.status, again.output, again.html]).toEqual([409, undefined, expect.stringContaining('You have answered already')]);
		}
		expect(dataOf(await visit(waiting, waiting.links.get(LIN)?.[0]))).toMatchObject({
			approved: true,
			answers: [{ email: ADA }, { email: LIN }],
		});
	});

	it('who answer at the same moment all count, and the execution goes on once', async () => {
		const emails = Array.from({ length: 10 }, (_, index) => `p${index}@example.test`);
		const waiting = await ask(approvers('all', emails.join(',')));
		const pages = await Promise.all(emails.map(async (email) => await visit(waiting, waiting.links.get(email)?.[0])));
		const outputs = pages.flatMap(({ output }) => (output === undefined ? [] : [output]));
		expect(outputs).toHaveLength(1);
		expect(Object(outputs[0]?.json.data).answers).toHaveLength(10);
	});

	it("cannot answer with a link that was changed to be another's", async () => {
		const waiting = await ask(approvers('all', [ADA, GRACE].join(',')));
		const ada = new URL(waiting.links.get(ADA)?.[0] ?? '');
		const grace = new URL(waiting.links.get(GRACE)?.[0] ?? '');
		ada.searchParams.set('who', grace.searchParams.get('who') ?? '');
		expect((await visit(waiting, ada.toString())).status).toBe(401);
		// Signed, as for another question of this execution, but of nobody who was asked in this one.
		for (const who of ['', 'x', '__proto__']) {
			const stranger = await visit(waiting, sign({ approved: 'true', ask: grace.searchParams.get('ask') ?? '', who }));
			expect([stranger.status, stranger.output, stranger.logged]).toEqual([
				401,
				undefined,
				[expect.stringContaining('nobody who was asked')],
			]);
		}
		const other = await visit(waiting, sign({ approved: 'true', ask: 'another question', who: grace.searchParams.get('who') ?? '' }));
		expect([other.status, other.output]).toEqual([410, undefined]);
	});

	it('cannot answer a later question of the same execution with the link of an earlier one', async () => {
		const waiting = await ask({ toEmail: GRACE });
		const earlier = sign({ approved: 'true', ask: 'an earlier question' });
		for (const method of ['GET', 'POST']) {
			const { status, output, logged } = await visit(waiting, earlier, { method });
			expect([status, output, logged]).toEqual([410, undefined, [expect.stringContaining('another question')]]);
		}
		const own = await visit(waiting, sign({ ask: 'an earlier question', own: 'true' }), { body: { work: 'due' } });
		expect(JSON.parse(own.html)).toEqual({ state: 'ended' });
		const later = new URL(waiting.links.get(GRACE)?.[0] ?? '').searchParams.get('ask') ?? '';
		expect(dataOf(await visit(waiting, sign({ approved: 'true', ask: later })))).toMatchObject({ approved: true });
	});

	it('answer with words under the rule of the first, which stand where those of one person would', async () => {
		const waiting = await ask({ responseType: 'freeText', ...approvers('first', [ADA, GRACE].join(',')) });
		expect(dataOf(await visit(waiting, waiting.links.get(GRACE)?.[0], { body: { text: 'Yes' } }))).toMatchObject({
			text: 'Yes',
			answers: [{ email: GRACE, text: 'Yes' }],
		});
	});

	it('answer with words, for which blanks do not count: the page comes back', async () => {
		const waiting = await ask({ responseType: 'freeText', ...approvers('all', ADA) });
		const link = waiting.links.get(ADA)?.[0];
		for (const text of ['', ' \r\n\t', undefined]) {
			const page = await visit(waiting, link, { body: { text } });
			expect([page.status, page.output]).toEqual([422, undefined]);
			expect(page.html).toContain('aria-describedby="text-problem" aria-invalid="true"');
			expect(page.html).toContain('Write your answer.');
		}
		expect(dataOf(await visit(waiting, link, { body: { text: 'Yes' } }))).toMatchObject({ answers: [{ text: 'Yes' }] });
	});

	it.each<[string, INodeParameters, string, RegExp]>([
		['nobody', approvers('all', ''), 'Approvers', /there is no address/],
		['the same twice', approvers('all', `${ADA}, Ada <ADA@example.test>`), 'Approvers', /twice/],
		[
			'more needed than asked',
			approvers('count', [ADA, GRACE].join(','), { neededAnswers: 3 }),
			'Needed Answers',
			/answers are needed, but only/,
		],
		['others beside them', { ...approvers('all', ADA), toEmail: GRACE }, 'To Email', /goes to nobody else/],
		['a copy', { options: { approvers: { values: { emails: ADA } }, ccEmail: GRACE } }, 'CC Email', /personal link/],
		['no field in the form', { ...approvers('all', ADA), responseType: 'customForm' }, 'Form Elements', /no field/],
		['a colour that is none', { toEmail: ADA, options: { accentColor: 'red;}*{display:none' } }, 'Accent Color', /not a color/],
	])('are not asked with %s', async (_name, parameters, field, message) => {
		await expect(ask(parameters)).rejects.toMatchObject({ code: 'input', field, message: expect.stringMatching(message) });
	});
});

describe('one link for all', () => {
	/** As if n8n had been ended two minutes ago, after the page was shown and before the execution went on. */
	const lost = async (): Promise<void> => {
		const kept = join(folder, 'kept');
		const [name = ''] = (await readdir(kept)).filter((one) => /^\d/.test(one));
		const then = new Date(Date.now() - 120_000);
		await utimes(join(kept, name, 'decided.json'), then, then);
	};

	it('stores the answer before it thanks, so that the execution goes on with it if n8n is ended in between', async () => {
		const waiting = await ask({ toEmail: `${ADA}, ${GRACE}`, responseType: 'freeText' });
		const answered = await visit(waiting, waiting.links.get(ADA)?.[0], { body: { text: 'On Monday' } });
		expect([answered.html, answered.output]).toEqual([expect.stringContaining('Got it, thanks'), expect.anything()]);
		expect((await call(waiting)).output).toBeUndefined();
		await lost();
		const woken = await call(waiting);
		expect([woken.state, woken.output]).toEqual(['goesOn', answered.output]);
	});

	it('stores its files too', async () => {
		const waiting = await ask({
			toEmail: ADA,
			responseType: 'customForm',
			formFields: { values: [{ fieldLabel: 'Plan', fieldType: 'file' }] },
		});
		const path = join(folder, 'upload');
		await writeFile(path, 'a plan');
		const files = { 'field-0': { filepath: path, originalFilename: 'plan.pdf', mimetype: 'application/pdf', size: 6 } };
		const { output } = await visit(waiting, waiting.links.get(ADA)?.[0], { contentType: 'multipart/form-data', body: { data: {}, files } });
		await lost();
		expect((await call(waiting)).output).toEqual(output);
		expect(output?.binary).toMatchObject({ Plan: { fileName: 'plan.pdf' } });
	});

	it('takes one answer: a later press lets the execution go on with the first, if nothing came of it', async () => {
		const waiting = await ask({ toEmail: ADA, approvalOptions: { values: { approvalType: 'double' } } });
		const [yes, no] = waiting.links.get(ADA) ?? [];
		expect(dataOf(await visit(waiting, yes))).toMatchObject({ approved: true });
		const second = await visit(waiting, no);
		expect([second.status, second.output, second.html]).toEqual([409, undefined, expect.stringContaining('This question is decided')]);
		await lost();
		const opened = await visit(waiting, no, { method: 'GET' });
		expect([opened.output, opened.html]).toEqual([undefined, expect.stringContaining('<form method="post">')]);
		expect(dataOf(await visit(waiting, no))).toMatchObject({ approved: true });
	});

	it('does not thank for an answer that cannot be stored: the page says that it was passed on without that', async () => {
		await writeFile(join(folder, 'kept'), 'no folder');
		const waiting = await ask({ toEmail: ADA });
		expect((await visit(waiting, waiting.links.get(ADA)?.[0], { method: 'GET' })).html).toContain('May we ship?');
		const { html, output, logged } = await visit(waiting, waiting.links.get(ADA)?.[0]);
		expect(html).toContain('could not be stored');
		expect(html).not.toMatch(/thanks|You can close/i);
		expect(logged.at(-1)).toMatch(/without being stored.*(?:EEXIST|ENOTDIR)/);
		expect(output?.json).toMatchObject({ data: { approved: true }, emailQuestion: { answeredAt: expect.any(String) } });
	});
});

describe('a link', () => {
	it('ends at its time, and is refused from another website', async () => {
		const short = await ask({ toEmail: ADA, options: { linksValidFor: 1e-7 } });
		await expect.poll(async () => (await visit(short, short.links.get(ADA)?.[0])).status).toBe(410);
		const waiting = await ask({ toEmail: ADA });
		const forged = await visit(waiting, waiting.links.get(ADA)?.[0], { headers: { 'sec-fetch-site': 'cross-site' } });
		expect([forged.status, forged.output, forged.logged]).toEqual([403, undefined, [expect.stringContaining('another website')]]);
		expect(dataOf(await visit(waiting, waiting.links.get(ADA)?.[0], { headers: { 'sec-fetch-site': 'same-origin' } }))).toMatchObject({
			approved: true,
		});
	});
});

describe('when the time is over', () => {
	it('the items that go on have the default answer and what was asked', async () => {
		const { items } = await ask({ toEmail: ADA, options: { defaultAnswer: 'decline', limitWaitTime: HOUR } });
		expect(items.map(({ json }) => json)).toMatchObject([
			{ order: 17, data: { approved: false, timedOut: true }, emailQuestion: { recipients: [ADA] } },
			{ order: 18, data: { approved: false } },
		]);
		await expect(ask({ toEmail: ADA, responseType: 'freeText', options: { defaultAnswer: 'approve' } })).rejects.toMatchObject({
			field: 'Answer When Time Is Over',
		});
	});
});

describe("a form of one's own", () => {
	const FORM: INodeParameters = {
		toEmail: ADA,
		responseType: 'customForm',
		formFields: {
			values: [
				{ fieldLabel: 'Name "of" <you>', requiredField: true, defaultValue: 'A"><script>' },
				{ fieldLabel: 'Text', fieldType: 'textarea' },
				{ fieldLabel: 'Sizes', fieldType: 'checkbox', fieldOptions: { values: [{ option: 'S' }, { option: 'L' }] } },
				{ fieldLabel: 'The plan', fieldType: 'file' },
			],
		},
	};

	it('shows labelled fields with their defaults, and no script', async () => {
		const waiting = await ask(FORM);
		const { html } = await visit(waiting, waiting.links.get(ADA)?.[0], { method: 'GET' });
		expect(html).toContain('<form method="post" enctype="multipart/form-data" novalidate>');
		expect(html).toContain(
			'<label for="field-0">Name &quot;of&quot; &lt;you&gt;</label><input type="text" id="field-0" name="field-0" aria-required="true" value="A&quot;&gt;&lt;script&gt;">',
		);
		expect(html).toContain(
			'<fieldset class="field"><legend>Sizes (optional)</legend><label class="choice" for="field-2-0"><input type="checkbox" id="field-2-0" name="field-2" value="S">S</label>',
		);
		expect(html).not.toMatch(/<script|https?:/);
	});

	it('tells who answered, whatever a field named email says', async () => {
		const fields = { values: [{ fieldLabel: 'email' }, { fieldLabel: 'escalated' }] };
		const waiting = await ask({ ...approvers('first', ADA), responseType: 'customForm', formFields: fields });
		const { output } = await visit(waiting, waiting.links.get(ADA)?.[0], {
			contentType: 'multipart/form-data',
			body: { data: { 'field-0': 'ceo@example.test', 'field-1': 'true' }, files: {} },
		});
		expect(output?.json.data).toMatchObject({ email: 'ceo@example.test' });
		expect(Object(output?.json.data).answers).toEqual([
			{ email: ADA, enteredEmail: 'ceo@example.test', enteredEscalated: 'true', respondedAt: expect.any(String) },
		]);
	});

	it('loses no field that is named like one of ours, and takes none for how the answer came', async () => {
		const names = ['by', 'replyMessageId', 'confirmedByCode'];
		const fields = { values: names.map((fieldLabel) => ({ fieldLabel })) };
		const waiting = await ask({ ...approvers('first', ADA), responseType: 'customForm', formFields: fields });
		const data = Object.fromEntries(names.map((name, index) => [`field-${index}`, `my ${name}`]));
		const page = await visit(waiting, waiting.links.get(ADA)?.[0], { contentType: 'multipart/form-data', body: { data, files: {} } });
		const time = expect.stringMatching(/^\d{4}-.*Z$/);
		expect(dataOf(page)).toEqual({
			by: 'my by',
			replyMessageId: 'my replyMessageId',
			confirmedByCode: 'my confirmedByCode',
			respondedAt: time,
			answers: [
				{
					email: ADA,
					enteredBy: 'my by',
					enteredReplyMessageId: 'my replyMessageId',
					enteredConfirmedByCode: 'my confirmedByCode',
					respondedAt: time,
				},
			],
		});
	});

	it('comes back with what is wrong and what was entered, and does not go on', async () => {
		const waiting = await ask(FORM);
		const page = await visit(waiting, waiting.links.get(ADA)?.[0], {
			contentType: 'multipart/form-data',
			body: { data: { 'field-0': ' ', 'field-1': 'kept </textarea>', 'field-2': 'L' }, files: {} },
		});
		expect([page.status, page.output]).toEqual([422, undefined]);
		expect(page.html).toContain('<a href="#field-0">');
		expect(page.html).toContain('aria-describedby="field-0-problem" aria-invalid="true"');
		expect(page.html).toContain('kept &lt;/textarea&gt;</textarea>');
		expect(page.html).toContain('value="L" checked');
	});

	it('goes on with its answers, and with the file as binary data; the temporary file is removed', async () => {
		const waiting = await ask(FORM);
		const path = join(folder, 'upload');
		await writeFile(path, 'a plan');
		const files = { 'field-3': { filepath: path, originalFilename: '../..\\etc/pl\r\nan.pdf', mimetype: 'application/pdf', size: 6 } };
		const { output } = await visit(waiting, waiting.links.get(ADA)?.[0], {
			contentType: 'multipart/form-data',
			body: { data: { 'field-0': 'Ada', 'field-2': ['S', 'L'] }, files },
		});
		expect(output?.json.data).toEqual({
			'Name "of" <you>': 'Ada',
			Text: '',
			Sizes: ['S', 'L'],
			'The plan': { filename: 'plan.pdf', mimetype: 'application/pdf', size: 6 },
			respondedAt: expect.any(String),
		});
		expect(output?.binary).toMatchObject({ The_plan: { fileName: 'plan.pdf', data: Buffer.from('a plan').toString('base64') } });
		await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
	});

	it('loses no file where the number of one makes the name of another', async () => {
		const values = ['Doc', 'Doc 1'].map((fieldLabel) => ({ fieldLabel, fieldType: 'file' }));
		const waiting = await ask({ ...FORM, formFields: { values } });
		const upload = async (name: string): Promise<object> => {
			await writeFile(join(folder, name), name);
			return { filepath: join(folder, name), originalFilename: name, mimetype: 'text/plain', size: 1 };
		};
		const files = { 'field-0': [await upload('a'), await upload('b')], 'field-1': await upload('c') };
		const { output } = await visit(waiting, waiting.links.get(ADA)?.[0], { contentType: 'multipart/form-data', body: { data: {}, files } });
		const names = Object.entries(output?.binary ?? {}).map(([name, { fileName }]) => [name, fileName]);
		expect(Object.fromEntries(names)).toEqual({ Doc_0: 'a', Doc_1_: 'b', Doc_1: 'c' });
	});

	it('reads no file that a visitor names in a body of another kind, and removes none', async () => {
		const waiting = await ask(FORM);
		const path = join(folder, 'secret');
		await writeFile(path, 'of the machine');
		const files = { 'field-3': { filepath: path, originalFilename: 'x', mimetype: 'text/plain', size: 1 } };
		const page = await visit(waiting, waiting.links.get(ADA)?.[0], {
			contentType: 'application/json',
			body: { data: { 'field-0': 'Ada' }, files, 'field-0': 'Ada' },
		});
		expect(page.copied).toEqual([]);
		expect(page.output?.binary).toBeUndefined();
		expect((await stat(path)).isFile()).toBe(true);
	});
});
