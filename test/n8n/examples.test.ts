import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

import PostalMime, { type Email } from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { personCredential, type Credential } from '../../sandbox/credentials';
import { bindExample, EXAMPLES, exampleId, type ExampleName, type ExampleWorkflow } from '../../sandbox/examples';
import { startN8n, type Execution, type RunningN8n } from '../../sandbox/n8n';
import { ChatModel } from '../../sandbox/servers/chatModel';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { noteSecret } from '../../sandbox/secrets/registry';

/** Whose mailbox an example opens here; each has its own, so that none sees another's emails. */
const PEOPLE: Record<ExampleName, string> = {
	'send-an-email': 'ada@example.test',
	'start-on-new-email': 'starter@example.test',
	'collect-over-pop': 'collector@example.test',
	'shared-inbox-tickets': 'ada@example.test',
	'invoices-to-disk': 'invoices@example.test',
	'daily-report': 'reporter@example.test',
	'approval-with-form': 'purchases@example.test',
	newsletter: 'news@example.test',
	'bounce-handling': 'news@example.test',
	'pop-archive': 'archive@example.test',
	'clean-up-folder': 'tidy@example.test',
	'sign-in-alert': 'watched@example.test',
	'ai-drafts': 'desk@example.test',
};
const SHARED = 'shared@example.test';
const ADMIN = 'admin@example.test';
const PATIENCE = { timeout: 60_000 };
const PASSWORD = noteSecret('password of a form', randomBytes(18).toString('base64url'));

let sandbox: Sandbox;
let n8n: RunningN8n;
let model: ChatModel;
let files: string;
const people = new Map<string, Credential>();

/** One n8n for all: with the examples as they lie in the repository, imported by n8n's own command. */
beforeAll(async () => {
	sandbox = await startSandbox();
	model = new ChatModel();
	await model.start();
	files = mkdtempSync(join(tmpdir(), 'office365-mail-examples-'));
	for (const person of new Set([...Object.values(PEOPLE), ADMIN])) people.set(person, await personCredential(sandbox, person));
	sandbox.exchange.fullAccess.set('ada@example.test', new Set([SHARED]));
	sandbox.exchange.sendAs.set('ada@example.test', new Set([SHARED]));
	n8n = await startN8n({
		editor: false,
		codeNodes: true,
		caFile: sandbox.caFile,
		credentials: [
			...people.values(),
			{
				id: 'model',
				name: 'Model',
				type: 'openAiApi',
				data: { apiKey: noteSecret('key of a model', randomBytes(18).toString('hex')), url: model.url },
			},
			{ id: 'form', name: 'Form', type: 'httpBasicAuth', data: { user: 'editor', password: PASSWORD } },
		],
		env: { N8N_RESTRICT_FILE_ACCESS_TO: files },
	});
	await n8n.instance.importEntities('workflow', EXAMPLES.map(bound));
});

afterAll(async () => {
	await n8n?.stop();
	await model?.stop();
	await sandbox?.stop();
	if (files !== undefined) rmSync(files, { recursive: true, force: true });
});

function bound(name: ExampleName): ExampleWorkflow & { id: string } {
	return bindExample(name, {
		files,
		credential: (type, node) => {
			if (type === 'openAiApi') return { id: 'model', name: 'Model' };
			if (type === 'httpBasicAuth') return { id: 'form', name: 'Form' };
			return people.get(node === 'Alert' ? ADMIN : PEOPLE[name]);
		},
	});
}

const email = (head: Record<string, string>, body = 'hello'): string =>
	[
		...Object.entries({
			From: 'Bob <bob@example.test>',
			Date: new Date().toUTCString(),
			'Message-ID': `<${randomBytes(9).toString('hex')}@example.test>`,
			...head,
		}).map(([name, value]) => `${name}: ${value}`),
		'',
		body,
		'',
	].join('\r\n');

