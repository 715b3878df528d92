import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { buildPackage } from './build';
import { CACHE } from './cache';
import { Api, ensureN8n, installNodes, Instance, step, type Login } from './n8n';
import { startSandbox } from './servers';
import { isFree } from './servers/ports';
import { StartScene } from './startScene';

/**
 * `npm start [-- --no-sandbox] [--port n]`: n8n with the nodes; with the sandbox's mail servers, a connected
 * credential and example workflows, or alone for a real tenant.
 */
const say = (line: string): void => console.log(line);

interface Wishes {
	sandbox: boolean;
	port: number | undefined;
}

function readArguments(args: string[]): Wishes {
	const wishes: Wishes = { sandbox: true, port: undefined };
	for (let index = 0; index < args.length; index += 1) {
		const [name, value] = (args[index] ?? '').split('=', 2);
		if (name === '--no-sandbox') wishes.sandbox = false;
		else if (name === '--port') {
			wishes.port = Number(value ?? args[(index += 1)]);
			if (!Number.isInteger(wishes.port) || wishes.port < 1 || wishes.port > 65_535)
				throw new Error('--port wants a number from 1 to 65535.');
		} else throw new Error(`There is no option "${name ?? ''}". Options: --no-sandbox, --port <number>.`);
	}
	return wishes;
}

async function main(): Promise<void> {
	const wishes = readArguments(process.argv.slice(2));
	const began = Date.now();
	const port = wishes.port ?? 5678;
	if (!(await isFree(port)))
		throw new Error(
			`Port ${port} is taken, perhaps by another n8n. Choose one: npm start -- ${wishes.sandbox ? '' : '--no-sandbox '}--port ${port + 1}`,
		);
	const undo: Array<() => Promise<void>> = [];
	let stopped: Promise<void> | undefined;
	const stop = async (): Promise<void> => {
		stopped ??= (async () => {
			for (const step of undo.reverse()) await step();
		})();
		await stopped;
	};
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.on(signal, () => {
			if (stopped === undefined) say('\nStopping …');
			void stop().then(() => process.exit(0));
		});
	}
	try {
		const sandbox = wishes.sandbox ? await startSandbox() : undefined;
		if (sandbox) undo.push(async () => await sandbox.stop());
		const scene = sandbox && new StartScene(sandbox);
		if (scene) {
			undo.push(async () => await scene.stop());
			await scene.start();
		}
		const installation = await ensureN8n(say);
		say('Building the nodes …');
		buildPackage();
		const userFolder = sandbox ? join(CACHE, `start-${port}`) : join(homedir(), '.n8n-nodes-office365-mail');
		if (sandbox) {
			// The sandbox's keys and tokens are new at every start, so is what n8n knows of them.
			const clear = async (): Promise<void> => rmSync(userFolder, { recursive: true, force: true });
			await clear();
			undo.push(clear);
		}
		mkdirSync(userFolder, { recursive: true });
		const login = loginOf(userFolder);
		const instance = new Instance({
			installation,
			userFolder,
			login,
			port,
			caFile: sandbox?.caFile,
			env: { GENERIC_TIMEZONE: Intl.DateTimeFormat().resolvedOptions().timeZone, ...(scene && StartScene.environment(userFolder)) },
		});
		undo.push(async () => await instance.stop());
		await installNodes(userFolder);
		await step('Starting n8n', say, async () => {
			await scene?.fill(instance, login);
			if (stopped !== undefined) return;
			await instance.start();
			await scene?.activate(await Api.login(instance, login));
		});
		if (stopped === undefined) welcome(instance, login, scene, Date.now() - began);
	} catch (error) {
		// What Ctrl-C broke off is no failure.
		const wanted = stopped !== undefined;
		await stop();
		if (!wanted) throw error;
	}
}

/** The sandbox's owner is the same at every start; an n8n of one's own gets a password once, kept in its folder. */
function loginOf(userFolder: string): Login {
	const file = join(userFolder, 'login.json');
	if (existsSync(file)) {
		const known: Login = JSON.parse(readFileSync(file, 'utf8'));
		return known;
	}
	const login = { email: 'owner@example.test', password: `Mail-${randomBytes(6).toString('hex')}A1` };
	writeFileSync(file, JSON.stringify(login), { mode: 0o600 });
	return login;
}

function welcome(instance: Instance, login: Login, scene: StartScene | undefined, tookMs: number): void {
	const lines = [
		'',
		`n8n is up after ${(tookMs / 1000).toFixed(0)} s:  ${instance.url}/home/workflows`,
		`  email     ${login.email}`,
		`  password  ${login.password}`,
		'',
		...(scene
			? [
					`Read every email of the sandbox, and let emails arrive:  ${scene.mailUrl}`,
					'',
					'Try first:',
					'  1. Open the workflow "Send an email" and press Execute workflow: Ada writes to Grace.',
					'  2. Open "Start on a new email", tab Executions: that email has started one.',
					'  3. Open "Collect emails over POP" and press Execute workflow: Grace\'s emails come out.',
					'  4. Ten examples more are there, each with a note that says what it does. Credentials, addresses and folders are filled in already.',
					'     Those that wait for emails have to be published first, and the page of emails lets one arrive. Most open the mailbox of Grace,',
					'     "Shared inbox" that of shared@example.test. The pages in examples/ say for each how to see it run.',
					'',
					`Files of the examples are saved in  ${StartScene.files(instance.userFolder)}`,
					'',
					"Or connect an account yourself: open the tab Credentials, then that of Ada, and press Switch account. The sign-in page is the sandbox's",
					'own; the browser warns of its certificate, and here you may go on: Advanced, Proceed.',
					'',
					'All email stays on this machine; everything of the sandbox is gone after Ctrl-C.',
				]
			: [
					'Add a credential "Microsoft Mail (Outlook, Office 365) OAuth2 API"; README.md says what to enter. Ctrl-C stops n8n; its data stays.',
				]),
		'',
	];
	say(lines.join('\n'));
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
});
