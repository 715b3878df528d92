/** Run as a process of its own by bombs.test.ts: reads emails that take more memory than there is, and tells what came of each. */
import { Readable } from 'node:stream';

import { RAW_PROPERTY, toItem } from '../../../mail/item/item';
import { limits } from '../../../mail/item/workerPool';

const MB = 1024 * 1024;
const HEAD = 'Subject: bomb\r\nMIME-Version: 1.0\r\n';
const body = (type: string): string => `${HEAD}Content-Type: ${type}\r\n\r\n`;
const mixed = body('multipart/mixed; boundary=X');

/** What it is called, its beginning, what comes again and again, and for how many bytes. */
const BOMBS: Array<[string, string, string, number]> = [
	['nested elements', body('text/html'), '<div>', 40 * MB],
	['empty lines of format=flowed', body('text/plain; format=flowed'), '\n', 60 * MB],
	['lines that end in CR alone', body('text/plain; charset=utf-8'), '\u00c3\u00a4\r', 9 * MB],
	['text that is longer as HTML', body('text/plain'), ' a@b.c', 24 * MB],
	['escapes of ISO-2022-JP', body('text/plain; charset=iso-2022-jp'), '\x1b(Ba\x1b$B$3', 8 * MB],
	['groups of recipients', `${HEAD}To: `, 'a:b;', 8 * MB - 1000],
	['empty headers', HEAD, 'a:\r\n', 8 * MB - 1000],
	['parts with long headers', mixed, `--X\r\n${'a:\r\n'.repeat(15_000)}\r\na\r\n`, 100 * MB],
];

async function size(content: Buffer | Readable): Promise<number> {
	let sum = 0;
	for await (const bytes of Buffer.isBuffer(content) ? [content] : content) sum += bytes.length;
	return sum;
}

async function* bytesOf(head: string, piece: string, length: number): AsyncGenerator<Buffer> {
	const block = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)), 'latin1');
	yield Buffer.from(head, 'latin1');
	for (let sent = 0; sent < length; sent += block.length) yield block;
}

async function main(): Promise<void> {
	// What is looked at is the memory, on a busy machine as well.
	limits.patience = 300_000;
	for (const [name, head, piece, length] of BOMBS) {
		let most = 0;
		const look = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
		const { json, binary } = await toItem<number>(
			() => Readable.from(bytesOf(head, piece, length), { objectMode: false }),
			{ uid: 1, uidValidity: '1', size: 1, folder: 'INBOX' },
			{ format: 'resolved', downloadAttachments: true, prefix: 'attachment_', readMore: ['nestedMails', 'markdown'], store: size },
		);
		clearInterval(look);
		const whole = Number(binary?.[RAW_PROPERTY] ?? 0) >= length;
		process.stdout.write(
			`${JSON.stringify({ name, subject: json.subject, error: json.parseError, whole, mostMb: Math.round(most / MB) })}\n`,
		);
	}
}

main().then(
	() => process.exit(0),
	(error: unknown) => {
		process.stderr.write(`${String(error)}\n`);
		process.exit(1);
	},
);
