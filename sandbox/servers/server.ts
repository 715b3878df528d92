import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';

/** A server process that is started in the foreground, in a process group of its own, and stopped by its own pid. */
export class ServerProcess {
	#child: ChildProcess | undefined;

	constructor(
		private readonly command: string,
		private readonly args: string[],
		private readonly ports: number[],
		private readonly guard: Guard,
		private readonly env: Record<string, string> = {},
		/** Says that it runs; left behind by a kill. The process may still be there as a zombie that nobody has reaped. */
		private readonly pidFile?: string,
		/** After this time, in ms, its group is killed. */
		private readonly endsWithinMs = 3_000,
	) {}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** Resolves when every port answers. */
	async start(): Promise<void> {
		let errors = '';
		if (this.pidFile !== undefined) rmSync(this.pidFile, { force: true });
		const child = spawn(this.command, this.args, {
			detached: true,
			stdio: ['ignore', 'ignore', 'pipe'],
			env: { ...process.env, ...this.env },
		});
		this.#child = child;
		if (child.pid !== undefined) this.guard.watch(child.pid);
		child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
		const ended = new Promise<never>((_resolve, reject) => {
			child.once('error', reject);
			child.once('exit', (code) => reject(new Error(`${this.command} ended with ${String(code)}: ${errors}`)));
		});
		ended.catch(() => undefined);
		await Promise.all(this.ports.map(async (port) => await Promise.race([answering(port), ended])));
	}

	/** Ends the process as an operator does and waits for it. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		await this.#end((pid) => process.kill(pid, signal));
	}

	/** Kills it and all that it started, at once, as a crash of the machine does. */
	async kill(): Promise<void> {
		await this.#end(killGroup);
	}

	async #end(how: (pid: number) => void): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (child?.pid === undefined) return;
		const pid = child.pid;
		if (child.exitCode === null && child.signalCode === null) {
			const gone = new Promise((resolve) => child.once('exit', resolve));
			how(pid);
			const late = setTimeout(() => killGroup(pid), this.endsWithinMs);
			await gone;
			clearTimeout(late);
		}
		// What the master left behind, for example a server that still holds a client.
		killGroup(pid);
		this.guard.forget(pid);
	}
}

function killGroup(pid: number): void {
	try {
		process.kill(-pid, 'SIGKILL');
	} catch (error) {
		if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
	}
}

/** The list of a {@link Guard}, in the folder that it removes. */
export const PIDS = 'pids';

/**
 * Sees to it that nothing is left behind, however this process ends: a shell waits on a pipe that only this process
 * holds open; at its end it kills the process groups on its list and removes the folder.
 */
export class Guard {
	readonly #shell: ChildProcess;
	readonly #list: string;

	constructor(folder: string) {
		this.#list = join(folder, PIDS);
		mkdirSync(this.#list);
		const script = 'cat >/dev/null; cd "$1/$2" && for pid in *; do kill -KILL "-$pid" 2>/dev/null; done; rm -rf "$1"';
		this.#shell = spawn('/bin/sh', ['-c', script, 'sh', folder, PIDS], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' });
		this.#keep(false);
	}

	/** Whether the shell keeps this process alive. */
	#keep(alive: boolean): void {
		const pipe = this.#shell.stdin;
		if (alive) this.#shell.ref();
		else this.#shell.unref();
		if (pipe instanceof Socket && !alive) pipe.unref();
	}

	watch(pid: number): void {
		writeFileSync(join(this.#list, String(pid)), '');
	}

	forget(pid: number): void {
		rmSync(join(this.#list, String(pid)), { force: true });
	}

	/** Kills what is still listed, removes the folder. */
	async stop(): Promise<void> {
		const gone = new Promise((resolve) => this.#shell.once('exit', resolve));
		this.#keep(true);
		this.#shell.stdin?.end();
		await gone;
	}
}

/** Waits until a port on loopback takes connections; up to 20 s. */
export async function answering(port: number, deadline = Date.now() + 20_000): Promise<void> {
	for (;;) {
		const open = await new Promise<boolean>((resolve) => {
			const socket = connect(port, '127.0.0.1');
			socket.once('error', () => resolve(false));
			socket.once('connect', () => {
				socket.destroy();
				resolve(true);
			});
		});
		if (open) return;
		if (Date.now() > deadline) throw new Error(`Nothing answers on port ${port}.`);
		await new Promise((resolve) => setTimeout(resolve, 15));
	}
}
