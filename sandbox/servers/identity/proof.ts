import { X509Certificate } from 'node:crypto';

import { decodeJwt, decodeProtectedHeader, importSPKI, importX509, jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose';

import { thumbprint, thumbprintSha1 } from '../certificates';
import type { Failure } from './answers';
import type { App } from './directory';

/** What clocks may differ, in seconds. */
const TOLERANCE_S = 300;

/** How an app proved itself. */
export type Proof = 'secret' | 'assertion' | 'federation' | 'none';

/** What an app showed, and whether that was enough. */
export interface Proven {
	proof: Proof;
	/** The assertion, unverified where there is a failure. */
	assertion?: { header: object; claims: JWTPayload };
	failure?: Failure;
}

/** Whether the app is who it says: by secret, by a signed assertion, or, a public client, not at all. */
export async function prove(app: App, form: URLSearchParams, audiences: string[], now: Date): Promise<Proven> {
	const assertion = form.get('client_assertion');
	if (assertion !== null) return await verifyAssertion(app, assertion, audiences, now);
	const secret = form.get('client_secret');
	if (secret === null && form.get('grant_type') === 'password' && app.publicClient) return { proof: 'none' };
	if (secret === null) {
		return {
			proof: 'none',
			failure: {
				error: 'invalid_client',
				aadsts: 7000218,
				description: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
				status: 401,
			},
		};
	}
	if (secret === app.clientSecret) return { proof: 'secret' };
	const description = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.clientId}'.`;
	return { proof: 'secret', failure: { error: 'invalid_client', aadsts: 7000215, description, status: 401 } };
}

async function verifyAssertion(app: App, assertion: string, audiences: string[], now: Date): Promise<Proven> {
	let proof: Proof = 'assertion';
	try {
		const header = decodeProtectedHeader(assertion);
		if (header['x5t#S256'] === undefined && header.x5t === undefined && app.federation !== undefined) {
			proof = 'federation';
			await verifyFederated(app.federation, assertion, now);
		} else {
			await verifySigned(app, assertion, header, audiences, now);
		}
		return { proof, assertion: { header, claims: decodeJwt(assertion) } };
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		if (proof === 'federation') {
			return {
				proof,
				failure: {
					error: 'invalid_client',
					aadsts: 700213,
					description: `No matching federated identity record found for presented assertion. [Reason - ${reason}]`,
					status: 401,
				},
			};
		}
		return {
			proof,
			failure: {
				error: 'invalid_client',
				aadsts: 700027,
				description: `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${reason}]`,
				status: 401,
			},
		};
	}
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
async function verifyFederated(federation: NonNullable<App['federation']>, assertion: string, now: Date): Promise<void> {
	const key = await importSPKI(federation.publicPem, 'RS256');
	await jwtVerify(assertion, key, {
		issuer: federation.issuer,
		subject: federation.subject,
		audience: 'api://AzureADTokenExchange',
		clockTolerance: TOLERANCE_S,
		currentDate: now,
	});
}

/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials: signature, thumbprint, audience, issuer, lifetime. */
async function verifySigned(
	app: App,
	assertion: string,
	header: Partial<JWTHeaderParameters>,
	audiences: string[],
	now: Date,
): Promise<void> {
	// MSAL names the certificate by SHA-256, n8n by SHA-1, which Microsoft takes as well.
	const certificate = app.certificates.find((pem) =>
		header.x5t === undefined ? thumbprint(pem) === header['x5t#S256'] : thumbprintSha1(pem) === header.x5t,
	);
	if (certificate === undefined) throw new Error('The key was not found.');
	if (Date.parse(new X509Certificate(certificate).validTo) < now.getTime()) throw new Error('The certificate has expired.');
	const key = await importX509(certificate, header.alg ?? 'RS256');
	const { payload } = await jwtVerify(assertion, key, {
		issuer: app.clientId,
		subject: app.clientId,
		audience: audiences,
		maxTokenAge: '15m',
		clockTolerance: TOLERANCE_S,
		currentDate: now,
		algorithms: ['RS256', 'PS256'],
	});
	if (payload.jti === undefined || payload.exp === undefined) throw new Error('The assertion has no jti or no exp.');
}
