import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { AccessToken } from '../mail/signIn/token';
import { journalOf, newestMemory, newMemory, readMemory, type WatchMemory } from '../mail/watch/memory';
import { MailboxWatch } from '../mail/watch/mailbox';

/**
 * One life of a watch for the soak: it stores what n8n would store, when n8n would store it, and tells each execution on
 * stdout. Its parent kills it at any moment. The task comes in SOAK.
 */
interface Task {
	port: number;
	mailbox: string;
	folder: string;
	failOneIn: number;
}

const task: Task = JSON.parse(process.env.SOAK ?? '{}');
const endpoint = { host: 'localhost', port: task.port, security: 'tls' as const };
const file = join(task.folder, 'static-data.json');
const journal = journalOf(task.folder, 'soak');
const stored = existsSync(file) ? readMemory(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
const memory = newestMemory(stored, journal.read()) ?? newMemory('soak', Date.now());
let current: WatchMemory = memory;
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
if (stored === undefined) persist();

/** As n8n does at activation and with each execution that starts. */
function persist(): void {
	writeFileSync(`${file}.new`, JSON.stringify(current));
	renameSync(`${file}.new`, file);
}

const tokens: string[] = [];
process.stdin.on('data', (chunk: Buffer) => tokens.push(...chunk.toString().split('\n').filter(Boolean)));

async function token(): Promise<AccessToken> {
	say('token');
	while (tokens.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
	const [value = '', expiresAt = '0'] = (tokens.shift() ?? '').split(' ');
	return new AccessToken(value, Number(expiresAt));
}

const watch = new MailboxWatch<string>({
	account: async () =>
		await Promise.resolve({ id: 'soak', mailbox: task.mailbox, imap: endpoint, pop: endpoint, smtp: endpoint, signIn: 'delegated', token }),
	folders: ['INBOX'],
	criteria: [],
	startFrom: { kind: 'unread' },
	rules: {
		batchSize: 3,
		maxInFlight: 5,
		maxTries: 20,
		retryFirstMs: 20,
		limits: { largeAbove: 1_000_000, large: 'stream', onlyWithAttachment: false },
		after: { kind: 'read' },
		onGiveUp: { kind: 'nothing' },
	},
	memory,
	save: (next) => {
		current = next;
		journal.write(next);
	},
	make: async (mail) =>
		await Promise.resolve(
			mail.content.kind === 'streamed' ? '' : (/^Subject: (.*?)\r?$/m.exec(mail.content.bytes.toString('latin1'))?.[1] ?? ''),
		),
	send: async (subjects) => {
		persist();
		say(`start ${subjects.join(' ')}`);
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
		if (Math.random() * task.failOneIn < 1) {
			say(`fail ${subjects.join(' ')}`);
			return { kind: 'failed', reason: 'as planned' };
		}
		say(`done ${subjects.join(' ')}`);
		return { kind: 'done' };
	},
	running: new Map(),
	log: (text) => say(`log ${text}`),
	report: (error) => say(`report ${error.message}`),
	heartbeatMs: 2_000,
	patience: { silenceMs: 2_000 },
});

void watch.start();
