import { mail } from '../n8n/imapTriggerRig';
import { serveSignIn, signIn } from '../n8n/signInRig';
import { endStep, itemsOf, mailStep, same, serve, until, watching, webhookStep, type Scene } from './scene';
import { checkTrigger } from './triggerChecks';

/** A column of README's table, and what has to hold. Throws what a reader of the table is told. */
export interface Check {
	title: string;
	run: (scene: Scene) => Promise<void>;
}

/** They run side by side, since some wait for a minute. */
export const checks: readonly Check[] = [
	{ title: 'Install, sign in', run: installed },
	{ title: 'Send', run: sent },
	{ title: 'IMAP Trigger', run: checkTrigger },
	{ title: 'IMAP Mailbox', run: moved },
	{ title: 'POP Fetch', run: fetched },
	{ title: 'POP Trigger', run: polled },
	{ title: 'Token renewal', run: renewed },
	{ title: 'Send and Wait', run: answered },
	{ title: 'Lists, tests', run: listed },
];

/** n8n has loaded all nodes, and both credentials sign in. */
async function installed(scene: Scene): Promise<void> {
	const { n8n, person, app } = scene;
	const known = await (await n8n.api.browse('/types/nodes.json')).text();
	for (const node of ['office365SmtpSend', 'imapTrigger', 'imapMailbox', 'popFetch', 'popTrigger']) {
		if (!known.includes(`"n8n-nodes-office365-mail.${node}"`)) throw new Error(`n8n does not know the node ${node}`);
	}
	for (const [path, credential] of [
		['sign-in-person', person],
		['sign-in-app', app],
	] as const) {
		await serveSignIn(n8n.api, path, credential);
		const { ok, problem } = await signIn(n8n.api, path);
		if (!ok) throw new Error(`${path}: ${problem ?? 'no answer'}`);
	}
}

async function sent(scene: Scene): Promise<void> {
	await serve(
		scene,
		'send',
		webhookStep('send'),
		mailStep('Mail', 'office365SmtpSend', scene.person, {
			operation: 'send',
			toEmail: 'grace@example.test',
			subject: 'from a workflow',
			emailFormat: 'text',
			text: 'hello',
		}),
	);
	const { body } = await scene.n8n.api.webhook('send');
	if (!JSON.stringify(body).includes('"accepted":["grace@example.test"]'))
		throw new Error(`sending answered ${JSON.stringify(body).slice(0, 200)}`);
	await scene.sandbox.arrival('grace@example.test', (text) => text.includes('Subject: from a workflow'));
}

/** What a search finds is moved, each mail by its own item. */
async function moved(scene: Scene): Promise<void> {
	const { sandbox, n8n, app } = scene;
	const mailbox = 'tidy@example.test';
	await sandbox.deliver(mailbox, mail('invoice 1'), mail('news'));
	await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'Done');
	const options = { mailboxAddress: mailbox };
	await serve(
		scene,
		'tidy',
		webhookStep('tidy'),
		mailStep('Find', 'imapMailbox', app, { resource: 'message', operation: 'getMany', filters: { subject: 'invoice' }, options }),
		mailStep('Move', 'imapMailbox', app, {
			resource: 'message',
			operation: 'move',
			destinationFolder: { __rl: true, mode: 'list', value: 'Done' },
			options,
		}),
	);
	const { body } = await n8n.api.webhook('tidy');
	const answer = JSON.stringify(body);
	if (!answer.includes('"moved":true')) throw new Error(`moving answered ${answer.slice(0, 200)}`);
	const left = await sandbox.dovecot.doveadm('fetch', '-u', mailbox, 'hdr.subject', 'mailbox', 'INBOX', 'ALL');
	same(
		'what is left',
		[...left.matchAll(/hdr\.subject: (.+)/g)].map(([, subject]) => subject),
		['news'],
	);
}

