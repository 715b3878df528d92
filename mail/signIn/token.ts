import { inspect } from 'node:util';

import { MailError } from '../errors';
import { Secrets } from '../redact';

/** An access token that only {@link AccessToken.reveal} shows, and neither JSON nor `util.inspect` nor a template string. */
export class AccessToken {
	readonly #value: string;
	/** Made when the first text is looked through. */
	#secrets: Secrets | undefined;

	/** @param expiresAt epoch milliseconds */
	constructor(
		value: string,
		readonly expiresAt: number,
	) {
		this.#value = value;
	}

	reveal(): string {
		return this.#value;
	}

	/** A text without this token: whole or cut, spread over lines, in base64 as within the line of XOAUTH2. */
	hide(text: string): string {
		return (this.#secrets ??= new Secrets([this.#value])).hide(text);
	}

	toString(): string {
		return '[access token]';
	}

	toJSON(): string {
		return this.toString();
	}

	[inspect.custom](): string {
		return this.toString();
	}

	/** What the token says of itself, for explanations only; `undefined` where it is opaque (personal accounts). */
	claims(): TokenClaims | undefined {
		return readClaims(this.#value);
	}
}

/** The claims worth telling an admin. Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export interface TokenClaims {
	aud?: string;
	/** delegated permissions, space separated */
	scp?: string;
	/** application permissions */
	roles?: string[];
	tid?: string;
	appid?: string;
	/** The name that the person signs in with, an address; personal accounts may have a phone number for a name, which is none. */
	upn?: string;
	/** The person is a guest of the tenant (B2B), which is seen by names of the form `ada_contoso.com#EXT#@fabrikam.onmicrosoft.com`. */
	guest: boolean;
	iss?: string;
	sub?: string;
	/** seconds since the epoch */
	exp?: number;
	/** `aud` as a list, as other issuers write it */
	audiences: string[];
}

/** Reads a JWT's payload without verifying it; never used for a decision about access. */
export function readClaims(jwt: string): TokenClaims | undefined {
	try {
		const payload: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
		if (typeof payload !== 'object' || payload === null) return undefined;
		const claim = new Map<string, unknown>(Object.entries(payload));
		const text = (...names: string[]): string | undefined =>
			names.map((name) => claim.get(name)).find((value): value is string => typeof value === 'string' && value !== '');
		const roles = claim.get('roles');
		const exp = claim.get('exp');
		const audience = claim.get('aud');
		return {
			aud: text('aud'),
			audiences: (Array.isArray(audience) ? audience : [audience]).filter((name): name is string => typeof name === 'string'),
			iss: text('iss'),
			sub: text('sub'),
			scp: text('scp'),
			roles: Array.isArray(roles) ? roles.map(String) : undefined,
			tid: text('tid'),
			appid: text('appid', 'azp'),
			upn: NAMES.map((name) => plainName(text(name))).find((name) => name?.includes('@')),
			guest: NAMES.some((name) => isGuest(text(name) ?? '')),
			exp: typeof exp === 'number' ? exp : undefined,
		};
	} catch {
		return undefined;
	}
}

/**
 * Claims that may hold the sign-in name, the surest first. Source:
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
const NAMES = ['upn', 'preferred_username', 'unique_name', 'email'];

/** Tokens of version 1.0 write who comes from elsewhere as `live.com#ada@outlook.com`. */
function plainName(name: string | undefined): string | undefined {
	return name?.replace(/^[a-z0-9.-]+#(?=[^#]+$)/i, '');
}

/** Whether a sign-in name is a guest's. Source: https://learn.microsoft.com/entra/external-id/user-properties */
export function isGuest(name: string): boolean {
	return /#EXT#@/i.test(name);
}

/**
 * The whole idea of sign-in: whoever dials asks for a token, and no session keeps one. A dialler whose token was
 * refused passes it back and gets another one, or the newer one that has come in the meantime. Where one was replaced
 * for that reason a moment ago it gets the same one again, for one more try: its age is not what the server minds.
 *
 * @throws MailError of the identity platform
 */
export type TokenSource = (rejected?: AccessToken) => Promise<AccessToken>;

/** Gets a token from where it really comes from: n8n's credential store or MSAL. `fresh`: not one from a cache. */
export type Acquire = (fresh: boolean) => Promise<AccessToken>;

/** A token is replaced when less than this is left of it, in ms: within the 5 to 10 minutes before its end. */
export const RENEW_BEFORE_MS = 7 * 60_000;
/** What the clocks of this machine, a platform and Microsoft may differ, in ms. */
export const CLOCK_SKEW_MS = 5 * 60_000;
/** A stored token of which less than this is left is not worth a new session: that one would be renewed at once. */
export const WORTH_USING_MS = RENEW_BEFORE_MS + 60_000;
/** After a failure the identity platform is left alone for this long, doubled each time (AADSTS50196 punishes loops). */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** As many parallel tests share an answer, one after the other gets another. */
const TESTER_WAITS_MS = 2_000;
/** How often a token that still lives is replaced because a server refused it, in ms: not at each execution that fails. */
export const REPLACE_EVERY_MS = 60_000;

/** What is remembered of one sign-in between calls; shared by all executions of a process. */
export interface Renewal {
	current?: { token: AccessToken; renewAt: number };
	pending?: Promise<AccessToken>;
	/** Of the last try; `until` and `at` in epoch ms, `asked` where the platform itself wants the pause. */
	failure?: { error: unknown; at: number; until: number; pause: number; asked: boolean };
	/** When a refused token was last replaced, epoch ms. */
	replaced?: { at: number };
}

/** A token source with a memory of its own. See {@link renew}. */
export function renewing(acquire: Acquire, now: () => number = Date.now): TokenSource {
	const renewal: Renewal = {};
	return async (rejected) => await renew(renewal, acquire, rejected, now);
}

/**
 * Asks `acquire` once for all parallel callers, renews ahead of the end, keeps using the old token as long as it
 * lives while the identity platform fails, and backs off from a failing platform: until the pause is over, callers
 * get the same error without a request.
 */
export async function renew(
	renewal: Renewal,
	acquire: Acquire,
	rejected?: AccessToken,
	now: () => number = Date.now,
): Promise<AccessToken> {
	const { current, failure } = renewal;
	const living = current !== undefined && current.token.expiresAt > now() ? current.token : undefined;
	const refused = living !== undefined && living.reveal() === rejected?.reveal();
	renewal.replaced ??= { at: -Infinity };
	if (refused && renewal.pending === undefined && now() >= renewal.replaced.at && now() < renewal.replaced.at + REPLACE_EVERY_MS)
		return living;
	const usable = refused ? undefined : living;
	if (usable !== undefined && current !== undefined && now() < current.renewAt) return usable;
	if (renewal.pending === undefined && failure !== undefined && now() < failure.until) {
		if (usable !== undefined) return usable;
		throw failure.error;
	}
	renewal.pending ??= ask(renewal, acquire, rejected !== undefined || current !== undefined, now);
	try {
		const token = await renewal.pending;
		if (refused) renewal.replaced.at = now();
		return token;
	} catch (error) {
		if (usable !== undefined && usable.expiresAt > now()) return usable;
		throw error;
	}
}

async function ask(renewal: Renewal, acquire: Acquire, fresh: boolean, now: () => number): Promise<AccessToken> {
	try {
		const token = await acquire(fresh);
		renewal.current = { token, renewAt: token.expiresAt - margin(token.expiresAt - now()) };
		renewal.failure = undefined;
		return token;
	} catch (error) {
		const asked = error instanceof MailError ? (error.retryAfterMs ?? 0) : 0;
		const pause = Math.min(LONGEST_PAUSE_MS, renewal.failure ? renewal.failure.pause * 2 : FIRST_PAUSE_MS);
		renewal.failure = { error, at: now(), pause, until: now() + Math.max(pause, asked), asked: asked > 0 };
		throw error;
	} finally {
		renewal.pending = undefined;
	}
}

/**
 * For somebody who tests what he has just changed: after a failure the next caller asks again soon, not after a pause of
 * minutes; after the pause all the same where the platform itself wants it.
 */
export function shortenPause({ failure }: Renewal): void {
	if (failure !== undefined && !failure.asked) failure.until = Math.min(failure.until, failure.at + TESTER_WAITS_MS);
}

/** How long before its end a token is replaced, in ms; one that lives shorter than that and a little, at its half. */
export function margin(lifetimeMs: number): number {
	return lifetimeMs < WORTH_USING_MS ? lifetimeMs / 2 : RENEW_BEFORE_MS;
}
