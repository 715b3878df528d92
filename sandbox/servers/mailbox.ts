import { once } from 'node:events';
import { connect } from 'node:net';
import { chownSync, renameSync, writeFileSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { LineReader } from './exchange/lines';

/**
 * Delivers over one LMTP session (RFC 2033). @param sender of the envelope, which becomes the Return-Path
 * @param accepted called after each email, before the next is sent
 * @throws Error with the server's answer
 */
export async function deliver(
	port: number,
	mailbox: string,
	mails: ReadonlyArray<Buffer | string>,
	sender = 'sandbox@example.test',
	accepted?: () => Promise<void>,
): Promise<void> {
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
			await say(`MAIL FROM:<${sender}>`, '250');
			await say(`RCPT TO:<${mailbox}>`, '250');
			await say('DATA', '354');
			const text = (Buffer.isBuffer(mail) ? mail.toString('latin1') : Buffer.from(mail).toString('latin1'))
				.replace(/\r?\n/g, '\r\n')
				.replace(/^\./gm, '..');
			socket.write(Buffer.from(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
			await expect('250');
			await accepted?.();
		}
		await say('QUIT', '221');
	} finally {
		socket.destroy();
	}
}

/**
 * Whether an email in the inbox has no UID yet. Dovecot 2.3 accepts an email without a UID while another of its processes
 * holds the lock of the Maildir's UIDs; later emails can then get lower UIDs. Exchange numbers emails as they arrive.
 */
export async function hasUnnumbered(root: string, mailbox: string): Promise<boolean> {
	const base = folderOf(root, mailbox.toLowerCase());
	const unread = await readdir(join(base, 'new')).catch(missing);
	const numbered = await readFile(join(base, 'dovecot-uidlist'), 'utf8').catch(() => '');
	const names = new Set(numbered.split('\n').map((line) => line.slice(line.indexOf(':') + 1)));
	return unread.some((name) => !names.has(name));
}

/** The last name's time in microseconds; each name gets a later one. */
let lastMicros = 0;

/**
 * Puts emails into the Maildir itself, in order, without a server: for a backlog of thousands. Lines end in LF there,
 * as Dovecot stores them.
 */
export async function fill(root: string, mailbox: string, mails: Iterable<Buffer | string>, folder?: string): Promise<void> {
	const base = folderOf(root, mailbox, folder);
	const owner = await stat(root);
	for (const path of [join(root, mailbox), base, ...['cur', 'new', 'tmp'].map((part) => join(base, part))]) {
		await mkdir(path, { recursive: true, mode: 0o700 });
		await chown(path, owner.uid, owner.gid);
	}
	let inTurn = 0;
	for (const mail of mails) {
		// Dovecot numbers new emails by the seconds and microseconds of their names.
		lastMicros = Math.max(lastMicros + 1, Date.now() * 1000);
		const name = `${Math.floor(lastMicros / 1e6)}.M${String(lastMicros % 1e6).padStart(6, '0')}P${process.pid}.sandbox`;
		// As the Maildir format wants it: Dovecot takes a file out of `new` at any moment, whole or not.
		const path = join(base, 'tmp', name);
		writeFileSync(
			path,
			Buffer.isBuffer(mail) ? mail.toString('latin1').replaceAll('\r\n', '\n') : mail.replaceAll('\r\n', '\n'),
			Buffer.isBuffer(mail) ? 'latin1' : 'utf8',
		);
		chownSync(path, owner.uid, owner.gid);
		renameSync(path, join(base, 'new', name));
		inTurn += 1;
		if (inTurn % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
	}
}

function folderOf(root: string, mailbox: string, folder?: string): string {
	return join(root, mailbox, ...(folder === undefined || folder === 'INBOX' ? [] : [`.${folder.replaceAll('/', '.')}`]));
}

/** Dovecot names a file by seconds and microseconds, these without leading zeros. */
const byNumbers = new Intl.Collator('en', { numeric: true });

/** Maildir keeps new emails in `new` and seen ones in `cur`; a folder is `.Name`. */
export async function messages(root: string, mailbox: string, folder?: string): Promise<Buffer[]> {
	const read = async (path: string): Promise<Buffer[]> => await readFile(path).then((bytes) => [bytes], missing);
	return (await Promise.all((await filesOf(root, mailbox, folder)).map(read))).flat();
}

/** An email in a folder. */
export interface Stored {
	/** When it came into the folder, in epoch ms, or into another one since: a MOVE is a change of the file, which all copies share. */
	at: number;
	bytes: Buffer;
}

export async function stored(root: string, mailbox: string, folder?: string): Promise<Stored[]> {
	const read = async (path: string): Promise<Stored[]> =>
		await Promise.all([stat(path), readFile(path)]).then(([{ ctimeMs }, bytes]) => [{ at: ctimeMs, bytes }], missing);
	return (await Promise.all((await filesOf(root, mailbox, folder)).map(read))).flat();
}

/** Emails of the inbox that lie in another folder as well: Dovecot copies an email as a second link to its file, also where it moves it. */
export async function elsewhereToo(root: string, mailbox: string): Promise<Buffer[]> {
	const read = async (path: string): Promise<Buffer[]> =>
		await stat(path).then(async ({ nlink }) => (nlink > 1 ? [await readFile(path)] : []), missing);
	return (await Promise.all((await filesOf(root, mailbox)).map(read))).flat();
}

/** A file that Dovecot moved from `new` to `cur` in between is there at the next look. */
const missing = (): never[] => [];

/** In the order in which the emails were delivered. */
async function filesOf(root: string, mailbox: string, folder?: string): Promise<string[]> {
	const base = folderOf(root, mailbox, folder);
	const files = (
		await Promise.all(
			['new', 'cur'].map(async (part) => (await readdir(join(base, part)).catch((): string[] => [])).map((name) => join(base, part, name))),
		)
	).flat();
	const order = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
	return files.sort((a, b) => byNumbers.compare(order(a), order(b)));
}

export async function watchArrival(root: string, mailbox: string, fits: (mail: string) => boolean, timeoutMs = 120_000): Promise<Buffer> {
	const deadline = Date.now() + timeoutMs;
	for (;;) {
		const found = (await messages(root, mailbox)).find((mail) => fits(mail.toString('utf8')));
		if (found !== undefined) return found;
		if (Date.now() > deadline) throw new Error(`No such mail came to ${mailbox} within ${timeoutMs} ms.`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
