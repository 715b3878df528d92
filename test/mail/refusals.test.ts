import { expect, it } from 'vitest';

import { diagnose } from '../../mail/diagnosis';
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

it.each([
	['a full mailbox', '554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded', 5],
	['a daily limit that is reached', "550 5.1.90 Your message can't be sent because you've reached your daily limit", 5],
	['too many recipients of one email', '550 5.5.3 Too many recipients', 7],
	['the limit of recipients outside', '550 5.7.232 tenant external recipient rate limit', 7],
])('%s is told to the server as often as it may be another email that is refused', async (_name, response, times) => {
	let asked = 0;
	const refusals = new Refusals();
	for (let count = 0; count < 7; count += 1) {
		const sending = refusals.of('email', async () => {
			asked += 1;
			return await Promise.reject(diagnose(Object.assign(new Error(response), { response }), { speaker: 'smtp', command: 'DATA' }));
		});
		await expect(sending).rejects.toMatchObject({ code: 'rejected' });
	}
	expect(asked).toBe(times);
});
