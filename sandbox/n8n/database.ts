import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { keepForSearch, noteSecret } from '../secrets/registry';
import { isRoot, postgresFolder, program } from '../servers/packages';
import { freePorts } from '../servers/ports';
import { Guard, PIDS, ServerProcess } from '../servers/server';

export interface Database {
	/** With which n8n uses it. */
	env: Record<string, string>;
	/** Ends it at once for all who use it, as an operator's restart does, and starts it again. */
	restart: () => Promise<void>;
	/** One or more statements, all or none of them. @returns what psql prints, a line for each row, columns divided by | */
	query: (statements: string) => string;
	/** Once nobody uses it any more. */
	stop: () => Promise<void>;
}

/** What PostgreSQL does for safety and what nobody here needs; no socket but the one on loopback. */
const SETTINGS = {
	listen_addresses: '127.0.0.1',
	unix_socket_directories: '',
	// What is committed survives the end of PostgreSQL all the same, since the system has it; only not that of the machine.
	fsync: 'off',
	full_page_writes: 'off',
	autovacuum: 'off',
};

/** Statements come from standard input; the first one that fails ends it. */
const PSQL = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--single-transaction', '--set', 'ON_ERROR_STOP=1', '--file', '-'];

/** A PostgreSQL of its own, installed already: n8n's queue mode is not made for SQLite, whose file several processes find locked (n8n docs, Configuring queue mode). */
export async function startDatabase(): Promise<Database> {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-postgres-'));
	const guard = new Guard(folder);
	const [port = 0] = await freePorts(1);
	const password = randomBytes(18).toString('base64url');
	noteSecret("password of n8n's database", password);
	const data = join(folder, 'data');
	// It refuses to run as root.
	const [uid, gid] = isRoot()
		? ['-u', '-g'].map((which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }).trim()))
		: [];
	const own = (path: string): void => {
		if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
	};
	const unprivileged = (name: string, args: string[]): [string, string[]] => {
		const command = join(binaries(), name);
		if (uid === undefined) return [command, args];
		return [program('setpriv') ?? 'setpriv', ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', command, ...args]];
	};
	const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	const command = unprivileged('postgres', ['-D', data, '-p', String(port), ...settings]);
	// Its processes are in groups of their own, which only its own end takes along.
	const server = new ServerProcess(...command, [port], guard, {}, undefined, 30_000);
	const env = {
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(port),
		DB_POSTGRESDB_DATABASE: 'postgres',
		DB_POSTGRESDB_USER: 'n8n',
		DB_POSTGRESDB_PASSWORD: password,
	};
	// Whoever runs this may have set PostgreSQL's client up for other servers.
	const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
	const client = (name: string, args: string[], input = ''): string =>
		execFileSync(join(binaries(), name), ['--host', '127.0.0.1', '--port', String(port), '--username', 'n8n', ...args, 'postgres'], {
			env: { ...inherited, PGPASSWORD: password },
			input,
			encoding: 'utf8',
		}).trim();
	const stop = async (): Promise<void> => {
		await server.stop();
		try {
			keepForSearch(folder, [PIDS]);
		} finally {
			await guard.stop();
		}
	};
	try {
		own(folder);
		const passwordFile = join(folder, 'password');
		writeFileSync(passwordFile, password, { mode: 0o600 });
		own(passwordFile);
		execFileSync(
			...unprivileged('initdb', [
				'-D',
				data,
				'--username',
				'n8n',
				'--auth',
				'scram-sha-256',
				'--pwfile',
				passwordFile,
				'--encoding',
				'UTF8',
				'--locale',
				'C',
				'--no-sync',
			]),
			{ cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
		);
		rmSync(passwordFile);
		await server.start();
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		env,
		restart: async () => {
			// "Fast": whoever is connected is cut off (postgres docs, Shutting Down the Server).
			await server.stop('SIGINT');
			await server.start();
		},
		query: (statements) => client('psql', PSQL, statements),
		stop: async () => {
			// Its own files hold long values compressed, where no search finds them.
			try {
				client('pg_dump', ['--file', join(folder, 'dump.sql')]);
			} finally {
				await stop();
			}
		},
	};
}

function binaries(): string {
	const folder = postgresFolder();
	if (folder === undefined) throw new Error('PostgreSQL is not there, also after its package was brought.');
	return folder;
}
