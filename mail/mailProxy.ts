import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { Endpoint } from './clouds';
import { MailError } from './errors';

/**
 * The operator's setting: `socks5://…`, `socks5h://…`, `http://…` or `https://…`, with user name and password if the proxy requires them.
 */
export const MAIL_PROXY = 'N8N_OFFICE365_MAIL_PROXY';

const PORTS: Record<string, number> = { 'socks:': 1080, 'socks5:': 1080, 'socks5h:': 1080, 'http:': 80, 'https:': 443 };

/** Returns the proxy for connections to this mail server, or undefined if there is none. @throws MailError `configuration` */
export function mailProxy(endpoint: Endpoint): URL | undefined {
	const given = process.env[MAIL_PROXY]?.trim() ?? '';
	if (given === '' || isExempt(endpoint)) return undefined;
	return proxyAddress(given, MAIL_PROXY);
}

/**
 * Returns the address of a proxy that an environment variable contains. The error does not repeat it, because it may contain a password.
 * @throws MailError `configuration`
 */
export function proxyAddress(given: string, variable: string): URL {
	const url = URL.canParse(given) ? new URL(given) : undefined;
	if (url !== undefined && url.hostname !== '' && url.protocol in PORTS && isDecodable(url)) return url;
	throw new MailError(`The environment variable ${variable} of this n8n is not the address of a proxy.`, {
		code: 'configuration',
		remedy:
			'Ask the operator of this n8n to set it to an address like socks5://proxy.example.com:1080 or ' +
			'http://proxy.example.com:3128, or to remove it. In a user name or password, % is written as %25.',
	});
}

/** A `%` in a password that was not encoded cannot be decoded (RFC 3986, section 2.4). */
function isDecodable({ username, password }: URL): boolean {
	try {
		decodeURIComponent(username);
		decodeURIComponent(password);
		return true;
	} catch {
		return false;
	}
}

/**
 * Reads NO_PROXY as other programs do: names separated by commas or blanks, each with all its subdomains, with or without a leading dot or
 * `*.`, with or without a port; `*` means all hosts.
 */
export function isExempt({ host, port }: Pick<Endpoint, 'host' | 'port'>): boolean {
	const name = host.toLowerCase();
	// An empty one counts as not set, as for n8n's own requests.
	const list = [process.env.no_proxy, process.env.NO_PROXY].find((names) => names !== undefined && names.trim() !== '') ?? '';
	return list
		.toLowerCase()
		.split(/[\s,]+/)
		.some((entry) => {
			if (entry === '*') return true;
			const [, listed = '', only] = /^(?:\*?\.)?(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
			if (only !== undefined && Number(only) !== port) return false;
			return listed !== '' && (name === listed || name.endsWith(`.${listed}`));
		});
}

/** Names the other end in explanations: host and port, and the proxy if there is one. */
export function peerOf(endpoint: Endpoint): string {
	const { host, port } = endpoint;
	const proxy = mailProxy(endpoint);
	return proxy === undefined ? `${host}:${port}` : `${host}:${port} through the proxy ${proxy.protocol}//${hostOf(proxy)}:${portOf(proxy)}`;
}

/**
 * Opens a TCP connection to a server through the proxy, which looks up the host name. TLS is then set up with the server itself, so the
 * proxy sees no content. The socket is paused: the caller adds its listeners, then resumes it.
 *
 * @throws Error of the network, with the proxy's status
 */
export async function connectThrough(proxy: URL, { host, port }: Pick<Endpoint, 'host' | 'port'>, timeoutMs: number): Promise<Socket> {
	if (proxy.protocol.startsWith('socks')) return await connectSocks(proxy, host, port, timeoutMs);
	return await connectHttp(proxy, host, port, timeoutMs);
}

/** Until the caller listens, an error would end the process. */
function harmless(socket: Socket): Socket {
	return socket.on('error', () => undefined);
}

/** Returns a socket through the proxy, which is connected, or a direct socket, which is still connecting. */
export async function openSocket(endpoint: Endpoint, timeoutMs: number): Promise<{ socket: Socket; connected: boolean }> {
	const proxy = mailProxy(endpoint);
	if (proxy !== undefined) return { socket: await connectThrough(proxy, endpoint, timeoutMs), connected: true };
	return { socket: connect({ host: endpoint.host, port: endpoint.port }), connected: false };
}

async function connectSocks(proxy: URL, host: string, port: number, timeoutMs: number): Promise<Socket> {
	const { SocksClient } = await import('socks');
	const password = decodeURIComponent(proxy.password);
	try {
		const { socket } = await SocksClient.createConnection({
			proxy: {
				host: hostOf(proxy),
				port: portOf(proxy),
				type: 5,
				...(proxy.username !== '' && { userId: decodeURIComponent(proxy.username), password }),
			},
			command: 'connect',
			destination: { host, port },
			timeout: timeoutMs,
		});
		return await keepEarly(harmless(socket));
	} catch (error) {
		// The library attaches its options to the error, including the password.
		const reason = error instanceof Error ? error.message : 'unknown';
		throw new Error(
			/timed out/.test(reason)
				? 'ETIMEDOUT: the proxy did not answer in time'
				: `ECONNREFUSED: the SOCKS proxy made no connection: ${reason}`,
		);
	}
}

/**
 * In the next turn, the library emits what has come behind the proxy's answer and lets the socket flow, whether anybody listens or not. A
 * mail server's greeting would be lost. @throws Error if the connection has ended by then
 */
async function keepEarly(socket: Socket): Promise<Socket> {
	const early: Buffer[] = [];
	const keep = (bytes: Buffer): void => {
		early.push(bytes);
		socket.pause();
	};
	socket.on('data', keep);
	await setImmediate();
	socket.off('data', keep).pause();
	if (socket.destroyed || socket.readableEnded) throw new Error('the connection ended at once');
	if (early.length > 0) socket.unshift(Buffer.concat(early));
	return socket;
}

/** RFC 9110, section 9.3.6. */
async function connectHttp(proxy: URL, host: string, port: number, timeoutMs: number): Promise<Socket> {
	const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
	const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
	const headers = {
		host: target,
		...(proxy.username !== '' && { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
	};
	const request = proxy.protocol === 'https:' ? requestTls : requestPlain;
	return await new Promise<Socket>((resolve, reject) => {
		const asked = request({
			host: hostOf(proxy),
			port: portOf(proxy),
			method: 'CONNECT',
			path: target,
			headers,
			// Otherwise the certificate would have to be for the host in the header.
			servername: isIP(hostOf(proxy)) === 0 ? hostOf(proxy) : '',
			agent: false,
			timeout: timeoutMs,
		});
		const refused = (status: number | undefined): Error => new Error(`ECONNREFUSED: the proxy answered HTTP ${status ?? '?'}`);
		asked.once('connect', (response, socket: Socket, head: Buffer) => {
			if (response.statusCode !== 200) {
				socket.destroy();
				return reject(refused(response.statusCode));
			}
			socket.setTimeout(0);
			if (head.length > 0) socket.unshift(head);
			resolve(harmless(socket).pause());
		});
		asked.once('response', (response) => (asked.destroy(), reject(refused(response.statusCode))));
		asked.once('timeout', () => asked.destroy(new Error('ETIMEDOUT: the proxy did not answer in time')));
		asked.once('error', reject).end();
	});
}

function hostOf(proxy: URL): string {
	return proxy.hostname.replace(/^\[|\]$/g, '');
}

function portOf(proxy: URL): number {
	return proxy.port === '' ? (PORTS[proxy.protocol] ?? 0) : Number(proxy.port);
}
