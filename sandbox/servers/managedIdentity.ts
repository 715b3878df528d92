import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { noteSecret } from '../secrets/registry';
import { json } from './identity/answers';
import type { IdentityServer } from './identity';

/**
 * The endpoints at which Azure hands a workload its own identity, over plain HTTP on the host as there:
 * a virtual machine's (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)
 * and App Service's (https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference).
 */
export class ManagedIdentityServer {
	/** Client id of a user-assigned identity; without one in the request the system-assigned answers. */
	readonly userAssigned = randomUUID();
	readonly requests: Array<{ host: 'vm' | 'appService'; resource: string; clientId?: string }> = [];
	/** Whether the host has a system-assigned identity. */
	systemAssigned = true;
	/** The environment in which a process finds each of them. */
	environment: Record<'vm' | 'appService', Record<string, string>> = { vm: {}, appService: {} };

	/** With which the next requests are refused: a status, or also what the body says. */
	readonly failures: Array<number | { status: number; error: string; description: string }> = [];

	readonly #secret = noteSecret('header of the managed identity', randomBytes(16).toString('hex'));
	readonly #server: Server = createServer((request, response) => {
		this.#answer(request, response).catch(() => response.destroy());
	});

	constructor(private readonly identity: IdentityServer) {}

	async start(): Promise<void> {
		await new Promise<void>((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
		const address = this.#server.address();
		const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
		this.environment = {
			vm: { AZURE_POD_IDENTITY_AUTHORITY_HOST: url },
			appService: { IDENTITY_ENDPOINT: `${url}/msi/token`, IDENTITY_HEADER: this.#secret },
		};
	}

	async stop(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', 'http://127.0.0.1');
		// MSAL 7 ends the path with a slash.
		const path = url.pathname.replace(/\/$/, '');
		const host = path === '/metadata/identity/oauth2/token' ? 'vm' : path === '/msi/token' ? 'appService' : undefined;
		if (host === undefined) return json(response, 404, { error: 'not_found', error_description: `There is nothing at ${path}.` });
		if (host === 'vm' && request.headers.metadata !== 'true')
			return json(response, 400, { error: 'invalid_request', error_description: 'Required metadata header not specified' });
		if (host === 'appService' && request.headers['x-identity-header'] !== this.#secret)
			return json(response, 401, { statusCode: 401, message: 'The X-IDENTITY-HEADER does not match.' });
		const failure = this.failures.shift();
		if (typeof failure === 'number') return json(response, failure, { error: 'failed', error_description: 'As planned.' });
		if (failure !== undefined) return json(response, failure.status, { error: failure.error, error_description: failure.description });
		const resource = (url.searchParams.get('resource') ?? '').replace(/\/$/, '');
		const clientId = url.searchParams.get('client_id') ?? undefined;
		this.requests.push({ host, resource, clientId });
		if (clientId === undefined ? !this.systemAssigned : clientId !== this.userAssigned) {
			return json(response, 400, { error: 'invalid_request', error_description: 'Identity not found' });
		}
		const seconds = this.identity.tokenLifetimeSeconds;
		const now = Math.floor(Date.now() / 1000);
		const token = await this.identity.accessToken({ roles: this.identity.app.roles, aud: resource });
		// Numbers come as text here.
		json(response, 200, {
			access_token: token,
			client_id: clientId ?? this.userAssigned,
			expires_in: String(seconds),
			expires_on: String(now + seconds),
			not_before: String(now - 300),
			resource,
			token_type: 'Bearer',
		});
	}
}
