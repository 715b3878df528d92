import { customCloud, personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { CredentialForm, Editor, Workbench } from './browser';

export const [ADA, GRACE] = ['ada@example.test', 'grace@example.test'];

/** What the credentials are called in n8n. */
export const PERSON = 'Microsoft Mail (Outlook, Office 365) OAuth2 API';

/** How long n8n may take to show something, in ms. */
export const PATIENCE = { timeout: 60_000 };

/** One real n8n, seen through one browser, for all tests of the editor. Grace has two emails. */
export class EditorRig {
	readonly bench: Workbench;

	private constructor(
		readonly sandbox: Sandbox,
		readonly n8n: RunningN8n,
		readonly editor: Editor,
		readonly credentials: { grace: Credential; nowhere: Credential; expired: Credential },
	) {
		this.bench = new Workbench(editor);
	}

	static async start(): Promise<EditorRig> {
		const sandbox = await startSandbox();
		const email = (subject: string): string =>
			`From: Bob <bob@example.test>\r\nTo: ${GRACE}\r\nSubject: ${subject}\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <${subject}@example.test>\r\n\r\nhello\r\n`;
		await sandbox.deliver(GRACE, email('first'), email('second'));
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', GRACE, 'Failed');
		const credentials = {
			grace: await personCredential(sandbox, GRACE),
			nowhere: await unrenewed(sandbox, 'nowhere', { authorityUrl: 'https://login.nowhere.invalid' }),
			expired: await unrenewed(sandbox, 'expired', {}),
		};
		const n8n = await startN8n({ caFile: sandbox.caFile, credentials: Object.values(credentials) });
		return new EditorRig(sandbox, n8n, await Editor.open(n8n), credentials);
	}

	async stop(): Promise<void> {
		await this.editor.close();
		await this.n8n.stop();
		await this.sandbox.stop();
	}

	/** Opens a workflow in which nothing is yet. */
	async newWorkflow(): Promise<void> {
		const id = await this.n8n.api.createWorkflow({ name: 'New', nodes: [], connections: {} });
		await this.editor.openWorkflow(id, 'canvas-plus-button');
	}

	/** Fills in the cloud, which is the sandbox, the app and its tenant, in the form of either credential. */
	async fillCloud(form: CredentialForm): Promise<void> {
		const { cloud: _custom, imapSecurity: _imap, popSecurity: _pop, smtpSecurity: _smtp, ...fields } = customCloud(this.sandbox);
		await form.choose('cloud', 'Custom');
		await form.fill(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])));
	}

	/**
	 * Opens the form of a node behind a manual trigger, in a workflow that is made by n8n's API.
	 * @param item what the node gets, if it matters
	 */
	async openNode(
		kind: string,
		parameters: object,
		{ credential = this.credentials.grace, item = {} }: { credential?: Credential; item?: object } = {},
	): Promise<void> {
		const { authentication, credentials } = uses(credential);
		const isTrigger = kind.endsWith('Trigger');
		const node = {
			id: 'node',
			name: 'Node',
			type: `n8n-nodes-office365-mail.${kind}`,
			typeVersion: kind === 'office365SmtpSend' ? 1.1 : 1,
			position: [480, 0],
			parameters: { authentication, ...parameters },
			credentials,
		};
		const id = await this.n8n.api.createWorkflow({
			name: kind,
			nodes: [...(isTrigger ? [] : before(item)), node],
			connections: isTrigger ? {} : { Start: leadTo('Item'), Item: leadTo('Node') },
		});
		await this.editor.openWorkflow(id);
		await this.bench.open(/^Node/);
	}
}

const leadTo = (node: string): object => ({ main: [[{ node, type: 'main', index: 0 }]] });

/** A manual trigger, and what gives the item. */
function before(item: object): object[] {
	const parameters = { mode: 'raw', jsonOutput: JSON.stringify(item) };
	return [
		{ id: 'start', name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, position: [0, 0], parameters: {} },
		{ id: 'item', name: 'Item', type: 'n8n-nodes-base.set', typeVersion: 3.4, position: [240, 0], parameters },
	];
}

/** A credential that has to ask the identity platform before anything else. */
async function unrenewed(sandbox: Sandbox, id: string, data: Record<string, unknown>): Promise<Credential> {
	const credential = await personCredential(sandbox, GRACE);
	const { access_token: _ended, ...tokens } = await sandbox.identity.connect(GRACE);
	const ended = await sandbox.identity.accessToken({ mailbox: GRACE, lifetimeSeconds: -60 });
	const oauthTokenData = { ...tokens, access_token: ended, n8n_expires_at: String(Date.now() - 60_000) };
	return { ...credential, id, name: id, data: { ...credential.data, ...data, oauthTokenData } };
}
