import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { uses } from '../../sandbox/credentials';
import { GRACE, linksIn, NODE, press, QuestionsRig } from './questionsRig';

/** A language model that asks for the calculator twice, one after the other, and then says what came out. */
const SUMS = ['17+1', '40+2'];
let model: Server;
let rig: QuestionsRig;

function answer(messages: Array<{ role: string; content?: unknown }>): object {
	const results = messages.filter(({ role }) => role === 'tool');
	const sum = SUMS[results.length];
	const call = {
		id: `call_${results.length}`,
		type: 'function',
		function: { name: 'calculator', arguments: JSON.stringify({ toolParameters: { input: sum }, hitlParameters: {} }) },
	};
	return sum === undefined
		? { role: 'assistant', content: `Results: ${results.map(({ content }) => JSON.stringify(content)).join(', ')}` }
		: { role: 'assistant', content: null, tool_calls: [call] };
}

beforeAll(async () => {
	model = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk: Buffer) => (body += chunk.toString()));
		request.on('end', () => {
			const { messages = [] }: { messages?: Array<{ role: string }> } = body === '' ? {} : JSON.parse(body);
			const message = answer(messages);
			const reason = 'tool_calls' in message ? 'tool_calls' : 'stop';
			response.setHeader('content-type', 'application/json');
			response.end(
				JSON.stringify({
					id: 'x',
					object: 'chat.completion',
					created: 1,
					model: 'test',
					choices: [{ index: 0, message, finish_reason: reason }],
					usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
				}),
			);
		});
	});
	await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve));
	const address = model.address();
	const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
	const data = { apiKey: randomBytes(12).toString('hex'), url };
	rig = await QuestionsRig.start([{ id: 'model', name: 'Model', type: 'openAiApi', data }]);
}, 600_000);
afterAll(async () => {
	await rig?.stop();
	await new Promise((resolve) => model.close(resolve));
}, 60_000);

it('a person reviews the tools of an agent twice in one run, and each page shows its own question', async () => {
	const { authentication, credentials } = uses(rig.ada);
	const node = (name: string, type: string, typeVersion: number, parameters: object, more: object = {}): object => ({
		parameters,
		id: name.toLowerCase(),
		name,
		type,
		typeVersion,
		position: [0, 0],
		...more,
	});
	const approvalOptions = { values: { approvalType: 'double' } };
	const id = await rig.n8n.api.createWorkflow({
		name: 'agent',
		nodes: [
			node(
				'Webhook',
				'n8n-nodes-base.webhook',
				2,
				{ httpMethod: 'POST', path: 'agent', responseMode: 'onReceived', options: {} },
				{ webhookId: 'agent' },
			),
			node('Agent', '@n8n/n8n-nodes-langchain.agent', 3, { promptType: 'define', text: 'Add', options: {} }),
			node(
				'Model',
				'@n8n/n8n-nodes-langchain.lmChatOpenAi',
				1.2,
				{ model: { __rl: true, mode: 'id', value: 'test' }, options: {} },
				{ credentials: { openAiApi: { id: 'model', name: 'Model' } } },
			),
			node('Calculator', '@n8n/n8n-nodes-langchain.toolCalculator', 1, {}),
			node(
				'Review',
				`${NODE}HitlTool`,
				1.1,
				{ authentication, subject: 'review-me', toEmail: GRACE, approvalOptions, options: {} },
				{ credentials },
			),
			node('End', 'n8n-nodes-base.noOp', 1, {}),
		],
		connections: {
			Webhook: { main: [[{ node: 'Agent', type: 'main', index: 0 }]] },
			Model: { ai_languageModel: [[{ node: 'Agent', type: 'ai_languageModel', index: 0 }]] },
			Calculator: { ai_tool: [[{ node: 'Review', type: 'ai_tool', index: 0 }]] },
			Review: { ai_tool: [[{ node: 'Agent', type: 'ai_tool', index: 0 }]] },
			Agent: { main: [[{ node: 'End', type: 'main', index: 0 }]] },
		},
	});
	await rig.n8n.api.activate(id);
	await rig.n8n.api.webhook('agent');
	const links: string[] = [];
	for (const sum of SUMS) {
		const [link = ''] = linksIn(await rig.email(GRACE, sum));
		links.push(link);
		await rig.waits(id);
		const page = await (await fetch(link)).text();
		expect(page).toContain(sum.replace('+', '+'));
		expect(page).not.toContain(SUMS.find((other) => other !== sum));
		expect(await (await press(link)).text()).toContain('Got it, thanks');
	}
	expect(await rig.ended(id)).toMatchObject({ json: { output: expect.stringMatching(/18.*42/) } });
}, 180_000);
