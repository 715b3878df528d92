import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:tls';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { appCredential, customCloud, personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type Execution, type Item, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { emailKinds } from './emailKinds';

const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';
const SHARED = 'shared@example.test';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let sandbox: Sandbox;
let n8n: RunningN8n;
let person: Credential;
let app: Credential;
/** Of a person who has not pressed Connect yet. */
let fresh: Credential;
let untrusted: Server;
const broken: Record<string, Credential> = {};

/** A variant of a credential whose fields cannot work. */
function variant(name: string, base: Credential, change: Record<string, unknown>): Credential {
	return (broken[name] = { ...base, id: `broken-${name}`, name, data: { ...base.data, ...change } });
}

beforeAll(async () => {
	sandbox = await startSandbox();
	person = await personCredential(sandbox, ADA);
	app = appCredential(sandbox, GRACE);
	const adas = appCredential(sandbox, ADA);
	variant('wrong secret', adas, { clientSecret: randomBytes(20).toString('hex') });
	variant('wrong tenant', adas, { tenantId: 'nowhere.example' });
	variant('tenant with a slash', adas, { tenantId: 'a/../b' });
	variant('unknown host', adas, { smtpHost: 'no-such-host.invalid' });
	variant('closed port', adas, { smtpPort: 1 });
	untrusted = createServer({ key: sandbox.authority.untrusted.key, cert: sandbox.authority.untrusted.cert }).on(
		'tlsClientError',
		() => undefined,
	);
	await new Promise<void>((resolve) => untrusted.listen(0, '127.0.0.1', resolve));
	const address = untrusted.address();
	variant('certificate of nobody', adas, { popPort: typeof address === 'object' && address !== null ? address.port : 0 });
	variant('not connected', person, { oauthTokenData: undefined });
	variant('token for another mailbox', person, { mailbox: GRACE });
	fresh = { ...person, id: 'fresh', name: 'fresh', data: { ...person.data, protocols: ['smtp'], oauthTokenData: undefined } };
	const all = [person, app, adas, appCredential(sandbox, SHARED), fresh, ...Object.values(broken)];
	// One of the files of tests has the package as n8n installs it.
	n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: all, nodes: 'copied' });
});

afterAll(async () => {
	await n8n?.stop();
	untrusted?.close();
	await sandbox?.stop();
});

const webhook = (path: string): object => ({
	parameters: { httpMethod: 'POST', path, responseMode: 'lastNode', responseData: 'allEntries', options: {} },
	id: 'webhook',
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	position: [0, 0],
	webhookId: path,
});

function mailNode(type: string, credential: Credential, parameters: Record<string, unknown>, extra: object = {}): object {
	const { authentication, credentials } = uses(credential);
	return {
		parameters: { authentication, ...parameters },
		id: 'mail',
		name: 'Mail',
		type: `n8n-nodes-office365-mail.${type}`,
		typeVersion: 1,
		position: [200, 0],
		credentials,
		...extra,
	};
}

/** A workflow of webhook and one mail node, active. */
async function serve(path: string, node: object): Promise<string> {
	const id = await n8n.api.createWorkflow({
		name: path,
		nodes: [webhook(path), node],
		connections: { Webhook: { main: [[{ node: 'Mail', type: 'main', index: 0 }]] } },
	});
	await n8n.api.activate(id);
	return id;
}

const itemsOf = (execution: Execution | undefined, node: string): Item[] =>
	execution?.data?.resultData?.runData?.[node]?.[0]?.data?.main?.[0] ?? [];

