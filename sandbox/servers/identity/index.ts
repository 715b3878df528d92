import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';

import type { JWTPayload } from 'jose';

import { noteSecret } from '../../secrets/registry';
import type { KeyPair } from '../certificates';
import { bodyOf, json, refuse, type Failure } from './answers';
import { Directory, isFailure, type App } from './directory';
import { Grants, type Grant } from './grants';
import { Issuer, MAIL_RESOURCES } from './issuer';
import { prove, type Proof, type Proven } from './proof';
import { showSignIn } from './signInPage';

export type { Failure } from './answers';
export { type App } from './directory';

/** Fields of a request for a token that nobody else may see. */
const PROOFS = ['client_secret', 'client_assertion', 'refresh_token', 'password', 'code', 'code_verifier'];

export interface TokenRequest {
	at: number;
	grant: string;
	tenant: string;
	scope: string;
	clientId: string;
	proof: Proof;
	/** Header and claims of a verified client assertion. */
	assertion?: Proven['assertion'];
	/** SHA-256 (base64url) of the refresh token that was presented. */
	refreshToken?: string;
	/** AADSTS number where it was refused. */
	refused?: number;
}

/**
 * An identity server with the endpoints and errors of Microsoft's v2: authorize, token, discovery, keys. One tenant, one
 * app ({@link IdentityServer.app}), any user. `requests` holds every request for a token.
 */
export class IdentityServer {
	readonly requests: TokenRequest[] = [];
	/** Life of the access tokens that are given out, in seconds. */
	tokenLifetimeSeconds = 3600;
	/** How far its clock is ahead of this machine's, in ms. */
	clockOffsetMs = 0;
	/** What delegated tokens are for, as in the real cloud. */
	readonly resource = 'https://outlook.office.com';
	url = '';

	readonly #directory: Directory;
	readonly #grants: Grants;
	readonly #issuer = new Issuer();
	readonly #failures: Failure[] = [];
	#server: Server | undefined;

	constructor(
		private readonly tls: KeyPair,
		users: () => string[],
	) {
		this.#directory = new Directory(users);
		this.#grants = new Grants(this.#directory);
	}

	get tenant(): string {
		return this.#directory.tenant;
	}

	get app(): App {
		return this.#directory.app;
	}

	/** Users with a password for the legacy grant. */
	get passwords(): Map<string, string> {
		return this.#directory.passwords;
	}

	/** Users who have to show a second factor. */
	get mfa(): Set<string> {
		return this.#directory.mfa;
	}

	get kid(): string {
		return this.#issuer.kid;
	}

	get publicPem(): string {
		return this.#issuer.publicPem;
	}