const read = async (mail: Buffer): Promise<Email> => await PostalMime.parse(mail);
const arrived = async (mailbox: string, subject: string): Promise<Email> =>
	await read(await sandbox.arrival(mailbox, (mail) => mail.includes(subject)));
const header = (mail: Email, name: string): string => mail.headers.find(({ key }) => key === name)?.value ?? '';

/** Activates an example and waits until its trigger watches the inbox: what came before counts as old. */
async function watch(name: ExampleName, mailbox: string = PEOPLE[name]): Promise<void> {
	await n8n.api.activate(exampleId(name));
	await expect.poll(() => n8n.instance.logText(), PATIENCE).toContain(`(INBOX of ${mailbox}): watching`);
}

/** Presses "Execute workflow" and waits for the end. */
async function run(name: ExampleName, trigger: string, id: string = exampleId(name)): Promise<Execution> {
	const before = (await n8n.api.statuses(id)).length;
	await n8n.api.run(id, trigger);
	return succeeded((await n8n.api.ended(id, before + 1)).at(-1));
}

function succeeded(execution: Execution | undefined): Execution {
	if (execution?.status !== 'success')
		throw new Error(`${execution?.status ?? 'no execution'}: ${JSON.stringify(execution?.data?.resultData?.error ?? '').slice(0, 2000)}`);
	return execution;
}

const output = (execution: Execution, node: string): Array<Record<string, unknown>> =>
	execution.data?.resultData?.runData?.[node]?.[0]?.data?.main?.[0]?.map(({ json }) => json) ?? [];

/** Fills in a form of n8n's Form Trigger as a browser does. */
async function submit(path: string, values: string[], headers: Record<string, string> = {}): Promise<Response> {
	const form = new FormData();
	values.forEach((value, index) => form.append(`field-${index}`, value));
	return await fetch(`${n8n.instance.url}/form/${path}`, { method: 'POST', body: form, headers });
}