describe('the main job in a real n8n', () => {
	const photo = randomBytes(200_000);
	const marker = `flow ${Date.now()}`;

	it("sends with the person's credential, is triggered and fetches with the service account, attachments unchanged", async () => {
		const sendId = await serve(
			'send',
			mailNode('office365SmtpSend', person, {
				operation: 'send',
				fromEmail: '',
				toEmail: GRACE,
				subject: '={{ $json.body.subject }}',
				emailFormat: 'both',
				text: 'Hello Grace, ünïcode',
				html: '<p>Hello Grace, <b>ünïcode</b> <img src="cid:photo"></p>',
				options: {
					attachments: 'photo',
					fileAttachments: 'photo',
					replyTo: 'Ada <ada@example.test>',
					ccEmail: SHARED,
					headers: { header: [{ name: 'X-Order-ID', value: '17' }] },
				},
			}),
		);
		const triggerId = await n8n.api.createWorkflow({
			name: 'trigger',
			nodes: [
				mailNode('imapTrigger', app, {
					folder: 'INBOX',
					format: 'simple',
					downloadAttachments: true,
					dataPropertyAttachmentsPrefixName: 'attachment_',
					postProcessAction: 'read',
					options: {},
				}),
				{ parameters: {}, id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [400, 0] },
			],
			connections: { Mail: { main: [[{ node: 'End', type: 'main', index: 0 }]] } },
		});
		await n8n.api.activate(triggerId);
		// What is there before its first look counts as old.
		await expect.poll(() => n8n.instance.logText()).toContain(`(INBOX of ${GRACE}): watching (IDLE)`);

		const form = new FormData();
		form.append('subject', marker);
		form.append('photo', new Blob([photo], { type: 'image/png' }), 'photo ü.png');
		const answer = await post('send', form);
		expect(answer.status, JSON.stringify(answer.body)).toBe(200);
		expect(answer.body).toMatchObject([{ accepted: [GRACE, SHARED], rejected: [], envelope: { from: ADA, to: [GRACE, SHARED] } }]);

		const stored = await sandbox.arrival(GRACE, (mail) => mail.includes('X-Order-ID: 17'));
		expect(stored.toString()).toContain('Reply-To: Ada <ada@example.test>');
		const [sendRun] = await n8n.api.ended(sendId, 1);
		expect(sendRun?.status).toBe('success');

		const [triggered] = await n8n.api.ended(triggerId, 1);
		expect(triggered?.status).toBe('success');
		const [mail] = itemsOf(triggered, 'Mail');
		expect(mail?.json).toMatchObject({ subject: marker, folder: 'INBOX', text: expect.stringContaining('ünïcode') });
		expect(mail?.json.uid).toBeTypeOf('number');
		for (const file of Object.values(mail?.binary ?? {})) expect(sha256(await n8n.api.binary(file))).toBe(sha256(photo));
		expect(Object.keys(mail?.binary ?? {})).toEqual(['attachment_0', 'attachment_1']);

		await serve(
			'fetch',
			mailNode('popFetch', app, {
				operation: 'getMany',
				returnAll: true,
				format: 'resolved',
				dataPropertyAttachmentsPrefixName: 'file',
				options: {},
			}),
		);
		await post('fetch');
		const fetchedRuns = await executionsOf('fetch');
		const fetched = itemsOf(fetchedRuns[0], 'Mail').find((item) => item.json.subject === marker);
		expect(fetched?.json).toMatchObject({ uidl: expect.any(String), folder: 'INBOX', from: { value: [{ address: ADA }] } });
		for (const file of Object.values(fetched?.binary ?? {})) expect(sha256(await n8n.api.binary(file))).toBe(sha256(photo));

		await post('fetch');
		expect(itemsOf((await executionsOf('fetch', 2))[1], 'Mail')).toEqual([]);
	});

	it('starts an execution for each mail that arrives later', async () => {
		const { data } = await n8n.api.v1<{ data: Array<{ id: string; name: string }> }>('GET', '/workflows?limit=100');
		const id = data.find(({ name }) => name === 'trigger')?.id ?? '';
		const subject = `quick ${Date.now()}`;
		await sandbox.deliver(GRACE, `From: a@example.test\r\nSubject: ${subject}\r\n\r\nx\r\n`);
		const status = async (): Promise<string | undefined> =>
			(await n8n.api.executions(id)).find((execution) => itemsOf(execution, 'Mail')[0]?.json.subject === subject)?.status;
		await expect.poll(status).toBe('success');
	});

	it('gives the service account to the sender and the person to the other two as well', async () => {
		const adas = appCredential(sandbox, ADA);
		await serve(
			'send-app',
			mailNode('office365SmtpSend', adas, {
				operation: 'send',
				toEmail: ADA,
				subject: 'by the app',
				emailFormat: 'text',
				text: 'x',
				options: {},
			}),
		);
		expect((await post('send-app')).status).toBe(200);
		await sandbox.arrival(ADA, (mail) => mail.includes('by the app'));
		await serve('fetch-person', mailNode('popFetch', person, { operation: 'getMany', format: 'raw', options: {} }));
		await post('fetch-person');
		const [run] = await executionsOf('fetch-person');
		expect(itemsOf(run, 'Mail')[0]?.json).toMatchObject({ raw: expect.stringContaining('by the app'), uidl: expect.any(String) });
	});
});

