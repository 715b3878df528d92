import type { INodeParameters, IWebhookFunctions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { takeAnswer } from '../../../../nodes/Office365SmtpSend/answers/takeAnswer';

interface Visit {
	method?: string;
	approved?: string;
	/** The node's. */
	type?: string;
	body?: object;
}

/**
 * A visit to the page behind a link of an earlier version, whose question is not stored. Expressions give what n8n gives here, the first
 * run's.
 */
async function visit(
	parameters: INodeParameters,
	{ method = 'GET', approved = 'true', body = {}, type = 'office365SmtpSend' }: Visit = {},
): Promise<{ html: string; answer: unknown }> {
	const evaluated = (value: unknown): unknown =>
		typeof value === 'string' && value.startsWith('=')
			? 'the first question'
			: typeof value === 'object' && value !== null
				? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, evaluated(part)]))
				: value;
	let html = '';
	const context: IWebhookFunctions = Object({
		getNode: () => ({ parameters, type }),
		getNodeParameter: (name: string, fallback: unknown) => (name in parameters ? evaluated(parameters[name]) : fallback),
		getRequestObject: () => ({ method }),
		getQueryData: () => ({ approved, signature: `for ${approved}` }),
		getSignedResumeUrl: (signed?: Record<string, string>) => `https://n8n.example.test/?signature=for%20${signed?.approved ?? ''}`,
		getBodyData: () => body,
		getResponseObject: () => ({ setHeader: () => undefined, end: (page: string) => (html = page) }),
	});
	const { workflowData } = await takeAnswer.call(context);
	return { html, answer: workflowData?.[0]?.[0]?.json.data };
}

describe("the page behind an approval's link", () => {
	const DOUBLE = { approvalType: 'double', approveLabel: 'Ship <it>', disapproveLabel: 'Keep' };

	it('shows the question and the button where both were written without an expression', async () => {
		const parameters = { subject: 'Order <17>', message: 'May we ship & sell?', approvalOptions: { values: DOUBLE } };
		expect((await visit(parameters)).html).toMatch(
			/<h1>Order &lt;17&gt;<\/h1><p>May we ship &amp; sell\?<\/p>\n<form method="post"><button type="submit">Ship &lt;it&gt;<\/button>/,
		);
		expect((await visit(parameters, { approved: 'false' })).html).toContain('<button type="submit">Keep</button>');
	});

	it("shows no text of an expression, which would be that of the first question of an agent's run", async () => {
		const parameters = {
			subject: '={{ $fromAI("subject") }}',
			message: '=The agent wants to run: {{ $tool.name }}',
			approvalOptions: { values: { ...DOUBLE, approveLabel: '={{ $tool.name }}' } },
		};
		const approve = (await visit(parameters)).html;
		expect(approve).not.toContain('the first question');
		expect(approve).toMatch(
			/<h1>Your answer<\/h1><p>The question is in the email that brought you here\.<\/p>\n<form method="post"><button type="submit">Approve<\/button>/,
		);
		expect((await visit(parameters, { approved: 'false' })).html).toContain('<button type="submit">Decline</button>');
	});

	it('shows no text of a parameter that is not stored, whose default may be an expression', async () => {
		expect((await visit({})).html).toContain('The question is in the email that brought you here.');
	});

	it.each([
		['true', true],
		['false', false],
		['', false],
	])('takes the answer of its own link: approved=%s', async (approved, expected) => {
		const { html, answer } = await visit({ message: '={{ $tool.name }}' }, { method: 'POST', approved });
		expect(html).toContain('Your answer was passed on');
		expect(answer).toEqual({ approved: expected, respondedAt: expect.any(String) });
	});
});

describe("the page behind a form's link", () => {
	it('shows the question, also of an expression, unless an agent asks', async () => {
		const parameters = { responseType: 'freeText', subject: 'Order', message: '={{ $json.question }}' };
		expect((await visit(parameters, { type: 'office365SmtpSendTool' })).html).toMatch(
			/<h1>Order<\/h1><p>The question is in the email that brought you here\.<\/p>\n<form method="post"><p><textarea name="text"/,
		);
		expect((await visit(parameters)).html).toMatch(
			/<h1>Order<\/h1><p>the first question<\/p>\n<form method="post"><p><textarea name="text"/,
		);
		expect((await visit(parameters, { method: 'POST', body: { text: 'Yes' } })).answer).toEqual({
			text: 'Yes',
			respondedAt: expect.any(String),
		});
	});

	it.each([
		['a list', { text: ['Yes', 'No'] }],
		['an object, as text[a]=1 makes it', { text: { a: '1' } }],
		['an object deep within', { text: { a: { b: { c: '1' } } } }],
		['an object whose name is that of a method', { text: { toString: 'x', trim: 'y' } }],
	])('counts a text as not given that comes as %s, and asks once more', async (_name, body) => {
		const { html, answer } = await visit({ responseType: 'freeText', subject: 'Order', message: 'Why?' }, { method: 'POST', body });
		expect(answer).toBeUndefined();
		expect(html).toContain('Write your answer.');
	});
});
