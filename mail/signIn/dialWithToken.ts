import { MailError } from '../errors';
import type { AccessToken, TokenSource } from './token';

/**
 * Connects with a token, and once more with a fresh one where the server does not take the first: Exchange refuses an ended
 * or revoked token with the same words as any other (`535 5.7.3`, `NO AUTHENTICATE failed.`), so that only a fresh one tells
 * which it was. What a fresh token cannot change (`5.7.139`, an unreachable server) is not tried again.
 *
 * @throws MailError `auth` where the fresh token was refused too; otherwise as `dial` or the identity platform failed
 */
export async function dialWithToken<Session>(source: TokenSource, dial: (token: AccessToken) => Promise<Session>): Promise<Session> {
	const token = await source();
	try {
		return await dial(token);
	} catch (error) {
		if (!isRefusedToken(error)) throw error;
		return await dial(await source(token));
	}
}

/** The server did not take the sign-in; another token or another user name may help. */
export function isRefusedToken(error: unknown): error is MailError {
	return error instanceof MailError && error.code === 'auth';
}
