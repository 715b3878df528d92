import { createHmac } from 'node:crypto';

import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { approvalLinks } from '../../../../nodes/Office365SmtpSend/question/approvalLinks';
import { takeAnswer } from '../../../../nodes/Office365SmtpSend/answers/takeAnswer';

const BASE = 'https://n8n.example.test/webhook-waiting';

/** As n8n-core signs: the address without the signature itself. */
const signed = (execution: number, parameters: Record<string, string> = {}): string => {
	const url = new URL(`${BASE}/${execution}/node`);
	for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
	url.searchParams.set('signature', createHmac('sha256', 'n8n').update(`${url.pathname}${url.search}`).digest('hex'));
	return url.toString();
};

interface OfN8n {
	/** n8n before 2.14.2 checks answers only once it is asked to. */
	asks?: boolean;
	/** n8n before 1.110 signs nothing. */
	signs?: boolean;
	operation?: string;
}

/** What happened in n8n, in its order. */
function execution({ asks = false, signs = true, operation = 'sendAndWait' }: OfN8n): { context: IExecuteFunctions; calls: string[] } {
	const calls: string[] = [];
	const context: IExecuteFunctions = Object({
		getNode: () => ({ parameters: { operation } }),
		...(asks && { setSignatureValidationRequired: () => void calls.push('asked') }),
		...(signs && {
			getSignedResumeUrl: (parameters?: Record<string, string>) => {
				calls.push('signed');
				return signed(17, parameters);
			},
		}),
	});
	return { context, calls };
}

describe('the links of a question', () => {
	it('are made after an n8n before 2.14.2 was asked to check them', () => {
		const { context, calls } = execution({ asks: true });
		const link = approvalLinks(context);
		expect(link(true)).toBe(signed(17, { approved: 'true' }));
		expect(link(false)).toBe(signed(17, { approved: 'false' }));
		expect(calls).toEqual(['asked', 'signed', 'signed']);
	});

	it('are made at once where n8n checks them always', () => {
		const { context, calls } = execution({});
		expect(approvalLinks(context)(true)).toBe(signed(17, { approved: 'true' }));
		expect(calls).toEqual(['signed']);
	});

	it('are not made where n8n can neither check nor be asked to, and one sentence says so', () => {
		expect(() => approvalLinks(execution({ signs: false }).context)).toThrow(
			expect.objectContaining({
				code: 'configuration',
				message: 'This n8n cannot check who answers, so anybody could approve.',
				remedy: 'Update n8n to 1.119 or later.',
			}),
		);
	});

	it('are not made where n8n would refuse each of them, because an expression chooses the operation', () => {
		const operation = '={{ $json.operation }}';
		expect(() => approvalLinks(execution({ operation }).context)).toThrow(expect.objectContaining({ code: 'input', field: 'Operation' }));
		expect(approvalLinks(execution({ operation, asks: true }).context)(true)).toBe(signed(17, { approved: 'true' }));
	});
});

describe('an answer', () => {
	/** A visit that n8n lets through. */
	async function visit(
		url: string,
		{ method = 'POST', signs = true } = {},
	): Promise<{ status: number; html: string; goesOn: boolean; logged: string[] }> {
		const logged: string[] = [];
		const query = new URL(url).searchParams;
		const answer = { statusCode: 200, html: '' };
		const response = Object.assign(answer, { setHeader: () => undefined, end: (html: string) => (answer.html = html) });
		const context: IWebhookFunctions = Object({
			getNode: () => ({ parameters: {}, type: 'office365SmtpSend' }),
			getNodeParameter: (_name: string, fallback: unknown) => fallback,
			getRequestObject: () => ({ method }),
			getQueryData: () =>
				Object.fromEntries(
					[...new Set(query.keys())].map((name) => [name, query.getAll(name).length > 1 ? query.getAll(name) : query.get(name)]),
				),
			getBodyData: () => ({}),
			getResponseObject: () => response,
			logger: { warn: (said: string) => logged.push(said) },
			...(signs && { getSignedResumeUrl: (parameters?: Record<string, string>) => signed(17, parameters) }),
		});
		const { workflowData } = await takeAnswer.call(context);
		return { status: answer.statusCode, html: answer.html, goesOn: workflowData !== undefined, logged };
	}
	const right = signed(17, { approved: 'true' });

	it('counts with the signature of its own link, which is only shown as long as nobody presses its button', async () => {
		expect(await visit(right)).toMatchObject({ status: 200, goesOn: true, html: expect.stringContaining('Your answer was passed on') });
		expect(await visit(right, { method: 'GET' })).toMatchObject({
			status: 200,
			goesOn: false,
			html: expect.stringContaining('<form method="post">'),
		});
	});

	it.each([
		['a wrong one', right.replace(/signature=\w+/, 'signature=wrong')],
		['one of the same length', right.replace(/signature=\w+/, `signature=${'0'.repeat(64)}`)],
		['none', right.replace(/&signature=\w+/, '')],
		['an empty one', right.replace(/signature=\w+/, 'signature=')],
		['one that n8n made for something else', signed(17, { approved: 'true', format: 'chat' })],
		['two', `${right}&signature=${new URL(right).searchParams.get('signature') ?? ''}`],
		['that of the other button', signed(17, { approved: 'false' }).replace('approved=false', 'approved=true')],
		['that of another execution', signed(18, { approved: 'true' })],
		['another answer beside it', `${right}&approved=true`],
		['no answer beside it', right.replace('approved=true&', '')],
	])('is refused by the node itself with %s, and the execution goes on waiting', async (_name, url) => {
		for (const method of ['POST', 'GET']) {
			const { status, html, goesOn, logged } = await visit(url, { method });
			expect([status, goesOn]).toEqual([401, false]);
			expect(logged).toEqual([expect.stringContaining('the signature does not match')]);
			expect(html).toContain('This link is not valid');
			expect(html).not.toContain('<form');
		}
	});

	it('is refused where n8n cannot tell which signature is right', async () => {
		expect(await visit(right, { signs: false })).toMatchObject({ status: 401, goesOn: false });
	});
});
