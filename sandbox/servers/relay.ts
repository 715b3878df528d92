import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay on loopback that delays, counts, and can stop carrying anything. */
export interface Relay {
	port: number;
	/** Bytes carried so far: from the client, from the server. */
	carried: () => { up: number; down: number };
	/** Connections taken so far. */
	connections: () => number;
	/** Half-open from now on: connections stay, nothing passes, what comes meanwhile is lost. */
	silence: (on: boolean) => void;
	/** Breaks all connections. */
	drop: () => void;
	stop: () => Promise<void>;
}

/** Bytes that may be under way in one direction before the sender has to wait. */
const WINDOW = 16 * 1024 * 1024;

/**
 * Carries bytes to a port on loopback, each way delayed by half the round trip; order and throughput stay. The
 * connection itself is there at once, so a benchmark that counts connecting adds a round trip for it.
 */
export async function startRelay(target: number, roundTripMs: number): Promise<Relay> {
	const sockets = new Set<Socket>();
	const bytes = { up: 0, down: 0 };
	const state = { silent: false, connections: 0 };
	const server = createServer((client) => {
		state.connections += 1;
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
		let underWay = 0;
		const arrive = (chunk: Buffer): void => {
			if (to.destroyed) return;
			to.write(chunk, () => {
				underWay -= chunk.length;
				if (underWay < WINDOW && from.isPaused()) from.resume();
			});
		};
		from.on('data', (chunk: Buffer) => {
			if (state.silent) return;
			count(chunk.length);
			underWay += chunk.length;
			if (underWay >= WINDOW) from.pause();
			if (roundTripMs === 0) arrive(chunk);
			else setTimeout(() => arrive(chunk), roundTripMs / 2);
		});
		from.on('end', () => {
			if (!state.silent) setTimeout(() => to.end(), roundTripMs / 2);
		});
	}
	await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
	const address = server.address();
	return {
		port: typeof address === 'object' && address !== null ? address.port : 0,
		carried: () => ({ ...bytes }),
		connections: () => state.connections,
		silence: (on) => (state.silent = on),
		drop: () => sockets.forEach((socket) => socket.destroy()),
		stop: async () => {
			sockets.forEach((socket) => socket.destroy());
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
