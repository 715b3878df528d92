import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

import { noteSecret } from '../secrets/registry';
import type { App } from './identity';

/** A workload's own issuer, as a Kubernetes cluster or GitHub is one: signs tokens and writes them to a file. */
export interface Federation {
	readonly subject: string;
	/** Writes a new token over the one before, and answers its `jti`. */
	write: (file: string, how?: { audience?: string; subject?: string; seconds?: number; as?: 'kubernetes' | 'github' }) => Promise<string>;
}

/** Makes the issuer and registers it with the app as a federated credential. */
export async function federate(app: App, subject = 'system:serviceaccount:n8n:n8n'): Promise<Federation> {
	const keys = await generateKeyPair('RS256');
	const issuer = 'https://cluster.test';
	app.federation = { issuer, subject, publicPem: await exportSPKI(keys.publicKey) };
	return {
		subject,
		write: async (file, how = {}) => {
			const jti = randomUUID();
			const now = Math.floor(Date.now() / 1000);
			const token = await new SignJWT({ jti })
				.setProtectedHeader({ alg: 'RS256' })
				.setIssuer(issuer)
				.setSubject(how.subject ?? subject)
				.setAudience([how.audience ?? 'api://AzureADTokenExchange'])
				.setIssuedAt(now - 600)
				.setExpirationTime(now + (how.seconds ?? 3600))
				.sign(keys.privateKey);
			noteSecret('federated token', token);
			writeFileSync(file, how.as === 'github' ? JSON.stringify({ count: token.length, value: token }) : `${token}\n`);
			return jti;
		},
	};
}