/** Each mail once, over executions: n8n keeps what was fetched. */
async function fetched(scene: Scene): Promise<void> {
	const mailbox = 'fetch@example.test';
	await scene.sandbox.deliver(mailbox, mail('one'), mail('two'));
	const id = await serve(
		scene,
		'fetch',
		webhookStep('fetch'),
		mailStep('Mail', 'popFetch', scene.app, { operation: 'getMany', options: { mailboxAddress: mailbox } }),
	);
	await scene.n8n.api.webhook('fetch');
	await scene.n8n.api.webhook('fetch');
	const runs = await scene.n8n.api.ended(id, 2);
	same(
		'two executions',
		runs.map((run) => itemsOf(run, 'Mail').flatMap(({ json }) => (json.subject === undefined ? [] : [json.subject]))),
		[['one', 'two'], []],
	);
}

/** One execution for new mail, and none again with the next poll; n8n polls once a minute. */
async function polled(scene: Scene): Promise<void> {
	await sampled(scene);
	const mailbox = 'poll@example.test';
	const looks = (): number =>
		scene.sandbox.exchange.sessions.filter((session) => session.protocol === 'pop' && session.mailbox === mailbox).length;
	const id = await serve(
		scene,
		'poll',
		mailStep('Mail', 'popTrigger', scene.app, { pollTimes: { item: [{ mode: 'everyMinute' }] }, options: { mailboxAddress: mailbox } }),
		endStep,
	);
	await until('the first poll', () => looks() > 0);
	await scene.sandbox.deliver(mailbox, mail('polled'));
	await scene.n8n.api.ended(id, 1, 150_000);
	const before = looks();
	await until('one more poll', () => looks() > before, 90_000);
	same(
		'executions',
		(await scene.n8n.api.executions(id)).map(
			(run) =>
				`${run.status} ${itemsOf(run, 'Mail')
					.map(({ json }) => json.subject)
					.join()}`,
		),
		['success polled'],
	);
}

/** A test run of the trigger gives the newest mail, and leaves it. */
async function sampled(scene: Scene): Promise<void> {
	const mailbox = 'sample@example.test';
	await scene.sandbox.deliver(mailbox, mail('older'), mail('newest'));
	const trigger = mailStep('Mail', 'popTrigger', scene.app, {
		pollTimes: { item: [{ mode: 'everyMinute' }] },
		options: { mailboxAddress: mailbox },
	});
	const workflow = { name: 'sample', settings: {}, nodes: [{ id: 'sample', position: [0, 0], ...trigger }], connections: {} };
	const id = await scene.n8n.api.createWorkflow(workflow);
	await scene.n8n.api.rest('POST', `/workflows/${id}/run`, {
		workflowData: { ...workflow, id },
		triggerToStartFrom: { name: 'Mail' },
		startNodes: [],
	});
	const [run] = await scene.n8n.api.ended(id, 1);
	same(
		'the test run',
		itemsOf(run, 'Mail').map(({ json }) => json.subject),
		['newest'],
	);
}

/** A person's token that ends again and again is renewed and stored, and each mail starts one execution. */
async function renewed(scene: Scene): Promise<void> {
	const { sandbox, n8n, shortLived } = scene;
	const mailbox = 'short@example.test';
	const renewals = (): number => sandbox.identity.requests.filter(({ grant }) => grant === 'refresh_token').length;
	const id = await serve(scene, 'renew', mailStep('IMAP Trigger', 'imapTrigger', shortLived, { folder: 'INBOX' }), endStep);
	await watching(scene, mailbox);
	const before = renewals();
	const subjects: string[] = [];
	while (renewals() - before < 2 || subjects.length < 6) {
		if (subjects.length > 30) throw new Error(`${renewals() - before} renewals in ${subjects.length * 5} s`);
		subjects.push(`mail ${subjects.length}`);
		await sandbox.deliver(mailbox, mail(subjects.at(-1) ?? ''));
		await new Promise((resolve) => setTimeout(resolve, 5_000));
	}
	const runs = await n8n.api.ended(id, subjects.length);
	same(
		'mails',
		runs
			.map(
				(run) =>
					`${run.status} ${itemsOf(run, 'IMAP Trigger')
						.map(({ json }) => json.subject)
						.join()}`,
			)
			.sort(),
		subjects.map((subject) => `success ${subject}`).sort(),
	);
	const { oauthTokenData } = await n8n.instance.storedCredential(shortLived.id);
	if (Object(oauthTokenData).access_token === Object(shortLived.data.oauthTokenData).access_token)
		throw new Error('the stored token is still the first one');
	await n8n.api.deactivate(id);
}

