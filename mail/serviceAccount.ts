import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { Configuration } from '@azure/msal-node';

import type { Cloud } from './clouds';
import { diagnose } from './diagnosis';
import { MailError } from './errors';
import { AccessToken, type Acquire } from './token';

/** How an app signs in without a person. */
export type AppSecret =
	| { authentication: 'clientSecret'; clientSecret: string }
	| { authentication: 'certificate'; privateKey: string; certificate: string; passphrase?: string };

export type ServiceAccount = AppSecret & { cloud: Cloud; tenantId: string; clientId: string };

/**
 * App-only tokens for Exchange Online by client credentials, through MSAL.
 * Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 *
 * @throws MailError `input` for a field that cannot work, otherwise as the identity platform answers
 */
export function appTokens(account: ServiceAccount): Acquire {
	const scopes = [`${account.cloud.appResource}/.default`];
	let client: Promise<{ acquireTokenByClientCredential: (request: { scopes: string[]; skipCache: boolean }) => Promise<{ accessToken: string; expiresOn: Date | null } | null> }> | undefined;
	return async (fresh) => {
		try {
			client ??= confidentialClient(account);
			const result = await (await client).acquireTokenByClientCredential({ scopes, skipCache: fresh });
			if (result === null || result.expiresOn === null) {
				throw new MailError('The identity platform answered without a token.', { code: 'protocol', speaker: 'identity' });
			}
			return new AccessToken(result.accessToken, result.expiresOn.getTime());
		} catch (error) {
			client = undefined;
			throw diagnose(error, { speaker: 'identity', peer: account.cloud.authority });
		}
	};
}

async function confidentialClient(account: ServiceAccount): Promise<import('@azure/msal-node').ConfidentialClientApplication> {
	// Loaded at first use: it costs 36 ms.
	const { ConfidentialClientApplication } = await import('@azure/msal-node');
	const auth: Configuration['auth'] = {
		clientId: account.clientId,
		authority: `${account.cloud.authority}/${account.tenantId}`,
		// With the port: without it MSAL answers endpoints_resolution_error for an authority that it does not know.
		knownAuthorities: [new URL(account.cloud.authority).host],
		...(account.authentication === 'clientSecret'
			? { clientSecret: account.clientSecret }
			: { clientCertificate: clientCertificate(account) }),
	};
	return new ConfidentialClientApplication({ auth });
}

function clientCertificate(fields: { privateKey: string; certificate: string; passphrase?: string }): { thumbprintSha256: string; privateKey: string; x5c: string } {
	const certificate = readCertificate(fields.certificate);
	const key = readKey(fields.privateKey, fields.passphrase);
	if (!certificate.checkPrivateKey(key)) {
		throw new MailError('Private Key and Certificate do not belong together.', {
			code: 'input',
			field: 'Private Key',
			remedy: 'Paste the key that was made with this certificate, or upload the certificate of this key to the app registration.',
		});
	}
	if (Date.parse(certificate.validTo) < Date.now()) {
		throw new MailError(`The certificate ended on ${new Date(certificate.validTo).toISOString().slice(0, 10)}.`, {
			code: 'input',
			field: 'Certificate',
			remedy: 'Make a new certificate, upload it to the app registration and paste both parts here.',
		});
	}
	return {
		thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
		privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
		x5c: fields.certificate,
	};
}

function readCertificate(pem: string): X509Certificate {
	try {
		return new X509Certificate(pem);
	} catch {
		throw new MailError('The certificate cannot be read.', {
			code: 'input',
			field: 'Certificate',
			remedy: 'Paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, with its line breaks.',
		});
	}
}

function readKey(pem: string, passphrase: string | undefined): ReturnType<typeof createPrivateKey> {
	try {
		return createPrivateKey({ key: pem, format: 'pem', ...(passphrase ? { passphrase } : {}) });
	} catch (error) {
		const locked = /ENCRYPTED/.test(pem);
		throw new MailError(locked ? 'The private key is encrypted and could not be opened.' : 'The private key cannot be read.', {
			code: 'input',
			field: locked ? 'Passphrase' : 'Private Key',
			remedy: locked
				? 'Enter the right passphrase of the key.'
				: 'Paste it in PEM form, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----, with its line breaks.',
			cause: error,
		});
	}
}
