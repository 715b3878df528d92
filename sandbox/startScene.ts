import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import { personCredential } from './credentials';
import { bindExample, exampleId, EXAMPLES, type ExampleName } from './examples';
import type { Api, Instance, Login } from './n8n';
import { invoice, letter } from './sampleMails';
import { noteSecret } from './secrets/registry';
import type { Sandbox } from './servers';
import { ChatModel } from './servers/chatModel';
import { MailPage } from './mailPage';

const [ADA, GRACE, SHARED] = ['ada@example.test', 'grace@example.test', 'shared@example.test'];

/** What `npm start` fills n8n and the mailboxes with, so that each example can be run at once. */
export class StartScene {
	private readonly model = new ChatModel();
	private readonly page: MailPage;

	constructor(private readonly sandbox: Sandbox) {
		this.page = new MailPage(sandbox);
	}

	/** Where every email of the sandbox can be read. */
	get mailUrl(): string {
		return this.page.url;
	}

	/** The folder that workflows may write files to. */
	static files(userFolder: string): string {
		return join(userFolder, 'files');
	}

	/** What n8n is started with, besides the usual. */
	static environment(userFolder: string): Record<string, string> {
		return { N8N_RESTRICT_FILE_ACCESS_TO: StartScene.files(userFolder) };
	}

	async start(): Promise<void> {
		await this.model.start();
		await this.page.start();
		this.sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		this.sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
		for (const folder of ['Archive', 'Deleted Items', 'Done', 'Drafts', 'Failed', 'Invoices', 'Notifications', 'Sent Items'])
			await this.sandbox.dovecot.doveadm('mailbox', 'create', '-u', GRACE, folder);
		await this.sandbox.deliver(GRACE, ...welcomeMails());
		await this.sandbox.deliver(
			SHARED,
			letter({ from: 'Bob <bob@example.test>', to: SHARED, subject: 'My parcel has not come', text: 'Where is order 17?' }),
		);
		await this.#fillNotifications();
	}

	/** One email that the example "Clean up a folder" finds too old, and one that it leaves. */
	async #fillNotifications(): Promise<void> {
		const about = (subject: string): string => letter({ from: 'Robot <robot@example.test>', to: GRACE, subject, text: 'Nothing to do.' });
		await this.sandbox.fill(GRACE, [about('Backup done, long ago')], 'Notifications');
		// The file's time is when Dovecot received it.
		const arrivals = join(this.sandbox.dovecot.mailFolder, GRACE, '.Notifications', 'new');
		const old = Date.now() / 1000 - 40 * 86_400;
		for (const file of readdirSync(arrivals)) utimesSync(join(arrivals, file), old, old);
		await this.sandbox.fill(GRACE, [about('Backup done, today')], 'Notifications');
	}

	async stop(): Promise<void> {
		await this.page.stop();
		await this.model.stop();
	}

	/** Puts credentials and examples into n8n, which has not been started yet. */
	async fill(instance: Instance, login: Login): Promise<void> {
		const [ada, grace] = [await personCredential(this.sandbox, ADA), await personCredential(this.sandbox, GRACE)];
		const form = {
			id: 'form',
			name: 'Form (your login of n8n)',
			type: 'httpBasicAuth',
			data: { user: login.email, password: login.password },
		};
		const key = noteSecret('key of a model', randomBytes(18).toString('hex'));
		const model = {
			id: 'model',
			name: 'Model of the sandbox (always answers the same)',
			type: 'openAiApi',
			data: { apiKey: key, url: this.model.url },
		};
		await instance.importEntities('credentials', [ada, grace, form, model]);
		mkdirSync(StartScene.files(instance.userFolder), { recursive: true });
		const place = (name: ExampleName): Parameters<typeof bindExample>[1] => ({
			files: StartScene.files(instance.userFolder),
			credential: (type, node) => {
				if (type === 'openAiApi') return model;
				if (type === 'httpBasicAuth') return form;
				return FROM_ADA.has(name) || node === 'Alert' ? ada : grace;
			},
		});
		// n8n lists the newest first.
		await instance.importEntities('workflow', EXAMPLES.map((name) => bindExample(name, place(name))).reverse());
	}

	/** Switches on what waits for emails from the beginning, and waits until it does. */
	async activate(api: Api): Promise<void> {
		const watching = this.sandbox.exchange.next('signedIn', ({ protocol }) => protocol === 'imap').catch(() => undefined);
		await api.activate(exampleId('start-on-new-email'));
		await watching;
	}
}

/** The others open Grace's mailbox, which has emails in it. */
const FROM_ADA: ReadonlySet<ExampleName> = new Set(['send-an-email', 'shared-inbox-tickets']);

/** A letter, an invoice with its file, and a question. */
function welcomeMails(): string[] {
	const bob = 'Bob <bob@example.test>';
	const carl = 'Carl <carl@example.test>';
	return [
		letter({ from: 'Ada <ada@example.test>', to: GRACE, subject: 'Welcome to the sandbox', text: 'This email was here before you came.' }),
		invoice({ from: bob, to: GRACE, subject: 'Invoice 17', text: 'Please find attached invoice 17.' }),
		letter({ from: carl, to: GRACE, subject: 'Can you help me?', text: 'My order 18 has not come yet. When will it be here?' }),
	];
}
