import { accessSync, chmodSync, constants, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeAuthority, type Authority } from './certificates';
import { startDovecot, type Dovecot } from './dovecot';
import { Exchange, type Address } from './exchange';
import { IdentityServer } from './identity';
import { ManagedIdentityServer } from './managedIdentity';
import { deliver, fill, hasUnnumbered, messages, watchArrival } from './mailbox';
import { ensureServers, isRoot } from './packages';
import { MAIL_DOMAIN, startPostfix, type Postfix } from './postfix';
import { Guard } from './server';
import { startSubmission } from './submission';

export type { Address } from './exchange';
export { trust } from './certificates';
export { startRelay } from './relay';
export { answering } from './server';

/**
 * Real mail servers on loopback for npm start, the tests and the benchmarks:
 *
 * ```ts
 * const sandbox = await startSandbox();
 * await sandbox.deliver('ada@example.test', 'Subject: hello\r\n\r\nworld\r\n');
 * const token = await sandbox.identity.accessToken({ mailbox: 'ada@example.test' });
 * // sandbox.straight.imap is Dovecot itself, sandbox.exchange.imap the same shaped as Exchange Online
 * await sandbox.stop();
 * ```
 *
 * A process that talks to them trusts `caFile` by NODE_EXTRA_CA_CERTS, which Node reads when it starts, or, a test's own
 * process, by `trust(sandbox.caFile)`. Any address under
 * example.test is a mailbox, but nobody@ and unknown@.
 */
export interface Sandbox {
	/** tmpfs where the machine has it; removed at the end. */
	folder: string;
	caFile: string;
	authority: Authority;
	identity: IdentityServer;
	managedIdentity: ManagedIdentityServer;
	straight: { imap: Address; pop: Address; popStartTls: Address; smtp: Address };
	exchange: Exchange;
	/** Accounts on the sign-in page. */
	mailboxes: string[];
	dovecot: Dovecot;
	postfix: Postfix;
	/** Straight to Dovecot by LMTP, past everything under test. UIDs rise in the order of the emails. */
	deliver: (mailbox: string, ...mails: Array<Buffer | string>) => Promise<void>;
	/** Straight into the Maildir, for a backlog of thousands; about 10,000 emails a second. */
	fill: (mailbox: string, mails: Iterable<Buffer | string>, folder?: string) => Promise<void>;
	/** Deletes a folder and makes it anew, empty and with another UIDVALIDITY. Not for INBOX. */
	renewFolder: (mailbox: string, folder: string) => Promise<void>;
	/** The stored emails, oldest first, read from the Maildir. */
	messages: (mailbox: string, folder?: string) => Promise<Buffer[]>;
	/** The first stored email that fits, now or within the deadline (default 120 s). */
	arrival: (mailbox: string, fits: (mail: string) => boolean, timeoutMs?: number) => Promise<Buffer>;
	stop: () => Promise<void>;
}

const MAILBOXES = ['ada', 'grace', 'shared'].map((name) => `${name}@${MAIL_DOMAIN}`);

/** Brings everything up; about 2 s. @throws Error with one sentence where the machine cannot */
export async function startSandbox(): Promise<Sandbox> {
	ensureServers();
	const folder = mkdtempSync(join(fastFolder(), 'office365-mail-'));
	chmodSync(folder, 0o755);
	const guard = new Guard(folder);
	const undo: Array<() => Promise<void>> = [async () => await guard.stop()];
	const stop = async (): Promise<void> => {
		for (const step of undo.splice(0).reverse()) await step();
	};
	try {
		const authority = makeAuthority(join(folder, 'certificates'));
		const identity = new IdentityServer(authority.server, () => MAILBOXES);
		await identity.start();
		undo.push(async () => await identity.stop());
		const managedIdentity = new ManagedIdentityServer(identity);
		await managedIdentity.start();
		undo.push(async () => await managedIdentity.stop());
		const dovecot = await startDovecot(folder, authority.server, { kid: identity.kid, publicPem: identity.publicPem }, guard);
		undo.push(async () => await dovecot.process.kill());
		const verify = async (token: string): Promise<string | undefined> => {
			const { upn } = await identity.verify(token);
			return typeof upn === 'string' ? upn : undefined;
		};
		const postfix = isRoot()
			? await startPostfix(join(folder, 'postfix'), authority.server, dovecot.ports, guard)
			: await startSubmission(authority.server, dovecot.ports.lmtp, { password: dovecot.password, verify });
		undo.push(async () => await postfix.process.kill());
		const { imaps, pop3, pop3s, lmtp } = dovecot.ports;
		const exchange = new Exchange(
			authority.server,
			authority.caFile,
			identity,
			{ imap: imaps, pop: pop3s, smtp: postfix.ports.submission },
			async (mailbox, mail, name) => await fill(dovecot.mailFolder, mailbox, [mail], name),
		);
		await exchange.start();
		undo.push(async () => await exchange.stop());
		const at = (port: number, security: Address['security']): Address => ({ host: 'localhost', port, security });
		return {
			folder,
			caFile: authority.caFile,
			authority,
			identity,
			managedIdentity,
			straight: {
				imap: at(imaps, 'tls'),
				pop: at(pop3s, 'tls'),
				popStartTls: at(pop3, 'starttls'),
				smtp: at(postfix.ports.submission, 'starttls'),
			},
			exchange,
			mailboxes: MAILBOXES,
			dovecot,
			postfix,
			deliver: async (mailbox, ...mails) =>
				await deliver(lmtp, mailbox, mails, undefined, async () => {
					if (await hasUnnumbered(dovecot.mailFolder, mailbox)) await dovecot.doveadm('search', '-u', mailbox, 'mailbox', 'INBOX', 'ALL');
				}),
			fill: async (mailbox, mails, name) => await fill(dovecot.mailFolder, mailbox, mails, name),
			renewFolder: async (mailbox, name) => {
				await dovecot.doveadm('mailbox', 'delete', '-u', mailbox, name);
				await dovecot.doveadm('mailbox', 'create', '-u', mailbox, name);
			},
			messages: async (mailbox, name) => await messages(dovecot.mailFolder, mailbox, name),
			arrival: async (mailbox, fits, timeoutMs) => await watchArrival(dovecot.mailFolder, mailbox, fits, timeoutMs),
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}

function fastFolder(): string {
	try {
		accessSync('/dev/shm', constants.W_OK);
		return '/dev/shm';
	} catch {
		return tmpdir();
	}
}