describe('the Connect button', () => {
	it('sends the person to the sign-in page with the ticked permissions and PKCE, and comes back connected', async () => {
		trust(sandbox.caFile);
		const started = await n8n.api.browse('/rest/oauth2-credential/auth?id=fresh');
		const body: { data: string } = JSON.parse(await started.text());
		const signIn = new URL(body.data);
		expect(signIn.href.startsWith(`${sandbox.identity.url}/${sandbox.identity.tenant}/oauth2/v2.0/authorize?`)).toBe(true);
		expect(signIn.searchParams.get('scope')?.split(' ').sort()).toEqual(
			['email', `${sandbox.identity.resource}/SMTP.Send`, 'offline_access', 'openid', 'profile'].sort(),
		);
		expect(signIn.searchParams.get('code_challenge_method')).toBe('S256');

		const form = new URLSearchParams(signIn.search);
		form.set('account', SHARED);
		const chosen = await fetch(signIn, { method: 'POST', body: form, redirect: 'manual' });
		const back = await n8n.api.browse(chosen.headers.get('location') ?? '');
		expect(back.status).toBe(200);
		expect(sandbox.identity.requests.at(-1)).toMatchObject({ grant: 'authorization_code', proof: 'secret' });

		await serve(
			'send-connected',
			mailNode('office365SmtpSend', fresh, {
				operation: 'send',
				toEmail: GRACE,
				subject: 'by who signed in',
				emailFormat: 'text',
				text: 'x',
				options: {},
			}),
		);
		expect((await post('send-connected')).body).toMatchObject([{ envelope: { from: SHARED } }]);
		await serve('fetch-unticked', mailNode('popFetch', fresh, { operation: 'getMany', options: {} }));
		await post('fetch-unticked');
		const [run] = await executionsOf('fetch-unticked');
		expect(run?.data?.resultData?.error?.description).toMatch(/lacks the permission POP\.AccessAsUser\.All \(it has: SMTP\.Send\)/);
	});
});

