import { readdirSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Sandbox } from '../sandbox/servers';
import { program } from '../sandbox/servers/packages';
import type { Contender } from './harness';

/** What is fetched: all mails of a mailbox, from a port on loopback that speaks TLS. */
export interface Fetching {
	mailbox: string;
	mails: number;
	port: number;
}

/** mpop 1.4 into a Maildir; it pipelines as the server's CAPA allows, or not at all. */
export function mpop(sandbox: Sandbox, { mailbox, mails, port }: Fetching, pipelining: boolean): Contender {
	const folder = join(sandbox.folder, 'bench-mpop');
	const config = join(sandbox.folder, 'bench-mpoprc');
	return {
		name: pipelining ? 'mpop' : 'mpop, no pipelining',
		command: program('mpop') ?? 'mpop',
		args: ['--quiet', `--file=${config}`],
		prepare: async () => {
			maildir(folder);
			const lines = [
				'account default',
				'host localhost',
				`port ${port}`,
				'tls on',
				'tls_starttls off',
				`tls_trust_file ${sandbox.caFile}`,
				'auth plain',
				`user ${mailbox}`,
				`password ${sandbox.dovecot.password}`,
				`pipelining ${pipelining ? 'auto' : 'off'}`,
				'keep on',
				'only_new off',
				`uidls_file ${join(folder, 'uidls')}`,
				'received_header off',
				`delivery maildir ${folder}`,
			];
			// It refuses a file with a password that others may read.
			writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
		},
		verify: async () => verifyMaildir('mpop', folder, mails),
	};
}

/** fetchmail 6.4 into one file (BSMTP, since its other local delivery starts a program for every mail). It does not pipeline. */
export function fetchmail(sandbox: Sandbox, { mailbox, mails, port }: Fetching): Contender {
	const folder = join(sandbox.folder, 'bench-fetchmail');
	const config = join(sandbox.folder, 'bench-fetchmailrc');
	const output = join(folder, 'output');
	return {
		name: 'fetchmail',
		command: program('fetchmail') ?? 'fetchmail',
		args: ['--silent', '--nosyslog', '-f', config],
		env: { FETCHMAILHOME: folder },
		prepare: async () => {
			rmSync(folder, { recursive: true, force: true });
			mkdirSync(folder);
			const words = [
				'poll localhost',
				'protocol pop3',
				`service ${port}`,
				'no dns',
				`user "${mailbox}"`,
				`password "${sandbox.dovecot.password}"`,
				'is root here',
				'ssl',
				'sslproto "TLS1.2+"',
				'sslcertck',
				`sslcertfile "${sandbox.caFile}"`,
				'fetchall',
				'keep',
				'no rewrite',
				`bsmtp "${output}"`,
			];
			writeFileSync(config, `${words.join(' ')}\n`, { mode: 0o600 });
		},
		verify: async () => {
			const got = readFileSync(output, 'latin1').match(/^MAIL FROM:/gm)?.length ?? 0;
			if (got !== mails) throw new Error(`fetchmail got ${got} of ${mails} mails.`);
		},
	};
}

export function maildir(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
	for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(folder, part), { recursive: true });
}

export function verifyMaildir(who: string, folder: string, mails: number): void {
	const files = readdirSync(join(folder, 'new')).filter((name) => statSync(join(folder, 'new', name)).size > 0);
	if (files.length !== mails) throw new Error(`${who} got ${files.length} of ${mails} mails.`);
}
