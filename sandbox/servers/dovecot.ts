import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { KeyPair } from './certificates';
import { freePorts } from './ports';
import { isRoot, program } from './packages';
import { ServerProcess, type Guard } from './server';
import { withPaths } from './unpacked';

export interface Dovecot {
	ports: { imaps: number; pop3: number; pop3s: number; lmtp: number; auth: number };
	/** Password of every mailbox, for programs that know no OAuth; made at run time. */
	password: string;
	mailFolder: string;
	process: ServerProcess;
	/** Runs doveadm on this server, for example `mailbox delete -u ada@example.test Folder`; its output. */
	doveadm: (...words: string[]) => Promise<string>;
	logText: () => string;
}

const run = promisify(execFile);

/** The user that owns the emails where root starts Dovecot; any unprivileged one does, Debian's `mail` is always there. */
const OWNER = 'mail';
/** Where Dovecot looks for its own programs and modules, whatever it is told. */
const OWN_PATHS = ['/usr/lib/dovecot', '/usr/bin/doveconf', '/usr/bin/doveadm'];

/** Its maildrop is locked while a POP session is open. */
export const EXCLUSIVE_MAILBOX = 'exclusive@example.test';
/** Their folders lie in paths with another separator than "/", and in the second below INBOX, as servers of other makers have them. */
export const OTHER_SEPARATORS = { 'dots@example.test': '.', 'below-inbox@example.test': '.', 'backslashes@example.test': '\\' } as const;

/**
 * Debian's Dovecot 2.3 with IMAP, POP3 and LMTP. XOAUTH2 tokens are checked locally against the identity server's key
 * (https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/, "Local validation").
 */
export async function startDovecot(
	folder: string,
	tls: KeyPair,
	signingKey: { kid: string; publicPem: string },
	guard: Guard,
): Promise<Dovecot> {
	const [imaps = 0, pop3 = 0, pop3s = 0, lmtp = 0, auth = 0] = await freePorts(5);
	const ports = { imaps, pop3, pop3s, lmtp, auth };
	const password = randomBytes(18).toString('base64url');
	const mailFolder = join(folder, 'mail');
	const owner = { uid: id('-u'), gid: id('-g') };
	for (const name of ['run', 'state', 'keys', 'mail']) mkdirSync(join(folder, name), { recursive: true });
	if (isRoot()) chownSync(mailFolder, owner.uid, owner.gid);
	chmodSync(mailFolder, 0o755);
	// The token's `kid` names the file; tokens without one are looked up as "default".
	for (const kid of ['default', signingKey.kid]) {
		mkdirSync(join(folder, 'keys', 'default', 'RS256'), { recursive: true });
		writeFileSync(join(folder, 'keys', 'default', 'RS256', kid), signingKey.publicPem);
	}
	writeFileSync(
		join(folder, 'oauth2.conf'),
		[
			'introspection_mode = local',
			`local_validation_key_dict = fs:posix:prefix=${join(folder, 'keys')}/`,
			'username_attribute = upn',
			'scope =',
		].join('\n'),
	);
	// One POP session at a time, as RFC 1939, section 8 has it; Dovecot's default lets several in.
	const user = (mailbox: string, ...fields: string[]): string =>
		`${mailbox}::${owner.uid}:${owner.gid}::${mailFolder}/${mailbox}::${fields.map((field) => `userdb_${field}`).join(' ')}\n`;
	writeFileSync(
		join(folder, 'exclusive'),
		[
			user(EXCLUSIVE_MAILBOX, 'pop3_lock_session=yes'),
			...Object.entries(OTHER_SEPARATORS).map(([mailbox, separator]) =>
				user(
					mailbox,
					`namespace/inbox/separator=${separator}`,
					...(mailbox.startsWith('below-inbox') ? [`namespace/inbox/prefix=INBOX${separator}`] : []),
				),
			),
		].join(''),
	);
	const config = join(folder, 'dovecot.conf');
	writeFileSync(config, configuration(folder, ports, tls, password, owner));
	const log = join(folder, 'dovecot.log');
	writeFileSync(log, '');
	chmodSync(log, 0o666);
	const [command, ...args] = withPaths(program('dovecot') ?? 'dovecot', ['-F', '-c', config], OWN_PATHS);
	const process = new ServerProcess(command, args, [imaps, pop3, pop3s, lmtp, auth], guard, {}, join(folder, 'run', 'master.pid'));
	await process.start();
	return {
		ports,
		password,
		mailFolder,
		process,
		doveadm: async (...words) => {
			const [file, ...rest] = withPaths(program('doveadm') ?? 'doveadm', ['-c', config, ...words], OWN_PATHS);
			return (await run(file, rest)).stdout;
		},
		logText: () => readFileSync(log, 'utf8'),
	};
}

function id(flag: '-u' | '-g'): number {
	return Number(execFileSync('id', isRoot() ? [flag, OWNER] : [flag], { encoding: 'utf8' }));
}

function configuration(
	folder: string,
	ports: Dovecot['ports'],
	tls: KeyPair,
	password: string,
	owner: { uid: number; gid: number },
): string {
	return `
protocols = imap pop3 lmtp
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = sandbox
log_path = ${folder}/dovecot.log
mail_location = maildir:${folder}/mail/%u
mail_uid = ${owner.uid}
mail_gid = ${owner.gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 1000
mail_fsync = never
default_process_limit = 1000
${isRoot() ? '' : unprivileged()}
default_client_limit = 5000
shutdown_clients = yes
ssl = required
ssl_cert = <${tls.certFile}
ssl_key = <${tls.keyFile}
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
auth_verbose = yes
passdb {
  driver = static
  mechanisms = plain login
  args = password=${password}
}
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = ${folder}/oauth2.conf
}
userdb {
  driver = passwd-file
  args = username_format=%u ${folder}/exclusive
}
userdb {
  driver = static
  args = uid=${owner.uid} gid=${owner.gid} home=${folder}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
${isRoot() ? '' : '  chroot ='}
  client_limit = 4000
  # No growing delay for an address that failed to sign in: all tests come from one.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
${isRoot() ? '' : '  chroot ='}
  service_count = 0
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${ports.imaps}
    ssl = yes
  }
}
service pop3-login {
${isRoot() ? '' : '  chroot ='}
  service_count = 0
  inet_listener pop3 {
    address = 127.0.0.1
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    address = 127.0.0.1
    port = ${ports.pop3s}
    ssl = yes
  }
}
# A process serves many sessions, one after the other: to start one takes more than half of the work of a short session.
service imap {
  service_count = 100
}
service pop3 {
  service_count = 100
}
service lmtp {
  service_count = 100
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
}
service auth {
  inet_listener auth {
    address = 127.0.0.1
    port = ${ports.auth}
  }
}
protocol pop3 {
  pop3_uidl_format = %08Xu%08Xv
}
protocol imap {
  imap_idle_notify_interval = 2 mins
}
`;
}

/** Everything runs as the one user there is (https://doc.dovecot.org/2.3/admin_manual/rootless/). */
function unprivileged(): string {
	const name = (flag: string): string => execFileSync('id', [flag], { encoding: 'utf8' }).trim();
	return [
		`default_internal_user = ${name('-un')}`,
		`default_internal_group = ${name('-gn')}`,
		`default_login_user = ${name('-un')}`,
		'import_environment = TZ LD_LIBRARY_PATH',
	].join('\n');
}
