import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Account } from '../mail/account';
import { toItem } from '../mail/item/item';
import { AccessToken } from '../mail/signIn/token';
import { newMemory } from '../mail/watch/memory/memory';
import { MailboxWatch } from '../mail/watch/folders/mailboxWatch';

/** One backlog, taken once, in a process of its own; prints the seconds. Its task comes in BENCH_IMAP. */
interface Task {
	mode: 'ours' | 'plain' | 'parsed' | 'mailparser' | 'builtIn' | 'watches';
	port: number;
	mailbox: string;
	token: string;
	password: string;
	mails: number;
	/** n8n's folder, for the built-in trigger's own code. */
	n8n: string;
	watches: number;
}

const task: Task = JSON.parse(process.env.BENCH_IMAP ?? '{}');
const provenance = { uid: 1, uidValidity: '1', folder: 'INBOX', size: 0 };
const simple = {
	format: 'simple' as const,
	downloadAttachments: false,
	prefix: 'attachment_',
	store: async () => await Promise.resolve(0),
};

function watch(mailbox: string, onMail: () => void, fromUnread: boolean): MailboxWatch<object> {
	const endpoint = { host: 'localhost', port: task.port, security: 'tls' as const };
	const account: Account = {
		id: 'bench',
		mailbox,
		imap: endpoint,
		pop: endpoint,
		smtp: endpoint,
		signIn: 'delegated',
		token: async () => await Promise.resolve(new AccessToken(task.token, Date.now() + 3_600_000)),
	};
	return new MailboxWatch<object>({
		account: async () => await Promise.resolve(account),
		folders: ['INBOX'],
		criteria: [],
		startFrom: fromUnread ? { kind: 'unread' } : { kind: 'now' },
		rules: {
			batchSize: 1,
			maxInFlight: 10,
			maxTries: 3,
			retryFirstMs: 1000,
			limits: { largeAbove: 20 * 1024 * 1024, large: 'stream', onlyWithAttachment: false },
			after: { kind: 'nothing' },
			onGiveUp: { kind: 'nothing' },
		},
		memory: newMemory('bench', Date.now()),
		save: () => undefined,
		make: async (mail) => await toItem(mail.content.kind === 'streamed' ? mail.content.open : mail.content.bytes, provenance, simple),
		send: async () => {
			onMail();
			return await Promise.resolve({ kind: 'done' });
		},
		running: new Map(),
		log: () => undefined,
		report: (error) => {
			throw error;
		},
	});
}

async function ours(): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		let count = 0;
		const backlog = watch(task.mailbox, () => (count += 1) === task.mails && resolve(), true);
		backlog.start().then((faults) => faults[0] !== undefined && reject(faults[0]), reject);
	});
}

async function plain(parse?: (source: Buffer) => Promise<object>): Promise<void> {
	const { ImapFlow } = await import('imapflow');
	const client = new ImapFlow({
		host: 'localhost',
		port: task.port,
		secure: true,
		auth: { user: task.mailbox, accessToken: task.token },
		logger: false,
	});
	await client.connect();
	await client.mailboxOpen('INBOX');
	let count = 0;
	for await (const mail of client.fetch('1:*', { uid: true, source: true })) {
		if (mail.source !== undefined) await parse?.(mail.source);
		count += 1;
	}
	if (count !== task.mails) throw new Error(`${count} of ${task.mails} mails`);
	client.close();
}

/** The built-in trigger's own code, 20 mails at a time, with a context that only counts. */
async function builtIn(): Promise<void> {
	const load = createRequire(`${task.n8n}/package.json`);
	const { ImapSimple } = load('@n8n/imap');
	const { getNewEmails } = load('n8n-nodes-base/dist/nodes/EmailReadImap/v2/utils.js');
	const connection = await ImapSimple.connect(
		{ host: 'localhost', port: task.port, secure: true, user: task.mailbox, password: task.password, allowUnauthorizedCerts: false },
		{ mailbox: 'INBOX' },
	);
	let count = 0;
	const staticData = {};
	const context = {
		getNodeParameter: (name: string) => (name === 'format' ? 'simple' : name === 'downloadAttachments' ? false : 'attachment_'),
		getWorkflowStaticData: () => staticData,
		getNode: () => ({ typeVersion: 2.2 }),
		logger: { debug: () => undefined, warn: () => undefined },
	};
	await getNewEmails.call(context, {
		imapConnection: connection,
		searchCriteria: ['ALL'],
		postProcessAction: 'nothing',
		onEmailBatch: async (items: object[]) => await Promise.resolve((count += items.length)),
	});
	if (count !== task.mails) throw new Error(`${count} of ${task.mails} mails`);
	connection.end();
}

/** Resident memory of idle watches, in KiB each, above a process with one. */
async function watches(): Promise<void> {
	const settle = async (): Promise<number> => {
		for (let round = 0; round < 3; round++) {
			globalThis.gc?.();
			await new Promise((resolve) => setTimeout(resolve, 300));
		}
		return process.memoryUsage().rss / 1024;
	};
	await watch(task.mailbox, () => undefined, false).start();
	const before = await settle();
	for (let opened = 0; opened < task.watches; opened += 20) {
		await Promise.all(Array.from({ length: 20 }, async () => await watch(task.mailbox, () => undefined, false).start()));
	}
	console.log(JSON.stringify({ perWatchKiB: ((await settle()) - before) / task.watches }));
}

async function main(): Promise<void> {
	// Loading the libraries is not part of the task.
	await Promise.all([
		import('imapflow'),
		import('mailparser'),
		toItem(
			Buffer.from('Subject: warm\r\n\r\n'),
			{ size: 0, folder: '', uidl: '' },
			{ format: 'simple', downloadAttachments: false, prefix: '', store: async () => undefined },
		),
	]);
	const { simpleParser } = await import('mailparser');
	const tasks = {
		ours,
		plain: async () => await plain(),
		parsed: async () => await plain(async (source) => await toItem(source, provenance, simple)),
		mailparser: async () => await plain(async (source) => await simpleParser(source)),
		builtIn,
		watches,
	};
	const stall = monitorEventLoopDelay({ resolution: 1 });
	stall.enable();
	const started = performance.now();
	await tasks[task.mode]();
	console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, stallMs: stall.max / 1e6 }));
	process.exit(0);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
