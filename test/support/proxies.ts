import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy on loopback that carries connections as they are, and what it was asked for. */
export interface Proxy {
	port: number;
	/** `host:port` of every connection that was asked for. */
	asked: string[];
	stop: () => Promise<void>;
}

/** HTTP CONNECT (RFC 9110, section 9.3.6), with an optional user name and password, or with a refusal of every tunnel. */
export async function connectProxy({ credentials, refuse }: { credentials?: string; refuse?: number } = {}): Promise<Proxy> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = createHttp((_request, response) => void response.writeHead(405).end());
	server.on('connection', (socket) => sockets.add(socket));
	server.on('connect', (request, socket: Socket) => {
		asked.push(request.url ?? '');
		socket.on('error', () => undefined);
		const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
		const status = refuse ?? (request.headers['proxy-authorization'] === wanted || wanted === undefined ? 200 : 407);
		if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
		join(socket, request.url ?? '', sockets, () => void socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
	});
	return await listen(server, asked, sockets);
}

/** SOCKS5 (RFC 1928) for names and IPv4 addresses, without a sign-in. */
export async function socksProxy(): Promise<Proxy> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('error', () => undefined);
		socket.once('data', () => {
			socket.write(Buffer.from([5, 0]));
			socket.once('data', (request: Buffer) => {
				const named = request[3] === 3;
				const length = named ? (request[4] ?? 0) : 4;
				const start = named ? 5 : 4;
				const host = named ? request.toString('latin1', start, start + length) : [...request.subarray(start, start + length)].join('.');
				const target = `${host}:${request.readUInt16BE(start + length)}`;
				asked.push(target);
				join(socket, target, sockets, () => void socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
			});
		});
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
