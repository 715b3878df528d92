import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay on loopback that delays, counts, and can stop carrying anything. */
export interface Relay {
	port: number;
	/** Bytes carried so far: from the client, from the server. */
	carried: () => { up: number; down: number };
	/** Half-open from now on: connections stay, nothing passes. */
	silence: (on: boolean) => void;
	drop: () => void;
	stop: () => Promise<void>;
}

/** Carries bytes to a port on loopback, each way delayed by half the round trip; order and throughput stay. */
export async function startRelay(target: number, roundTripMs: number): Promise<Relay> {
	const sockets = new Set<Socket>();
	const bytes = { up: 0, down: 0 };
	let silent = false;
	const server = createServer((client) => {
		const upstream = connect(target, '127.0.0.1');
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.setNoDelay(true);
			socket.on('error', () => undefined);
			socket.on('close', () => {
				sockets.delete(socket);
				setTimeout(() => (socket === client ? upstream : client).destroy(), roundTripMs / 2 + 1);
			});
		}
		carry(client, upstream, (count) => (bytes.up += count));
		carry(upstream, client, (count) => (bytes.down += count));
	});
	function carry(from: Socket, to: Socket, count: (bytes: number) => void): void {
		from.on('data', (chunk: Buffer) => {
			if (silent) return;
			count(chunk.length);
			if (roundTripMs === 0) return void to.write(chunk);
			setTimeout(() => {
				if (!to.destroyed) to.write(chunk);
			}, roundTripMs / 2);
		});
		from.on('end', () => setTimeout(() => to.end(), roundTripMs / 2));
	}
	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
	const address = server.address();
	return {
		port: typeof address === 'object' && address !== null ? address.port : 0,
		carried: () => ({ ...bytes }),
		silence: (on) => (silent = on),
		drop: () => sockets.forEach((socket) => socket.destroy()),
		stop: async () => {
			sockets.forEach((socket) => socket.destroy());
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
