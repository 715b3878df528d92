import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { COMPILED } from '../cache';
import { keepForSearch, noteSecret, noteSecretsIn } from '../secrets/registry';
import { freePorts } from '../servers/ports';
import { Guard } from '../servers/server';
import type { Installation } from './install';

export interface Login {
	email: string;
	password: string;
}

export interface Options {
	installation: Installation;
	/** n8n's N8N_USER_FOLDER; `.n8n` is made in it. */
	userFolder: string;
	/** Default: a free one. */
	port?: number;
	/** Trusted besides the system's, for the sandbox's own CA. */
	caFile?: string;
	/** Owner, set up without the wizard. */
	login: Login;
	env?: Record<string, string>;
	/** Whether it serves the editor and what the editor reads (default: yes). To prepare that takes about a third of the time of a start. */
	editor?: boolean;
	/** Whether it starts the process in which Code nodes run. Default: only if it serves the editor. */
	codeNodes?: boolean;
	/** In queue mode, a worker beside the main process on the same user folder. Default: `start`. */
	role?: 'start' | 'worker';
	/** Tells the logs of several workers apart. */
	name?: string;
}

/** Of n8n's modules, those for its own AI assistants. To load them is a quarter of the work of a start without the editor, and no email passes them. */
const UNNEEDED_MODULES = ['agents', 'chat-hub', 'instance-ai', 'mcp', 'mcp-registry', 'workflow-builder'];

/** One n8n process: started, stopped, killed, started again on the same user folder. */
export class Instance {
	readonly logFile: string;
	#child: ChildProcess | undefined;
	/** Ends n8n with us, however we end. */
	#guard: Guard | undefined;
	/** When the last process had ended, in epoch ms. */
	endedAt = 0;
	#port = 0;
	#broker = 0;

	constructor(private readonly options: Options) {
		mkdirSync(options.userFolder, { recursive: true });
		noteSecret("password of n8n's owner", options.login.password);
		this.logFile = join(options.userFolder, `${options.name ?? (options.role === 'worker' ? 'n8n-worker' : 'n8n')}.log`);
	}

	get userFolder(): string {
		return this.options.userFolder;
	}

