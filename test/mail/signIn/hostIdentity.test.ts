import { open, type FileHandle } from 'node:fs/promises';

import { afterEach, expect, it, vi } from 'vitest';

import { readFederatedToken } from '../../../mail/signIn/hostIdentity';

vi.mock('node:fs/promises', async (original) => ({ ...(await original<typeof import('node:fs/promises')>()), open: vi.fn() }));

afterEach(() => vi.useRealTimers());

it('closes a token file that a network drive opens after the time for it has passed', async () => {
	const { open: really } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');
	const handle = await really(__filename);
	const closed = vi.spyOn(handle, 'close');
	let opened = (_handle: FileHandle): void => undefined;
	vi.mocked(open).mockReturnValue(new Promise((resolve) => (opened = resolve)));
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
	const read = expect(readFederatedToken('/far/away/token')).rejects.toThrow('cannot be read (ETIMEDOUT)');
	await vi.advanceTimersByTimeAsync(5_000);
	await read;
	opened(handle);
	await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
	await closed.mock.results[0]?.value;
	expect(handle.fd).toBe(-1);
});
