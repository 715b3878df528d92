import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

import type { Account } from '../mail/account';
import { compose, type OutgoingMail } from '../mail/compose/message';
import { CONNECTIONS } from '../mail/smtp/connections';
import { MAILS_AT_A_TIME } from '../mail/smtp/pool';
import { sendMail } from '../mail/smtp/send';
import { AccessToken } from '../mail/signIn/token';

/** So many mails, sent once, in a process of its own; prints the seconds. Its task comes in BENCH_SMTP. */
export interface Task {
	mode: 'ours' | 'pool' | 'ours large' | 'pool large';
	port: number;
	mailbox: string;
	token: string;
	to: string;
	mails: number;
	/** Bytes of each mail's text. */
	bytes: number;
	/** To attach, for the large ones. */
	file: string;
}

const task: Task = JSON.parse(process.env.BENCH_SMTP ?? '{}');
const text = 'A line of text as people write it, with a few words in it.\r\n'.repeat(Math.ceil(task.bytes / 60)).slice(0, task.bytes);

/** Sends as the node does: a limited number at a time, each composed when its turn comes. */
async function ours(files: OutgoingMail['files']): Promise<void> {
	const endpoint = { host: 'localhost', port: task.port, security: 'starttls' as const };
	const token = new AccessToken(task.token, Date.now() + 3_600_000);
	const account: Account = {
		id: 'bench',
		mailbox: task.mailbox,
		imap: endpoint,
		pop: endpoint,
		smtp: endpoint,
		signIn: 'delegated',
		token: async () => await Promise.resolve(token),
	};
	let next = 0;
	const worker = async (): Promise<void> => {
		while (next < task.mails) {
			next += 1;
			const mail = await compose({
				from: task.mailbox,
				to: task.to,
				cc: '',
				bcc: '',
				replyTo: '',
				subject: `mail ${next}`,
				text,
				files,
				inReplyTo: '',
				references: '',
				priority: 'normal',
				headers: [],
			});
			const { attempts, accepted } = await sendMail(account, mail, { retryForMs: 0, resendUnknown: false });
			if (attempts !== 1 || accepted.length !== 1) throw new Error('A mail did not go at the first try.');
		}
	};
	await Promise.all(Array.from({ length: MAILS_AT_A_TIME }, worker));
}

/** nodemailer's own pool with as many connections, given all mails at once. */
async function pool(content?: Buffer): Promise<void> {
	const { createTransport } = await import('nodemailer');
	const transport = createTransport({
		pool: true,
		maxConnections: CONNECTIONS,
		maxMessages: Infinity,
		host: 'localhost',
		port: task.port,
		requireTLS: true,
		auth: { type: 'OAuth2', user: task.mailbox, accessToken: task.token },
	});
	const attachments = content === undefined ? [] : [{ filename: 'large.bin', content }];
	await Promise.all(
		Array.from(
			{ length: task.mails },
			async (_, index) => await transport.sendMail({ from: task.mailbox, to: task.to, subject: `mail ${index}`, text, attachments }),
		),
	);
	transport.close();
}

async function main(): Promise<void> {
	// Loading the libraries is not part of the task.
	await Promise.all([import('nodemailer'), import('nodemailer/lib/mail-composer'), import('nodemailer/lib/smtp-connection')]);
	const large = task.mode.endsWith('large');
	const size = large ? (await stat(task.file)).size : 0;
	const files = large
		? [
				{
					fileName: 'large.bin',
					mimeType: 'application/octet-stream',
					size,
					open: async () => await Promise.resolve(createReadStream(task.file)),
				},
			]
		: [];
	const before = process.memoryUsage().rss;
	const started = performance.now();
	if (task.mode.startsWith('ours')) await ours(files);
	else await pool(large ? await readFile(task.file) : undefined);
	const seconds = (performance.now() - started) / 1000;
	console.log(JSON.stringify({ seconds, beforeKiB: before / 1024, peakKiB: process.resourceUsage().maxRSS }));
	process.exit(0);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
