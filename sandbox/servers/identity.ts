import { createHash, createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { exportSPKI, generateKeyPair, importX509, jwtVerify, SignJWT, exportJWK, decodeProtectedHeader, type JWTPayload } from 'jose';

import { thumbprint, type KeyPair } from './certificates';

/** An app registration. */
export interface App {
	clientId: string;
	clientSecret: string;
	/** PEM certificates that may sign its assertions. */
	certificates: string[];
	redirectUris: string[];
	/** Issuer and subject of a federated identity credential, with the key that its tokens are signed with. */
	federation?: { issuer: string; subject: string; publicPem: string };
	/** Application permissions with admin consent. */
	roles: string[];
}

/** A failure of the identity platform, as Microsoft words it. */
export interface Failure {
	error: string;
	/** Number after AADSTS. */
	aadsts: number;
	description: string;
	status?: number;
	retryAfterSeconds?: number;
}

export interface TokenRequest {
	at: number;
	grant: string;
	tenant: string;
	scope: string;
	clientId: string;
	/** How the app proved itself. */
	proof: 'secret' | 'assertion' | 'federation' | 'none';
}

interface Grant {
	user: string;
	scope: string;
	tenant: string;
	clientId: string;
	codeChallenge?: string;
	redirectUri?: string;
	nonce?: string;
}

/** Delegated permissions of one sign-in and who may use which mailbox are the tests' own business; this is the rest. */
export class IdentityServer {
	readonly tenant = randomUUID();
	readonly app: App = {
		clientId: randomUUID(),
		clientSecret: randomBytes(24).toString('base64url'),
		certificates: [],
		redirectUris: [],
		roles: ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'],
	};
	readonly requests: TokenRequest[] = [];
	/** Life of the access tokens that are given out, in seconds. */
	tokenLifetimeSeconds = 3600;
	/** What tokens are for, as in the real cloud. */
	readonly resource = 'https://outlook.office.com';
	/** Users with a password for the legacy grant; their sign-in page asks for none. */
	readonly passwords = new Map<string, string>();
	readonly kid = randomBytes(8).toString('hex');
	url = '';
	publicPem = '';

	readonly #codes = new Map<string, Grant>();
	readonly #refreshTokens = new Map<string, Grant>();
	readonly #failures: Failure[] = [];
	#keys: Awaited<ReturnType<typeof generateKeyPair>> | undefined;
	#server: Server | undefined;

	constructor(
		private readonly tls: KeyPair,
		private readonly users: () => string[],
	) {}

	async start(): Promise<void> {
		this.#keys = await generateKeyPair('RS256', { extractable: true });
		this.publicPem = await exportSPKI(this.#keys.publicKey);
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

	recover(): void {
		this.#failures.length = 0;
	}

	/** Ends every refresh token of a user. */
	revoke(user: string): void {
		for (const [token, grant] of this.#refreshTokens) if (grant.user === user) this.#refreshTokens.delete(token);
	}

	/** What n8n keeps as `oauthTokenData` after a person has connected. */
	async connect(user: string, protocols: readonly string[] = ['smtp', 'imap', 'pop']): Promise<Record<string, string | number>> {
		return await this.#tokens({ user, tenant: this.tenant, clientId: this.app.clientId, scope: `openid email profile offline_access ${delegatedScopes(this.resource, protocols)}` });
	}

	/** A single access token, of any shape. */
	async accessToken(claims: { mailbox?: string; scp?: string; roles?: string[]; aud?: string; lifetimeSeconds?: number }): Promise<string> {
		const roles = claims.roles;
		return await this.#sign(
			{
				...(claims.mailbox !== undefined && { upn: claims.mailbox }),
				...(roles !== undefined ? { roles, appid: this.app.clientId, idtyp: 'app' } : { scp: claims.scp ?? 'IMAP.AccessAsUser.All POP.AccessAsUser.All SMTP.Send', appid: this.app.clientId }),
			},
			claims.aud ?? this.resource,
			claims.lifetimeSeconds ?? this.tokenLifetimeSeconds,
		);
	}

	/** Who a token is for, if we signed it and it lives. @throws where not */
	async verify(token: string): Promise<JWTPayload> {
		if (this.#keys === undefined) throw new Error('not started');
		return (await jwtVerify(token, this.#keys.publicKey, { audience: [this.resource, `${this.resource}/`] })).payload;
	}

	async #sign(claims: JWTPayload, audience: string, seconds: number): Promise<string> {
		if (this.#keys === undefined) throw new Error('not started');
		const now = Date.now() / 1000;
		return await new SignJWT({ sub: String(claims.upn ?? claims.appid ?? this.app.clientId), ...claims, tid: this.tenant, ver: '1.0', uti: randomBytes(8).toString('hex') })
			.setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.kid })
			.setIssuer(`${this.url}/${this.tenant}/v2.0`)
			.setAudience(audience)
			// Microsoft dates its tokens back by five minutes; a server whose clock is a moment behind needs that.
			.setIssuedAt(Math.floor(now) - 300)
			.setNotBefore(Math.floor(now) - 300)
			.setExpirationTime(Math.floor(now + seconds))
			.sign(this.#keys.privateKey);
	}

	async #tokens(grant: Grant): Promise<Record<string, string | number>> {
		const refresh = `r.${randomBytes(24).toString('base64url')}`;
		this.#refreshTokens.set(refresh, grant);
		const scp = grant.scope.split(' ').filter((scope) => scope.includes('://')).map((scope) => scope.slice(scope.lastIndexOf('/') + 1)).join(' ');
		return {
			token_type: 'Bearer',
			scope: grant.scope,
			expires_in: this.tokenLifetimeSeconds,
			ext_expires_in: this.tokenLifetimeSeconds,
			access_token: await this.#sign({ upn: grant.user, scp, appid: grant.clientId }, this.resource, this.tokenLifetimeSeconds),
			refresh_token: refresh,
			...(grant.scope.includes('openid') && {
				id_token: await this.#sign({ preferred_username: grant.user, email: grant.user, ...(grant.nonce !== undefined && { nonce: grant.nonce }) }, grant.clientId, 3600),
			}),
		};
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', this.url);
		const [, tenant = '', ...rest] = url.pathname.split('/');
		const path = rest.join('/');
		if (path.endsWith('.well-known/openid-configuration')) {
			json(response, 200, this.#discovery(tenant));
		} else if (path === 'discovery/v2.0/keys' && this.#keys !== undefined) {
			json(response, 200, { keys: [{ ...(await exportJWK(this.#keys.publicKey)), kid: this.kid, use: 'sig', alg: 'RS256' }] });
		} else if (path === 'discovery/instance') {
			json(response, 200, { tenant_discovery_endpoint: `${this.url}/${this.tenant}/v2.0/.well-known/openid-configuration`, metadata: [] });
		} else if (path === 'oauth2/v2.0/authorize') {
			await this.#authorize(tenant, url, request, response);
		} else if (path === 'oauth2/v2.0/token' && request.method === 'POST') {
			await this.#token(tenant, new URLSearchParams(await bodyOf(request)), response);
		} else {
			json(response, 404, { error: 'not_found', path: url.pathname });
		}
	}

	#discovery(tenant: string): object {
		const base = `${this.url}/${tenant}`;
		return {
			issuer: `${base}/v2.0`,
			authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
			token_endpoint: `${base}/oauth2/v2.0/token`,
			jwks_uri: `${base}/discovery/v2.0/keys`,
			response_types_supported: ['code'],
			token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
			id_token_signing_alg_values_supported: ['RS256'],
		};
	}

	/** The sign-in page: one button an account. GET shows it, a chosen account redirects with code and state. */
	async #authorize(tenant: string, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
		const query = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
		const redirectUri = query.get('redirect_uri') ?? '';
		if (query.get('client_id') !== this.app.clientId) return page(response, 'AADSTS700016: the application was not found in the directory.');
		if (!this.#knows(tenant)) return page(response, `AADSTS90002: Tenant '${tenant}' not found.`);
		if (!URL.canParse(redirectUri) || (this.app.redirectUris.length > 0 && !this.app.redirectUris.includes(redirectUri))) {
			return page(response, `AADSTS50011: The redirect URI '${redirectUri}' does not match the ones configured.`);
		}
		const user = query.get('account');
		if (user === null) {
			const fields = [...url.searchParams].map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`).join('');
			const buttons = this.users().map((name) => `<button name="account" value="${escape(name)}">${escape(name)}</button>`).join('');
			return page(response, `<h1>Sign in</h1><p>n8n asks for: ${escape(query.get('scope') ?? '')}</p><form method="post">${fields}${buttons}</form>`, true);
		}
		const code = randomBytes(24).toString('base64url');
		this.#codes.set(code, {
			user,
			tenant,
			clientId: this.app.clientId,
			scope: query.get('scope') ?? '',
			redirectUri,
			codeChallenge: query.get('code_challenge') ?? undefined,
			nonce: query.get('nonce') ?? undefined,
		});
		const target = new URL(redirectUri);
		target.searchParams.set('code', code);
		target.searchParams.set('state', query.get('state') ?? '');
		response.writeHead(302, { location: target.toString() }).end();
	}

	#knows(tenant: string): boolean {
		return [this.tenant, 'common', 'organizations', 'consumers', MAIL_TENANT].includes(tenant);
	}

	async #token(tenant: string, form: URLSearchParams, response: ServerResponse): Promise<void> {
		const grant = form.get('grant_type') ?? '';
		const asked: TokenRequest = { at: Date.now(), grant, tenant, scope: form.get('scope') ?? '', clientId: form.get('client_id') ?? '', proof: 'none' };
		this.requests.push(asked);
		const planned = this.#failures.shift();
		if (planned !== undefined) return refuse(response, planned);
		if (!this.#knows(tenant)) return refuse(response, { error: 'invalid_request', aadsts: 90002, description: `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID.` });
		const problem = await this.#authenticate(form, asked, tenant);
		if (problem !== undefined) return refuse(response, problem);
		const outcome = await this.#grant(grant, form, tenant);
		if (isFailure(outcome)) refuse(response, outcome);
		else json(response, 200, outcome);
	}

	/** The app's own proof. Returns the failure, or nothing. */
	async #authenticate(form: URLSearchParams, asked: TokenRequest, tenant: string): Promise<Failure | undefined> {
		if (form.get('client_id') !== this.app.clientId) {
			return { error: 'unauthorized_client', aadsts: 700016, description: `Application with identifier '${form.get('client_id') ?? ''}' was not found in the directory.` };
		}
		const assertion = form.get('client_assertion');
		if (assertion !== null) return await this.#verifyAssertion(assertion, asked, tenant);
		const secret = form.get('client_secret');
		if (secret === null && form.get('grant_type') === 'password') return undefined;
		asked.proof = 'secret';
		if (secret === this.app.clientSecret) return undefined;
		return { error: 'invalid_client', aadsts: 7000215, description: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + this.app.clientId + "'.", status: 401 };
	}

	/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials: signature, thumbprint, audience, issuer, lifetime. */
	async #verifyAssertion(assertion: string, asked: TokenRequest, tenant: string): Promise<Failure | undefined> {
		const header = decodeProtectedHeader(assertion);
		const federation = this.app.federation;
		try {
			if (header['x5t#S256'] === undefined && federation !== undefined) {
				asked.proof = 'federation';
				const { importSPKI } = await import('jose');
				await jwtVerify(assertion, await importSPKI(federation.publicPem, 'RS256'), { issuer: federation.issuer, subject: federation.subject, audience: 'api://AzureADTokenExchange' });
				return undefined;
			}
			asked.proof = 'assertion';
			const certificate = this.app.certificates.find((pem) => thumbprint(pem) === header['x5t#S256']);
			if (certificate === undefined) throw new Error('no registered certificate has this thumbprint');
			const alg = header.alg ?? 'RS256';
			const { payload } = await jwtVerify(assertion, await importX509(certificate, alg), {
				issuer: this.app.clientId,
				subject: this.app.clientId,
				audience: [`${this.url}/${tenant}/oauth2/v2.0/token`, `${this.url}/${tenant}/v2.0`],
				maxTokenAge: '15m',
			});
			if (payload.jti === undefined) throw new Error('the assertion has no jti');
			return undefined;
		} catch (error) {
			return { error: 'invalid_client', aadsts: 700027, description: `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${error instanceof Error ? error.message : String(error)}]`, status: 401 };
		}
	}

	async #grant(grant: string, form: URLSearchParams, tenant: string): Promise<Record<string, string | number> | Failure> {
		if (grant === 'authorization_code') {
			const known = this.#codes.get(form.get('code') ?? '');
			this.#codes.delete(form.get('code') ?? '');
			if (known === undefined) return { error: 'invalid_grant', aadsts: 70008, description: 'The provided authorization code or refresh token has expired due to inactivity.' };
			const verifier = form.get('code_verifier') ?? '';
			if (known.codeChallenge !== undefined && createHash('sha256').update(verifier).digest('base64url') !== known.codeChallenge) {
				return { error: 'invalid_grant', aadsts: 501481, description: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.' };
			}
			if (known.redirectUri !== form.get('redirect_uri')) return { error: 'invalid_grant', aadsts: 50011, description: 'The redirect URI does not match.' };
			return await this.#tokens(known);
		}
		if (grant === 'refresh_token') {
			const known = this.#refreshTokens.get(form.get('refresh_token') ?? '');
			if (known === undefined) return { error: 'invalid_grant', aadsts: 50173, description: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.' };
			return await this.#tokens(known);
		}
		if (grant === 'client_credentials') {
			if (form.get('scope') !== `${this.resource}/.default`) return { error: 'invalid_scope', aadsts: 70011, description: `The provided request must include a 'scope' input parameter. The scope ${form.get('scope') ?? ''} is not valid.` };
			if (['common', 'organizations', 'consumers'].includes(tenant)) return { error: 'invalid_request', aadsts: 50059, description: 'No tenant-identifying information found in either the request or implied by any provided credentials.' };
			return { token_type: 'Bearer', expires_in: this.tokenLifetimeSeconds, ext_expires_in: this.tokenLifetimeSeconds, access_token: await this.accessToken({ roles: this.app.roles }) };
		}
		if (grant === 'password') {
			const user = form.get('username') ?? '';
			if (this.passwords.get(user) !== form.get('password')) return { error: 'invalid_grant', aadsts: 50126, description: 'Error validating credentials due to invalid username or password.' };
			return await this.#tokens({ user, tenant, clientId: this.app.clientId, scope: form.get('scope') ?? '' });
		}
		return { error: 'unsupported_grant_type', aadsts: 70003, description: `The app requested an unsupported grant type '${grant}'.` };
	}
}

function isFailure(outcome: Record<string, string | number> | Failure): outcome is Failure {
	return 'aadsts' in outcome;
}

/** The tenant's domain, accepted in place of its GUID. */
export const MAIL_TENANT = 'example.test';

function delegatedScopes(resource: string, protocols: readonly string[]): string {
	const names: Record<string, string> = { smtp: 'SMTP.Send', imap: 'IMAP.AccessAsUser.All', pop: 'POP.AccessAsUser.All' };
	return protocols.map((protocol) => `${resource}/${names[protocol] ?? protocol}`).join(' ');
}

/** Microsoft's error body: https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application */
function refuse(response: ServerResponse, failure: Failure): void {
	const trace = randomUUID();
	const correlation = randomUUID();
	const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+/, '');
	if (failure.retryAfterSeconds !== undefined) response.setHeader('retry-after', String(failure.retryAfterSeconds));
	json(response, failure.status ?? 400, {
		error: failure.error,
		error_description: `AADSTS${failure.aadsts}: ${failure.description} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
		error_codes: [failure.aadsts],
		timestamp,
		trace_id: trace,
		correlation_id: correlation,
		error_uri: `https://login.microsoftonline.com/error?code=${failure.aadsts}`,
	});
}

function json(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

function page(response: ServerResponse, text: string, html = false): void {
	const style = '<style>body{font:16px system-ui;max-width:32em;margin:4em auto}button{display:block;margin:.5em 0;padding:.7em 1em;width:100%;font:inherit}</style>';
	response.writeHead(html ? 200 : 400, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><title>Sign in</title>${style}${html ? text : `<p>${escape(text)}</p>`}`);
}

function escape(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks).toString('utf8');
}

/** The public half of a private key in PEM, for a federation's issuer. */
export function publicPemOf(privatePem: string): string {
	return createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
}
