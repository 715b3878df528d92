import { monitorEventLoopDelay } from 'node:perf_hooks';

import { simpleParser } from 'mailparser';

import { toItem } from '../mail/item/item';
import { READ_AHEAD } from '../mail/watch/handover/readAhead';
import { mail } from './imap';

/** Reads emails that are at hand, in a process of its own; prints the seconds and the longest stall. Its task comes in BENCH_ITEM. */
const { mode, mails, before }: { mode: 'ours' | 'mailparser'; mails: number; before: number } = JSON.parse(process.env.BENCH_ITEM ?? '{}');

async function read(bytes: Buffer): Promise<void> {
	if (mode === 'mailparser') await simpleParser(bytes);
	else
		await toItem(
			bytes,
			{ uid: 1, uidValidity: '1', folder: 'INBOX', size: bytes.length },
			{ format: 'resolved', downloadAttachments: true, prefix: 'attachment_', store: async () => await Promise.resolve(0) },
		);
}

/** As many at a time as the IMAP Trigger reads of a backlog. */
async function readAhead(all: readonly Buffer[]): Promise<void> {
	const left = all.values();
	await Promise.all(
		Array.from({ length: READ_AHEAD }, async () => {
			for (const bytes of left) await read(bytes);
		}),
	);
}

async function main(): Promise<void> {
	const all = Array.from({ length: mails }, (_, number) => Buffer.from(mail(number, 10_000)));
	// Loading the libraries and starting the thread is not part of the task.
	for (let number = 0; number < before; number++) await read(all[number % all.length] ?? Buffer.alloc(0));
	const stall = monitorEventLoopDelay({ resolution: 1 });
	stall.enable();
	const started = performance.now();
	if (mode === 'mailparser') for (const bytes of all) await read(bytes);
	else await readAhead(all);
	const seconds = (performance.now() - started) / 1000;
	stall.disable();
	console.log(JSON.stringify({ seconds, stallMs: stall.max / 1e6 }));
	process.exit(0);
}

main().catch((error: unknown) => {
	console.error(error);
	process.exit(1);
});
