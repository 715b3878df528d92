import { randomBytes } from 'node:crypto';

import { expect, it } from 'vitest';

import { uses } from '../../sandbox/credentials';
import { noteSecret } from '../../sandbox/secrets/registry';
import { ChatModel } from '../../sandbox/servers/chatModel';
import { GRACE, linksIn, NODE, press, type QuestionsRig } from './questionsRig';

const [FIRST, SECOND] = ['17+1', '40+2'];

/** As n8n wants them where a person reviews a tool: apart from what the model may fill in for the review itself. */
export const model = new ChatModel([FIRST, SECOND].map((input) => ({ toolParameters: { input }, hitlParameters: {} })));

/** The model has been started. */
export function modelCredential(): object {
	const apiKey = noteSecret('key of a model', randomBytes(18).toString('hex'));
	return { id: 'model', name: 'Model', type: 'openAiApi', data: { apiKey, url: model.url } };
}

interface Step {
	name: string;
	type: string;
	[field: string]: unknown;
}

/** An agent with a calculator that it may use only when Grace agrees: n8n makes a review of every node that can send and wait. */
function steps(rig: QuestionsRig): Step[] {
	const { authentication, credentials } = uses(rig.ada);
	const agent = '@n8n/n8n-nodes-langchain';
	return [
		{
			name: 'Webhook',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			webhookId: 'agent',
			parameters: { httpMethod: 'POST', path: 'agent', responseMode: 'onReceived', options: {} },
		},
		{ name: 'Agent', type: `${agent}.agent`, typeVersion: 3, parameters: { promptType: 'define', text: 'Add', options: {} } },
		{ name: 'End', type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} },
		{
			name: 'Model',
			type: `${agent}.lmChatOpenAi`,
			typeVersion: 1.2,
			parameters: { model: { __rl: true, mode: 'id', value: 'sandbox' }, options: {} },
			credentials: { openAiApi: { id: 'model', name: 'Model' } },
		},
		{ name: 'Calculator', type: `${agent}.toolCalculator`, typeVersion: 1, parameters: {} },
		{
			name: 'Review',
			type: `${NODE}HitlTool`,
			typeVersion: 1.1,
			parameters: {
				authentication,
				toEmail: GRACE,
				subject: 'May I?',
				message: '=Run {{ $tool.name }} with {{ JSON.stringify($tool.parameters) }}?',
				approvalOptions: { values: { approvalType: 'double' } },
				options: {},
			},
			credentials,
		},
	];
}

async function startAgent(rig: QuestionsRig): Promise<string> {
	const to = (node: string, type: string): object => ({ [type]: [[{ node, type, index: 0 }]] });
	const id = await rig.n8n.api.createWorkflow({
		name: 'agent',
		// As in the editor. Under the order of old workflows n8n 2.41 goes on with the agent before the review has run.
		settings: { executionOrder: 'v1' },
		nodes: steps(rig).map((step) => ({ id: step.name.toLowerCase(), position: [0, 0], ...step })),
		connections: {
			Webhook: to('Agent', 'main'),
			Agent: to('End', 'main'),
			Model: to('Agent', 'ai_languageModel'),
			Calculator: to('Review', 'ai_tool'),
			Review: to('Agent', 'ai_tool'),
		},
	});
	await rig.n8n.api.activate(id);
	expect((await rig.n8n.api.webhook('agent')).status).toBe(200);
	return id;
}

/** Tools of an agent that a person reviews. */
export function reviewed(use: () => QuestionsRig): void {
	it('is reviewed twice in one run by a person, and each page shows its own question', async () => {
		const rig = use();
		const id = await startAgent(rig);
		const asked = async (sum: string): Promise<{ link: string; page: string }> => {
			const [link = ''] = linksIn(await rig.email(GRACE, sum));
			await rig.waits(id);
			return { link, page: await (await fetch(link)).text() };
		};
		const first = await asked(FIRST);
		expect(first.page).toContain(FIRST);
		expect(await (await press(first.link)).text()).toContain('Got it, thanks');
		const second = await asked(SECOND);
		expect(second.page).toContain(SECOND);
		expect(second.page).not.toContain(FIRST);
		// The execution waits again, but the earlier link answers no later question.
		const earlier = await press(first.link);
		expect([earlier.status, await earlier.text()]).toEqual([410, expect.stringContaining('This question is over')]);
		await rig.waits(id);
		expect(await (await press(second.link)).text()).toContain('Got it, thanks');
		await rig.ended(id);
		const results = model.requests.at(-1)?.messages.filter(({ role }) => role === 'tool');
		expect(results).toMatchObject([{ content: expect.stringContaining('18') }, { content: expect.stringContaining('42') }]);
	});
}
