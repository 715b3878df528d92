import { expect, it } from 'vitest';

import { MailError } from '../../mail/errors';
import { Refusals } from '../../mail/refusals';

const forbidden = new MailError('Not allowed.', { code: 'forbidden', speaker: 'smtp', remedy: 'Ask.', said: 'The server said: 554.' });
const refusing = async (error: MailError) => await Promise.reject(error);

async function refuse(refusals: Refusals, times: number, error = forbidden, what = 'x'): Promise<unknown[]> {
	const thrown: unknown[] = [];
	for (let count = 0; count < times; count += 1)
		await refusals.of(what, async () => await refusing(error)).catch((one: unknown) => thrown.push(one));
	return thrown;
}

it('a server that refuses the same five times in a row is not asked again, and the error says so with the same facts', async () => {
	const refusals = new Refusals();
	const [first, , , , fifth, sixth] = await refuse(refusals, 6);
	expect([first, fifth]).toEqual([forbidden, forbidden]);
	expect(sixth).toMatchObject({
		...{ code: 'forbidden', permanent: true, speaker: 'smtp', remedy: 'Ask.', said: 'The server said: 554.' },
		message: 'Not allowed. The server refused the same 5 times in a row in this execution, so it was not asked again.',
	});
	let asked = false;
	await expect(refusals.of('x', async () => await Promise.resolve((asked = true)))).rejects.toThrow('not asked again');
	expect(asked).toBe(false);
	await expect(refusals.of('another address', async () => await Promise.resolve(1))).resolves.toBe(1);
});

it('a success in between begins the row again', async () => {
	const refusals = new Refusals();
	for (let round = 0; round < 3; round += 1) {
		await refuse(refusals, 4);
		await expect(refusals.of('x', async () => await Promise.resolve(1))).resolves.toBe(1);
	}
});

it('what may pass, what is only about one email, and what the identity platform says is asked again each time', async () => {
	for (const error of [
		new MailError('busy', { code: 'throttled', speaker: 'smtp' }),
		new MailError('no such user', { code: 'rejected', speaker: 'smtp' }),
		new MailError('expired', { code: 'auth', speaker: 'identity' }),
	])
		expect(await refuse(new Refusals(), 7, error)).toEqual(Array.from({ length: 7 }, () => error));
});
