import { createServer, type ServerResponse } from 'node:http';

import { expect, vi } from 'vitest';

import type { Step } from './row';

/** Longer than any test, in ms: as long as an HTTP Request node waits for its answer. */
const FOR_EVER_MS = 3_600_000;

/** Holds executions of n8n until the test lets them go: their HTTP Request node waits for an answer of this server. */
export class Gate {
	/** Those who wait, by the name of their gate. */
	readonly #held = new Map<string, Set<ServerResponse>>();
	readonly #open = new Set<string>();
	readonly #server = createServer((request, response) => {
		const name = decodeURIComponent((request.url ?? '/').slice(1));
		if (this.#open.has(name)) return void response.end('open');
		this.#at(name).add(response);
		// An execution whose n8n is killed waits no longer.
		response.once('close', () => this.#at(name).delete(response));
	});

	static async start(): Promise<Gate> {
		const gate = new Gate();
		await new Promise<void>((resolve, reject) => gate.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
		return gate;
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	/** The node that waits, once for all its items. */
	node(name: string): Step {
		const address = this.#server.address();
		const port = typeof address === 'object' && address !== null ? address.port : 0;
		return {
			...{ name: 'Gate', type: 'n8n-nodes-base.httpRequest', typeVersion: 4.2, executeOnce: true },
			parameters: {
				url: `http://127.0.0.1:${port}/${encodeURIComponent(name)}`,
				options: { timeout: FOR_EVER_MS, response: { response: { responseFormat: 'text' } } },
			},
		};
	}

	/** Resolves when so many executions wait. */
	async holds(name: string, count = 1): Promise<void> {
		// Also outside a test, as expect.poll is not.
		await vi.waitFor(() => expect(this.#at(name).size, `executions at the gate "${name}"`).toBe(count), { timeout: 180_000, interval: 50 });
	}

	/** Lets go who waits, and who comes later. */
	open(name: string): void {
		this.#open.add(name);
		for (const response of this.#at(name)) response.end('open');
	}

	/** Holds who comes from now on. */
	close(name: string): void {
		this.#open.delete(name);
	}

	#at(name: string): Set<ServerResponse> {
		const held = this.#held.get(name) ?? new Set();
		this.#held.set(name, held);
		return held;
	}
}
