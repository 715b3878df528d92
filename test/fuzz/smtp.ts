import { Readable } from 'node:stream';

import type { Account } from '../../mail/account';
import { SmtpSession, type Patience } from '../../mail/smtp/session';
import type { Random } from '../support/random';
import { nearlyRight, serverTarget, type Talk } from './servers';

const PATIENCE: Patience = { greetingMs: 400, signInMs: 300, mailMs: 300 };

const PIECES = [
	...['250 ok\r\n', '250-more\r\n', '250', '25', '354 go on\r\n', '334 \r\n', '235 2.7.0 ok\r\n', '421 4.7.0 bye\r\n', '535 5.7.3 no\r\n'],
	...['550 5.7.60 no\r\n', '432 4.3.2 later\r\n', '999 what\r\n', '000 \r\n', '-1 x\r\n', '\r', '\n', '\r\n', '\0', '\xff\xfe', '+OK\r\n'],
	...[
		'250-PIPELINING\r\n',
		'250-SIZE 99999999999999999999\r\n',
		'250-SIZE -1\r\n',
		'250 AUTH XOAUTH2\r\n',
		'* OK imap\r\n',
		'x'.repeat(10_000),
	],
];

const RIGHT: Record<string, readonly string[]> = {
	greeting: ['220 ready\r\n', '220-please\r\n220 wait\r\n'],
	EHLO: ['250-here\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250 AUTH XOAUTH2\r\n', '250-here\r\n250 AUTH XOAUTH2\r\n', '502 no\r\n'],
	AUTH: ['235 2.7.0 ok\r\n', '334 eyJzdGF0dXMiOiI0MDAifQ==\r\n', '535 5.7.3 Authentication unsuccessful\r\n'],
	RCPT: ['250 ok\r\n', '550 5.1.1 nobody\r\n', '452 4.5.3 enough\r\n'],
	DATA: ['354 go on\r\n', '550 no\r\n'],
	END: ['250 2.0.0 taken\r\n', '451 later\r\n', '552 5.3.4 too large\r\n'],
	QUIT: ['221 bye\r\n'],
};

const talk: Talk = (random) => {
	const steadiness = 0.7 + random.next() * 0.3;
	const answer = (command: string): Buffer => nearlyRight(random.pick(RIGHT[command] ?? ['250 ok\r\n']), steadiness, random, PIECES);
	let content = false;
	return {
		greeting: answer('greeting'),
		hear: (line) => {
			if (content && line !== '.') return undefined;
			const command = content ? 'END' : (line.split(' ', 1)[0] ?? '').toUpperCase();
			const said = answer(command);
			content = command === 'DATA' && said.toString('latin1').startsWith('354');
			return said;
		},
	};
};

async function visit(account: Account, random: Random): Promise<void> {
	const session = await SmtpSession.open(account, PATIENCE);
	try {
		for (let count = 1 + random.below(3); count > 0; count -= 1) {
			const text = `Subject: x\r\n\r\n${'.hello\r\n'.repeat(random.below(3_000))}`;
			const to = Array.from({ length: 1 + random.below(3) }, (_, index) => `grace${index}@example.test`);
			const receipt = await session.send({ from: 'ada@example.test', to, size: text.length }, Readable.from([text]));
			if (receipt.accepted.length + receipt.rejected.length !== to.length)
				throw new Error(`Of ${to.length} recipients ${receipt.accepted.length} are accepted and ${receipt.rejected.length} rejected.`);
			if (receipt.accepted.length === 0) throw new Error('Nobody has it, and no error says so.');
		}
		await session.quit();
	} finally {
		session.close();
	}
}

/** An SMTP server that answers rightly, nearly rightly, or nonsense. */
export const smtp = serverTarget(talk, visit);
