import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { uses, type Credential } from '../sandbox/credentials';
import { startN8n, type RunningN8n } from '../sandbox/n8n';
import type { Sandbox } from '../sandbox/servers';
import type { Held, Stalls } from './probe';

/** A real n8n that is measured from within; see {@link file://./probe.ts}. */
export interface ProbedN8n extends RunningN8n {
	begin: (profile?: boolean) => Promise<void>;
	end: () => Promise<Stalls>;
	held: () => Promise<Held>;
}

export async function startProbed(sandbox: Sandbox, credentials: object[]): Promise<ProbedN8n> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-probe-'));
	const socketPath = join(folder, 'probe');
	const ask = async <T>(path: string): Promise<T> => {
		const text = await new Promise<string>((resolve, reject) => {
			request({ socketPath, path }, (response) => {
				let answer = '';
				response.on('data', (chunk: Buffer) => (answer += chunk.toString())).on('end', () => resolve(answer));
			})
				.on('error', reject)
				.end();
		});
		const told: T = JSON.parse(text);
		return told;
	};
	const n8n = await startN8n({
		caFile: sandbox.caFile,
		credentials,
		env: {
			NODE_OPTIONS: `--import=${pathToFileURL(join(__dirname, 'probe.ts')).href}`,
			BENCH_PROBE: socketPath,
			// Executions that are kept would be counted as growth, and are n8n's.
			EXECUTIONS_DATA_SAVE_ON_SUCCESS: 'none',
		},
	});
	return Object.assign(n8n, {
		begin: async (profile = false) => void (await ask<object>(`/begin${profile ? '?profile' : ''}`)),
		end: async () => await ask<Stalls>('/end'),
		held: async () => await ask<Held>('/memory'),
		stop: stopping(n8n.stop, folder),
	});
}

function stopping(stop: () => Promise<void>, folder: string): () => Promise<void> {
	return async () => {
		await stop();
		rmSync(folder, { recursive: true, force: true });
	};
}

/** An IMAP Trigger with a step behind it; active when the promise is fulfilled. @returns the workflow's id */
export async function serveTrigger(
	n8n: RunningN8n,
	credential: Credential,
	name: string,
	parameters: object,
	after: object = { type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} },
	activate = true,
): Promise<string> {
	const { authentication, credentials } = uses(credential);
	const id = await n8n.api.createWorkflow({
		name,
		nodes: [
			{
				...{ id: 'trigger', name: 'Trigger', type: 'n8n-nodes-office365-mail.imapTrigger', typeVersion: 1, position: [0, 0], credentials },
				parameters: { authentication, ...parameters },
			},
			{ id: 'after', name: 'After', position: [200, 0], ...after },
		],
		connections: { Trigger: { main: [[{ node: 'After', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
	if (activate) await n8n.api.activate(id);
	return id;
}

/** Asks again and again until it holds. @returns whether it does before the time is over */
export async function within(ms: number, holds: () => Promise<boolean>, everyMs = 500): Promise<boolean> {
	const deadline = performance.now() + ms;
	while (!(await holds())) {
		if (performance.now() > deadline) return false;
		await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
	return true;
}

/** How many emails of a folder are read or not. */
export async function counted(sandbox: Sandbox, mailbox: string, what: 'messages' | 'unseen', folder = 'INBOX'): Promise<number> {
	const told = await sandbox.dovecot.doveadm('mailbox', 'status', '-u', mailbox, what, folder);
	return Number(new RegExp(`${what}=(\\d+)`).exec(told)?.[1] ?? NaN);
}

/** The kernel's mark of the highest resident memory, set back to what is used now (proc(5), clear_refs). @returns that, in MiB */
export function resetPeak(pid: number | undefined): number {
	writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
	return memoryOf(pid, 'VmRSS');
}

/** In MiB. */
export function memoryOf(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): number {
	const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
	return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? NaN) / 1024;
}