describe('bad input', () => {
	const SEND = { operation: 'send', toEmail: GRACE, subject: 'bad', emailFormat: 'text', text: 'x', options: { retryFor: 0 } };
	const cases: Array<[string, () => object, RegExp, RegExp]> = [
		['a wrong secret', () => mailNode('office365SmtpSend', broken['wrong secret'] ?? app, SEND), /client secret/i, /value/],
		['a wrong tenant', () => mailNode('office365SmtpSend', broken['wrong tenant'] ?? app, SEND), /does not know this tenant/, /Tenant ID/],
		['a tenant with a slash', () => mailNode('office365SmtpSend', broken['tenant with a slash'] ?? app, SEND), /Tenant ID/, /GUID/],
		[
			'an unknown host',
			() => mailNode('office365SmtpSend', broken['unknown host'] ?? app, SEND),
			/no-such-host\.invalid.*cannot be found/,
			/host/i,
		],
		['a closed port', () => mailNode('office365SmtpSend', broken['closed port'] ?? app, SEND), /could not reach localhost:1/, /[Pp]ort/],
		[
			'a certificate that nobody vouches for',
			() => mailNode('popFetch', broken['certificate of nobody'] ?? app, { operation: 'getMany', options: {} }),
			/cannot be verified/,
			/NODE_EXTRA_CA_CERTS/,
		],
		[
			'a credential that is not connected',
			() => mailNode('office365SmtpSend', broken['not connected'] ?? app, SEND),
			/not connected/,
			/Connect/,
		],
		[
			'a token for another mailbox',
			() => mailNode('popFetch', broken['token for another mailbox'] ?? app, { operation: 'getMany', options: {} }),
			/grace@example\.test could not be opened/,
			/FullAccess/,
		],
		[
			'an address that is none',
			() => mailNode('office365SmtpSend', person, { ...SEND, toEmail: 'grace at example' }),
			/To Email: "grace at example"/,
			/ada@example\.com/,
		],
		['no recipient', () => mailNode('office365SmtpSend', person, { ...SEND, toEmail: '' }), /no recipient/, /To Email/],
		[
			'a header value with a line break',
			() =>
				mailNode('office365SmtpSend', person, {
					...SEND,
					options: { headers: { header: [{ name: 'X-A', value: 'a\r\nBcc: evil@example.test' }] } },
				}),
			/line break/,
			/a single line/,
		],
		[
			'a subject with a line break',
			() => mailNode('office365SmtpSend', person, { ...SEND, subject: 'a\nBcc: evil@example.test' }),
			/Subject.*line break/,
			/a single line/,
		],
		[
			'an attachment property that is not there',
			() => mailNode('office365SmtpSend', person, { ...SEND, options: { fileAttachments: 'invoice' } }),
			/no binary property "invoice"/,
			/binary data/,
		],
		[
			'an expression that gives an object',
			() => mailNode('office365SmtpSend', person, { ...SEND, subject: '={{ $json }}' }),
			/Subject: the expression returns an object/,
			/field/,
		],
	];

	it.each(cases)('answers %s with what happened and what to do', async (name, node, message, remedy) => {
		const path = `bad-${name.replace(/\W+/g, '-')}`;
		await serve(path, node());
		await post(path);
		const [run] = await executionsOf(path);
		expect(run?.status).toBe('error');
		const error = run?.data?.resultData?.error;
		expect(error?.message).toMatch(message);
		expect(`${error?.message ?? ''} ${error?.description ?? ''}`).toMatch(remedy);
	});

	it('lets the other items go on where one is bad, and says of this one what to do and who was refused', async () => {
		const parameters = { ...SEND, toEmail: '={{ $json.body.to }}', subject: 'one of three' };
		await serve('one-bad', mailNode('office365SmtpSend', person, parameters, { onError: 'continueRegularOutput' }));
		const send = async (to: string): Promise<unknown> => (await n8n.api.webhook('one-bad', { to })).body;
		const answers = [await send(GRACE), await send('nonsense')];
		sandbox.exchange.plan('smtp', 'RCPT', { reply: '550 5.1.1 no such user' });
		answers.push(await send(SHARED), await send(ADA));
		expect(answers).toEqual([
			[expect.objectContaining({ accepted: [GRACE] })],
			[{ error: expect.stringContaining('"nonsense" is not an email address'), description: expect.stringMatching(/address/) }],
			[
				{
					error: expect.stringContaining('no such user'),
					description: expect.any(String),
					...{ accepted: [], rejected: [SHARED], rejectedErrors: [expect.objectContaining({ recipient: SHARED })] },
				},
			],
			[expect.objectContaining({ accepted: [ADA] })],
		]);
	});

	it('passes a bad item to the error output with its own fields, what happened and what to do', async () => {
		const parameters = { ...SEND, toEmail: '={{ $json.body.to }}' };
		await serve('one-error', mailNode('office365SmtpSend', person, parameters, { onError: 'continueErrorOutput' }));
		await n8n.api.webhook('one-error', { to: 'nonsense' });
		const [run] = await executionsOf('one-error');
		const [good, bad] = run?.data?.resultData?.runData?.Mail?.[0]?.data?.main ?? [];
		expect([good, bad?.map(({ json }) => json)]).toEqual([
			[],
			[
				expect.objectContaining({
					body: { to: 'nonsense' },
					error: expect.stringContaining('"nonsense" is not an email address'),
					details: { description: expect.stringMatching(/address/) },
				}),
			],
		]);
	});

	it('gives a connection test that stops at the first failing step', async () => {
		await serve('test-good', mailNode('office365SmtpSend', person, { operation: 'testConnection', options: {} }));
		await serve('test-bad', mailNode('popFetch', broken['wrong secret'] ?? app, { operation: 'testConnection', options: {} }));
		expect((await post('test-good')).body).toMatchObject([
			{ ok: true, steps: [{ step: 'token' }, { step: 'claims' }, { step: 'connect' }, { step: 'tls' }, { step: 'signIn', ok: true }] },
		]);
		expect((await post('test-bad')).body).toMatchObject([
			{ ok: false, problem: expect.stringContaining('client secret'), steps: [{ step: 'token', ok: false }] },
		]);
	});
});

