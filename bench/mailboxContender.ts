import type { Account } from '../mail/account';
import { criteriaOfFilters } from '../mail/imap/criteria';
import { change } from '../mail/mailbox/change';
import { find } from '../mail/mailbox/find';
import { Folders } from '../mail/mailbox/mailboxFolders';
import { locate, type There } from '../mail/mailbox/locate';
import { withMailbox, type Connection } from '../mail/mailbox/sessions';
import { AccessToken } from '../mail/signIn/token';
import { RARE } from './mailboxMails';

/** Moves all mails of one folder into another, or finds one of them, in a process of its own; prints the seconds. Its task comes in BENCH_MAILBOX. */
interface Task {
	mode: keyof typeof WORK;
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

/** As Get Many does it, with a filter by an address that one email has. */
async function findOne(connection: Connection): Promise<void> {
	const criteria = criteriaOfFilters({ from: RARE });
	const { mails } = await find(connection, ['From'], { criteria, newestFirst: true, limit: 50 }, { envelope: true });
	requireOne(mails.length);
}

async function searchOne(connection: Connection): Promise<void> {
	const found = await connection.once(
		'From',
		async (session) => await session.run('UID SEARCH', async (client) => await client.search({ from: RARE }, { uid: true })),
	);
	requireOne(Array.isArray(found) ? found.length : 0);
}

function requireOne(found: number): void {
	if (found !== 1) throw new Error(`${found} emails were found`);
}

const WORK = { ours: moveAll, oneByOne: moveOneByOne, find: findOne, search: searchOne };

withMailbox(account, async (connection) => {
	const started = performance.now();
	await WORK[task.mode](connection);
	console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, commands }));
}).catch((error: unknown) => {
	console.error(error);
	process.exitCode = 1;
});
