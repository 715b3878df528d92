import { inputError } from './errors';
import { quoted } from './redact';

/**
 * Address of a protocol's server. `tls`: TLS from the first byte; `starttls`: the connection is upgraded to TLS before anything else is
 * said.
 */
export interface Endpoint {
	host: string;
	port: number;
	security: 'tls' | 'starttls';
}

export type Protocol = 'smtp' | 'imap' | 'pop';

export interface Cloud {
	/** Base of the addresses of the sign-in pages and the token endpoint, without a slash at the end. */
	authority: string;
	/** Resource of delegated tokens; their scopes begin with it. */
	resource: string;
	/** Resource of app-only tokens; `/.default` is appended. */
	appResource: string;
	endpoints: Record<Protocol, Endpoint>;
}

export type CloudName = 'global' | 'usGov' | 'usGovDod' | 'china';

const tls = (host: string, port: number): Endpoint => ({ host, port, security: 'tls' });
const starttls = (host: string, port: number): Endpoint => ({ host, port, security: 'starttls' });

/**
 * Sources:
 * - global:
 *   https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
 * - usGov, usGovDod: https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-u-s-government-gcc-high-endpoints and
 *   …-dod-endpoints
 * - china: https://learn.microsoft.com/microsoft-365/enterprise/managing-office-365-endpoints-china
 * - authorities: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
 */
export const CLOUDS: Record<CloudName, Cloud> = {
	global: {
		authority: 'https://login.microsoftonline.com',
		resource: 'https://outlook.office.com',
		appResource: 'https://outlook.office365.com',
		endpoints: {
			imap: tls('outlook.office365.com', 993),
			pop: tls('outlook.office365.com', 995),
			smtp: starttls('smtp.office365.com', 587),
		},
	},
	usGov: {
		authority: 'https://login.microsoftonline.us',
		resource: 'https://outlook.office365.us',
		appResource: 'https://outlook.office365.us',
		endpoints: {
			imap: tls('outlook.office365.us', 993),
			pop: tls('outlook.office365.us', 995),
			smtp: starttls('smtp.office365.us', 587),
		},
	},
	usGovDod: {
		authority: 'https://login.microsoftonline.us',
		resource: 'https://outlook.office365.us',
		appResource: 'https://outlook.office365.us',
		endpoints: {
			imap: tls('outlook-dod.office365.us', 993),
			pop: tls('outlook-dod.office365.us', 995),
			smtp: starttls('outlook-dod.office365.us', 587),
		},
	},
	china: {
		authority: 'https://login.partner.microsoftonline.cn',
		resource: 'https://partner.outlook.cn',
		appResource: 'https://partner.outlook.cn',
		endpoints: {
			imap: tls('partner.outlook.cn', 993),
			pop: tls('partner.outlook.cn', 995),
			smtp: starttls('smtp.partner.outlook.cn', 587),
		},
	},
};

/** The tenant of all personal accounts, by name and by ID. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference (tid) */
const CONSUMERS = ['consumers', '9188040d-6c67-4c5b-b112-36a304b66dad'];
/** Personal accounts submit email at a host of their own. */
export const CONSUMER_SMTP: Endpoint = starttls('smtp-mail.outlook.com', 587);

/**
 * High Volume Email exists only in the global cloud. Not tried on a tenant. Sources:
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/high-volume-mails-m365 and
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365.
 */
export const HIGH_VOLUME: Endpoint = { host: 'smtp.hve.mx.microsoft', port: 587, security: 'starttls' };

/** Whether this peer is High Volume Email, which needs a permission of its own. */
export function isHighVolume(peer: string | undefined): boolean {
	return peer?.startsWith(HIGH_VOLUME.host) === true;
}

/** Delegated permission of each protocol, without the resource. */
export const DELEGATED_PERMISSION: Record<Protocol, string> = {
	smtp: 'SMTP.Send',
	imap: 'IMAP.AccessAsUser.All',
	pop: 'POP.AccessAsUser.All',
};

/** Application permission (app role) of each protocol. */
export const APP_PERMISSION: Record<Protocol, string> = {
	smtp: 'SMTP.SendAsApp',
	imap: 'IMAP.AccessAsApp',
	pop: 'POP.AccessAsApp',
};

/** A GUID or a domain name. Anything else could change the address of the token endpoint. */
const TENANT_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** The fields of a credential that describe its cloud, as the form returns them. */
export interface CloudFields {
	cloud?: unknown;
	tenantId?: unknown;
	authorityUrl?: unknown;
	resourceUrl?: unknown;
	[field: string]: unknown;
}

/**
 * The cloud of a credential: one of the table, or the one that its own fields describe (`custom`).
 *
 * @param home tenant of the person who signed in, if it is known, because the field may stand for many tenants (`common`)
 * @throws MailError `input` naming the field
 */
