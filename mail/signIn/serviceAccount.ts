import type { AuthenticationResult, Configuration } from '@azure/msal-node';

import { clientCertificate } from './certificate';
import type { Cloud } from '../clouds';
import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { looksSecret } from '../redact';
import { readFederatedToken, requireHostIdentity, requireKnownAuthority, requireMailResource, requireOwnMailHosts } from './hostIdentity';
import { identityNetwork, identityProxy } from './identityNetwork';
import { AccessToken, CLOCK_SKEW_MS, type Acquire } from './token';

/** How an app proves its identity to the identity platform. */
type AppProof =
	| { authentication: 'clientSecret'; clientSecret: string }
	| { authentication: 'certificate'; privateKey: string; certificate: string; passphrase?: string }
	/** `tokenFile` empty = AZURE_FEDERATED_TOKEN_FILE. */
	| { authentication: 'workloadIdentity'; tokenFile: string };

/** A way to get a token without a person. */
export type ServiceAccount = { cloud: Cloud } & (
	| (AppProof & { tenantId: string; clientId: string })
	/** `clientId` of a user-assigned identity; empty = the system-assigned identity. */
	| { authentication: 'managedIdentity'; clientId: string }
	/** Legacy: the password grant, without a second factor. */
	| { authentication: 'usernamePassword'; tenantId: string; clientId: string; username: string; password: string }
);

type Of<Way extends ServiceAccount['authentication']> = Extract<ServiceAccount, { authentication: Way }>;
type Msal = typeof import('@azure/msal-node');

/**
 * Gets tokens for Exchange Online through MSAL. Each call is one request; the caller keeps the token.
 * Sources: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
 * …/entra/workload-id/workload-identity-federation, …/entra/identity/managed-identities-azure-resources/how-to-use-vm-token,
 * …/entra/identity-platform/v2-oauth-ropc
 *
 * @throws MailError `input` for a field that cannot work, otherwise for what the identity platform answers
 */
export function appTokens(account: ServiceAccount): Acquire {
	return async () => {
		const at: Circumstances =
			account.authentication === 'managedIdentity'
				? { speaker: 'host', way: account.authentication, secrets: misplaced(account.clientId) }
				: { speaker: 'identity', way: account.authentication, peer: new URL(account.cloud.authority).host, secrets: secretsOf(account) };
		try {
			const result = await ask(account, at);
			if (!result?.expiresOn)
				throw new MailError('The identity platform answered without a token.', { code: 'protocol', speaker: at.speaker });
			return new AccessToken(
				result.accessToken,
				account.authentication === 'managedIdentity' ? living(result.expiresOn) : result.expiresOn.getTime(),
			);
		} catch (error) {
			throw diagnose(error, at);
		}
	};
}

/**
 * The host tells a time, not how long the token lives, and every token that it returns is still valid. If our clock says otherwise, the
 * clock is wrong, and the token is good for some minutes at least. Otherwise each session would end at once.
 */
function living(expiresOn: Date): number {
	const now = Date.now();
	return expiresOn.getTime() > now ? expiresOn.getTime() : now + CLOCK_SKEW_MS;
}

async function ask(account: ServiceAccount, at: Circumstances): Promise<AuthenticationResult | null> {
	if (account.authentication === 'managedIdentity') return await askHost(account);
	if (account.authentication === 'usernamePassword') return await askForUser(account);
	return await askForApp(account, at);
}

async function askForApp(account: Of<AppProof['authentication']>, at: Circumstances): Promise<AuthenticationResult | null> {
	const proof = await proofOf(account, at);
	const msal = await load();
	const client = new msal.ConfidentialClientApplication({
		auth: { ...registration(account), ...proof },
		system: { networkClient: identityNetwork(msal, identityProxy(account.cloud.authority)) },
	});
	return await client.acquireTokenByClientCredential({ scopes: [`${account.cloud.appResource}/.default`], skipCache: true });
}

