import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import type { Dispatcher } from 'undici';

import { reasonOf } from '../errors';
import { connectThrough, isExempt, proxyAddress } from '../mailProxy';

/**
 * Maximum times in ms: for a request to the identity platform or the host, and for the connection. That one is short, so that the caller
 * soon hears that a host is not there.
 */
const LIMITS = { deadlineMs: 30_000, connectMs: 10_000 };
type Limits = typeof LIMITS;
const LONGEST_PAUSE_MS = 3_600_000;
/** Maximum number of bytes that are read of an answer. A token has some kilobytes; a proxy's page may never end. */
const LONGEST_ANSWER = 256 * 1024;

/**
 * A network module for MSAL that has what MSAL's own lacks: a deadline, no redirects (they would carry the secret along), the true cause of
 * a network fault, the status of a refusal, and the pause that a busy platform asks for.
 *
 * @param proxy through which the requests go, see {@link identityProxy}
 */
export function identityNetwork(msal: typeof import('@azure/msal-node'), proxy?: URL, limits: Limits = LIMITS): INetworkModule {
	/** MSAL passes an AuthError on unchanged, and replaces anything else with its own words. */
	const fault = (message: string, facts: { cause?: unknown; retryAfterMs?: number } = {}): Error =>
		Object.assign(new msal.AuthError('network_fault', '', message), facts);

	async function send<T>(url: string, method: 'GET' | 'POST', options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
		const { status, headers, text } = await exchange(url, { method, headers: options?.headers, body: options?.body }, proxy, limits).catch(
			(cause: unknown) => {
				throw fault('The request got no answer.', { cause });
			},
		);
		const page = isPage(headers, text) ? ' with a web page' : '';
		if (status >= 300 && status < 400) throw fault(`HTTP ${status} redirects to another address.`);
		if (status === 407) throw fault(`HTTP ${status}${page}: a proxy requires a sign-in.`);
		if (status !== 200)
			throw fault(`HTTP ${status}${page || otherThanOAuth(status, text)} ${description(text)}`, {
				retryAfterMs: retryAfter(headerOf(headers, 'retry-after')),
			});
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

/** In the order in which n8n's own requests use them. HTTP_PROXY is for addresses with http; it counts where it is the only one. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'http_proxy', 'HTTP_PROXY'];
/** ALL_PROXY may name a proxy for other programs, of a kind that is of no use here. */
const FOR_OTHERS = /^socks4a?:\/\//i;

/**
 * Returns the proxy for requests to this https address, or undefined if there is none. The address of a host's own identity endpoint is
 * reached without one.
 * @throws MailError `configuration`
 */
export function identityProxy(address: string): URL | undefined {
	const { hostname: host, port } = new URL(address);
	const name = VARIABLES.find((variable) => valueOf(variable) !== '' && !FOR_OTHERS.test(valueOf(variable)));
	if (name === undefined || isExempt({ host, port: Number(port || 443) })) return undefined;
	const given = valueOf(name);
	return proxyAddress(given.includes('://') ? given : `http://${given}`, name);
}

function valueOf(variable: string): string {
	return process.env[variable]?.trim() ?? '';
}

type Headers = Dispatcher.ResponseData['headers'];
type Asked = { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string };

/**
 * Sends one request over its own connection. The deadline is our own, because undici heeds its `signal` only when there is a connection.
 */
async function exchange(
	url: string,
	asked: Asked,
	proxy: URL | undefined,
	{ deadlineMs, connectMs }: Limits,
): Promise<{ status: number; headers: Headers; text: string }> {
	const { request } = await import('undici');
	const dispatcher = await dispatcherFor(proxy, connectMs);
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error('ETIMEDOUT: there was no answer in time')), deadlineMs);
	});
	const answered = async (): Promise<{ status: number; headers: Headers; text: string }> => {
		const { statusCode: status, headers, body } = await request(url, { ...asked, dispatcher });
		return { status, headers, text: await readSome(body) };
	};
	try {
		return await Promise.race([late, answered()]);
	} finally {
		clearTimeout(timer);
		// Whatever is still under way ends with it.
		void dispatcher.destroy().catch(() => undefined);
	}
}

/**
 * undici's own agent for proxies repeats a connection that the proxy closes, without end and without a pause
 * (https://github.com/nodejs/undici/issues/3897; version 8 needs a later Node). Therefore the tunnel is our own, and is tried once.
 */
async function dispatcherFor(proxy: URL | undefined, connectMs: number): Promise<Dispatcher> {
	const { Agent, buildConnector } = await import('undici');
	if (proxy === undefined) return new Agent({ connect: { timeout: connectMs } });
	const secure = buildConnector({ timeout: connectMs });
	return new Agent({
		connect: (options, done) => {
			const target = { host: options.hostname, port: Number(options.port || 443) };
			connectThrough(proxy, target, connectMs)
				.then(
					(httpSocket) => void secure({ ...options, httpSocket }, done),
					(cause: unknown) => done(tunnelFault(cause), null),
				)
				.catch((cause: unknown) => done(new Error('There is no connection.', { cause }), null));
		},
	});
}

/** The cause names the host of the proxy, not the platform. Therefore these words come first. */
function tunnelFault(cause: unknown): Error {
	const status = /the proxy answered HTTP (\d{3})/.exec(reasonOf(cause))?.[1];
	return new Error(status === undefined ? 'The proxy made no connection.' : `HTTP ${status} from the proxy, which let nothing through.`, {
		cause,
	});
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

function isPage(headers: Headers, text: string): boolean {
	return (headerOf(headers, 'content-type') ?? '').includes('html') || /^\s{0,100}<(?:!doctype|html|head|body)\b/i.test(text);
}

function headerOf(headers: Headers, name: string): string | undefined {
	const value = headers[name];
	return Array.isArray(value) ? value[0] : value;
}

/** A proxy or filter refuses without the error that OAuth requires (RFC 6749, section 5.2). A timeout or a limit does not show one. */
function otherThanOAuth(status: number, text: string): string {
	const isPassing = [408, 425, 429].includes(status) || status >= 500;
	return isPassing || typeof fieldsOf(text).get('error') === 'string' ? '' : ' with something else than an error of OAuth';
}

/** Returns OAuth's `error` and `error_description` (RFC 6749, section 5.2), if the body contains them. */
function description(text: string): string {
	const fields = fieldsOf(text);
	return ['error', 'error_description', 'message']
		.map((name) => fields.get(name))
		.filter((value) => typeof value === 'string')
		.join(' ');
}

function fieldsOf(text: string): Map<string, unknown> {
	try {
		const body: unknown = JSON.parse(text);
		return new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : []);
	} catch {
		return new Map();
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
