import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { personCredential } from './credentials';
import { bindExample, exampleId, EXAMPLES, type ExampleName } from './examples';
import type { Api, Instance, Login } from './n8n';
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

	/** What n8n is started with, besides the usual. */
	static environment(userFolder: string): Record<string, string> {
		return { N8N_RESTRICT_FILE_ACCESS_TO: filesOf(userFolder) };
	}

	async start(): Promise<void> {
		await this.model.start();
		await this.page.start();
		this.sandbox.exchange.fullAccess.set(ADA, new Set([SHARED]));
		this.sandbox.exchange.sendAs.set(ADA, new Set([SHARED]));
		for (const folder of ['Archive', 'Deleted Items', 'Done', 'Drafts', 'Failed', 'Invoices', 'Notifications', 'Sent Items'])
			await this.sandbox.dovecot.doveadm('mailbox', 'create', '-u', GRACE, folder);
		await this.sandbox.deliver(GRACE, ...welcomeMails());
		await this.sandbox.deliver(SHARED, mail('My parcel has not come', 'Bob <bob@example.test>', SHARED, 'Where is order 17?'));
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
		mkdirSync(filesOf(instance.userFolder), { recursive: true });
		const place = (name: ExampleName): Parameters<typeof bindExample>[1] => ({
			files: filesOf(instance.userFolder),
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

const filesOf = (userFolder: string): string => join(userFolder, 'files');

function mail(subject: string, from: string, to: string, text: string, extra = ''): string {
	const id = randomBytes(9).toString('hex');
	return `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <${id}@example.test>\r\n${extra || '\r\n'}${text}\r\n`;
}

/** A letter, an invoice with its file, and a notification. */
function welcomeMails(): string[] {
	const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
	const invoice = `--b\r\nContent-Type: text/plain\r\n\r\nPlease find attached invoice 17.\r\n--b\r\nContent-Type: application/pdf; name=invoice-17.pdf\r\nContent-Disposition: attachment; filename=invoice-17.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${pdf}\r\n--b--`;
	return [
		mail('Welcome to the sandbox', 'Ada <ada@example.test>', GRACE, 'This email was here before you came.'),
		mail('Invoice 17', 'Bob <bob@example.test>', GRACE, invoice, 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n'),
		mail('Can you help me?', 'Carl <carl@example.test>', GRACE, 'My order 18 has not come yet. When will it be here?'),
	];
}
