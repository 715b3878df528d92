import { createHash, randomBytes } from 'node:crypto';

import PostalMime, { type Email } from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type Execution, type Item, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';

const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';
const SHARED = 'shared@example.test';

let sandbox: Sandbox;
let n8n: RunningN8n;
let ada: Credential;
let grace: Credential;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
	ada = await personCredential(sandbox, ADA);
	grace = appCredential(sandbox, GRACE);
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [ada, grace] });
});

afterAll(async () => {
	await n8n?.stop();
	await sandbox?.stop();
});

function mailNode(name: string, type: string, credential: Credential, parameters: Record<string, unknown>, extra: object = {}): object {
	const { authentication, credentials } = uses(credential);
	return {
		parameters: { authentication, ...parameters },
		id: name.toLowerCase(),
		name,
		type: `n8n-nodes-office365-mail.${type}`,
		typeVersion: 1,
		position: [200, 0],
		credentials,
		...extra,
	};
}

/** A webhook, then the nodes in a row; active. Gives the workflow's id. */
async function serve(path: string, nodes: Array<{ name?: unknown }>, responseMode = 'lastNode'): Promise<string> {
	const webhook = {
		parameters: { httpMethod: 'POST', path, responseMode, ...(responseMode === 'lastNode' && { responseData: 'allEntries' }), options: {} },
		id: 'webhook',
		name: 'Webhook',
		type: 'n8n-nodes-base.webhook',
		typeVersion: 2,
		position: [0, 0],
		webhookId: path,
	};
	const names = ['Webhook', ...nodes.map(({ name }) => String(name))];
	const id = await n8n.api.createWorkflow({
		name: path,
		nodes: [webhook, ...nodes],
		connections: Object.fromEntries(
			names.slice(0, -1).map((name, index) => [name, { main: [[{ node: names[index + 1], type: 'main', index: 0 }]] }]),
		),
	});
	await n8n.api.activate(id);
	return id;
}

const noOp = (name: string): object => ({
	parameters: {},
	id: name.toLowerCase(),
	name,
	type: 'n8n-nodes-base.noOp',
	typeVersion: 1,
	position: [400, 0],
});
/** Drops everything of the item but one field, binary data too, as a node between does. */
const set = (name: string): object => ({
	parameters: { mode: 'raw', jsonOutput: '{ "answer": "Thanks." }', options: { stripBinary: true } },
	id: name.toLowerCase(),
	name,
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	position: [400, 0],
});
const itemsOf = (execution: Execution | undefined, node: string): Item[] =>
	execution?.data?.resultData?.runData?.[node]?.at(-1)?.data?.main?.[0] ?? [];
const arrived = async (mailbox: string, subject: string): Promise<Email> =>
	await PostalMime.parse(await sandbox.arrival(mailbox, (mail) => mail.includes(`Subject: ${subject}`)));
