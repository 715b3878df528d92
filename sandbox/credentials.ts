import type { Sandbox } from './servers';

/** An entry as n8n imports it, and as a node refers to it. */
export interface Credential {
	id: string;
	name: string;
	type: 'microsoftMailOAuth2Api' | 'microsoftMailServiceAccountApi';
	data: Record<string, unknown>;
}

type Servers = Pick<Sandbox['straight'], 'imap' | 'pop' | 'smtp'>;

/** The cloud "custom" that is the sandbox: its identity server, and by default the servers shaped as Exchange Online. */
export function customCloud(sandbox: Sandbox, servers: Servers = sandbox.exchange): Record<string, unknown> {
	const { identity } = sandbox;
	return {
		cloud: 'custom',
		tenantId: identity.tenant,
		clientId: identity.app.clientId,
		authorityUrl: identity.url,
		resourceUrl: identity.resource,
		imapHost: servers.imap.host,
		imapPort: servers.imap.port,
		imapSecurity: servers.imap.security,
		popHost: servers.pop.host,
		popPort: servers.pop.port,
		popSecurity: servers.pop.security,
		smtpHost: servers.smtp.host,
		smtpPort: servers.smtp.port,
		smtpSecurity: servers.smtp.security,
	};
}

/** A person who has pressed Connect. */
export async function personCredential(sandbox: Sandbox, person: string, servers?: Servers): Promise<Credential> {
	return {
		id: `person-${person.split('@', 1)[0] ?? ''}`,
		name: `${person} (connected)`,
		type: 'microsoftMailOAuth2Api',
		data: {
			...customCloud(sandbox, servers),
			clientCredentialType: 'clientSecret',
			clientSecret: sandbox.identity.app.clientSecret,
			protocols: ['smtp', 'imap', 'pop'],
			mailbox: '',
			oauthTokenData: await sandbox.identity.connect(person),
		},
	};
}

/** The app, opening a mailbox with nobody present. */
export function appCredential(sandbox: Sandbox, mailbox: string, servers?: Servers): Credential {
	return {
		id: `app-${mailbox.split('@', 1)[0] ?? ''}`,
		name: `Service account for ${mailbox}`,
		type: 'microsoftMailServiceAccountApi',
		data: { ...customCloud(sandbox, servers), authentication: 'clientSecret', clientSecret: sandbox.identity.app.clientSecret, mailbox },
	};
}

/** A node's own reference to it, with the parameter that chooses it. */
export function uses(credential: Credential): { authentication: string; credentials: Record<string, { id: string; name: string }> } {
	return {
		authentication: credential.type === 'microsoftMailOAuth2Api' ? 'oAuth2' : 'serviceAccount',
		credentials: { [credential.type]: { id: credential.id, name: credential.name } },
	};
}
