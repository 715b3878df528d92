import type { Account } from '../../mail/account';
import { fetchMails } from '../../mail/imap/fetch';
import { listFolders, statusOf } from '../../mail/imap/folders';
import type { Patience } from '../../mail/imap/limits';
import { searchAfter } from '../../mail/imap/search';
import { ImapSession } from '../../mail/imap/session';
import { HostileImap } from '../../sandbox/hostile/imap';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { accountAt, authority, nearlyRight, outcomeOf } from './servers';

const PATIENCE: Partial<Patience> = { silenceMs: 150, commandMs: 500, connectMs: 1_000 };

const PIECES = [
	...[
		'* OK x\r\n',
		'* BYE gone\r\n',
		'* NO [ALERT] x\r\n',
		'* BAD x\r\n',
		'+ \r\n',
		'* 3 EXISTS\r\n',
		'* 1 EXPUNGE\r\n',
		'* 0 EXPUNGE\r\n',
		'*',
	],
	...[
		'* SEARCH 1 2 3\r\n',
		`* SEARCH ${'9'.repeat(300)}\r\n`,
		'* 1 FETCH (UID 1 BODY[] {5}\r\n',
		'* 1 FETCH (UID NIL)\r\n',
		'* 1 FETCH (\r\n',
	],
	...[
		'{99999999999}\r\n',
		'{-1}\r\n',
		'{3}\r\nabc',
		'"',
		'(',
		')',
		'(('.repeat(500),
		'NIL',
		'\\Seen',
		'[',
		']',
		'\0',
		'\xff\xfe',
		'\r',
		'\n',
		'\r\n',
	],
	...['* LIST () "/" "a/b"\r\n', '* LIST (\\Noselect) NIL &AOQ-\r\n', '* STATUS INBOX (UIDNEXT x)\r\n', '* CAPABILITY\r\n', 'A1 OK\r\n'],
	...['* OK [UIDVALIDITY 0] x\r\n', '* OK [UIDNEXT 99999999999999999999] x\r\n', '+OK pop\r\n', '220 smtp\r\n', 'x'.repeat(10_000)],
];

/** As the watch and IMAP Mailbox do: folders, what is new, and the emails themselves, some of them as streams. */
async function visit(account: Account): Promise<void> {
	const session = await ImapSession.open(account, undefined, PATIENCE);
	try {
		await listFolders(session);
		await session.select('INBOX');
		await statusOf(session, 'INBOX');
		const { uids } = await searchAfter(session, 0, []);
		const use = async <T>(_command: string, work: (open: ImapSession) => Promise<T>): Promise<T> => await work(session);
		for await (const one of fetchMails(use, uids.slice(0, 20), { largeAbove: 5_000, large: 'stream', onlyWithAttachment: false })) {
			if ('failure' in one || one.content.kind !== 'streamed') continue;
			for await (const _chunk of await one.content.open());
		}
	} finally {
		session.close();
	}
}

/** An IMAP server that answers rightly, nearly rightly, or nonsense, through the library. */
export const imap: Target = {
	cpuMs: 20_000,
	open: async () => {
		const own = authority();
		const server = new HostileImap(own.server);
		for (const [index, bytes] of [100, 3_000, 20_000].entries())
			server.mails.set(index + 1, Buffer.from(`Subject: mail ${index}\r\nFrom: eve@example.test\r\n\r\n${'x'.repeat(bytes)}\r\n`));
		const { port } = await server.start();
		const account = accountAt(port);
		return {
			round: async (random) => {
				misbehave(server, random);
				return await outcomeOf(async () => await visit(account));
			},
			close: async () => {
				await server.stop();
				own.remove();
			},
		};
	},
};

/** Up to the end of the sign-in; a server that falls silent there is waited for as long as for one that is far away. */
const SIGN_IN = new Set(['GREETING', 'CAPABILITY', 'AUTHENTICATE', 'ID', 'ENABLE', 'NAMESPACE', 'COMPRESS']);

function misbehave(server: HostileImap, random: Random): void {
	const afterwards = 0.75 + random.next() * 0.25;
	const before = random.chance(0.03) ? afterwards : 1;
	server.transcript.length = 0;
	server.misbehave = async (asked, talk) => {
		const right = asked.command === 'GREETING' ? '* OK ready\r\n' : server.answer(asked);
		await talk.write(nearlyRight(right, SIGN_IN.has(asked.command) ? before : afterwards, random, PIECES));
		return true;
	};
}