const sha256 = (bytes: Buffer | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function untilWaiting(workflowId: string): Promise<void> {
	// A short wait may be over before anybody looks.
	await expect.poll(async () => (await n8n.api.statuses(workflowId))[0]).toMatch(/^(?:waiting|success)$/);
}

describe('send and wait', () => {
	/** Asks, and gives the links of the email once n8n waits. */
	async function ask(subject: string, parameters: Record<string, unknown>): Promise<{ id: string; links: string[]; email: Email }> {
		const id = await serve(
			subject,
			[
				mailNode('Ask', 'office365SmtpSend', ada, {
					operation: 'sendAndWait',
					toEmail: GRACE,
					subject,
					message: 'May we <b>ship</b> & sell?',
					...parameters,
				}),
				noOp('End'),
			],
			'onReceived',
		);
		expect((await n8n.api.webhook(subject, { order: 17 })).status).toBe(200);
		const email = await arrived(GRACE, subject);
		await untilWaiting(id);
		return { id, email, links: [...(email.html ?? '').matchAll(/href="([^"]+)"/g)].map(([, href]) => (href ?? '').replace(/&amp;/g, '&')) };
	}
	const ended = async (id: string): Promise<Record<string, unknown> | undefined> => {
		const [run] = await n8n.api.ended(id, 1);
		expect(run?.status).toBe('success');
		return itemsOf(run, 'End')[0]?.json;
	};

	it('goes on with the approval, which takes a press on the page: following the link is not enough', async () => {
		const { id, links, email } = await ask('approve-me', {
			approvalOptions: { values: { approvalType: 'double', approveLabel: 'Ship <it>', disapproveLabel: 'No' } },
		});
		expect(links).toHaveLength(2);
		expect(email.html).toContain('May we &lt;b&gt;ship&lt;/b&gt; &amp; sell?');
		expect(email.text).toContain('May we <b>ship</b> & sell?');
		const [approve = '', decline = ''] = links;

		const shown = await fetch(approve, { headers: { 'user-agent': 'Mozilla/5.0' } });
		expect([shown.status, shown.headers.get('content-type'), shown.headers.get('content-security-policy')]).toEqual([
			200,
			'text/html; charset=utf-8',
			expect.stringContaining("default-src 'none'"),
		]);
		expect(await shown.text()).toMatch(/May we &lt;b&gt;ship[\s\S]*<form method="post"><button type="submit">Ship &lt;it&gt;<\/button>/);
		await (await fetch(decline)).text();
		expect((await n8n.api.statuses(id))[0]).toBe('waiting');

		for (const forged of [decline.replace('approved=false', 'approved=true'), approve.replace(/signature=[^&]+/, 'signature=x')]) {
			expect((await fetch(forged, { method: 'POST' })).status).toBe(401);
		}
		expect((await n8n.api.statuses(id))[0]).toBe('waiting');

		const pressed = await fetch(approve, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
		expect([pressed.status, await pressed.text()]).toEqual([200, expect.stringContaining('Got it, thanks')]);
		const answeredAt = expect.stringMatching(/^\d{4}-.*Z$/);
		expect(await ended(id)).toEqual({
			data: { approved: true, respondedAt: answeredAt },
			emailQuestion: {
				subject: 'approve-me',
				message: 'May we <b>ship</b> & sell?',
				responseType: 'approval',
				recipients: [GRACE],
				askedAt: answeredAt,
				answeredAt,
				messageIds: [expect.stringMatching(/^<.+@.+>$/)],
				emails: [{ kind: 'question', to: [GRACE], sentAt: answeredAt, messageId: expect.stringMatching(/^<.+@.+>$/) }],
			},
		});

		const late = await fetch(decline, { method: 'POST' });
		expect(await late.text()).not.toContain('Got it');
		expect((await n8n.api.statuses(id)).filter((status) => status === 'success')).toHaveLength(1);
	});

	it('goes on with a refusal, also after a restart of n8n', async () => {
		const { id, links, email } = await ask('decline-me', {
			message: '=May order {{ $json.body.order }} go?',
			approvalOptions: { values: { approvalType: 'double' } },
		});
		expect(email.text).toContain('May order 17 go?');
		const shown = await (await fetch(links[1] ?? '')).text();
		expect(shown).toMatch(/<h1>decline-me<\/h1><p>May order 17 go\?<\/p>[\s\S]*<button type="submit">Decline<\/button>/);
		const before = n8n.instance.url;
		await n8n.restart();
		await fetch((links[1] ?? '').replace(before, n8n.instance.url), { method: 'POST' });
		expect(await ended(id)).toMatchObject({ data: { approved: false } });
	});

	it('goes on with what the person wrote', async () => {
		const { id, links } = await ask('tell-me', {
			responseType: 'freeText',
			options: { messageButtonLabel: 'Answer', responseFormTitle: 'Your <view>', appendAttribution: true },
		});
		expect(links[0]).toContain('/webhook-waiting/');
		const shown = await (await fetch(links[0] ?? '')).text();
		expect(shown).toMatch(/<h1>Your &lt;view&gt;<\/h1>[\s\S]*<textarea name="text"/);
		const words = 'Yes, but <script>alert(1)</script> & später\r\nzweite Zeile 語';
		await fetch(links[0] ?? '', { method: 'POST', body: new URLSearchParams({ text: words }) });
		expect(await ended(id)).toMatchObject({ data: { text: words } });
	});

	it('goes on without an answer when the time is over, with the input; the items say so where the question may not have arrived', async () => {
		const ends = { options: { limitWaitTime: { values: { limitType: 'afterTimeInterval', resumeAmount: 0.05, resumeUnit: 'minutes' } } } };
		const output = async (id: string): Promise<unknown> => itemsOf((await n8n.api.ended(id, 1))[0], 'End')[0]?.json;
		// n8n looks only once a minute for what has waited long enough, so both wait at the same time.
		const certain = await ask('nobody-answers', ends);
		sandbox.exchange.plan('smtp', 'END', { drop: true });
		const uncertain = await ask('perhaps-lost', ends);
		expect(await output(certain.id)).toMatchObject({ body: { order: 17 } });
		expect(await output(certain.id)).not.toHaveProperty('deliveryUnknown');
		expect(await output(uncertain.id)).toMatchObject({ body: { order: 17 }, deliveryUnknown: true });
	});

	it('fails at once where the question cannot be mailed', async () => {
		const id = await serve(
			'bad-question',
			[mailNode('Ask', 'office365SmtpSend', ada, { operation: 'sendAndWait', toEmail: 'nobody knows', subject: 'x', message: 'x' })],
			'onReceived',
		);
		await n8n.api.webhook('bad-question');
		const [run] = await n8n.api.ended(id, 1);
		expect(run?.data?.resultData?.error?.message).toMatch(/To Email: "nobody knows" is not an email address/);
	});
});

describe('a mail that was fetched', () => {
	const report = randomBytes(150_000);
	const send = async (subject: string): Promise<void> => {
		const base64 = report.toString('base64').replace(/.{76}/g, '$&\r\n');
		await sandbox.deliver(
			GRACE,
			`From: =?utf-8?q?Ad=C3=A4?= <${ADA}>\r\nTo: ${GRACE}, Shared <${SHARED}>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.test>\r\nReferences: <root@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nPlease see.\r\n--x\r\nContent-Type: application/pdf; name=report.pdf\r\nContent-Disposition: attachment; filename=report.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}\r\n--x--\r\n`,
		);
	};
	const fetching = (format: string): object =>
		mailNode('Fetch', 'popFetch', grace, {
			operation: 'getMany',
			onlyNew: false,
			returnAll: true,
			format,
			downloadAttachments: true,
			options: {},
		});
	const only = (subject: string): object => ({
		parameters: {
			conditions: {
				options: { caseSensitive: true, leftValue: '', typeValidation: 'loose', version: 2 },
				combinator: 'and',
				conditions: [
					{ id: '1', leftValue: '={{ JSON.stringify($json) }}', rightValue: subject, operator: { type: 'string', operation: 'contains' } },
				],
			},
			options: {},
		},
		id: 'only',
		name: 'Only',
		type: 'n8n-nodes-base.filter',
		typeVersion: 2.2,
		position: [300, 0],
	});

	it.each(['simple', 'resolved', 'raw'])(
		'in format %s is answered from its item, and forwarded from behind another node with its file',
		async (format) => {
			const subject = `thread-${format}`;
			await send(subject);
			await serve(`reply-${format}`, [
				fetching(format),
				only(`${subject}@example`),
				mailNode('Reply', 'office365SmtpSend', grace, {
					operation: 'reply',
					replyType: 'replyAll',
					original: '={{ $json }}',
					emailFormat: 'text',
					text: 'Yes.',
					options: {},
				}),
			]);
			const answer = await n8n.api.webhook(`reply-${format}`);
			expect(answer.status, JSON.stringify(answer.body)).toBe(200);
			const reply = await arrived(ADA, `Re: ${subject}`);
			expect([reply.to?.[0], reply.cc?.[0]?.address, reply.inReplyTo, reply.references]).toEqual([
				{ name: 'Adä', address: ADA },
				SHARED,
				`<${subject}@example.test>`,
				`<root@example.test> <${subject}@example.test>`,
			]);
			expect(reply.text).toMatch(/^Yes\.\n\nOn Sat, 21 Nov 2026.*Adä <ada@example\.test> wrote:\n> Please see\.\n/);

			await serve(`forward-${format}`, [
				fetching(format),
				only(`${subject}@example`),
				set('Between'),
				mailNode('Forward', 'office365SmtpSend', grace, {
					operation: 'reply',
					replyType: 'forward',
					toEmail: SHARED,
					original: "={{ $('Only').item }}",
					emailFormat: 'text',
					text: '={{ $json.answer }}',
					options: {},
				}),
			]);
			const forwarded = await n8n.api.webhook(`forward-${format}`);
			expect(forwarded.status, JSON.stringify(forwarded.body)).toBe(200);
			const passedOn = await arrived(SHARED, `Fwd: ${subject}`);
			expect(passedOn.text).toMatch(/^Thanks\.\n\n-+ Forwarded message -+\nFrom: Adä <ada@example\.test>\n/);
			expect(
				passedOn.attachments.map(({ filename, content }) => [filename, typeof content === 'string' ? '' : sha256(new Uint8Array(content))]),
			).toEqual([['report.pdf', sha256(report)]]);
		},
	);

	it("gives a file that an expression embeds in another mail, under its property's name", async () => {
		await send('embed');
		await serve('embed', [
			fetching('simple'),
			only('embed@example'),
			mailNode('Send', 'office365SmtpSend', grace, {
				operation: 'send',
				toEmail: SHARED,
				subject: 'embedded',
				emailFormat: 'html',
				html: '<img src="cid:attachment_0">',
				options: { attachments: '={{ $binary.attachment_0 }}', readReceipt: '={{ "true" }}' },
			}),
		]);
		const answer = await n8n.api.webhook('embed');
		expect(answer.status, JSON.stringify(answer.body)).toBe(200);
		const email = await arrived(SHARED, 'embedded');
		expect(
			email.attachments.map(({ contentId, content }) => [contentId, typeof content === 'string' ? '' : sha256(new Uint8Array(content))]),
		).toEqual([['<attachment_0>', sha256(report)]]);
		expect(email.headers.some(({ key }) => key === 'disposition-notification-to')).toBe(true);
	});

	it('in format raw is sent on as it is', async () => {
		await send('resend');
		await serve('resend', [
			fetching('raw'),
			only('resend@example'),
			mailNode('Raw', 'office365SmtpSend', grace, {
				operation: 'sendRaw',
				rawSource: 'binary',
				binaryPropertyName: 'message',
				fromEmail: GRACE,
				toEmail: SHARED,
				options: {},
			}),
		]);
		const answer = await n8n.api.webhook('resend');
		expect(answer.body).toMatchObject([{ accepted: [SHARED], messageId: '<resend@example.test>', envelope: { from: GRACE } }]);
		const email = await arrived(SHARED, 'resend');
		expect(email.attachments.map(({ content }) => (typeof content === 'string' ? '' : sha256(new Uint8Array(content))))).toEqual([
			sha256(report),
		]);
	});
});

describe('an invitation', () => {
	it('tells the ID that its update needs', async () => {
		const event = {
			operation: 'sendInvitation',
			toEmail: GRACE,
			subject: 'Review',
			start: '2026-11-30T15:30:00Z',
			end: '={{ DateTime.fromISO("2026-11-30T16:00:00", { zone: "utc" }) }}',
			location: 'Room 4',
			emailFormat: 'text',
			text: '',
			options: {},
		};
		await serve('invite', [
			mailNode('Create', 'office365SmtpSend', ada, { ...event, invitationAction: 'create' }),
			mailNode('Cancel', 'office365SmtpSend', ada, { ...event, invitationAction: 'cancel', eventUid: '={{ $json.uid }}' }),
		]);
		const { body, status } = await n8n.api.webhook('invite');
		expect(status, JSON.stringify(body)).toBe(200);
		expect(body).toMatchObject([{ uid: expect.stringMatching(/@example\.test$/), sequence: expect.any(Number), accepted: [GRACE] }]);
		const invited = (await sandbox.arrival(GRACE, (mail) => mail.includes('method=REQUEST'))).toString();
		const cancelled = (await sandbox.arrival(GRACE, (mail) => mail.includes('method=CANCEL'))).toString();
		expect(invited).toContain('Subject: Review');
		expect(cancelled).toContain('Subject: Canceled: Review');
	});

	it('has the ID that a workflow of an earlier version gave it', async () => {
		const event = {
			operation: 'sendInvitation',
			invitationAction: 'create',
			eventUid: '={{ "order-" + $json.body.order }}@example.test',
			toEmail: GRACE,
			subject: 'Old',
			start: '2026-11-30T15:30:00Z',
			end: '',
			options: {},
		};
		await serve('invite-old', [mailNode('Create', 'office365SmtpSend', ada, event)]);
		expect((await n8n.api.webhook('invite-old', { order: 17 })).body).toMatchObject([{ uid: 'order-17@example.test' }]);
	});
});
