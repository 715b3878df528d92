import { monitorEventLoopDelay } from 'node:perf_hooks';

import { simpleParser } from 'mailparser';

import { toItem } from '../mail/item/item';
import { mail } from './imap';

/** Reads emails that are at hand, in a process of its own; prints the seconds and the longest stall. Its task comes in BENCH_ITEM. */
const { mode, mails }: { mode: 'ours' | 'mailparser'; mails: number } = JSON.parse(process.env.BENCH_ITEM ?? '{}');
const AT_ONCE = 64;

async function read(bytes: Buffer): Promise<void> {
	if (mode === 'mailparser') await simpleParser(bytes);
	else
		await toItem(
			bytes,
			{ uid: 1, uidValidity: '1', folder: 'INBOX', size: bytes.length },
			{ format: 'resolved', downloadAttachments: true, prefix: 'attachment_', store: async () => await Promise.resolve(0) },
		);
}

async function main(): Promise<void> {
	const all = Array.from({ length: mails }, (_, number) => Buffer.from(mail(number, 10_000)));
	// Loading the libraries and starting the thread is not part of the task.
	for (const bytes of all.slice(0, 200)) await read(bytes);
	const stall = monitorEventLoopDelay({ resolution: 1 });
	stall.enable();
	const started = performance.now();
	if (mode === 'mailparser') for (const bytes of all) await read(bytes);
	else for (let from = 0; from < mails; from += AT_ONCE) await Promise.all(all.slice(from, from + AT_ONCE).map(read));
	const seconds = (performance.now() - started) / 1000;
	stall.disable();
	console.log(JSON.stringify({ seconds, stallMs: stall.max / 1e6 }));
	process.exit(0);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
