import { spawnSync } from 'node:child_process';
import { startSandbox } from '../sandbox/servers';
import { mail } from './imap';
import { maildir, mpop } from './popPeers';
void (async () => {
	const sandbox = await startSandbox();
	try {
		const [mails, bytes] = (process.argv[2] ?? '2000,10000').split(',').map(Number);
		await sandbox.fill('p@example.test', (function* () { for (let n = 0; n < mails; n++) yield mail(n, bytes); })());
		const token = await sandbox.identity.accessToken({ mailbox: 'p@example.test', lifetimeSeconds: 24 * 3600 });
		const folder = sandbox.folder + '/ours';
		const f = { mailbox: 'p@example.test', mails, port: sandbox.straight.pop.port };
		const time = (name: string, command: string, args: string[], env: object) => {
			const r = spawnSync('bash', ['-c', 'time -p "$0" "$@"', command, ...args], { env: { ...process.env, ...env }, encoding: 'utf8' });
			console.log(name, r.stdout.trim(), r.stderr.trim().replace(/\n/g, ' ').slice(-200));
		};
		for (let i = 0; i < 5; i++) {
			if (i >= 4) process.env.PROF = '1';
			maildir(folder);
			time('ours', process.execPath, [...(i === 9 ? ['--cpu-prof', '--cpu-prof-dir=/tmp/popprof'] : []), '--import', require.resolve('tsx'), require.resolve('./popContenderX.ts')], { NODE_EXTRA_CA_CERTS: sandbox.caFile, BENCH_POP: JSON.stringify({ mode: 'all', port: f.port, mailbox: f.mailbox, token, folder }) });
			const m = mpop(sandbox, f, true);
			await m.prepare?.();
			time('mpop', m.command, m.args, {});
		}
	} finally { await sandbox.stop(); }
})().catch((e) => { console.error(e); process.exitCode = 1; });
