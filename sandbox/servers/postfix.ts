import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { KeyPair } from './certificates';
import { freePorts } from './ports';
import { ServerProcess, type Guard } from './server';

/** The submission server. */
export interface Postfix {
	/** It is not Postfix: see submission.ts. Nothing is held then. */
	embedded: boolean;
	/**
	 * `held` is as `submission`, but what is taken there waits in {@link Postfix.holdFolder}, so that no delivery shares the
	 * machine with who sends; `heldPlain` is that without TLS and sign-in, for load generators that know neither.
	 */
	ports: { submission: number; held: number; heldPlain: number };
	/** A file an email. */
	holdFolder: string;
	process: Pick<ServerProcess, 'pid' | 'start' | 'stop' | 'kill'>;
	logText: () => string;
}

/** What Exchange Online takes at most by default when sending is raised to its limit, in bytes (150 MB). */
export const SIZE_LIMIT = 157_286_400;

/** Email domains that are delivered; everything else is refused, so nothing leaves this machine. */
export const MAIL_DOMAIN = 'example.test';

/** Debian's Postfix as a submission server: STARTTLS, sign-in through Dovecot, delivery to Dovecot. */
export async function startPostfix(folder: string, tls: KeyPair, dovecot: { lmtp: number; auth: number }, guard: Guard): Promise<Postfix> {
	const [submission = 0, held = 0, heldPlain = 0] = await freePorts(3);
	const ports = { submission, held, heldPlain };
	const config = join(folder, 'config');
	mkdirSync(config, { recursive: true });
	makeQueue(folder);
	writeFileSync(join(config, 'recipients'), 'if !/^(nobody|unknown)[^@]*@/\n/./ OK\nendif\n');
	writeFileSync(join(config, 'main.cf'), mainCf(folder, tls, dovecot));
	writeFileSync(join(config, 'master.cf'), masterCf(ports));
	// A file younger than two seconds counts as half written, and Postfix waits.
	const past = new Date(Date.now() - 60_000);
	for (const name of ['main.cf', 'master.cf', 'recipients']) utimesSync(join(config, name), past, past);
	const env = { MAIL_CONFIG: config };
	const process = new ServerProcess('/usr/lib/postfix/sbin/master', ['-c', config, '-d'], Object.values(ports), guard, env);
	await process.start();
	return {
		embedded: false,
		ports,
		holdFolder: join(folder, 'queue', 'hold'),
		process,
		logText: () => readFileSync(join(folder, 'postfix.log'), 'utf8'),
	};
}

/** What `postfix check` sets up, which takes it two seconds (postfix-files(5)). */
function makeQueue(folder: string): void {
	const postfix = Number(execFileSync('id', ['-u', 'postfix'], { encoding: 'utf8' }));
	const postdrop = Number(execFileSync('getent', ['group', 'postdrop'], { encoding: 'utf8' }).split(':')[2]);
	const make = (path: string, mode: number, group = 0): void => {
		mkdirSync(join(folder, path), { recursive: true });
		chownSync(join(folder, path), postfix, group);
		chmodSync(join(folder, path), mode);
	};
	mkdirSync(join(folder, 'queue', 'pid'), { recursive: true });
	for (const name of ['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'private', 'saved', 'trace'])
		make(join('queue', name), 0o700);
	make(join('queue', 'maildrop'), 0o730, postdrop);
	make(join('queue', 'public'), 0o710, postdrop);
	make('data', 0o700);
}

function mainCf(folder: string, tls: KeyPair, dovecot: { lmtp: number; auth: number }): string {
	return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = ${folder}/postfix.log
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = ${MAIL_DOMAIN}
virtual_mailbox_maps = regexp:${folder}/config/recipients
virtual_transport = lmtp:inet:127.0.0.1:${dovecot.lmtp}
default_transport = error:5.7.1 this server delivers to ${MAIL_DOMAIN} only
relay_transport = error:5.7.1 this server delivers to ${MAIL_DOMAIN} only
mailbox_size_limit = 0
virtual_mailbox_limit = 0
message_size_limit = ${SIZE_LIMIT}
smtpd_tls_cert_file = ${tls.certFile}
smtpd_tls_key_file = ${tls.keyFile}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:${dovecot.auth}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 2000
smtpd_peername_lookup = no
default_process_limit = 200
in_flow_delay = 0
lmtp_destination_concurrency_limit = 20
lmtp_connection_cache_on_demand = yes
minimal_backoff_time = 300s
smtputf8_enable = yes
`;
}

function masterCf({ submission, held, heldPlain }: Postfix['ports']): string {
	return `
127.0.0.1:${submission} inet n - n - - smtpd
127.0.0.1:${held} inet n - n - - smtpd
  -o smtpd_client_restrictions=check_client_access,static:HOLD
127.0.0.1:${heldPlain} inet n - n - - smtpd
  -o smtpd_client_restrictions=check_client_access,static:HOLD
  -o smtpd_tls_security_level=none
  -o smtpd_sasl_auth_enable=no
  -o mynetworks=127.0.0.0/8
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_relay_restrictions=permit_mynetworks,reject
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
pickup    unix  n - n 60 1 pickup
`;
}
