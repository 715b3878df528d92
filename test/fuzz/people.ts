import { readMailboxes } from '../../mail/compose/addresses';
import { MailError } from '../../mail/errors';
import { htmlOfPeople, readPeople, textOfPeople } from '../../mail/item/people';
import type { Random } from '../support/random';
import type { Target } from './drive';
import { anything, nonsense } from './nonsense';

const CONTROL = /[\0-\x08\x0a-\x1f\x7f\u2028\u2029]/;

/** Addresses as users enter them, and those in the headers of emails. */
export const people: Target = {
	cpuMs: 3_000,
	open: async () => ({
		round: async (random) => (random.chance(0.7) ? await entered(random) : received(random)),
		close: async () => await Promise.resolve(),
	}),
};

/** Either an error that names the field, or addresses that can stand in a header and in RCPT TO. */
async function entered(random: Random): Promise<string> {
	const lenient = random.chance(0.4);
	try {
		const found = await readMailboxes('To', random.chance(0.6) ? nonsense(random, 20) : anything(random), lenient);
		for (const { name, address } of found) {
			if (CONTROL.test(name) || CONTROL.test(address) || /[<>]/.test(address.replace(/"(?:[^"\\]|\\.)*"/g, '')) || !address.includes('@'))
				throw new Error(`These are no name and address: ${JSON.stringify({ name, address })}`);
		}
		return found.length === 0 ? 'nobody' : 'addresses';
	} catch (error) {
		if (error instanceof MailError && !lenient && error.code === 'input' && error.field === 'To') return 'input';
		throw error;
	}
}

/** One header of a foreign email, unfolded: it has as many people as it has, and never a line break. */
function received(random: Random): string {
	const header = Buffer.from(nonsense(random, 30).replace(/[\r\n]/g, ' ')).toString('latin1');
	const found = readPeople([header], ['utf-8']);
	const text = textOfPeople(found) + htmlOfPeople(found);
	if (/<script|[\r\n]/.test(htmlOfPeople(found)) || text.length > 100 * header.length + 1_000)
		throw new Error(`This is read of a header: ${JSON.stringify(text)}`);
	return 'header';
}