describe('an example in a real n8n', () => {
	it('send-an-email: the email arrives', async () => {
		await run('send-an-email', 'Start');
		expect((await arrived('grace@example.test', 'Hello from n8n')).from?.address).toBe('ada@example.test');
	});

	it('start-on-new-email: an email starts an execution', async () => {
		await watch('start-on-new-email');
		await sandbox.deliver('starter@example.test', email({ Subject: 'wake up' }, 'Good morning'));
		const [execution] = await n8n.api.ended(exampleId('start-on-new-email'), 1);
		expect(output(succeeded(execution), 'Who wrote what')).toMatchObject([{ subject: 'wake up', text: 'Good morning' }]);
	});

	it('collect-over-pop: the emails of the inbox come out', async () => {
		await sandbox.deliver('collector@example.test', email({ Subject: 'one' }), email({ Subject: 'two' }));
		expect(output(await run('collect-over-pop', 'Start'), 'POP Fetch')).toMatchObject([{ subject: 'one' }, { subject: 'two' }]);
	});

	it('shared-inbox-tickets: the first email gets a number in its thread, the second a flag, a robot nothing', async () => {
		await watch('shared-inbox-tickets', SHARED);
		await sandbox.deliver(SHARED, email({ Subject: 'My parcel', To: SHARED, 'Message-ID': '<first@example.test>' }));
		const reply = await arrived('bob@example.test', 'My parcel');
		expect(reply).toMatchObject({ from: { address: SHARED }, inReplyTo: '<first@example.test>' });
		const [, number = ''] = /^\[(T-\d+)\] My parcel$/.exec(reply.subject ?? '') ?? [];
		expect(reply.text).toContain(`ticket ${number}.`);
		expect(header(reply, 'auto-submitted')).toBe('auto-replied');
		await sandbox.deliver(
			SHARED,
			email({ Subject: `Re: ${reply.subject ?? ''}`, To: SHARED }),
			email({ Subject: 'I am away', To: SHARED, 'Auto-Submitted': 'auto-replied' }),
		);
		const executions = await n8n.api.ended(exampleId('shared-inbox-tickets'), 3);
		const flagged = executions.map((execution) => output(succeeded(execution), 'Flag for the team').length);
		expect(flagged.sort()).toEqual([0, 0, 1]);
		expect(executions.filter((execution) => output(execution, 'Reply with the number').length > 0)).toHaveLength(1);
		expect(await sandbox.messages('bob@example.test')).toHaveLength(1);
	});

	it('invoices-to-disk: each PDF is a file under a harmless name, with its line in the sheet', async () => {
		const pdf = randomBytes(3_000);
		const part = (name: string, type: string, content: Buffer): string =>
			`--b\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${content.toString('base64').replace(/.{76}/g, '$&\r\n')}`;
		const mixed = { 'MIME-Version': '1.0', 'Content-Type': 'multipart/mixed; boundary=b' };
		const body = [
			part('../../etc/bill 1.pdf', 'application/pdf', pdf),
			part('b.pdf', 'application/pdf', pdf),
			part('logo.png', 'image/png', pdf),
			'--b--',
		];
		await watch('invoices-to-disk');
		const day = (): string => new Date().toISOString().slice(0, 10);
		const before = day();
		await sandbox.deliver('invoices@example.test', email({ Subject: 'Invoice 17, March', ...mixed }, body.join('\r\n')));
		const [execution] = await n8n.api.ended(exampleId('invoices-to-disk'), 1);
		succeeded(execution);
		const [first = '', second = ''] = output(succeeded(execution), 'One item for each PDF').map(({ file }) => String(file));
		expect([first, second]).toEqual([expect.stringMatching(/^\d+-[\w.-]*bill_1\.pdf$/), expect.stringMatching(/^\d+-b\.pdf$/)]);
		expect(readFileSync(join(files, first)).equals(pdf)).toBe(true);
		const lines = (date: string): string[] =>
			[first, second].map((file) => `${date},"""Bob"" <bob@example.test>","Invoice 17, March",${file},3000`);
		// Midnight may have passed meanwhile.
		expect([lines(before), lines(day())]).toContainEqual(readFileSync(join(files, 'invoices.csv'), 'utf8').trim().split('\n'));
		expect(readdirSync(files).filter((name) => name.endsWith('.png'))).toEqual([]);
	});

	it('daily-report: the chart is a picture within the email, with the right number', async () => {
		await sandbox.deliver('reporter@example.test', email({ Subject: 'a' }), email({ Subject: 'b' }), email({ Subject: 'c' }));
		await run('daily-report', 'Every morning');
		const report = await arrived('team@example.test', 'Emails of the week: 3');
		expect(report.html).toContain('<b>3</b>');
		const [chart] = report.attachments;
		expect(chart).toMatchObject({ mimeType: 'image/png', related: true });
		expect(report.html).toContain(`cid:${(chart?.contentId ?? '').replace(/[<>]/g, '')}`);
		const png = chart?.content instanceof ArrayBuffer ? Buffer.from(chart.content) : Buffer.alloc(24);
		expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([560, 200]);
	});

	it('approval-with-form: the manager decides in a form, and the answer goes back', async () => {
		await n8n.api.activate(exampleId('approval-with-form'));
		await expect.poll(async () => (await submit('purchase-request', ['A chair', '120', 'eve@example.test'])).status, PATIENCE).toBe(200);
		const question = await arrived('manager@example.test', 'Purchase request: A chair');
		// The email may be there before n8n waits for its answer.
		const status = async (): Promise<string | undefined> => (await n8n.api.statuses(exampleId('approval-with-form')))[0];
		await expect.poll(status).toBe('waiting');
		const link = /href="([^"]+)"/.exec(question.html ?? '')?.[1]?.replace(/&amp;/g, '&') ?? '';
		const form = await (await fetch(link)).text();
		const name = (label: string): string => new RegExp(`name="([^"]+)"[^>]*value="${label}"`).exec(form)?.[1] ?? '';
		const area = /<textarea[^>]*name="([^"]+)"/.exec(form)?.[1] ?? '';
		const answer = new FormData();
		answer.append(name('Approved'), 'Approved');
		answer.append(area, 'Take the red one');
		expect((await fetch(link, { method: 'POST', body: answer })).status).toBe(200);
		const told = await arrived('eve@example.test', 'Approved: A chair');
		expect(told.text).toContain('Take the red one');
	});

	it('newsletter: each reader gets an issue once, and none after unsubscribing', async () => {
		await run('newsletter', 'Start');
		await n8n.api.activate(exampleId('newsletter'));
		const authorization = `Basic ${Buffer.from(`editor:${PASSWORD}`).toString('base64')}`;
		await expect.poll(async () => (await submit('newsletter', ['Issue 1', 'News'])).status, PATIENCE).toBe(401);
		expect((await submit('newsletter', ['Issue 1', 'News'], { authorization })).status).toBe(200);
		const issue = await arrived('ada@example.test', 'Issue 1');
		await arrived('grace@example.test', 'Issue 1');
		expect(header(issue, 'list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
		const unsubscribe = /<([^>]+)>/.exec(header(issue, 'list-unsubscribe'))?.[1] ?? '';
		expect(issue.text).toContain(unsubscribe);
		const link = unsubscribe.replace('https://n8n.example.com', n8n.instance.url);
		expect(await (await fetch(link)).text()).toContain('Unsubscribe me');
		const gone = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });
		expect(await gone.text()).toContain('no further issue');
		expect((await fetch(link.replace(/\?.*/, ''), { method: 'POST' })).status).toBe(200);
		for (const subject of ['Issue 1', 'Issue 2']) await submit('newsletter', [subject, 'News'], { authorization });
		await arrived('grace@example.test', 'Issue 2');
		const all = await Promise.all(
			(await n8n.api.ended(exampleId('newsletter'), 7)).map(async (execution) => output(succeeded(execution), 'Send the batch').length),
		);
		expect(all.filter((count) => count > 0).sort()).toEqual([1, 1, 2]);
		const subjects = async (mailbox: string): Promise<Array<string | undefined>> =>
			(await Promise.all((await sandbox.messages(mailbox)).map(read)))
				.map(({ subject }) => subject)
				.filter((subject) => subject?.startsWith('Issue'));
		expect(await subjects('ada@example.test')).toEqual(['Issue 1']);
		expect(await subjects('grace@example.test')).toEqual(['Issue 1', 'Issue 2']);
	});

	it('bounce-handling: an address that no longer works gets no further issue', async () => {
		await watch('bounce-handling');
		await sandbox.deliver(
			'news@example.test',
			bounce('grace@example.test', '4.2.2', 'delayed'),
			bounce('full@example.test', '5.2.2', 'failed'),
			bounce('refuses-us@example.test', '5.7.1', 'failed'),
			bounce('Grace@example.test', '5.1.1', 'failed'),
		);
		const executions = await n8n.api.ended(exampleId('bounce-handling'), 4);
		expect(executions.flatMap((execution) => output(succeeded(execution), 'Stop writing to it'))).toMatchObject([
			{ email: 'grace@example.test', stopped: expect.stringContaining('5.1.1') },
		]);
		expect(await sandbox.dovecot.doveadm('search', '-u', 'news@example.test', 'mailbox', 'INBOX', 'SEEN')).toBe('');
	});

	it('pop-archive: each email is a file, and only then gone from the server', async () => {
		const mails = ['first', 'second'].map((subject) => email({ Subject: subject }, `body of ${subject}`));
		await sandbox.deliver('archive@example.test', ...mails);
		await run('pop-archive', 'Every night');
		const saved = readdirSync(files)
			.filter((name) => name.endsWith('.eml'))
			.map((name) => readFileSync(join(files, name), 'utf8'));
		expect(saved).toHaveLength(2);
		for (const mail of mails) expect(saved.some((text) => text.endsWith(mail))).toBe(true);
		expect(await sandbox.messages('archive@example.test')).toEqual([]);
	});

	it('clean-up-folder: what is old and not flagged goes to Deleted Items', async () => {
		const tidy = 'tidy@example.test';
		for (const folder of ['Notifications', 'Deleted Items']) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', tidy, folder);
		await sandbox.fill(tidy, [email({ Subject: 'old' })], 'Notifications');
		// The file's time is when Dovecot received it.
		const arrivals = join(sandbox.dovecot.mailFolder, tidy, '.Notifications', 'new');
		const old = Date.now() / 1000 - 40 * 86_400;
		for (const file of readdirSync(arrivals)) utimesSync(join(arrivals, file), old, old);
		await sandbox.fill(tidy, [email({ Subject: 'new' })], 'Notifications');
		await run('clean-up-folder', 'Every Sunday');
		const subjects = async (folder: string): Promise<Array<string | undefined>> =>
			(await Promise.all((await sandbox.messages(tidy, folder)).map(read))).map(({ subject }) => subject);
		expect([await subjects('Notifications'), await subjects('Deleted Items')]).toEqual([['new'], ['old']]);
	});

	it('sign-in-alert: is silent as long as all is well, and tells of a sign-in that fails and of a secret that ends', async () => {
		const name = 'sign-in-alert';
		await run(name, 'Every morning');
		expect(await sandbox.messages(ADMIN)).toEqual([]);
		const soon = new Date(Date.now() + 10.5 * 86_400_000).toISOString().slice(0, 10);
		const dated: ReturnType<typeof bound> = JSON.parse(JSON.stringify(bound(name)).replace('YYYY-MM-DD', soon));
		const id = await n8n.api.createWorkflow({ ...dated, name: 'with a day' });
		await run(name, 'Every morning', id);
		expect((await arrived(ADMIN, 'Subject: The client secret ends in')).subject).toMatch(/in (9|10) days$/);
		sandbox.exchange.closedMailboxes.add('watched@example.test');
		await run(name, 'Every morning');
		expect((await arrived(ADMIN, 'no longer sign in')).text).toContain('did not accept the sign-in for watched@example.test');
	});

	it('ai-drafts: the agent reads the conversation and saves a draft; nothing is sent', async () => {
		const desk = 'desk@example.test';
		for (const folder of ['Drafts', 'Sent Items', 'Archive']) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', desk, folder);
		await watch('ai-drafts');
		await sandbox.deliver(desk, email({ Subject: 'Where is it?', From: 'Carl <carl@example.test>', 'Message-ID': '<asked@example.test>' }));
		succeeded((await n8n.api.ended(exampleId('ai-drafts'), 1))[0]);
		const drafts = await Promise.all((await sandbox.messages(desk, 'Drafts')).map(read));
		expect(drafts).toMatchObject([{ to: [{ address: 'carl@example.test' }], inReplyTo: '<asked@example.test>' }]);
		expect(drafts[0]?.text).toContain(model.answer);
		expect(model.requests[0]?.tools).toHaveLength(2);
		expect(JSON.stringify(model.requests.at(-1)?.messages.filter(({ role }) => role === 'tool'))).toContain('Where is it?');
		expect(await sandbox.messages('carl@example.test')).toEqual([]);
	});
});

/** A report as mail servers write it (RFC 3464). */
function bounce(address: string, status: string, action: string): string {
	const report = `--b\r\nContent-Type: text/plain\r\n\r\nYour email was not delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.test\r\n\r\nFinal-Recipient: rfc822; ${address}\r\nAction: ${action}\r\nStatus: ${status}\r\nDiagnostic-Code: smtp; 550 ${status} No such mailbox\r\n\r\n--b--`;
	return email(
		{
			From: 'postmaster@example.test',
			Subject: 'Undeliverable',
			'Auto-Submitted': 'auto-replied',
			'MIME-Version': '1.0',
			'Content-Type': 'multipart/report; report-type=delivery-status; boundary=b',
		},
		report,
	);
}
