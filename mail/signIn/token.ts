import { inspect } from 'node:util';

import { MailError } from '../errors';
import { Secrets } from '../redact';

/** An access token. Only {@link AccessToken.reveal} shows it; JSON, `util.inspect` and template strings do not. */
export class AccessToken {
	readonly #value: string;
	readonly #secrets: Secrets;

	/** @param expiresAt epoch milliseconds */
	constructor(
		value: string,
		readonly expiresAt: number,
	) {
		this.#value = value;
		this.#secrets = new Secrets([value]);
	}

	reveal(): string {
		return this.#value;
	}

	/** Returns the text without this token: whole or cut, spread over lines, or in base64 as in the line of XOAUTH2. */
	hide(text: string): string {
		return this.#secrets.hide(text);
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

	/** What the token says about itself, for explanations only; `undefined` if it is opaque (personal accounts). */
	claims(): TokenClaims | undefined {
		return readClaims(this.#value);
	}
}

/** The claims that help an admin. Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export interface TokenClaims {
	aud?: string;
	/** delegated permissions, space separated */
	scp?: string;
	/** application permissions */
	roles?: string[];
	tid?: string;
	appid?: string;
	/** The name with which the person signs in, as an address. The name of a personal account can be a phone number, which is left out. */
	upn?: string;
	/** The person is a guest of the tenant (B2B). Guests have names like `ada_contoso.com#EXT#@fabrikam.onmicrosoft.com`. */
	guest: boolean;
	iss?: string;
	sub?: string;
	/** seconds since the epoch */
	exp?: number;
	/** when it was issued, in seconds since the epoch */
	iat?: number;
	/** `aud` as a list, which other issuers use */
	audiences: string[];
}

/** Reads the payload of a JWT without verifying it. Never used for a decision about access. */
export function readClaims(jwt: string): TokenClaims | undefined {
	try {
		const payload: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
		if (typeof payload !== 'object' || payload === null) return undefined;
		const claim = new Map<string, unknown>(Object.entries(payload));
		const text = (...names: string[]): string | undefined =>
			names.map((name) => claim.get(name)).find((value): value is string => typeof value === 'string' && value !== '');
		const roles = claim.get('roles');
		const seconds = (name: string): number | undefined => {
			const value = claim.get(name);
			return typeof value === 'number' ? value : undefined;
		};
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
			exp: seconds('exp'),
			iat: seconds('iat'),
		};
	} catch {
		return undefined;
	}
}

/**
 * Claims that may contain the sign-in name, the most reliable first. Source:
 * https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
 */
const NAMES = ['upn', 'preferred_username', 'unique_name', 'email'];

/** Removes the prefix with which tokens of version 1.0 mark people of other directories: `live.com#ada@outlook.com`. */
function plainName(name: string | undefined): string | undefined {
	return name?.replace(/^[a-z0-9.-]+#(?=[^#]+$)/i, '');
}

/** Whether a sign-in name is that of a guest. Source: https://learn.microsoft.com/entra/external-id/user-properties */
export function isGuest(name: string): boolean {
	return /#EXT#@/i.test(name);
}

/**
 * Sign-in in one function: whoever connects asks for a token, and no session keeps one. If the server refused a token, the caller passes it
 * back and gets another one, or the newer one that has arrived meanwhile. If the token was replaced for this reason a moment ago, the
 * caller gets the same one for one more attempt, because its age cannot be the problem.
 *
 * @throws MailError of the identity platform
 */
export type TokenSource = (rejected?: AccessToken) => Promise<AccessToken>;

/** Gets a token from its source: n8n's credential store or MSAL. `fresh`: not from a cache. */
export type Acquire = (fresh: boolean) => Promise<AccessToken>;

/** A token is replaced if it expires in less than this time, in ms. This is within the 5 to 10 minutes before its end. */
export const RENEW_BEFORE_MS = 7 * 60_000;
/** Maximum difference between the clocks of this machine, a platform and Microsoft, in ms. */
export const CLOCK_SKEW_MS = 5 * 60_000;
/** If a stored token expires in less than this time, in ms, it is not used for a new session, which would have to be renewed at once. */
export const WORTH_USING_MS = RENEW_BEFORE_MS + 60_000;
/** Pause after a failure of the identity platform, in ms. It doubles each time, because Microsoft blocks loops (AADSTS50196). */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** Connection tests within this time, in ms, share an answer. A later one gets a new answer. */
const TESTER_WAITS_MS = 2_000;
/**
 * How often a token that has not expired is replaced because a server refused it, in ms. Otherwise each failed execution would request one.
 */
export const REPLACE_EVERY_MS = 60_000;

/** What is remembered of one sign-in between calls. Shared by all executions of a process. */
export interface Renewal {
	current?: { token: AccessToken; renewAt: number };
	pending?: Promise<AccessToken>;
	/** The last attempt. `until` and `at` in epoch ms; `asked` is true if the platform itself asked for the pause. */
	failure?: { error: unknown; at: number; until: number; pause: number; asked: boolean };
	/** When a refused token was last replaced, in epoch ms. */
	replaced?: { at: number };
}

/** Returns a token source with its own memory, see {@link renew}. */
export function renewing(acquire: Acquire, now: () => number = Date.now): TokenSource {
	const renewal: Renewal = {};
	return async (rejected) => await renew(renewal, acquire, rejected, now);
}

/**
 * Calls `acquire` once for all parallel callers, and renews the token before it expires. If the identity platform fails, the old token is
 * used until it expires, and further requests wait for a backoff. During the backoff, callers get the same error without a request, unless
 * the clock was set back since then.
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
	if (renewal.pending === undefined && failure !== undefined && now() >= failure.at && now() < failure.until) {
		if (usable !== undefined) return usable;
		throw remaining(failure, now());
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

/** Returns the error with what is left of the pause. Whoever hears of the whole pause again would wait longer than the platform asked. */
function remaining({ error, until, asked }: NonNullable<Renewal['failure']>, now: number): unknown {
	if (!asked || !(error instanceof MailError)) return error;
	return new MailError(error.message, { ...error, retryAfterMs: until - now, cause: error });
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
 * For a person who tests a change: after a failure, the next caller may ask again soon instead of after some minutes. If the platform
 * itself asked for the pause, the pause stays.
 */
export function shortenPause({ failure }: Renewal): void {
	if (failure !== undefined && !failure.asked) failure.until = Math.min(failure.until, failure.at + TESTER_WAITS_MS);
}

/** How long before its end a token is replaced, in ms. A token with a shorter life is replaced at half of it. */
export function margin(lifetimeMs: number): number {
	return lifetimeMs < WORTH_USING_MS ? lifetimeMs / 2 : RENEW_BEFORE_MS;
}