export function cloudOf(fields: CloudFields, home = ''): Cloud {
	requireSecretsApart(fields);
	const name = fieldText(fields.cloud).trim() || 'global';
	if (name === 'custom') return customCloud(fields);
	if (!isCloudName(name)) throw inputError('Cloud', `${quoted(name)} is not a known cloud.`, 'Choose one from the list.');
	const cloud = CLOUDS[name];
	return name === 'global' && [fieldText(fields.tenantId).trim().toLowerCase(), home].some((tenant) => CONSUMERS.includes(tenant))
		? { ...cloud, endpoints: { ...cloud.endpoints, smtp: CONSUMER_SMTP } }
		: cloud;
}

/** The tenant as it stands in the address of the token endpoint. @throws MailError `input` */
export function tenantOf(fields: CloudFields): string {
	requireSecretsApart(fields);
	const tenant = fieldText(fields.tenantId).trim();
	if (!TENANT_ID.test(tenant)) {
		throw inputError(
			'Tenant ID',
			tenant === '' ? 'The tenant ID is empty.' : `${quoted(tenant)} is not a tenant ID.`,
			"Enter the directory (tenant) ID from the app registration's overview page, a GUID, or the tenant's domain, for example " +
				'contoso.onmicrosoft.com.',
		);
	}
	return tenant;
}

const SECRETS = ['clientSecret', 'password', 'passphrase', 'privateKey', 'refreshToken'];
/** Fields whose content is repeated in errors, by servers and by the identity platform. Those of a host are named by their protocol. */
const REPEATED: ReadonlyArray<[field: string, label: string]> = [
	['cloud', 'Cloud'],
	['tenantId', 'Tenant ID'],
	['clientId', 'Client ID'],
	['mailbox', 'Mailbox'],
	['authorityUrl', 'Authority URL'],
	['resourceUrl', 'Resource URL'],
	['assertionFile', 'Federated Token File'],
	...(['imap', 'pop', 'smtp'] as const).flatMap((protocol): Array<[string, string]> => {
		const label = protocol.toUpperCase();
		return [
			[`${protocol}Host`, `${label} Host`],
			[`${protocol}Port`, `${label} Port`],
		];
	}),
];
/** In characters. A shorter value may stand in two fields by chance. */
const SHORTEST_SECRET = 6;

/**
 * Refuses a secret that was also pasted into another field. Errors about that field would show it, and it may look like any name.
 * @throws MailError `input` naming the field
 */
function requireSecretsApart(fields: CloudFields): void {
	const secrets = new Set(SECRETS.map((name) => fieldText(fields[name]).trim()).filter(({ length }) => length >= SHORTEST_SECRET));
	const [, label] = REPEATED.find(([name]) => secrets.has(fieldText(fields[name]).trim())) ?? [];
	if (label !== undefined)
		throw inputError(
			label,
			'the value is also a secret of this credential.',
			'Check what belongs in this field. If other people may have seen the secret here, replace it.',
		);
}

function isCloudName(name: string): name is CloudName {
	return Object.hasOwn(CLOUDS, name);
}

function customCloud(fields: CloudFields): Cloud {
	const named = fieldText(fields.resourceUrl).trim() === '' ? undefined : httpsUrl(fields.resourceUrl, 'Resource URL');
	const endpoint = (protocol: Protocol, label: string): Endpoint => {
		const host = fieldText(fields[`${protocol}Host`]).trim();
		const port = Number(fields[`${protocol}Port`]);
		// An empty host is an error only when the protocol is used, because many custom setups have no POP.
		if (host !== '' && !/^[A-Za-z0-9.-]+$|^[0-9A-Fa-f:.]+$/.test(host)) {
			throw inputError(`${label} Host`, `${quoted(host)} is not a host name.`, 'Enter only the name, without https:// and without a port.');
		}
		if (host !== '' && !(Number.isInteger(port) && port > 0 && port < 65536)) {
			throw inputError(`${label} Port`, `${quoted(String(fields[`${protocol}Port`]))} is not a port.`, 'Enter a number from 1 to 65535.');
		}
		return { host, port, security: fieldText(fields[`${protocol}Security`]).trim() === 'starttls' ? 'starttls' : 'tls' };
	};
	return {
		authority: httpsUrl(fields.authorityUrl, 'Authority URL'),
		resource: named ?? CLOUDS.global.resource,
		appResource: named ?? CLOUDS.global.appResource,
		endpoints: { imap: endpoint('imap', 'IMAP'), pop: endpoint('pop', 'POP'), smtp: endpoint('smtp', 'SMTP') },
	};
}

function httpsUrl(value: unknown, field: string): string {
	const given = fieldText(value).trim();
	const url = URL.canParse(given) ? new URL(given) : undefined;
	if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
		throw inputError(
			field,
			`${quoted(given.replace(/\/\/[^/]*@/, '//…@'))} is not an https address.`,
			'Enter an address like https://login.example.com, without a query and without a user name.',
		);
	}
	return withoutSlashes(given);
}

/** Returns an address without the slashes at its end. */
export function withoutSlashes(address: string): string {
	let end = address.length;
	while (address.charAt(end - 1) === '/') end -= 1;
	return address.slice(0, end);
}

/** Returns a field of a credential as text, because n8n does not check its type. */
export function fieldText(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
