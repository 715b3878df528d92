import { once } from 'node:events';
import { connect } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { LineReader } from './exchange/lines';

/** Delivers over one LMTP session (RFC 2033). @throws Error with the server's answer */
export async function deliver(port: number, mailbox: string, mails: ReadonlyArray<Buffer | string>): Promise<void> {
	const socket = connect(port, '127.0.0.1');
	await once(socket, 'connect');
	const reader = new LineReader(socket);
	const expect = async (code: string): Promise<void> => {
		for (;;) {
			const line = await reader.line();
			if (line === undefined || !line.startsWith(code)) throw new Error(`LMTP: wanted ${code}, got ${String(line)}`);
			if (line[3] !== '-') return;
		}
	};
	const say = async (command: string, code: string): Promise<void> => {
		socket.write(`${command}\r\n`);
		await expect(code);
	};
	try {
		await expect('220');
		await say('LHLO sandbox', '250');
		for (const mail of mails) {
			await say('MAIL FROM:<sandbox@example.test>', '250');
			await say(`RCPT TO:<${mailbox}>`, '250');
			await say('DATA', '354');
			const text = (Buffer.isBuffer(mail) ? mail.toString('latin1') : Buffer.from(mail).toString('latin1')).replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
			socket.write(Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
			await expect('250');
		}
		await say('QUIT', '221');
	} finally {
		socket.destroy();
	}
}

/** Maildir keeps new mails in `new` and seen ones in `cur`; a folder is `.Name`. */
export async function messages(root: string, mailbox: string, folder?: string): Promise<Buffer[]> {
	const base = join(root, mailbox, ...(folder === undefined || folder === 'INBOX' ? [] : [`.${folder.replaceAll('/', '.')}`]));
	const files = (await Promise.all(['new', 'cur'].map(async (part) => (await readdir(join(base, part)).catch((): string[] => [])).map((name) => join(base, part, name))))).flat();
	const order = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
	files.sort((a, b) => (order(a) < order(b) ? -1 : 1));
	const mails = await Promise.all(files.map(async (path) => await readFile(path).catch(() => undefined)));
	// A file that Dovecot moved from `new` to `cur` in between is there at the next look.
	return mails.flatMap((mail) => (mail === undefined ? [] : [mail]));
}

export async function watchArrival(root: string, mailbox: string, fits: (mail: string) => boolean, timeoutMs = 20_000): Promise<Buffer> {
	const deadline = Date.now() + timeoutMs;
	for (;;) {
		const found = (await messages(root, mailbox)).find((mail) => fits(mail.toString('utf8')));
		if (found !== undefined) return found;
		if (Date.now() > deadline) throw new Error(`No such mail came to ${mailbox} within ${timeoutMs} ms.`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
