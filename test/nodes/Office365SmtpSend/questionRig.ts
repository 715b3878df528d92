import { readFile } from 'node:fs/promises';

import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeParameters, IWebhookFunctions } from 'n8n-workflow';

import { appCredential } from '../../../sandbox/credentials';
import type { Sandbox } from '../../../sandbox/servers';
import { compose } from '../../../mail/compose/message';
import { keepAsked, noteEmail, writeDown } from '../../../nodes/Office365SmtpSend/question/keepingAsked';
import { readAsking, waitUntil } from '../../../nodes/Office365SmtpSend/question/askingSettings';
import { takeAnswer } from '../../../nodes/Office365SmtpSend/answers/takeAnswer';

export const ADA = 'ada@example.test';
export const GRACE = 'grace@example.test';
export const LIN = 'lin@example.test';
const URL_OF_N8N = 'https://n8n.example.test/webhook-waiting/17/node';

/** As n8n signs, as far as it matters here: the address without the signature itself. */
export function sign(parameters: Record<string, string> = {}): string {
	const url = new URL(URL_OF_N8N);
	for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
	url.searchParams.set('signature', Buffer.from(`signed ${url.search}`).toString('hex'));
	return url.toString();
}

export interface Waiting {
	/** Of the question, as its links name it. */
	id: string;
	/** Links of each mail, by recipient. */
	links: Map<string, string[]>;
	/** What n8n keeps, and passes on where nobody answers. */
	items: INodeExecutionData[];
	parameters: INodeParameters;
	messageIds: string[];
	/** Where emails are sent through while it waits. */
	sandbox: Sandbox | undefined;
}

const addressOf = (one: string | { address: string } | undefined): string => (typeof one === 'string' ? one : (one?.address ?? ''));

/** The links in a mail's HTML. */
export const linksIn = (html = ''): string[] => [...html.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href.replace(/&amp;/g, '&'));

/**
 * What the node does up to the moment when n8n puts the execution to sleep; the emails themselves are not sent.
 * @param setting `once` is n8n's setting Execute Once: the node gets a list of its own with the first of the stored items
 */
export async function ask(more: INodeParameters, sandbox?: Sandbox, setting?: 'once'): Promise<Waiting> {
	const parameters: INodeParameters = {
		authentication: 'serviceAccount',
		operation: 'sendAndWait',
		subject: 'Order 17',
		message: 'May we ship?',
		...more,
	};
	const items: INodeExecutionData[] = [{ json: { order: 17 } }, { json: { order: 18 } }];
	const context: IExecuteFunctions = Object({
		getNode: () => ({ parameters }),
		getNodeParameter: (name: string, _item: number, fallback: unknown) => parameters[name] ?? fallback,
		getInputData: () => (setting === 'once' ? items.slice(0, 1) : items),
		getSignedResumeUrl: sign,
		logger: { warn: () => undefined },
	});
	const options: IDataObject = Object(parameters.options);
	const asking = await readAsking(context, ADA, waitUntil(options, 'Europe/Berlin'));
	const mails = await Promise.all(asking.mails.map(async (mail) => await compose(mail)));
	await writeDown(context, asking.asked);
	for (const [index, { messageId }] of mails.entries()) await noteEmail(context, asking.asked, { messageId }, index);
	keepAsked(
		context,
		asking.asked,
		mails.map(({ messageId }) => ({ messageId })),
	);
	const links = new Map(asking.mails.map(({ to, html }) => [addressOf(to[0]), linksIn(html)]));
	// As n8n stores it.
	const stored: INodeExecutionData[] = JSON.parse(JSON.stringify(items));
	return { id: asking.asked.id, links, parameters, items: stored, messageIds: mails.map(({ messageId }) => messageId), sandbox };
}

export interface Posted {
	method?: string;
	contentType?: string;
	body?: object;
	headers?: Record<string, string>;
}

export interface Page {
	status: number;
	html: string;
	headers: Map<string, string>;
	logged: string[];
	/** What n8n goes on with. */
	output: INodeExecutionData | undefined;
	outputs: INodeExecutionData[];
	copied: string[];
}

/** A visit that n8n lets through. */
export async function visit(
	{ items, parameters, sandbox }: Waiting,
	url: string | undefined,
	{ method = 'POST', contentType = 'application/x-www-form-urlencoded', body = {}, headers = {} }: Posted = {},
): Promise<Page> {
	const answer = { statusCode: 200, html: '' };
	const sent = new Map<string, string>();
	const logged: string[] = [];
	const copied: string[] = [];
	const log = (said: string, more?: { reason?: string }): number =>
		logged.push(more?.reason === undefined ? said : `${said} ${more.reason}`);
	const credential = sandbox === undefined ? undefined : appCredential(sandbox, ADA);
	const context: IWebhookFunctions = Object({
		getNode: () => ({ id: 'node', parameters, type: 'office365SmtpSend' }),
		getNodeParameter: (name: string, fallback: unknown) => parameters[name] ?? fallback,
		getRequestObject: () => ({ method, contentType }),
		getHeaderData: () => headers,
		getQueryData: () => Object.fromEntries(new URL(url ?? URL_OF_N8N).searchParams),
		getBodyData: () => body,
		getSignedResumeUrl: sign,
		getCredentials: async () => credential?.data ?? {},
		helpers: {},
		evaluateExpression: (expression: string) =>
			JSON.stringify(expression.includes('$input') ? items : (Object(items[0]?.json.emailQuestion).kept ?? null)),
		getResponseObject: () =>
			Object.assign(answer, {
				setHeader: (name: string, value: string) => sent.set(name, value),
				end: (html: string) => (answer.html = html),
			}),
		logger: { warn: log, error: log, info: () => undefined },
		nodeHelpers: {
			copyBinaryFile: async (path: string, fileName: string, mimeType: string) => {
				copied.push(path);
				return { id: path, data: (await readFile(path)).toString('base64'), fileName, mimeType };
			},
		},
	});
	const { workflowData } = await takeAnswer.call(context);
	const outputs = workflowData?.[0] ?? [];
	return { status: answer.statusCode, html: answer.html, headers: sent, logged, output: outputs[0], outputs, copied };
}

/** What this node calls at n8n while the execution waits. */
export async function call(waiting: Waiting, body: object = { work: 'due' }): Promise<Page & { state: unknown }> {
	const page = await visit(waiting, sign({ ask: waiting.id, own: 'true' }), { contentType: 'application/json', body });
	const { state } = Object(JSON.parse(page.html));
	return { ...page, state };
}

export const dataOf = (page: Page): unknown => page.output?.json.data;

export const approvers = (rule: string, emails: string, more: IDataObject = {}, options: IDataObject = {}): INodeParameters => ({
	approvalOptions: { values: { approvalType: 'double' } },
	options: Object({ approvers: { values: { emails, rule, ...more } }, ...options }),
});
