import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { KeyPair } from '../../sandbox/servers/certificates';

/** A proxy on loopback that passes connections on unchanged and records what it was asked for. */
export interface Proxy {
	port: number;
	/** `host:port` of every connection that was requested. */
	asked: string[];
	stop: () => Promise<void>;
}

/** How a proxy behaves. */
interface Conduct {
	/** `user:password` that it requires. */
	credentials?: string;
	/** Its answer to every request for a connection: an HTTP status, or a reply of SOCKS (RFC 1928, section 6). */
	refuse?: number;
	/** Whether it accepts connections and never answers. */
	silent?: boolean;
	/** In place of a connection: what comes in one packet with its consent, what comes after it, and whether it ends then. */
	early?: { with: string; after: string; end?: boolean };
}

/** HTTP CONNECT (RFC 9110, section 9.3.6), over TLS where it is given a certificate. */
export async function connectProxy({ credentials, refuse, silent, tls }: Conduct & { tls?: KeyPair } = {}): Promise<Proxy> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = tls === undefined ? createHttp() : createHttps({ key: tls.key, cert: tls.cert });
	server.on('request', (_request, response: ServerResponse) => void response.writeHead(405).end());
	server.on('connection', (socket: Socket) => sockets.add(socket));
	server.on('connect', (request: IncomingMessage, socket: Socket) => {
		asked.push(request.url ?? '');
		socket.on('error', () => undefined);
		if (silent === true) return;
		const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
		const status = refuse ?? (request.headers['proxy-authorization'] === wanted || wanted === undefined ? 200 : 407);
		if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
		join(socket, request.url ?? '', sockets, () => void socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
	});
	return await listen(server, asked, sockets);
}

/** SOCKS5 (RFC 1928) for names and IPv4 addresses, with user name and password (RFC 1929) where it wants some. */
export async function socksProxy({ credentials, refuse = 0, silent, early }: Conduct = {}): Promise<Proxy> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		if (silent === true) return;
		void (async () => {
			const methods = await once(socket, 'data').then(([chunk]: Buffer[]) => [...(chunk ?? Buffer.of()).subarray(2)]);
			const method = credentials === undefined ? 0 : 2;
			if (!methods.includes(method)) return void socket.end(Buffer.from([5, 255]));
			socket.write(Buffer.from([5, method]));
			if (credentials !== undefined) {
				const [given = Buffer.of()]: Buffer[] = await once(socket, 'data');
				const name = given.toString('utf8', 2, 2 + (given[1] ?? 0));
				const right = `${name}:${given.toString('utf8', 3 + (given[1] ?? 0))}` === credentials;
				socket.write(Buffer.from([1, right ? 0 : 1]));
				if (!right) return;
			}
			const [request = Buffer.of()]: Buffer[] = await once(socket, 'data');
			const named = request[3] === 3;
			const length = named ? (request[4] ?? 0) : 4;
			const start = named ? 5 : 4;
			const host = named ? request.toString('latin1', start, start + length) : [...request.subarray(start, start + length)].join('.');
			const target = `${host}:${request.readUInt16BE(start + length)}`;
			asked.push(target);
			const reply = Buffer.from([5, refuse, 0, 1, 0, 0, 0, 0, 0, 0]);
			if (refuse !== 0) return void socket.end(reply);
			if (early !== undefined) {
				socket.write(Buffer.concat([reply, Buffer.from(early.with)]));
				if (early.after !== '') socket.write(early.after);
				if (early.end === true) socket.end();
				return;
			}
			join(socket, target, sockets, () => void socket.write(reply));
		})().catch(() => socket.destroy());
	});
	return await listen(server, asked, sockets);
}

function join(client: Socket, target: string, sockets: Set<Socket>, ready: () => void): void {
	const cut = target.lastIndexOf(':');
	const there = connect(Number(target.slice(cut + 1)), target.slice(0, cut));
	sockets.add(there);
	there.once('connect', () => {
		ready();
		client.pipe(there).pipe(client);
	});
	there.on('error', () => client.destroy()).on('close', () => client.destroy());
	client.on('close', () => there.destroy());
}

async function listen(server: Server, asked: string[], sockets: Set<Socket>): Promise<Proxy> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address: AddressInfo = Object(server.address());
	return {
		port: address.port,
		asked,
		stop: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
