import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { fieldText } from '../../mail/clouds';
import { MailError } from '../../mail/errors';
import { AccessToken, isGuest, margin, readClaims, WORTH_USING_MS, type Renewal } from '../../mail/signIn/token';

/**
 * Reads what n8n stores as `oauthTokenData`. n8n writes `n8n_expires_at` (epoch ms, by its own clock) from about 2.31. Before that, and in
 * imported credentials, the JWT's `exp` has it, by Microsoft's clock.
 * @param receivedAt epoch ms, for a token that has just arrived
 */
export function tokenIn(data: unknown, receivedAt?: number): Renewal['current'] {
	if (typeof data !== 'object' || data === null) return undefined;
	const fields = new Map<string, unknown>(Object.entries(data));
	const value = fields.get('access_token');
	if (typeof value !== 'string' || value === '') return undefined;
	const stamped = Number(fields.get('n8n_expires_at'));
	const exp = readClaims(value)?.exp;
	const lifetimeMs = Number(fields.get('expires_in')) * 1000;
	// The ID token that came along says when a stored token was issued that cannot be read. Otherwise two processes would renew it in turn.
	const issuedAt = receivedAt === undefined && lifetimeMs > 0 ? readClaims(fieldText(fields.get('id_token')))?.iat : undefined;
	// An opaque token of unknown age counts as expired, so that it is refreshed once.
	const told = exp !== undefined ? exp * 1000 : issuedAt !== undefined ? issuedAt * 1000 + lifetimeMs : 0;
	const known = Number.isFinite(stamped) && stamped > 0 ? stamped : told;
	// A token that has just arrived has not expired, whatever our clock says, or the stamp of an earlier token that n8n keeps with it.
	const expiresAt = receivedAt !== undefined && known <= receivedAt && lifetimeMs > 0 ? receivedAt + lifetimeMs : known;
	const enough = lifetimeMs > 0 && lifetimeMs < WORTH_USING_MS ? margin(lifetimeMs) : WORTH_USING_MS;
	return { token: new AccessToken(value, expiresAt), renewAt: expiresAt - enough };
}

/** The mailbox of the person who signed in. @throws MailError if the sign-in does not contain it, or a guest signed in, who has none */
export function signedInAddress(fields: ICredentialDataDecryptedObject): string {
	const address = claimed(fields, 'upn');
	if (address !== undefined && (isGuest(address) || guest(fields))) throw guestError(address);
	if (address !== undefined) return address;
	const { size } = signInData(fields);
	throw new MailError(size === 0 ? 'The credential is not connected.' : 'The sign-in did not return the address of the mailbox.', {
		code: size === 0 ? 'interaction' : 'input',
		field: size === 0 ? undefined : 'Mailbox',
		remedy: size === 0 ? 'Open the credential and press Connect.' : 'Fill in "Mailbox" in the credential.',
		speaker: 'identity',
	});
}

/** Whether a guest of the tenant signed in, according to either token. */
function guest(fields: ICredentialDataDecryptedObject): boolean {
	const data = signInData(fields);
	return ['id_token', 'access_token'].some((name) => readClaims(fieldText(data.get(name)))?.guest === true);
}

/** Source: https://learn.microsoft.com/entra/external-id/user-properties */
function guestError(address: string): MailError {
	return new MailError(`${address} is signed in as a guest of this tenant, and guests have no mailbox there.`, {
		code: 'configuration',
		field: 'Mailbox',
		remedy:
			'For the guest\'s own mailbox enter the home organization in "Tenant ID" and connect again. ' +
			'For a mailbox of this tenant connect with an account that is a member of it.',
		speaker: 'identity',
	});
}

/** Returns what n8n has stored of the sign-in; empty if nobody has signed in. */
export function signInData({ oauthTokenData }: ICredentialDataDecryptedObject): Map<string, unknown> {
	return new Map(typeof oauthTokenData === 'object' && oauthTokenData !== null ? Object.entries(oauthTokenData) : []);
}

/** Claims of the person who signed in, from the ID token, or from an access token that can be read. */
export function claimed(fields: ICredentialDataDecryptedObject, claim: 'sub' | 'tid' | 'upn'): string | undefined {
	const data = signInData(fields);
	return ['id_token', 'access_token'].map((name) => readClaims(fieldText(data.get(name)))?.[claim]).find((value) => value !== undefined);
}
