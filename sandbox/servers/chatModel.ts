import { createServer, type IncomingMessage, type Server } from 'node:http';

interface Message {
	role: string;
	content?: unknown;
}

export interface ChatRequest {
	messages: Message[];
	tools: Array<{ function: { name: string; parameters: unknown } }>;
	stream: boolean;
}

/**
 * A model that thinks nothing, behind the part of OpenAI's API that n8n's chat model uses (POST /v1/chat/completions, with tools): it
 * calls each tool that it is offered once, in their order, answers every text parameter with the same sentence, and then says so.
 * Where it is given calls, it calls the first tool with them instead, one after the other.
 */
export class ChatModel {
	readonly requests: ChatRequest[] = [];
	readonly answer = 'Thank you for your email. Your parcel is on its way. [to be checked]';
	readonly #server: Server = createServer((request, response) => {
		void readBody(request).then((body) => {
			this.requests.push(body);
			const choice = this.#next(body);
			response.setHeader('content-type', body.stream ? 'text/event-stream' : 'application/json');
			response.end(body.stream ? events(choice) : JSON.stringify(completion({ message: choice.message, finish_reason: choice.reason })));
		});
	});

	constructor(private readonly calls?: readonly object[]) {}

	/** The base of its addresses. */
	get url(): string {
		const address = this.#server.address();
		return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
	}

	async start(): Promise<void> {
		await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	#next({ messages, tools }: ChatRequest): Choice {
		const done = messages.filter(({ role }) => role === 'tool').length;
		const wanted = this.calls?.[done] ?? { answer: this.answer, input: '' };
		const tool = this.calls === undefined ? tools[done] : done < this.calls.length ? tools[0] : undefined;
		if (tool === undefined) return { message: { role: 'assistant', content: 'The draft is saved.' }, reason: 'stop' };
		const call = {
			index: 0,
			id: `call_${messages.length}`,
			type: 'function',
			function: { name: tool.function.name, arguments: JSON.stringify(wanted) },
		};
		return { message: { role: 'assistant', content: null, tool_calls: [call] }, reason: 'tool_calls' };
	}
}

interface Choice {
	message: object;
	reason: string;
}

const completion = (choice: object): object => ({
	id: 'chatcmpl-sandbox',
	object: 'chat.completion',
	created: Math.floor(Date.now() / 1000),
	model: 'sandbox',
	choices: [{ index: 0, ...choice }],
	usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

function events({ message, reason }: Choice): string {
	const chunks = [
		{ delta: message, finish_reason: null },
		{ delta: {}, finish_reason: reason },
	];
	return [...chunks.map((chunk) => JSON.stringify({ ...completion(chunk), object: 'chat.completion.chunk' })), '[DONE]']
		.map((line) => `data: ${line}\n\n`)
		.join('');
}

async function readBody(request: IncomingMessage): Promise<ChatRequest> {
	let text = '';
	for await (const chunk of request) text += String(chunk);
	const body: Partial<ChatRequest> = JSON.parse(text === '' ? '{}' : text);
	return { messages: body.messages ?? [], tools: body.tools ?? [], stream: body.stream ?? false };
}
