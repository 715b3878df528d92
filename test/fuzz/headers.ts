import { Readable } from 'node:stream';

import { compose } from '../../mail/compose/message';
import { MailError } from '../../mail/errors';
import { fieldsAtBeginning } from '../../mail/item/headerBlock';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { nonsense } from './nonsense';

/** What this package and the library write themselves. */
const OWN =
	/^(?:from|sender|to|cc|reply-to|subject|message-id|date|mime-version|content-[a-z-]+|in-reply-to|references|x-priority|x-msmail-priority|importance|disposition-notification-to)$/;

/** Every field of an email to send: either an error, or an email whose header has what was entered and nothing else. */
export const headers: Target = {
	cpuMs: 5_000,
	open: async () => ({ round: composed, close: async () => await Promise.resolve() }),
};

async function composed(random: Random): Promise<string> {
	const sometimes = (text: string): string => (random.chance(0.3) ? nonsense(random) : text);
	const names = Array.from({ length: random.below(3) }, () => (random.chance(0.5) ? nonsense(random, 3) : `X-${random.below(1_000)}`));
	const bytes = Buffer.from(nonsense(random, 50));
	try {
		const made = await compose({
			...{ from: sometimes('ada@example.test'), to: sometimes('Grace <grace@example.test>'), cc: sometimes(''), bcc: sometimes('') },
			...{ replyTo: sometimes(''), subject: sometimes('hello'), inReplyTo: sometimes(''), references: sometimes('<a@example.test>') },
			text: random.chance(0.5) ? nonsense(random, 40) : undefined,
			html: random.chance(0.5) ? nonsense(random, 40) : undefined,
			files: Array.from({ length: random.below(3) }, () => ({
				...{
					fileName: nonsense(random, 4),
					mimeType: sometimes('image/png'),
					size: bytes.length,
					cid: random.chance(0.5) ? nonsense(random, 3) : undefined,
				},
				open: async () => Readable.from([bytes]),
			})),
			priority: 'normal',
			headers: names.map((name) => ({ name, value: nonsense(random) })),
		});
		check(Buffer.concat(await (await made.open()).toArray()), names);
		return 'email';
	} catch (error) {
		if (error instanceof MailError && error.code === 'input') return 'input';
		throw error;
	}
}

function check(raw: Buffer, names: readonly string[]): void {
	const text = raw.toString('latin1');
	if (/[^\r]\n|\r[^\n]/.test(text)) throw new Error('A line ends with half of a line end.');
	const given = new Set(names.map((name) => name.trim().toLowerCase()));
	const foreign = fieldsAtBeginning(raw).filter(({ key }) => !OWN.test(key) && !given.has(key));
	if (foreign.length > 0) throw new Error(`The header has fields that nobody entered: ${JSON.stringify(foreign)}`);
	const long = text.split('\r\n').find((line) => line.length > 998);
	if (long !== undefined) throw new Error(`A line has ${long.length} bytes: ${long.slice(0, 200)}`);
}
