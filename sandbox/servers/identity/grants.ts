import { createHash, randomBytes } from 'node:crypto';

import { noteSecret } from '../../secrets/registry';
import type { Failure } from './answers';
import type { App, Directory } from './directory';
import { MAIL_RESOURCES } from './issuer';

/** What a person has granted. */
export interface Grant {
	user: string;
	scope: string;
	tenant: string;
	clientId: string;
	codeChallenge?: string;
	redirectUri?: string;
	nonce?: string;
	/** AADSTS number by which its refresh tokens are refused from now on. */
	ended?: number;
}

/** What is given out: tokens for a person's grant, or for the app itself. */
export type Outcome = { grant: Grant; resource: string } | { app: App; resource: string };

const ENDED: Record<number, string> = {
	50173: 'The provided grant has expired due to it being revoked, a fresh auth token is needed.',
	700082: 'The refresh token has expired due to inactivity. The token was issued on 2026-01-01 and was inactive for 90.00:00:00.',
};

/** The grants of one identity server: codes, refresh tokens, and what each request for a token leads to. */
export class Grants {
	readonly codes = new Map<string, Grant>();
	readonly #refreshTokens = new Map<string, Grant>();

	constructor(private readonly directory: Directory) {}

	/** A further refresh token; those before it stay valid, as Microsoft's do. */
	issueRefreshToken(grant: Grant): string {
		const token = `1.${randomBytes(48).toString('base64url')}`;
		this.#refreshTokens.set(token, grant);
		return noteSecret('refresh token', token);
	}

	end(user: string, aadsts: number): void {
		for (const grant of this.#refreshTokens.values()) if (grant.user === user) grant.ended = aadsts;
	}

	redeem(app: App, form: URLSearchParams, tenant: string): Outcome | Failure {
		switch (form.get('grant_type')) {
			case 'authorization_code':
				return this.#redeemCode(app, form);
			case 'refresh_token':
				return this.#refresh(app, form);
			case 'client_credentials':
				return this.#grantApp(app, form, tenant);
			case 'password':
				return this.#signIn(app, form, tenant);
			default:
				return {
					error: 'unsupported_grant_type',
					aadsts: 70003,
					description: `The app requested an unsupported grant type '${form.get('grant_type') ?? ''}'.`,
				};
		}
	}

	/** A code is good once, with the verifier of its challenge (RFC 7636, section 4.6). */
	#redeemCode(app: App, form: URLSearchParams): Outcome | Failure {
		const code = form.get('code') ?? '';
		const grant = this.codes.get(code);
		this.codes.delete(code);
		if (grant === undefined)
			return {
				error: 'invalid_grant',
				aadsts: 54005,
				description: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code.',
			};
		const verifier = form.get('code_verifier') ?? '';
		if (grant.codeChallenge !== undefined && createHash('sha256').update(verifier).digest('base64url') !== grant.codeChallenge) {
			return {
				error: 'invalid_grant',
				aadsts: 501481,
				description: 'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
			};
		}
		if (grant.redirectUri !== form.get('redirect_uri'))
			return {
				error: 'invalid_grant',
				aadsts: 500112,
				description: 'The reply address does not match the reply address provided when requesting Authorization code.',
			};
		return this.#delegate(app, grant);
	}

	#refresh(app: App, form: URLSearchParams): Outcome | Failure {
		const grant = this.#refreshTokens.get(form.get('refresh_token') ?? '');
		if (grant === undefined)
			return { error: 'invalid_grant', aadsts: 9002313, description: 'Invalid request. Request is malformed or invalid.' };
		if (grant.ended !== undefined)
			return { error: 'invalid_grant', aadsts: grant.ended, description: ENDED[grant.ended] ?? 'The grant has ended.' };
		return this.#delegate(app, grant, form.get('scope') ?? grant.scope);
	}

	#grantApp(app: App, form: URLSearchParams, tenant: string): Outcome | Failure {
		const scope = form.get('scope') ?? '';
		if (this.directory.isShared(tenant))
			return {
				error: 'invalid_request',
				aadsts: 50059,
				description: 'No tenant-identifying information found in either the request or implied by any provided credentials.',
			};
		if (!/^https:\/\/[^ ]+\/\.default$/.test(scope)) {
			return {
				error: 'invalid_scope',
				aadsts: 1002012,
				description: `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
			};
		}
		return { app, resource: scope.replace(/\/+\.default$/, '') };
	}

	#signIn(app: App, form: URLSearchParams, tenant: string): Outcome | Failure {
		const user = form.get('username') ?? '';
		const password = this.directory.passwords.get(user);
		if (password === undefined || password !== form.get('password')) {
			return { error: 'invalid_grant', aadsts: 50126, description: 'Error validating credentials due to invalid username or password.' };
		}
		if (this.directory.mfa.has(user)) {
			return {
				error: 'invalid_grant',
				aadsts: 50076,
				description:
					'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
			};
		}
		return this.#delegate(app, { user, tenant, clientId: app.clientId, scope: form.get('scope') ?? '' });
	}

	#delegate(app: App, grant: Grant, scope = grant.scope): Outcome | Failure {
		const scopes = scope.split(' ');
		const resource = this.directory.resourceOf(scopes, app, MAIL_RESOURCES);
		return typeof resource === 'string' ? { grant: { ...grant, scope }, resource } : resource;
	}
}
