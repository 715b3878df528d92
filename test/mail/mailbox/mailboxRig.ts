import { afterAll, afterEach, beforeAll } from 'vitest';

import type { Account } from '../../../mail/account';
import { change, type Change } from '../../../mail/mailbox/change';
import { locate, type Fate, type There } from '../../../mail/mailbox/locate';
import { Folders } from '../../../mail/mailbox/mailboxFolders';
import type { Done } from '../../../mail/mailbox/outcome';
import { readReferences } from '../../../mail/mailbox/references';
import { withMailbox, type Connection } from '../../../mail/mailbox/sessions';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';

export type Way = 'straight' | 'exchange';

/** A mailbox of its own for each test, on Dovecot straight or shaped as Exchange. */
export interface Scene {
	sandbox: Sandbox;
	mailbox: string;
	account: Account;
	/** Straight at the server, past what is under test. */
	makeFolder: (...paths: string[]) => Promise<void>;
	use: <T>(work: (connection: Connection, folders: Folders) => Promise<T>) => Promise<T>;
}

export function makeScenes(name: string): (way: Way) => Scene {
	let sandbox: Sandbox;
	let number = 0;
	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
	});
	afterAll(async () => await sandbox.stop());
	afterEach(() => sandbox.exchange.reset());
	return (way) => {
		number += 1;
		const mailbox = `${name}${number}@example.test`;
		const account = accountOn(sandbox, mailbox, ways(sandbox)[way]);
		return {
			sandbox,
			mailbox,
			account,
			makeFolder: async (...paths) => {
				for (const path of paths) await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, path);
			},
			use: async (work) => await withMailbox(account, async (connection) => await work(connection, new Folders(connection))),
		};
	};
}

interface Layout {
	/** Capabilities that the server does not have. */
	lacks?: string[];
	/** An empty folder. */
	folder?: string;
}

/** A mailbox with these emails in INBOX, from UID 1 on, and with one more folder. */
export async function filled(own: Scene, subjects: string[], { lacks = [], folder = 'Done' }: Layout = {}): Promise<Scene> {
	const { exchange } = own.sandbox;
	for (const name of lacks) exchange.imapCapabilities = exchange.imapCapabilities.replace(` ${name}`, '');
	if (subjects.length > 0) await own.sandbox.deliver(own.mailbox, ...subjects.map((subject) => mail(subject)));
	await own.makeFolder(folder);
	return own;
}

/** Where the emails are that a workflow names by UID or item. */
export async function there({ use }: Scene, value: unknown, folder = 'INBOX'): Promise<Fate[]> {
	return await use(async (connection, folders) => await locate(connection, folders, readReferences(value), folder));
}

/** Changes these emails. */
export async function apply(own: Scene, value: unknown, wanted: Change, folder = 'INBOX'): Promise<Map<number, Done>> {
	return await own.use(async (connection, folders) => {
		const fates = await locate(connection, folders, readReferences(value), folder);
		return await change(
			connection,
			folder,
			fates.filter((fate): fate is There => fate.kind === 'there'),
			wanted,
		);
	});
}

/** The subjects of the emails in a folder, INBOX if none is named. */
export const subjectsOf = async ({ sandbox, mailbox }: Scene, folder?: string): Promise<string[]> =>
	(await sandbox.messages(mailbox, folder)).map((bytes) => /^Subject: (.*)$/m.exec(bytes.toString())?.[1]?.trim() ?? '').sort();

/** What the client said in the sessions of a mailbox at the Exchange-shaped server, commands only. */
export function commandsOf({ sandbox, mailbox }: Scene): string[] {
	return sandbox.exchange.sessions
		.filter((session) => session.protocol === 'imap' && session.mailbox === mailbox)
		.flatMap(({ transcript }) => transcript.filter((line) => line.startsWith('C: ')).map((line) => line.replace(/^C: \S+ /, '')));
}

export function mail(
	subject: string,
	{
		from = 'Bob <bob@example.test>',
		to = 'ada@example.test',
		id = `${subject.replace(/\W+/g, '-')}@example.test`,
		extra = '',
		body = 'hello',
	}: { from?: string; to?: string; id?: string; extra?: string; body?: string } = {},
): string {
	return `Message-ID: <${id}>\r\nFrom: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nDate: Fri, 13 Nov 2026 10:00:00 +0000\r\n${extra}\r\n${body}\r\n`;
}
