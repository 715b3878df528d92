import { randomBytes, randomUUID } from 'node:crypto';

import { noteSecret } from '../../secrets/registry';
import type { Failure } from './answers';

/** An app registration. */
export interface App {
	clientId: string;
	clientSecret: string;
	/** PEM certificates that may sign its assertions. */
	certificates: string[];
	/** Empty = any. */
	redirectUris: string[];
	/** Issuer and subject of a federated identity credential, with the key that its tokens are signed with. */
	federation?: { issuer: string; subject: string; publicPem: string };
	/** Application permissions with admin consent. */
	roles: string[];
	/** Delegated permissions that it may ask for. */
	delegated: string[];
	/** Whether public client flows are allowed, such as the password grant without a secret. */
	publicClient: boolean;
	/** False: refused at `common` and `organizations`. */
	multiTenant: boolean;
	/** Puts this address into app-only tokens too, for a server that knows mailboxes but no apps (Dovecot by itself). */
	mailbox?: string;
}

/** The tenant's domain, accepted in place of its GUID. */
const MAIL_TENANT = 'example.test';

const SHARED_TENANTS = ['common', 'organizations', 'consumers'];

function newApp(): App {
	return {
		clientId: randomUUID(),
		clientSecret: noteSecret('client secret', randomBytes(24).toString('base64url')),
		certificates: [],
		redirectUris: [],
		roles: ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'],
		delegated: ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'],
		publicClient: true,
		multiTenant: true,
	};
}

/** One tenant with its app and users. */
export class Directory {
	readonly tenant = randomUUID();
	readonly app = newApp();
	/** Users with a password for the legacy grant; the sign-in page asks for none. */
	readonly passwords = new Map<string, string>();
	/** Users who have to show a second factor, which the legacy grant cannot. */
	readonly mfa = new Set<string>();

	constructor(readonly users: () => string[]) {}

	isShared(tenant: string): boolean {
		return SHARED_TENANTS.includes(tenant);
	}

	/** The app that asks, or why it may not. */
	find(clientId: string | null, tenant: string): App | Failure {
		if (!this.isShared(tenant) && tenant !== this.tenant && tenant !== MAIL_TENANT) {
			return {
				error: 'invalid_request',
				aadsts: 90002,
				description: `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
			};
		}
		if (clientId !== this.app.clientId) {
			return {
				error: 'unauthorized_client',
				aadsts: 700016,
				description: `Application with identifier '${clientId ?? ''}' was not found in the directory '${tenant}'.`,
			};
		}
		if (!this.app.multiTenant && this.isShared(tenant)) {
			return {
				error: 'invalid_request',
				aadsts: 50194,
				description: `Application '${clientId}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps.`,
			};
		}
		return this.app;
	}

	/** What the scopes are for, or why they cannot be asked for together. `parameter`: RFC 8707's, which has to say the same. */
	resourceOf(scopes: string[], app: App, known: string[], parameter?: string | null): string | Failure {
		const resources = new Set<string>();
		for (const scope of scopes.filter((name) => name.includes('://'))) {
			const cut = scope.lastIndexOf('/');
			const resource = scope.slice(0, cut);
			if (known.includes(resource) && ![...app.delegated, '.default'].includes(scope.slice(cut + 1))) {
				return {
					error: 'invalid_client',
					aadsts: 650053,
					description: `The application asked for scope '${scope.slice(cut + 1)}' that doesn't exist on the resource '${resource}'.`,
				};
			}
			resources.add(resource);
		}
		const [first, ...more] = resources;
		if (more.length > 0)
			return {
				error: 'invalid_request',
				aadsts: 28000,
				description: 'Provided value for the input parameter scope is not valid because it contains more than one resource.',
			};
		const resource = first ?? 'https://graph.microsoft.com';
		if (parameter !== undefined && parameter !== null && parameter.replace(/\/+$/, '') !== resource) {
			return {
				error: 'invalid_target',
				aadsts: 9010010,
				description: `The resource parameter provided in the request doesn't match with the requested scopes.`,
			};
		}
		return resource;
	}
}

export function isFailure(outcome: object): outcome is Failure {
	return 'aadsts' in outcome;
}
