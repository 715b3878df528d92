import { mailsOf } from './mailboxMails';
import { median, atDistance, type Contender, type Part, type Stage } from './harness';

const MAILS = 10_000;
/** One command a mail would take minutes for all of them. */
const ONE_BY_ONE = 300;
const ROUND_TRIP_MS = 20;

/** A list of mails into another folder: as the node does it, and with one command for each mail, as other nodes do. */
export const part: Part = {
	title: 'IMAP Mailbox',
	run: async (stage) => {
		const server = await atDistance(stage.sandbox.straight.imap.port, ROUND_TRIP_MS);
		try {
			const { outcomes } = await stage.compare({
				title: `${MAILS} emails moved`,
				units: MAILS,
				unit: 'mails',
				roundTripMs: ROUND_TRIP_MS,
				ours: await contender(stage, 'ours', server.port, MAILS),
				peers: [await contender(stage, 'oneByOne', server.port, ONE_BY_ONE)],
				pairs: stage.pairs,
			});
			const commands = outcomes[0]?.runs.map(({ facts }) => facts.commands ?? NaN) ?? [];
			stage.note(`Commands for ${MAILS} emails: ${median(commands).toFixed(0)}.`);
			await stage.compare({
				title: `one found by its sender among ${MAILS}`,
				units: MAILS,
				unit: 'mails',
				roundTripMs: ROUND_TRIP_MS,
				ours: await contender(stage, 'find', server.port, MAILS),
				peers: [await contender(stage, 'search', server.port, MAILS)],
				pairs: stage.pairs,
			});
			stage.note(
				"Exchange's SEARCH FROM knows names only, so we compare each email's ENVELOPE. The peer asks Dovecot's SEARCH, which knows addresses.",
			);
		} finally {
			await server.stop();
		}
	},
};

const NAMES = { ours: 'IMAP Mailbox', oneByOne: 'one command a mail', find: 'Get Many', search: "the server's own SEARCH" } as const;

async function contender(stage: Stage, mode: keyof typeof NAMES, port: number, mails: number): Promise<Contender> {
	const { sandbox } = stage;
	const mailbox = `move-${mode.toLowerCase()}@example.test`;
	const token = await sandbox.identity.accessToken({ mailbox, lifetimeSeconds: 24 * 3600 });
	return {
		name: NAMES[mode],
		units: mails,
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./mailboxContender.ts')],
		env: { NODE_EXTRA_CA_CERTS: sandbox.caFile, BENCH_MAILBOX: JSON.stringify({ mode, port, mailbox, token, mails }) },
		prepare: async () => {
			for (const folder of ['From', 'To']) await sandbox.dovecot.doveadm('mailbox', 'delete', '-u', mailbox, folder).catch(() => undefined);
			await sandbox.dovecot.doveadm('mailbox', 'create', '-u', mailbox, 'From', 'To');
			await sandbox.fill(mailbox, mailsOf(mails), 'From');
			// The server looks at the files before the time runs.
			await sandbox.dovecot.doveadm('fetch', '-u', mailbox, 'uid', 'mailbox', 'From', 'uid', '1');
		},
		verify: async () => {
			const there = (await sandbox.messages(mailbox, mode === 'ours' || mode === 'oneByOne' ? 'To' : 'From')).length;
			if (there !== mails) throw new Error(`${there} of ${mails} emails are where they belong`);
		},
	};
}
