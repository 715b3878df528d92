import type { Account } from '../../mail/account';
import { MailError } from '../../mail/errors';
import type { PopLimits } from '../../mail/pop3/limits';
import { collect, PopSession } from '../../mail/pop3/session';
import type { Random } from '../support/random';
import { nearlyRight, serverTarget, type Talk } from './servers';

const LIMITS: Partial<PopLimits> = {
	silenceMs: 100,
	answerMs: 150,
	commandMs: 300,
	listBytes: 256 * 1024,
	mailBytes: 1024 * 1024,
	topBytes: 64 * 1024,
};

const PIECES = [
	...['+OK\r\n', '+OK 2 320\r\n', '-ERR\r\n', '-ERR [IN-USE] locked\r\n', '-ERR [SYS/TEMP] later\r\n', '+ \r\n', '+', '\r', '\n', '\r\n'],
	...['.\r\n', '\r\n.\r\n', '\r\n.\r', '..', '1 120\r\n2 200\r\n', '1 abc\r\n2 def\r\n', `1 ${'9'.repeat(400)}\r\n`, '\0', '\xff\xfe'],
	...['PIPELINING\r\n', '* OK imap\r\n', '220 smtp\r\n', 'x'.repeat(10_000), '1 endless\r\n'],
];

const RIGHT: Record<string, readonly string[]> = {
	CAPA: ['+OK\r\nPIPELINING\r\nSASL XOAUTH2\r\n.\r\n', '+OK\r\nUTF8\r\nLANG\r\nEXPIRE 0\r\nLOGIN-DELAY 3\r\n.\r\n', '-ERR what?\r\n'],
	AUTH: ['+ \r\n'],
	STAT: ['+OK 3 620\r\n'],
	LIST: ['+OK\r\n1 120\r\n2 200\r\n3 300\r\n.\r\n'],
	UIDL: ['+OK\r\n1 a\r\n2 b\r\n3 \xff\r\n.\r\n'],
	TOP: ['+OK\r\nSubject: a\r\n\r\n.\r\n', '-ERR no such message\r\n'],
	RETR: [
		'+OK\r\nSubject: a\r\n\r\n..b\r\n.\r\n',
		'+OK\r\n.\r\n',
		'-ERR [SYS/TEMP] not now\r\n',
		`+OK\r\n${'line\r\n..\r\n'.repeat(3_000)}.\r\n`,
	],
};

const talk: Talk = (random) => {
	const steadiness = 0.6 + random.next() * 0.4;
	const answer = (command: string): Buffer => nearlyRight(random.pick(RIGHT[command] ?? ['+OK\r\n']), steadiness, random, PIECES);
	return { greeting: answer('greeting'), hear: (line) => answer(line.split(' ', 1)[0] ?? '') };
};

/** A caller who uses everything, and now and then leaves early. */
async function visit(account: Account, random: Random): Promise<void> {
	const session = await PopSession.open(account, LIMITS);
	try {
		await session.stat();
		const numbers = [...(await session.uidl()).keys()];
		await session.list();
		for await (const { content } of session.topMany(numbers, 0)) if (!(content instanceof MailError)) await collect(content, 10_000);
		for await (const { content } of session.retrieveMany(numbers)) {
			if (!(content instanceof MailError) && random.chance(0.8)) await collect(content);
			if (random.chance(0.05)) break;
		}
		await session.deleteMany(numbers.slice(0, 2));
		await session.quit();
	} finally {
		session.close();
	}
}

/** A POP3 server that answers rightly, nearly rightly, or nonsense. */
export const pop = serverTarget(talk, visit);
