import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MailError } from '../../../mail/errors';
import { collect } from '../../../mail/pop3/session';
import { GREETING, multiline, openOn, Replay, signedIn, type Cut, type Step } from './pop3Rig';

/** Printed; a run is repeated with POP3_SEED=…. */
const seed = Number(process.env.POP3_SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env.POP3_RUNS ?? 1_000);

/** Any bytes, those that mean something more often; a mail ends with CRLF, since POP ends it so (RFC 1939, section 3). */
const mail = fc
	.array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom(0x2e, 0x0d, 0x0a) }, fc.nat(255)), { maxLength: 200 })
	.map((bytes) => `${Buffer.from(bytes).toString('latin1')}\r\n`);
/** Cuts that go on repeating over all that is sent. */
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

const cutting =
	(lengths: readonly number[]): Cut =>
	(bytes) => {
		const pieces: Buffer[] = [];
		for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
			const length = lengths[turn % lengths.length] ?? 1;
			pieces.push(bytes.subarray(from, from + length));
			from += length;
		}
		return pieces;
	};

describe(`any mail, seed ${seed}`, () => {
	it('comes out as it is, however it is cut, in turn and pipelined', async () => {
		const property = fc.asyncProperty(
			fc.array(mail, { minLength: 1, maxLength: 5 }),
			sizes,
			fc.boolean(),
			fc.nat(3),
			async (mails, lengths, pipelining, leave) => {
				const script = mails.map((content, index): Step => [`RETR ${index + 1}`, multiline(content)]);
				const session = await openOn(
					new Replay(GREETING, [...signedIn(...(pipelining ? ['PIPELINING'] : [])), ...script, ['QUIT', '+OK\r\n']], cutting(lengths)),
				);
				for await (const { number, content } of session.retrieveMany(mails.map((_, index) => index + 1))) {
					if (content instanceof MailError) throw content;
					// One in four is left unread; the next has to begin where it should.
					if (number % 4 === leave) continue;
					expect((await collect(content)).equals(Buffer.from(mails[number - 1] ?? '', 'latin1'))).toBe(true);
				}
				await session.quit();
			},
		);
		await fc.assert(property, { seed, numRuns: RUNS });
	});
});
