import { createServer } from 'node:net';

/** Whether nothing listens there, on any address of this machine. */
export async function isFree(port: number): Promise<boolean> {
	const listens = async (host: string): Promise<boolean> =>
		await new Promise((resolve) => {
			const server = createServer().once('error', () => resolve(true));
			server.listen(port, host, () => server.close(() => resolve(false)));
		});
	return !(await listens('127.0.0.1')) && !(await listens('0.0.0.0'));
}

/** Free ports on loopback; all are held until the last is found, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => createServer());
	const ports = await Promise.all(
		servers.map(
			async (server) =>
				await new Promise<number>((resolve, reject) => {
					server.once('error', reject).listen(0, '127.0.0.1', () => {
						const address = server.address();
						resolve(typeof address === 'object' && address !== null ? address.port : 0);
					});
				}),
		),
	);
	await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
	return ports;
}
