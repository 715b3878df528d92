import { inputError } from './errors';
import { quoted } from './redact';

/** Where a protocol is spoken. `tls`: from the first byte on; `starttls`: upgraded before anything else is said. */
export interface Endpoint {
	host: string;
	port: number;
	security: 'tls' | 'starttls';
}

export type Protocol = 'smtp' | 'imap' | 'pop';

export interface Cloud {
	/** Base of the sign-in pages and token endpoint, without a trailing slash. */
	authority: string;
	/** What delegated tokens are for; scopes begin with it. */
	resource: string;
	/** What app-only tokens are for; `/.default` is appended. */
	appResource: string;
	endpoints: Record<Protocol, Endpoint>;
}

export type CloudName = 'global' | 'usGov' | 'usGovDod' | 'china';

const tls = (host: string, port: number): Endpoint => ({ host, port, security: 'tls' });
const starttls = (host: string, port: number): Endpoint => ({ host, port, security: 'starttls' });

/**
 * Sources:
 * - global: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
 * - usGov, usGovDod: https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-u-s-government-gcc-high-endpoints and …-dod-endpoints
 * - china: https://learn.microsoft.com/microsoft-365/enterprise/managing-office-365-endpoints-china and SOURCES 001
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
/** They submit mail at a host of their own. */
export const CONSUMER_SMTP: Endpoint = starttls('smtp-mail.outlook.com', 587);

/**
 * High Volume Email, of the global cloud alone. Sources:
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/high-volume-mails-m365 and
 * https://learn.microsoft.com/exchange/mail-flow-best-practices/oauth-high-volume-mails-m365. Never tried on a tenant.
 */
export const HIGH_VOLUME: Endpoint = { host: 'smtp.hve.mx.microsoft', port: 587, security: 'starttls' };

/** Whether a sign-in was for High Volume Email, whose permission is another one. */
export function isHighVolume(peer: string | undefined): boolean {
	return peer?.startsWith(HIGH_VOLUME.host) === true;
}

/** Delegated permission of each protocol, after the resource. */
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

/** A GUID or a domain name; anything else could reshape the address of the token endpoint. */
const TENANT_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;

/** What a credential holds about its cloud; every field as the form gives it. */
export interface CloudFields {
	cloud?: unknown;
	tenantId?: unknown;
	authorityUrl?: unknown;
	resourceUrl?: unknown;
	[field: string]: unknown;
}

/**
 * The cloud that a credential points at: one of the table, or the one its own fields describe (`custom`).
 *
 * @param home The tenant of who signed in, where it is known: the field may stand for many (`common`)
 * @throws MailError `input` naming the field
 */
export function cloudOf(fields: CloudFields, home = ''): Cloud {
	requireSecretsApart(fields);
	const name = fieldText(fields.cloud).trim() || 'global';
	if (name === 'custom') return customCloud(fields);
	if (!isCloudName(name)) throw inputError('Cloud', `${quoted(name)} is not a cloud this package knows.`, 'Choose one of the list.');
	const cloud = CLOUDS[name];
	return name === 'global' && [fieldText(fields.tenantId).trim().toLowerCase(), home].some((tenant) => CONSUMERS.includes(tenant))
		? { ...cloud, endpoints: { ...cloud.endpoints, smtp: CONSUMER_SMTP } }
		: cloud;
}

/** The tenant as the token endpoint takes it. @throws MailError `input` */
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
/** Fields whose content errors, servers and the identity platform repeat; those of a host are named by their protocol. */
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
/** In characters. What is shorter stands in two fields by chance. */
const SHORTEST_SECRET = 6;

/**
 * A secret that was pasted into one more field, and may look like any name there, would be repeated by whatever tells of that
 * field. @throws MailError `input` naming the field
 */
function requireSecretsApart(fields: CloudFields): void {
	const secrets = new Set(SECRETS.map((name) => fieldText(fields[name]).trim()).filter(({ length }) => length >= SHORTEST_SECRET));
	const [, label] = REPEATED.find(([name]) => secrets.has(fieldText(fields[name]).trim())) ?? [];
	if (label !== undefined)
		throw inputError(
			label,
			'what was entered is a secret of this credential.',
			'Check what belongs into this field. If the secret may have been seen there, replace it.',
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
		// Empty is fine until the protocol is used: many custom set-ups have no POP.
		if (host !== '' && !/^[A-Za-z0-9.-]+$|^[0-9A-Fa-f:.]+$/.test(host)) {
			throw inputError(
				`${label} Host`,
				`${quoted(host)} is not a host name.`,
				'Enter the name alone, without https:// and without a port.',
			);
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
			'Enter an address like https://login.example.com, without query or user name.',
		);
	}
	return withoutSlashes(given);
}

/** An address without the slashes at its end. */
export function withoutSlashes(address: string): string {
	let end = address.length;
	while (address.charAt(end - 1) === '/') end -= 1;
	return address.slice(0, end);
}

/** A field of a credential as text. n8n checks its type nowhere. */
export function fieldText(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
