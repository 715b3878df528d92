import { noteHarmless, noteSecretsIn } from '../secrets/registry';
import type { Instance, Login } from './instance';

/** An execution as n8n's public API gives it with `includeData=true`; only what is looked at. */
export interface Execution {
	id: string;
	status: string;
	mode: string;
	finished: boolean;
	startedAt: string;
	stoppedAt: string | null;
	workflowId: string;
	data?: {
		resultData?: {
			error?: { message?: string; description?: string };
			lastNodeExecuted?: string;
			runData?: Record<
				string,
				Array<{ executionTime?: number; error?: { message?: string; description?: string }; data?: { main?: Array<Item[] | null> } }>
			>;
		};
	};
}

export interface Item {
	json: Record<string, unknown>;
	binary?: Record<string, { id?: string; data?: string; fileName?: string; mimeType?: string; fileSize?: string; bytes?: number }>;
	pairedItem?: unknown;
}

export interface Workflow {
	id?: string;
	name: string;
	nodes: object[];
	connections: object;
	settings?: object;
}

/** n8n over HTTP, as its owner. */
export class Api {
	#cookie = '';
	#key = '';

	private constructor(private readonly instance: Instance) {}

	static async login(instance: Instance, login: Login): Promise<Api> {
		const api = new Api(instance);
		const post = async (path: string, body: object): Promise<Response> =>
			await fetch(`${instance.url}/rest${path}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
			});
		const credentials = { emailOrLdapLoginId: login.email, password: login.password };
		let answer = await post('/login', credentials);
		// Older n8n take no owner from the environment.
		if (
			answer.status === 401 &&
			(await post('/owner/setup', { email: login.email, firstName: 'Sandbox', lastName: 'Owner', password: login.password })).ok
		)
			answer = await post('/login', credentials);
		if (!answer.ok) throw new Error(`n8n refused the login: ${answer.status} ${await answer.text()}`);
		api.#cookie = answer.headers
			.getSetCookie()
			.map((cookie) => cookie.split(';', 1)[0])
			.join('; ');
		const made: { data?: { rawApiKey?: string } } = await api.rest('POST', '/api-keys', {
			label: `tests ${Date.now()}`,
			scopes: SCOPES,
			expiresAt: null,
		});
		// It opens only this n8n, which keeps it readable in its database.
		api.#key = noteHarmless(made.data?.rawApiKey ?? '');
		return api;
	}

	/** n8n's internal API, which the editor uses. */
	async rest<T>(method: string, path: string, body?: object): Promise<T> {
		if (path.startsWith('/credentials')) noteSecretsIn(body, 'credential');
		return await this.#send(`${this.instance.url}/rest${path}`, method, { cookie: this.#cookie }, body);
	}

	/** n8n's public API. */
	async v1<T>(method: string, path: string, body?: object): Promise<T> {
		return await this.#send(`${this.instance.url}/api/v1${path}`, method, { 'x-n8n-api-key': this.#key }, body);
	}

	/** Creates a workflow; returns its id. */
	async createWorkflow({ name, nodes, connections, settings }: Workflow): Promise<string> {
		const made = await this.v1<{ id: string }>('POST', '/workflows', { name, nodes, connections, settings: settings ?? {} });
		return made.id;
	}

	async activate(id: string): Promise<void> {
		await this.v1('POST', `/workflows/${id}/activate`);
	}

	async deactivate(id: string): Promise<void> {
		await this.v1('POST', `/workflows/${id}/deactivate`);
	}

	/** Presses "Execute workflow" at a trigger; see {@link executions} for what becomes of it. */
	async run(id: string, trigger: string): Promise<void> {
		await this.rest('POST', `/workflows/${id}/run`, { triggerToStartFrom: { name: trigger } });
	}

	/** Saves a credential's form, as the editor does. */
	async saveCredential({ id, name, type, data }: { id: string; name: string; type: string; data: object }): Promise<void> {
		await this.rest('PATCH', `/credentials/${id}`, { id, name, type, data });
	}

	/** Newest first, with what their nodes gave. */
	async executions(workflowId: string): Promise<Execution[]> {
		return await this.#listed(workflowId, true);
	}

	/** Their states alone, newest first, which costs n8n a fraction; for whoever asks again and again. */
	async statuses(workflowId: string): Promise<string[]> {
		return (await this.#listed(workflowId, false)).map(({ status }) => status);
	}

	async #listed(workflowId: string, includeData: boolean): Promise<Execution[]> {
		const found = await this.v1<{ data: Execution[] }>('GET', `/executions?workflowId=${workflowId}&includeData=${includeData}&limit=250`);
		return found.data;
	}

	/**
	 * Waits until so many executions have ended. They come by their ids, the lowest first: where several were begun at nearly the same
	 * time, that is not the order in which they were begun.
	 */
	async ended(workflowId: string, count: number, timeoutMs = 180_000): Promise<Execution[]> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const mayBe = (await this.statuses(workflowId)).filter(hasEnded).length >= count;
			const there = mayBe || Date.now() > deadline ? await this.executions(workflowId) : [];
			const all = there.filter(({ status }) => hasEnded(status));
			// Of an execution whose data is lost n8n gives the state alone.
			if (all.length >= count) return all.reverse();
			if (Date.now() > deadline) {
				const known = there.map(({ id, status, startedAt, stoppedAt }) => [id, status, startedAt, stoppedAt].join(' ')).join(', ');
				throw new Error(
					`${all.length} of ${count} executions within ${timeoutMs} ms (${known}); log:\n${this.instance.logText().slice(-3000)}`,
				);
			}
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
	}

	/** Calls the production webhook of an active workflow and gives its answer; n8n registers it a moment after activation. */
	async webhook(path: string, body: object | FormData = {}): Promise<{ status: number; body: unknown }> {
		const deadline = Date.now() + 60_000;
		const sent = body instanceof FormData ? { body } : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
		const call = async (): Promise<Response> => await fetch(`${this.instance.url}/webhook/${path}`, { method: 'POST', ...sent });
		let answer = await call();
		while (answer.status === 404 && Date.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 100));
			answer = await call();
		}
		const text = await answer.text();
		try {
			return { status: answer.status, body: JSON.parse(text) };
		} catch {
			return { status: answer.status, body: text };
		}
	}

	/** Opens a page of n8n as the owner's browser does, keeping the cookies it sets. */
	async browse(url: string): Promise<Response> {
		const answer = await fetch(new URL(url, this.instance.url), { headers: { cookie: this.#cookie }, redirect: 'manual' });
		const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '');
		this.#cookie = [this.#cookie, ...set].join('; ');
		return answer;
	}

	/** An attachment's bytes, from n8n's binary data. */
	async binary(file: { id?: string; data?: string }): Promise<Buffer> {
		if (file.id === undefined) return Buffer.from(file.data ?? '', 'base64');
		const answer = await fetch(`${this.instance.url}/rest/binary-data?id=${encodeURIComponent(file.id)}&action=download`, {
			headers: { cookie: this.#cookie },
		});
		if (!answer.ok) throw new Error(`binary data ${file.id}: ${answer.status}`);
		return Buffer.from(await answer.arrayBuffer());
	}

	async #send<T>(url: string, method: string, headers: Record<string, string>, body?: object): Promise<T> {
		const answer = await fetch(url, {
			method,
			headers: { 'content-type': 'application/json', ...headers },
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${text.slice(0, 1000)}`);
		return JSON.parse(text === '' ? '{}' : text);
	}
}

const hasEnded = (status: string): boolean => !['new', 'running', 'waiting'].includes(status);

const SCOPES = [
	'workflow:create',
	'workflow:read',
	'workflow:update',
	'workflow:delete',
	'workflow:list',
	'workflow:activate',
	'workflow:deactivate',
	'execution:read',
	'execution:list',
	'execution:delete',
	'credential:create',
	'credential:delete',
];
