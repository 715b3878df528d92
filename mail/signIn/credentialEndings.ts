import { fieldText } from '../clouds';
import { DAY_MS } from '../durations';
import type { Ending } from '../endings';
import { certificateEnd } from './certificate';
import { readClaims } from './token';

/** The fields of a credential, with the tokens of the person who signed in. */
export interface EndingFields {
	authentication?: unknown;
	clientCredentialType?: unknown;
	certificate?: unknown;
	privateKey?: unknown;
	passphrase?: unknown;
	secretExpiresOn?: unknown;
	oauthTokenData?: unknown;
	cloud?: unknown;
	[field: string]: unknown;
}

/**
 * Microsoft's refresh tokens expire after this time without use, and each use issues a new one. Source:
 * https://learn.microsoft.com/entra/identity-platform/refresh-tokens
 */
const UNUSED_FOR_MS = 90 * DAY_MS;

/** Returns what of a credential expires, as far as it is known. When a secret expires, only a person knows. Never throws. */
export function endingsOf(fields: EndingFields): Ending[] {
	const proof = fieldText(fields.clientCredentialType) || fieldText(fields.authentication) || 'clientSecret';
	return [...(proof === 'certificate' ? certificate(fields) : proof === 'clientSecret' ? secret(fields) : []), ...signIn(fields)];
}

function certificate(fields: EndingFields): Ending[] {
	const at = certificateEnd({
		privateKey: fieldText(fields.privateKey),
		certificate: fieldText(fields.certificate),
		passphrase: fieldText(fields.passphrase),
	});
	return at === undefined ? [] : [{ what: 'certificate', at }];
}

function secret({ secretExpiresOn }: EndingFields): Ending[] {
	if (secretExpiresOn === undefined || secretExpiresOn === null || secretExpiresOn === '') return [];
	const at = Date.parse(secretExpiresOn instanceof Date ? secretExpiresOn.toISOString() : fieldText(secretExpiresOn));
	return [Number.isNaN(at) ? { what: 'client secret' } : { what: 'client secret', at }];
}

/**
 * Some identity platforms tell the lifetime of the refresh token. Microsoft's does so for an app that is registered as a single-page
 * application: one day, which no use extends. Otherwise the lifetime is known only for Microsoft's own clouds.
 */
function signIn({ oauthTokenData, cloud }: EndingFields): Ending[] {
	if (typeof oauthTokenData !== 'object' || oauthTokenData === null) return [];
	const data = new Map<string, unknown>(Object.entries(oauthTokenData));
	const issuedAt = issued(data);
	if (issuedAt === undefined || fieldText(data.get('refresh_token')) === '') return [];
	const told = Number(data.get('refresh_token_expires_in'));
	if (told > 0) return [{ what: 'sign-in', at: issuedAt + told * 1000 }];
	return cloud === 'custom' ? [] : [{ what: 'sign-in', at: issuedAt + UNUSED_FOR_MS, renews: true }];
}

/** When the stored tokens were issued, in epoch ms. */
function issued(data: Map<string, unknown>): number | undefined {
	const lifetimeMs = Number(data.get('expires_in')) * 1000;
	const exp = readClaims(fieldText(data.get('access_token')))?.exp;
	const end = Number(data.get('n8n_expires_at')) || (exp === undefined ? NaN : exp * 1000);
	return Number.isFinite(end - lifetimeMs) ? end - lifetimeMs : undefined;
}
