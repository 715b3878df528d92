import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';

/** A server process that is started in the foreground and stopped by its own pid. */
export class ServerProcess {
	#child: ChildProcess | undefined;

	constructor(
		private readonly command: string,
		private readonly args: string[],
		private readonly ports: number[],
		private readonly env: Record<string, string> = {},
	) {}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** Resolves when every port answers. */
	async start(): Promise<void> {
		let errors = '';
		const child = spawn(this.command, this.args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...this.env } });
		this.#child = child;
		child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
		const ended = new Promise<never>((_resolve, reject) => {
			child.once('error', reject);
			child.once('exit', (code) => reject(new Error(`${this.command} ended with ${String(code)}: ${errors}`)));
		});
		ended.catch(() => undefined);
		await Promise.all(this.ports.map(async (port) => await Promise.race([answering(port), ended])));
	}

	/** Ends the process and waits for it. SIGTERM unless told otherwise. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
		const gone = new Promise((resolve) => child.once('exit', resolve));
		child.kill(signal);
		const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
		await gone;
		clearTimeout(late);
	}
}

/** Waits until a port on loopback takes connections; up to 20 s. */
export async function answering(port: number, deadline = Date.now() + 20_000): Promise<void> {
	for (;;) {
		const open = await new Promise<boolean>((resolve) => {
			const socket = connect(port, '127.0.0.1');
			socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
			socket.once('connect', () => socket.destroy());
		});
		if (open) return;
		if (Date.now() > deadline) throw new Error(`Nothing answers on port ${port}.`);
		await new Promise((resolve) => setTimeout(resolve, 30));
	}
}