describe('the Test button of the service account', () => {
	const press = async (credential: Credential): Promise<{ status: string; message: string }> => {
		const answer = await n8n.api.rest<{ data: { status: string; message: string } }>('POST', '/credentials/test', {
			credentials: credential,
		});
		return answer.data;
	};

	it('signs in for real over every protocol', async () => {
		expect(await press(app)).toEqual({ status: 'OK', message: `Signed in to ${GRACE} over SMTP, IMAP, POP.` });
	});

	it('says what is wrong and what to do', async () => {
		expect(await press(broken['wrong secret'] ?? app)).toMatchObject({
			status: 'Error',
			message: expect.stringMatching(/client secret.*value/s),
		});
		expect(await press(broken['tenant with a slash'] ?? app)).toMatchObject({
			status: 'Error',
			message: expect.stringMatching(/^Tenant ID/),
		});
		expect(await press(broken['closed port'] ?? app)).toMatchObject({
			status: 'OK',
			message: expect.stringMatching(/over IMAP, POP\. Not usable: SMTP: n8n could not reach/),
		});
	});
});

describe('one email of each kind', () => emailKinds(() => ({ sandbox, n8n, app })));

describe('an email of broken MIME', () => {
	it('starts an execution like any other, and is fetched with the others', async () => {
		const name = `broken MIME ${Date.now()}`;
		const broken1 = `Subject: ${name}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\nContent-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@@\r\n`;
		await sandbox.deliver(SHARED, broken1, `Subject: after ${name}\r\n\r\nx\r\n`);
		const shared = appCredential(sandbox, SHARED);
		await serve('fetch-broken', mailNode('popFetch', shared, { operation: 'getMany', returnAll: true, options: {} }));
		await post('fetch-broken');
		const [run] = await executionsOf('fetch-broken');
		const subjects = itemsOf(run, 'Mail').map(({ json }) => json.subject);
		expect(subjects).toEqual(expect.arrayContaining([name, `after ${name}`]));
	});
});

describe('secrets', () => {
	it("appear neither in n8n's log nor in any execution", async () => {
		const secrets = [
			sandbox.identity.app.clientSecret,
			...[person, ...Object.values(broken)].flatMap(({ data }) =>
				Object.values(Object(data.oauthTokenData))
					.map(String)
					.filter((value) => value.length > 40),
			),
		];
		const { data } = await n8n.api.v1<{ data: Array<{ id: string }> }>('GET', '/workflows?limit=250');
		const seen = [
			n8n.instance.logText(),
			...(await Promise.all(data.map(async ({ id }) => JSON.stringify(await n8n.api.executions(id))))),
		].join('\n');
		for (const secret of secrets) expect(seen.includes(secret)).toBe(false);
		expect(seen).not.toMatch(/eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/);
		expect(seen).not.toMatch(/dXNlcj[A-Za-z0-9+/]{20,}/);
		expect(customCloud(sandbox)).not.toHaveProperty('clientSecret');
	});
});

const post = async (path: string, form?: FormData): Promise<{ status: number; body: unknown }> => await n8n.api.webhook(path, form);

async function executionsOf(name: string, count = 1): Promise<Execution[]> {
	const { data } = await n8n.api.v1<{ data: Array<{ id: string; name: string }> }>('GET', '/workflows?limit=250');
	return await n8n.api.ended(data.find((workflow) => workflow.name === name)?.id ?? '', count);
}
