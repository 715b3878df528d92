import type { Account } from '../mail/account';
import { change } from '../mail/mailbox/change';
import { Folders } from '../mail/mailbox/mailboxFolders';
import { locate, type There } from '../mail/mailbox/locate';
import { withMailbox, type Connection } from '../mail/mailbox/sessions';
import { AccessToken } from '../mail/signIn/token';

/** Moves all mails of one folder into another, in a process of its own; prints the seconds. Its task comes in BENCH_MAILBOX. */
interface Task {
	mode: 'ours' | 'oneByOne';
	port: number;
	mailbox: string;
	token: string;
	mails: number;
}

const task: Task = JSON.parse(process.env.BENCH_MAILBOX ?? '{}');
const endpoint = { host: 'localhost', port: task.port, security: 'tls' as const };
let commands = 0;
const account: Account = {
	id: 'bench',
	mailbox: task.mailbox,
	imap: endpoint,
	pop: endpoint,
	smtp: endpoint,
	signIn: 'delegated',
	token: async () => await Promise.resolve(new AccessToken(task.token, Date.now() + 3_600_000)),
	listen: () => (who) => void (commands += Number(who === 'C')),
};

/** With the checks that the node makes for items of a trigger: folder, UIDVALIDITY and that each mail is there. */
async function moveAll(connection: Connection): Promise<void> {
	const references = Array.from({ length: task.mails }, (_, index) => ({
		uid: index + 1,
		folder: 'From',
		uidValidity: '',
		messageId: '',
		mailbox: task.mailbox,
	}));
	const fates = await locate(connection, new Folders(connection), references, 'From');
	await change(
		connection,
		'From',
		fates.filter((fate): fate is There => fate.kind === 'there'),
		{ kind: 'move', to: 'To' },
	);
}

async function moveOneByOne(connection: Connection): Promise<void> {
	for (let uid = 1; uid <= task.mails; uid += 1)
		await connection.once(
			'From',
			async (session) => await session.run('UID MOVE', async (client) => await client.messageMove(String(uid), 'To', { uid: true })),
		);
}

withMailbox(account, async (connection) => {
	const started = performance.now();
	await (task.mode === 'ours' ? moveAll(connection) : moveOneByOne(connection));
	console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, commands }));
}).catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
