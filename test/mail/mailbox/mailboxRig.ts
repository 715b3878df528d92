import { afterAll, beforeAll } from 'vitest';

import type { Account } from '../../../mail/account';
import { Folders } from '../../../mail/mailbox/mailboxFolders';
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
