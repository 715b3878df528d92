import { randomBytes } from 'node:crypto';

import { exportJWK, exportSPKI, generateKeyPair, jwtVerify, SignJWT, type JWK, type JWTPayload } from 'jose';

import { noteSecret } from '../../secrets/registry';

/** What Microsoft's email tokens may be for; tokens for anything else open no mailbox. */
export const MAIL_RESOURCES = ['https://outlook.office.com', 'https://outlook.office365.com'];

/** Signs tokens with a key of its own, made when it starts. */
export class Issuer {
	readonly kid = randomBytes(8).toString('hex');
	publicPem = '';
	#keys: Awaited<ReturnType<typeof generateKeyPair>> | undefined;
	/** Access tokens of personal accounts are opaque; what stands behind each. */
	readonly #opaque = new Map<string, string>();

	async start(): Promise<void> {
		this.#keys = await generateKeyPair('RS256', { extractable: true });
		this.publicPem = await exportSPKI(this.#keys.publicKey);
	}

	async publicJwk(): Promise<JWK> {
		return { ...(await exportJWK(this.#started().publicKey)), kid: this.kid, use: 'sig', alg: 'RS256' };
	}

	/** A JWT that lives `seconds` from `now`, in epoch ms. */
	async sign(claims: JWTPayload, token: { issuer: string; audience: string; seconds: number; now: number }): Promise<string> {
		const now = token.now / 1000;
		const signed = await new SignJWT({ ...claims, uti: randomBytes(8).toString('hex') })
			.setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: this.kid })
			.setIssuer(token.issuer)
			.setAudience(token.audience)
			// Microsoft dates its tokens back by five minutes; a server whose clock is a moment behind needs that.
			.setIssuedAt(Math.floor(now) - 300)
			.setNotBefore(Math.floor(now) - 300)
			.setExpirationTime(Math.floor(now + token.seconds))
			.sign(this.#started().privateKey);
		return noteSecret('token', signed);
	}

	/** The same token as one that only we can read. */
	conceal(token: string): string {
		const opaque = `EwB${randomBytes(300).toString('base64url')}`;
		this.#opaque.set(opaque, token);
		return noteSecret('token', opaque);
	}

	/** Who an email token is for. @throws where we did not sign it, it has ended or is for something else */
	async verify(token: string): Promise<JWTPayload> {
		const audience = MAIL_RESOURCES.flatMap((resource) => [resource, `${resource}/`]);
		return (await jwtVerify(this.#opaque.get(token) ?? token, this.#started().publicKey, { audience })).payload;
	}

	#started(): Awaited<ReturnType<typeof generateKeyPair>> {
		if (this.#keys === undefined) throw new Error('The identity server has not been started.');
		return this.#keys;
	}
}
