import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';

/** How long the identity platform or the host may take, in ms. */
const DEADLINE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * MSAL's way out, with what its own lacks: a deadline, no following of redirects (they would carry the secret along), the
 * true cause of a network fault, the status of a refusal, and how long a busy platform asks to be left alone.
 */
export function identityNetwork(msal: typeof import('@azure/msal-node')): INetworkModule {
	/** An AuthError passes MSAL unchanged; anything else it replaces by words of its own. */
	const fault = (message: string, facts: { cause?: unknown; retryAfterMs?: number }): Error => Object.assign(new msal.AuthError('network_fault', '', message), facts);

	async function send<T>(url: string, method: 'GET' | 'POST', options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
		let response: Response;
		let text: string;
		try {
			response = await fetch(url, { method, headers: options?.headers, body: options?.body, redirect: 'error', signal: AbortSignal.timeout(DEADLINE_MS) });
			text = await response.text();
		} catch (cause) {
			throw fault('The request brought no answer.', { cause });
		}
		const { status } = response;
		if (!response.ok) throw fault(`HTTP ${status} ${description(text)}`, { retryAfterMs: retryAfter(response.headers.get('retry-after')) });
		try {
			return { status, headers: Object.fromEntries(response.headers), body: JSON.parse(text) };
		} catch {
			throw fault(`HTTP ${status} with something else than JSON.`, {});
		}
	}

	return {
		sendGetRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => await send<T>(url, 'GET', options),
		sendPostRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => await send<T>(url, 'POST', options),
	};
}

/** OAuth's `error` and `error_description` (RFC 6749, section 5.2), where the body holds them. */
function description(text: string): string {
	try {
		const body: unknown = JSON.parse(text);
		const fields = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : []);
		return ['error', 'error_description', 'message'].map((name) => fields.get(name)).filter((value) => typeof value === 'string').join(' ');
	} catch {
		return '';
	}
}

/** Ms from seconds or a date (RFC 9110, section 10.2.3), within an hour: a mistaken header would end sign-ins until a restart. */
function retryAfter(header: string | null): number | undefined {
	if (header === null) return undefined;
	const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_PAUSE_MS) : undefined;
}
