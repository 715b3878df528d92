import PostalMime, { type Email } from 'postal-mime';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { expect } from 'vitest';

import { personCredential, uses, type Credential } from '../../sandbox/credentials';
import { startN8n, type RunningN8n } from '../../sandbox/n8n';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { ensureBrowser } from '../../sandbox/servers/packages';

export const ADA = 'ada@example.test';
export const GRACE = 'grace@example.test';
export const SHARED = 'shared@example.test';
export const NODE = 'n8n-nodes-office365-mail.office365SmtpSend';

/** A real n8n that asks people, with their mailboxes and a browser. */
export class QuestionsRig {
	private constructor(
		readonly sandbox: Sandbox,
		readonly n8n: RunningN8n,
		readonly ada: Credential,
		readonly browser: Browser,
	) {}

	static async start(more: object[]): Promise<QuestionsRig> {
		const sandbox = await startSandbox();
		trust(sandbox.caFile);
		const ada = await personCredential(sandbox, ADA);
		const n8n = await startN8n({ editor: false, caFile: sandbox.caFile, credentials: [ada, ...more] });
		const browser = await chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
		return new QuestionsRig(sandbox, n8n, ada, browser);
	}

	async stop(): Promise<void> {
		await this.browser.close();
		await this.n8n.stop();
		await this.sandbox.stop();
	}

	/** Without JavaScript, which the pages have to do without. */
	async phone(colorScheme: 'light' | 'dark'): Promise<BrowserContext> {
		const looks = { viewport: { width: 375, height: 740 }, isMobile: true, deviceScaleFactor: 2, colorScheme };
		return await this.browser.newContext({ javaScriptEnabled: false, ...looks });
	}

	/** The first email to somebody that has this text. */
	async email(recipient: string, text: string): Promise<Email> {
		return await PostalMime.parse(await this.sandbox.arrival(recipient, (mail) => mail.includes(text)));
	}

	/**
	 * Asks, and gives the links of each recipient's email once n8n waits.
	 * @param settings of the node, as n8n calls them
	 */
	async ask(
		subject: string,
		recipients: string[],
		parameters: object,
		settings: { executeOnce?: true } = {},
	): Promise<{ id: string; links: string[][]; messageIds: string[] }> {
		const { authentication, credentials } = uses(this.ada);
		const { api } = this.n8n;
		const id = await api.createWorkflow({
			name: subject,
			nodes: [
				{
					parameters: { httpMethod: 'POST', path: subject, responseMode: 'onReceived', options: {} },
					id: 'webhook',
					name: 'Webhook',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					position: [0, 0],
					webhookId: subject,
				},
				{
					parameters: {
						authentication,
						operation: 'sendAndWait',
						subject,
						message: '=May order {{ $json.body.order }} go?',
						...parameters,
					},
					id: 'ask',
					name: 'Ask',
					type: NODE,
					typeVersion: 1,
					position: [200, 0],
					credentials,
					...settings,
				},
				{ parameters: {}, id: 'end', name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, position: [400, 0] },
			],
			connections: {
				Webhook: { main: [[{ node: 'Ask', type: 'main', index: 0 }]] },
				Ask: { main: [[{ node: 'End', type: 'main', index: 0 }]] },
			},
		});
		await api.activate(id);
		expect((await api.webhook(subject, { order: 17 })).status).toBe(200);
		const links: string[][] = [];
		const messageIds: string[] = [];
		for (const recipient of recipients) {
			const email = await this.email(recipient, `Subject: ${subject}`);
			links.push(linksIn(email));
			messageIds.push(email.messageId ?? '');
		}
		await this.waits(id);
		return { id, links, messageIds };
	}

	async waits(id: string): Promise<void> {
		await expect.poll(async () => (await this.n8n.api.statuses(id))[0]).toBe('waiting');
	}

	/** What the node after the question got. */
	async ended(id: string, count = 1): Promise<{ json?: unknown; binary?: unknown }> {
		const runs = await this.n8n.api.ended(id, count);
		const run = runs.at(-1);
		expect(run?.status).toBe('success');
		return run?.data?.resultData?.runData?.End?.at(-1)?.data?.main?.[0]?.[0] ?? {};
	}
}

export function linksIn({ html = '' }: Email): string[] {
	return [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => (href ?? '').replace(/&amp;/g, '&'));
}

export const press = async (link: string | undefined, body?: Record<string, string>): Promise<Response> =>
	await fetch(link ?? '', { method: 'POST', ...(body !== undefined && { body: new URLSearchParams(body) }) });