async function proofOf(account: AppProof & { cloud: Cloud }, at: Circumstances): Promise<Partial<Configuration['auth']>> {
	switch (account.authentication) {
		case 'clientSecret':
			at.shown = peculiar(account.clientSecret);
			return { clientSecret: account.clientSecret };
		case 'certificate':
			return { clientCertificate: clientCertificate(account) };
		case 'workloadIdentity':
			requireHostIdentity('Workload Identity');
			requireKnownAuthority(account.cloud);
			requireMailResource('Workload Identity', account.cloud);
			requireOwnMailHosts('Workload Identity', account.cloud);
			return {
				// MSAL calls this for each request, so a rotated file is read again.
				clientAssertion: async () => {
					const token = await readFederatedToken(account.tokenFile);
					at.shown = token.shown;
					at.secrets = [...(at.secrets ?? []), token.value];
					return token.value;
				},
			};
	}
}

/**
 * MSAL keeps the host that it found, and that host's network, for the whole process. Its cache mixes identities, so it is skipped. The host
 * itself keeps tokens for hours and may return the same one again.
 */
async function askHost(account: Of<'managedIdentity'>): Promise<AuthenticationResult> {
	requireHostIdentity('Managed Identity');
	requireMailResource('Managed Identity', account.cloud);
	requireOwnMailHosts('Managed Identity', account.cloud);
	const msal = await load();
	const client = new msal.ManagedIdentityApplication({
		...(account.clientId !== '' && { managedIdentityIdParams: { userAssignedClientId: account.clientId } }),
		// The address of the host is local, so no proxy can reach it.
		system: { networkClient: identityNetwork(msal), disableInternalRetries: true },
	});
	return await client.acquireToken({ resource: account.cloud.appResource, forceRefresh: true });
}

/**
 * Signs in as a public client, so the app registration has to allow public client flows. Requests all delegated permissions that have
 * consent.
 */
async function askForUser(account: Of<'usernamePassword'>): Promise<AuthenticationResult | null> {
	const msal = await load();
	const client = new msal.PublicClientApplication({
		auth: registration(account),
		system: { networkClient: identityNetwork(msal, identityProxy(account.cloud.authority)) },
	});
	return await client.acquireTokenByUsernamePassword({
		scopes: [`${account.cloud.resource}/.default`],
		username: account.username,
		password: account.password,
	});
}

/** Returns what no text may contain: the secrets, and whatever looks like one in the fields that Microsoft repeats in its refusals. */
function secretsOf(account: Exclude<ServiceAccount, { authentication: 'managedIdentity' }>): string[] {
	const own =
		account.authentication === 'clientSecret'
			? [account.clientSecret]
			: account.authentication === 'usernamePassword'
				? [account.password]
				: account.authentication === 'certificate'
					? [account.passphrase ?? '']
					: [];
	return [...own, ...misplaced(account.tenantId, account.clientId)];
}

/** Returns the values that are not an ID or a domain but look like a secret. */
export function misplaced(...values: string[]): string[] {
	return values.filter(
		(value) =>
			!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) &&
			!/^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63})+$/i.test(value) &&
			looksSecret(value),
	);
}

/** Says what is wrong with a secret, without any part of it. The value of a secret never looks like a GUID, but its ID always does. */
export function peculiar(clientSecret: string): string | undefined {
	return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientSecret.trim())
		? "What was entered looks like the secret's ID."
		: undefined;
}

/** Returns app and authority. The endpoints follow from the authority, so MSAL need not request them. */
function registration({ cloud, tenantId, clientId }: { cloud: Cloud; tenantId: string; clientId: string }): {
	clientId: string;
	authority: string;
	knownAuthorities: string[];
	authorityMetadata: string;
} {
	const authority = `${cloud.authority}/${tenantId}`;
	return {
		clientId,
		authority,
		// Includes the port, because without it MSAL answers endpoints_resolution_error for an authority that it does not know.
		knownAuthorities: [new URL(cloud.authority).host],
		authorityMetadata: JSON.stringify({
			issuer: `${authority}/v2.0`,
			authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
			token_endpoint: `${authority}/oauth2/v2.0/token`,
			jwks_uri: `${authority}/discovery/v2.0/keys`,
		}),
	};
}

/** Loads MSAL at first use, because that takes 36 ms. */
async function load(): Promise<Msal> {
	return await import('@azure/msal-node');
}
