import { MailError } from '../errors';
import type { AccessToken, TokenSource } from './token';

/**
 * Connects with a token, and once more with a fresh token if the server refuses the first one. Exchange refuses an expired or revoked token
 * with the same words as any other (`535 5.7.3`, `NO AUTHENTICATE failed.`), so only a fresh token shows the difference. If a fresh token
 * cannot help (`5.7.139`, an unreachable server), there is no second attempt.
 *
 * @throws MailError `auth` if the fresh token was refused too; otherwise the failure of `dial` or of the identity platform
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

/** The server did not accept the sign-in. Another token or another user name may help. */
export function isRefusedToken(error: unknown): error is MailError {
	return error instanceof MailError && error.code === 'auth';
}