/** The right link counts once; a wrong signature, none, and that of the other button are refused. */
async function answered(scene: Scene): Promise<void> {
	const { n8n, sandbox, person } = scene;
	const question = {
		operation: 'sendAndWait',
		toEmail: 'grace@example.test',
		subject: 'may we',
		message: 'May we?',
		approvalOptions: { values: { approvalType: 'double' } },
	};
	const id = await serve(scene, 'ask', webhookStep('ask', 'onReceived'), mailStep('Ask', 'office365SmtpSend', person, question), endStep);
	await n8n.api.webhook('ask');
	const text = (await sandbox.arrival('grace@example.test', (arrived) => arrived.includes('Subject: may we')))
		.toString()
		.replace(/=\r?\n/g, '')
		.replace(/=3D/g, '=');
	const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href.replace(/&amp;/g, '&'));
	const [approve = '', decline = ''] = [
		links.find((link) => link.includes('approved=true')),
		links.find((link) => link.includes('approved=false')),
	];
	const waiting = async (): Promise<boolean> => (await statuses(scene, id)).join() === 'waiting';
	await until('the execution waits', waiting).catch(
		async (error: Error) => await Promise.reject(new Error(`${error.message}; it is "${(await statuses(scene, id)).join()}"`)),
	);
	const forged = {
		'a wrong signature': approve.replace(/signature=[^&]+/, 'signature=x'),
		'a wrong signature of the right length': approve.replace(/signature=[^&]+/, `signature=${'0'.repeat(64)}`),
		'no signature': approve.replace(/&?signature=[^&]+/, ''),
		"the other button's signature": decline.replace('approved=false', 'approved=true'),
	};
	for (const [what, link] of Object.entries(forged)) {
		const { status } = await fetch(link, { method: 'POST' });
		if (status < 400 || !(await waiting())) throw new Error(`an answer with ${what} was accepted`);
	}
	const shown = await fetch(approve, { headers: { 'user-agent': 'Mozilla/5.0' } });
	if (!(await shown.text()).includes('<form method="post">') || !(await waiting())) throw new Error('the link does not show its page');
	const pressed = await fetch(approve, { method: 'POST' });
	if (!(await pressed.text()).includes('Got it')) throw new Error(`the right answer was refused with ${pressed.status}`);
	const [run] = await n8n.api.ended(id, 1);
	same('the answer', Object(itemsOf(run, 'End')[0]?.json.data).approved, true);
	for (const replayed of [approve, decline])
		if ((await (await fetch(replayed, { method: 'POST' })).text()).includes('Got it')) throw new Error('a second answer was accepted');
	same('executions', (await n8n.api.executions(id)).length, 1);
}

/** Of all executions of a workflow, as the editor lists them; older public APIs leave out those that wait. */
async function statuses({ n8n }: Scene, workflowId: string): Promise<string[]> {
	const { data } = await n8n.api.rest<{ data: { results: Array<{ status: string }> } }>(
		'GET',
		`/executions?filter=${encodeURIComponent(JSON.stringify({ workflowId }))}`,
	);
	return data.results.map(({ status }) => status);
}

/** The editor's folder list and Test button. */
async function listed({ n8n, app }: Scene): Promise<void> {
	const node = mailStep('Mail', 'imapTrigger', app, {});
	const answer = await n8n.api.rest<{ data: { results: Array<{ name: string }> } }>(
		'POST',
		'/dynamic-node-parameters/resource-locator-results',
		{
			path: 'parameters.folder',
			methodName: 'searchFolders',
			nodeTypeAndVersion: { name: node.type, version: 1 },
			currentNodeParameters: node.parameters,
			credentials: node.credentials,
			projectId: await personalProject(n8n),
		},
	);
	if (!answer.data.results.some(({ name }) => /inbox/i.test(name))) throw new Error('the list of folders has no inbox');
	const tested = await n8n.api.rest<{ data: { status: string; message: string } }>('POST', '/credentials/test', { credentials: app });
	same('the Test button', tested.data.status, 'OK');
}

async function personalProject({ api }: Scene['n8n']): Promise<string | undefined> {
	return (await api.rest<{ data: { id?: string } }>('GET', '/projects/personal')).data.id;
}
