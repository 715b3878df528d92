import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import type { Dispatcher } from 'undici';

/** Maximum time for a request to the identity platform or the host, in ms. */
const DEADLINE_MS = 30_000;
/** Maximum time for the connection, in ms. It is short, so that the caller soon hears that a host is not there. */
const CONNECT_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Maximum number of bytes that are read of an answer. A token has some kilobytes; a proxy's page may never end. */
const LONGEST_ANSWER = 256 * 1024;

/**
 * A network module for MSAL that has what MSAL's own lacks: a deadline, no redirects (they would carry the secret along), the true cause of
 * a network fault, the status of a refusal, and the pause that a busy platform asks for.
 *
 * @param proxied whether to use the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, as n8n's own requests do. The address of a host's
 * own identity endpoint is reached without one.
 */
export function identityNetwork(msal: typeof import('@azure/msal-node'), { proxied }: { proxied: boolean }): INetworkModule {
	/** MSAL passes an AuthError on unchanged, and replaces anything else with its own words. */
	const fault = (message: string, facts: { cause?: unknown; retryAfterMs?: number } = {}): Error =>
		Object.assign(new msal.AuthError('network_fault', '', message), facts);

	async function send<T>(url: string, method: 'GET' | 'POST', options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
		const { request } = await import('undici');
		let response: Dispatcher.ResponseData;
		let text: string;
		try {
			const dispatcher = await dispatcherFor(proxied);
			response = await request(url, {
				method,
				headers: options?.headers,
				body: options?.body,
				dispatcher,
				signal: AbortSignal.timeout(DEADLINE_MS),
			});
			text = await readSome(response.body);
		} catch (cause) {
			throw fault(proxied ? tunnelFault(cause) : 'The request got no answer.', { cause });
		}
		const { statusCode: status, headers } = response;
		const page = isPage(headers, text) ? ' with a web page' : '';
		if (status >= 300 && status < 400) throw fault(`HTTP ${status} redirects to another address.`);
		if (status === 407) throw fault(`HTTP ${status}${page}: a proxy requires a sign-in.`);
		if (status !== 200)
			throw fault(`HTTP ${status}${page} ${description(text)}`, { retryAfterMs: retryAfter(headerOf(headers, 'retry-after')) });
		try {
			return {
				status,
				headers: Object.fromEntries(Object.keys(headers).map((name) => [name, headerOf(headers, name) ?? ''])),
				body: JSON.parse(text),
			};
		} catch {
			throw fault(`HTTP ${status} with ${page === '' ? 'something else than JSON' : 'a web page'}.`);
		}
	}

	return {
		sendGetRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => await send<T>(url, 'GET', options),
		sendPostRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => await send<T>(url, 'POST', options),
	};
}

/** One for each set of values, because an agent reads the variables when it is created. */
const dispatchers = new Map<string, Dispatcher>();

async function dispatcherFor(proxied: boolean): Promise<Dispatcher> {
	const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];
	const key = proxied ? JSON.stringify(names.map((name) => process.env[name])) : 'direct';
	const known = dispatchers.get(key);
	if (known !== undefined) return known;
	const { Agent, EnvHttpProxyAgent } = await import('undici');
	const options = { connect: { timeout: CONNECT_MS }, keepAliveTimeout: 1_000 };
	const made = proxied ? new EnvHttpProxyAgent(options) : new Agent(options);
	dispatchers.clear();
	dispatchers.set(key, made);
	return made;
}

/** undici's words if a proxy refuses the tunnel: "Proxy response (407) !== 200 when HTTP Tunneling". */
function tunnelFault(cause: unknown): string {
	const status = cause instanceof Error ? /Proxy response \((\d{3})\)/.exec(cause.message.slice(0, 200))?.[1] : undefined;
	return status === undefined ? 'The request got no answer.' : `HTTP ${status} from the proxy, which let nothing through.`;
}

async function readSome(body: Dispatcher.ResponseData['body']): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of body) {
		const bytes = Buffer.from(chunk);
		chunks.push(bytes);
		size += bytes.length;
		if (size > LONGEST_ANSWER) break;
	}
	return Buffer.concat(chunks).toString('utf8', 0, LONGEST_ANSWER);
}

function isPage(headers: Dispatcher.ResponseData['headers'], text: string): boolean {
	return (headerOf(headers, 'content-type') ?? '').includes('html') || /^\s{0,100}<(?:!doctype|html|head|body)\b/i.test(text);
}

function headerOf(headers: Dispatcher.ResponseData['headers'], name: string): string | undefined {
	const value = headers[name];
	return Array.isArray(value) ? value[0] : value;
}

/** Returns OAuth's `error` and `error_description` (RFC 6749, section 5.2), if the body contains them. */
function description(text: string): string {
	try {
		const body: unknown = JSON.parse(text);
		const fields = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : []);
		return ['error', 'error_description', 'message']
			.map((name) => fields.get(name))
			.filter((value) => typeof value === 'string')
			.join(' ');
	} catch {
		return '';
	}
}

/**
 * Returns ms from seconds or a date (RFC 9110, section 10.2.3), at most an hour, because a wrong header would stop sign-ins until a
 * restart.
 */
function retryAfter(header: string | undefined): number | undefined {
	if (header === undefined) return undefined;
	const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_PAUSE_MS) : undefined;
}
