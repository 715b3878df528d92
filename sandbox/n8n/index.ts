import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

import { Api } from './api';
import { ensureN8n, type Installation, type Progress } from './install';
import { Instance, type Login } from './instance';
import { installNodes } from './nodes';
import { layTables } from './tables';

export { Api, type Execution, type Item } from './api';
export { Instance, type Login } from './instance';
export { ensureN8n, ensureN8nVersion, npm, removeN8nVersion, testedVersions, step, type Installation, type Progress } from './install';
export { installNodes, pack } from './nodes';
export { startQueue, type Queue } from './queue';

export interface RunningN8n {
	instance: Instance;
	api: Api;
	login: Login;
	/** Ends n8n at once and starts it again on the same user folder. */
	crash: () => Promise<Api>;
	/** Ends n8n in order and starts it again. */
	restart: () => Promise<Api>;
	stop: () => Promise<void>;
}

/** A real n8n for a test file: the packed package installed as a user's n8n does it, with credentials. The package must have been built. */
export async function startN8n(options: {
	caFile?: string;
	credentials?: object[];
	env?: Record<string, string>;
	/** Whether it serves the editor and what the editor reads (default: yes). */
	editor?: boolean;
	/** Whether it starts the process in which Code nodes run. Default: only if it serves the editor. */
	codeNodes?: boolean;
	progress?: Progress;
	/** Default: the one of this folder's lock file. */
	installation?: Installation;
	/** How it gets the package; see {@link installNodes}. Default: linked, but for another installation, which may read its folder in another way. */
	nodes?: 'copied' | 'linked';
}): Promise<RunningN8n> {
	const installation = options.installation ?? (await ensureN8n(options.progress ?? (() => undefined)));
	const userFolder = mkdtempSync(join(tmpdir(), 'office365-mail-n8n-'));
	const login: Login = { email: 'owner@example.test', password: `A1${randomBytes(12).toString('base64url')}` };
	const { caFile, env, editor, codeNodes } = options;
	const instance = new Instance({ installation, userFolder, login, caFile, env, editor, codeNodes });
	const stop = async (): Promise<void> => {
		await instance.stop();
		instance.removeUserFolder();
	};
	try {
		await installNodes(userFolder, options.nodes ?? (options.installation === undefined ? 'linked' : 'copied'));
		if (options.installation === undefined) await layTables(installation, userFolder, options.credentials);
		else if (options.credentials !== undefined) await instance.importEntities('credentials', options.credentials);
		await instance.start();
		const running: RunningN8n = {
			instance,
			login,
			api: await Api.login(instance, login),
			crash: async () => {
				await instance.stop('SIGKILL');
				await instance.start();
				return (running.api = await Api.login(instance, login));
			},
			restart: async () => {
				await instance.stop();
				await instance.start();
				return (running.api = await Api.login(instance, login));
			},
			stop,
		};
		return running;
	} catch (error) {
		await stop();
		throw error;
	}
}