	async start(): Promise<void> {
		await this.#issuer.start();
		const server = createServer({ key: this.tls.key, cert: this.tls.cert }, (request, response) => {
			this.#answer(request, response).catch((error: unknown) => {
				json(response, 500, { error: 'server_error', error_description: error instanceof Error ? error.message : String(error) });
			});
		});
		this.#server = server;
		await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
		const address = server.address();
		this.url = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`;
	}

	async stop(): Promise<void> {
		this.#server?.closeAllConnections();
		await new Promise((resolve) => this.#server?.close(resolve));
	}

	/** The next `times` token requests fail this way. */
	failNext(failure: Failure, times = 1): void {
		for (let i = 0; i < times; i += 1) this.#failures.push(failure);
	}

	/** No planned failures any more. */
	recover(): void {
		this.#failures.length = 0;
	}

	/** Ends every refresh token of a user: revoked (50173), or not used for 90 days (700082). */
	revoke(user: string, aadsts: 50173 | 700082 = 50173): void {
		this.#grants.end(user, aadsts);
	}

	/** What n8n keeps as `oauthTokenData` after a person has connected. */
	async connect(user: string, protocols: readonly string[] = ['smtp', 'imap', 'pop']): Promise<Record<string, string | number>> {
		const names: Record<string, string> = { smtp: 'SMTP.Send', imap: 'IMAP.AccessAsUser.All', pop: 'POP.AccessAsUser.All' };
		const scopes = protocols.map((protocol) => `${this.resource}/${names[protocol] ?? protocol}`);
		return await this.#delegatedTokens(
			{ user, tenant: this.tenant, clientId: this.app.clientId, scope: ['openid email profile offline_access', ...scopes].join(' ') },
			this.resource,
		);
	}

	/** A single access token, of any shape: delegated unless `roles` are given. */
	async accessToken(claims: { mailbox?: string; scp?: string; roles?: string[]; aud?: string; lifetimeSeconds?: number }): Promise<string> {
		const permissions =
			claims.roles !== undefined ? { roles: claims.roles, idtyp: 'app' } : { scp: claims.scp ?? this.app.delegated.join(' ') };
		return await this.#sign(
			{ ...(claims.mailbox !== undefined && { upn: claims.mailbox }), ...permissions, appid: this.app.clientId },
			claims.aud ?? this.resource,
			claims.lifetimeSeconds ?? this.tokenLifetimeSeconds,
		);
	}

	/** Who an email token is for. @throws where we did not sign it, it has ended or is for something else */
	async verify(token: string): Promise<JWTPayload> {
		return await this.#issuer.verify(token);
	}

	async #sign(claims: JWTPayload, audience: string, seconds = this.tokenLifetimeSeconds): Promise<string> {
		// Dovecot takes no token without `sub`.
		return await this.#issuer.sign(
			{ sub: String(claims.upn ?? claims.appid), ...claims, tid: this.tenant },
			{ issuer: `${this.url}/${this.tenant}/v2.0`, audience, seconds, now: this.#now() },
		);
	}

	#now(): number {
		return Date.now() + this.clockOffsetMs;
	}

	async #delegatedTokens(grant: Grant, resource: string): Promise<Record<string, string | number>> {
		const scopes = grant.scope.split(' ');
		const named = scopes.filter((scope) => scope.includes('://')).map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
		const scp = named.flatMap((name) => (name === '.default' ? this.app.delegated : [name])).join(' ');
		const access = await this.#sign({ upn: grant.user, scp, appid: grant.clientId }, resource);
		return {
			token_type: 'Bearer',
			scope: grant.scope,
			expires_in: this.tokenLifetimeSeconds,
			ext_expires_in: this.tokenLifetimeSeconds,
			access_token: grant.tenant === 'consumers' ? this.#issuer.conceal(access) : access,
			...(scopes.includes('offline_access') && { refresh_token: this.#grants.issueRefreshToken(grant) }),
			...(scopes.includes('openid') && { id_token: await this.#idToken(grant) }),
		};
	}

	async #idToken(grant: Grant): Promise<string> {
		const nonce = grant.nonce === undefined ? {} : { nonce: grant.nonce };
		const who = {
			preferred_username: grant.user,
			email: grant.user,
			name: grant.user.split('@', 1)[0],
			sub: grant.user,
			oid: grant.user,
			ver: '2.0',
		};
		return await this.#sign({ ...who, ...nonce }, grant.clientId, 3600);
	}

	async #appToken(app: App, resource: string): Promise<Record<string, string | number>> {
		const roles = MAIL_RESOURCES.includes(resource) ? { roles: app.roles } : {};
		const mailbox = app.mailbox === undefined ? {} : { upn: app.mailbox };
		const access = await this.#sign({ ...roles, ...mailbox, idtyp: 'app', appid: app.clientId, sub: app.clientId }, resource);
		return { token_type: 'Bearer', expires_in: this.tokenLifetimeSeconds, ext_expires_in: this.tokenLifetimeSeconds, access_token: access };
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', this.url);
		const [, tenant = '', ...rest] = url.pathname.split('/');
		const path = rest.join('/');
		if (path.endsWith('.well-known/openid-configuration')) {
			this.#discover(tenant, response);
		} else if (path === 'discovery/v2.0/keys') {
			json(response, 200, { keys: [await this.#issuer.publicJwk()] });
		} else if (path === 'discovery/instance') {
			json(response, 200, { tenant_discovery_endpoint: `${this.url}/${this.tenant}/v2.0/.well-known/openid-configuration`, metadata: [] });
		} else if (path === 'oauth2/v2.0/authorize') {
			await showSignIn(this.#directory, this.#grants.codes, tenant, url, request, response);
		} else if (path === 'oauth2/v2.0/token' && request.method === 'POST') {
			await this.#token(tenant, new URLSearchParams(await bodyOf(request)), response);
		} else {
			json(response, 404, { error: 'not_found', path: url.pathname });
		}
	}

	#discover(tenant: string, response: ServerResponse): void {
		const app = this.#directory.find(this.app.clientId, tenant);
		if (isFailure(app) && app.aadsts === 90002) return refuse(response, app);
		const base = `${this.url}/${tenant}`;
		json(response, 200, {
			issuer: `${base}/v2.0`,
			authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
			token_endpoint: `${base}/oauth2/v2.0/token`,
			jwks_uri: `${base}/discovery/v2.0/keys`,
			response_types_supported: ['code'],
			token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
			id_token_signing_alg_values_supported: ['RS256'],
		});
	}

	async #token(tenant: string, form: URLSearchParams, response: ServerResponse): Promise<void> {
		const asked: TokenRequest = {
			at: Date.now(),
			grant: form.get('grant_type') ?? '',
			tenant,
			scope: form.get('scope') ?? '',
			clientId: form.get('client_id') ?? '',
			proof: 'none',
		};
		for (const name of PROOFS) noteSecret(`${name} sent for a token`, form.get(name) ?? '');
		const refreshToken = form.get('refresh_token');
		if (refreshToken !== null) asked.refreshToken = createHash('sha256').update(refreshToken).digest('base64url');
		this.requests.push(asked);
		const outcome = this.#failures.shift() ?? (await this.#redeem(tenant, form, asked));
		if (isFailure(outcome)) {
			asked.refused = outcome.aadsts;
			return refuse(response, outcome);
		}
		json(response, 200, outcome);
	}

	async #redeem(tenant: string, form: URLSearchParams, asked: TokenRequest): Promise<Record<string, string | number> | Failure> {
		const app = this.#directory.find(form.get('client_id'), tenant);
		if (isFailure(app)) return app;
		const audiences = [tenant, this.tenant].flatMap((name) => [`${this.url}/${name}/oauth2/v2.0/token`, `${this.url}/${name}/v2.0`]);
		const { proof, assertion, failure } = await prove(app, form, audiences, new Date(this.#now()));
		Object.assign(asked, { proof, assertion });
		if (failure !== undefined) return failure;
		const outcome = this.#grants.redeem(app, form, tenant);
		if (isFailure(outcome)) return outcome;
		return 'app' in outcome
			? await this.#appToken(outcome.app, outcome.resource)
			: await this.#delegatedTokens(outcome.grant, outcome.resource);
	}
}