	get url(): string {
		return `http://localhost:${this.#port}`;
	}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	/** It was started and has ended without being asked to, as n8n does when it is without its queue for too long. */
	get hasFailed(): boolean {
		return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null);
	}

	logText(): string {
		return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
	}

	/** Runs a command of n8n's CLI, n8n itself stopped or not. @throws Error with what it printed */
	async cli(...args: string[]): Promise<string> {
		await this.#choosePorts();
		const [broker = 0] = await freePorts(1);
		const child = spawn(this.options.installation.node, [this.options.installation.script, ...args], {
			env: { ...this.#env(), N8N_RUNNERS_BROKER_PORT: String(broker) },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		let output = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
		const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
		if (code !== 0) throw new Error(`n8n ${args[0] ?? ''} failed: ${output.slice(-2000)}`);
		return output;
	}

	/** Entities as n8n exports them, ids and all. */
	async importEntities(kind: 'credentials' | 'workflow', entities: object[]): Promise<void> {
		if (kind === 'credentials') noteSecretsIn(entities, 'credential');
		const file = join(this.options.userFolder, `import-${randomBytes(6).toString('hex')}.json`);
		writeFileSync(file, JSON.stringify(entities), { mode: 0o600 });
		try {
			await this.cli(`import:${kind}`, `--input=${file}`);
		} finally {
			rmSync(file, { force: true });
		}
	}

	/** What n8n's store holds of a credential, read back from its database and decrypted by its own command. */
	async storedCredential(id: string): Promise<Record<string, unknown>> {
		const file = join(this.options.userFolder, `export-${randomBytes(6).toString('hex')}.json`);
		try {
			await this.cli('export:credentials', `--id=${id}`, '--decrypted', `--output=${file}`);
			const [exported]: Array<{ data: Record<string, unknown> }> = JSON.parse(readFileSync(file, 'utf8'));
			return exported?.data ?? {};
		} finally {
			rmSync(file, { force: true });
		}
	}

	/** Resolves when n8n answers; about 9 s, without its editor about 6 s. */
	async start(): Promise<void> {
		await this.#choosePorts();
		const earlier = this.logText().length;
		const log = createWriteStream(this.logFile, { flags: 'a' });
		const child = spawn(this.options.installation.node, [this.options.installation.script, this.options.role ?? 'start'], {
			env: this.#env(),
			stdio: ['ignore', 'pipe', 'pipe'],
			detached: true,
		});
		this.#child = child;
		this.#guard = new Guard(mkdtempSync(join(tmpdir(), 'office365-mail-guard-')));
		if (child.pid !== undefined) this.#guard.watch(child.pid);
		// The log ends with n8n, not with the first of the two, after which the other may still have something to say.
		for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
		child.once('close', () => log.end());
		const ended = new Promise<never>((_resolve, reject) => {
			child.once('error', reject);
			child.once('exit', (code) => reject(new Error(`n8n ended with ${String(code)}:\n${this.logText().slice(-3000)}`)));
		});
		ended.catch(() => undefined);
		await Promise.race([this.#ready(earlier), ended]);
	}

	/** Ends n8n and waits for it; SIGKILL is what a crash looks like. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
		const [child, guard] = [this.#child, this.#guard];
		[this.#child, this.#guard] = [undefined, undefined];
		if (child === undefined) return;
		if (child.exitCode === null && child.signalCode === null) {
			const gone = new Promise((resolve) => child.once('exit', resolve));
			child.kill(signal);
			const late = setTimeout(() => child.kill('SIGKILL'), 40_000);
			await gone;
			clearTimeout(late);
		}
		this.endedAt = Date.now();
		// Its runner and what else of its group is still there.
		await guard?.stop();
	}

	/** Removes the user folder, once n8n and its workers have ended. What n8n wrote is moved to where the search for secrets finds it. */
	removeUserFolder(): void {
		const { userFolder } = this.options;
		// The package and its tarball, of which n8n has written nothing.
		for (const ours of [join('.n8n', 'nodes'), 'pack']) rmSync(join(userFolder, ours), { recursive: true, force: true });
		try {
			keepForSearch(userFolder);
		} finally {
			rmSync(userFolder, { recursive: true, force: true });
		}
	}

	async #choosePorts(): Promise<void> {
		if (this.#port !== 0) return;
		const [port = 0, broker = 0] = await freePorts(2);
		this.#port = this.options.port ?? port;
		this.#broker = broker;
	}

	/** @param earlier how much of the log is of earlier runs */
	async #ready(earlier: number): Promise<void> {
		const deadline = Date.now() + 300_000;
		for (;;) {
			if (this.options.role === 'worker' && this.logText().includes('worker is now ready', earlier)) return;
			// /healthz/readiness answers 200 when the database is migrated; the API is there a moment later, and asks who is there.
			const [path, status] = this.options.editor === false ? ['/rest/login', 401] : ['/rest/settings', 200];
			const answer = await fetch(`${this.url}${path}`).catch(() => undefined);
			if (answer?.status === status && answer.headers.get('content-type')?.includes('json') === true) return;
			if (Date.now() > deadline) throw new Error(`n8n did not come up within 5 minutes:\n${this.logText().slice(-3000)}`);
			await new Promise((resolve) => setTimeout(resolve, 200));
		}
	}

	#env(): NodeJS.ProcessEnv {
		const { installation, userFolder, caFile, login, env, editor = true, codeNodes = editor } = this.options;
		const inherited = Object.fromEntries(
			Object.entries(process.env).filter(([name]) => !/^(npm_|N8N_|PG|VITEST|NODE_ENV|NODE_OPTIONS|TEST$)/i.test(name)),
		);
		return {
			...inherited,
			N8N_USER_FOLDER: userFolder,
			N8N_PORT: String(this.#port),
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_HOST: 'localhost',
			N8N_RUNNERS_BROKER_PORT: String(this.#broker),
			N8N_SECURE_COOKIE: 'false',
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
			N8N_PYTHON_ENABLED: 'false',
			N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
			N8N_DEFAULT_BINARY_DATA_MODE: 'filesystem',
			N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
			NODE_COMPILE_CACHE: COMPILED,
			N8N_INSTANCE_OWNER_MANAGED_BY_ENV: 'true',
			N8N_INSTANCE_OWNER_EMAIL: login.email,
			N8N_INSTANCE_OWNER_FIRST_NAME: 'Sandbox',
			N8N_INSTANCE_OWNER_LAST_NAME: 'Owner',
			N8N_INSTANCE_OWNER_PASSWORD_HASH: hash(installation, login.password),
			...(!editor && { N8N_DISABLE_UI: 'true', N8N_DISABLED_MODULES: UNNEEDED_MODULES.join(',') }),
			...(!codeNodes && { N8N_RUNNERS_MODE: 'external', N8N_RUNNERS_AUTH_TOKEN: installation.folder }),
			...(caFile !== undefined && { NODE_EXTRA_CA_CERTS: caFile }),
			...env,
		};
	}
}

/** bcrypt, by n8n's own library. */
function hash(installation: Installation, password: string): string {
	const known = hashes.get(password);
	if (known !== undefined) return known;
	const bcrypt: { hashSync: (text: string, rounds: number) => string } = createRequire(join(installation.folder, 'package.json'))(
		'bcryptjs',
	);
	const made = bcrypt.hashSync(password, 10);
	hashes.set(password, made);
	return made;
}
const hashes = new Map<string, string>();
