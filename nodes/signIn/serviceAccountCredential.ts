import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { accountOf, type Account } from '../../mail/account';
import { cloudOf, fieldText, tenantOf } from '../../mail/clouds';
import { lookAlike } from '../../mail/compose/lookAlikes';
import { MailError } from '../../mail/errors';
import { quoted } from '../../mail/redact';
import { endingsOf } from '../../mail/signIn/credentialEndings';
import { appTokens, type ServiceAccount } from '../../mail/signIn/serviceAccount';
import { renewing } from '../../mail/signIn/token';

/** The fields of a form as n8n returns them. */
export type Fields = ICredentialDataDecryptedObject;

/**
 * Returns how the service account gets tokens.
 * @throws MailError `input` naming the field
 */
export function serviceAccountOf(fields: Fields): ServiceAccount {
	const authentication = fieldText(fields.authentication) || 'clientSecret';
	const cloud = cloudOf(fields);
	if (authentication === 'managedIdentity') return { authentication, cloud, clientId: fieldText(fields.clientId).trim() };
	const app = { cloud, tenantId: ownTenant(fields), clientId: required(fields, 'clientId', 'Client ID') };
	switch (authentication) {
		case 'clientSecret':
			return { ...app, authentication, clientSecret: required(fields, 'clientSecret', 'Client Secret') };
		case 'certificate':
			return {
				...app,
				authentication,
				privateKey: required(fields, 'privateKey', 'Private Key'),
				certificate: required(fields, 'certificate', 'Certificate'),
				passphrase: fieldText(fields.passphrase),
			};
		case 'workloadIdentity':
			return { ...app, authentication, tokenFile: fieldText(fields.assertionFile).trim() };
		case 'usernamePassword':
			return {
				...app,
				authentication,
				username: required(fields, 'username', 'Username'),
				password: required(fields, 'password', 'Password', false),
			};
		default:
			throw new MailError(`${quoted(authentication)} is not a known way to sign in.`, {
				code: 'input',
				field: 'Authentication',
				remedy: 'Choose one from the list.',
			});
	}
}

/** Whether the permissions are a person's or the app's own. */
export function signInOf(fields: Fields): Account['signIn'] {
	return fields.authentication === 'usernamePassword' ? 'delegated' : 'appOnly';
}

/** The sign-in name. An app has none. */
export function userOf(fields: Fields): string | undefined {
	return signInOf(fields) === 'delegated' ? fieldText(fields.username).trim() : undefined;
}

/** The mailbox in the form. Without one, the user name is the mailbox. @throws MailError `input` */
export function mailboxOf(fields: Fields, override = ''): string {
	return requireMailbox(override.trim() || fieldText(fields.mailbox).trim() || (userOf(fields) ?? ''));
}

/** The account of a credential that is being edited. Nothing is cached or stored. @throws MailError `input` */
export function serviceAccountToTest(fields: Fields): Account {
	const cloud = cloudOf(fields);
	return {
		...accountOf('being tested', mailboxOf(fields), cloud, renewing(appTokens(serviceAccountOf(fields))), signInOf(fields)),
		user: userOf(fields),
		endings: endingsOf(fields),
	};
}

/** Within the local part, an apostrophe is a part of the name: o'brien. At its ends, it is a quote. */
const ADDRESS = /^[^\s@<>"',;:\\]+(?:'+[^\s@<>"',;:\\]+)*@[^\s@<>"',;:\\]+$/;

/**
 * Returns a single address without anything around it, and without the invisible characters that come along with copied text.
 * @throws MailError `input`
 */
export function requireMailbox(given: string): string {
	const address = given.replace(/\p{Cf}/gu, '').trim();
	const found = lookAlike(address);
	if (found === undefined && ADDRESS.test(address)) return address;
	throw new MailError(
		address === ''
			? 'The mailbox address is empty, and a service account has no mailbox of its own.'
			: found === undefined
				? `${quoted(address)} is not a mailbox address.`
				: `The mailbox address ${quoted(address)} contains ${found}.`,
		{
			code: 'input',
			field: 'Mailbox',
			remedy: 'Enter one address, for example ada@example.com, in the credential or in the option "Mailbox Address".',
		},
	);
}

/** An app signs in to one tenant. @throws MailError `input` */
function ownTenant(fields: Fields): string {
	const tenant = tenantOf(fields);
	if (!['common', 'organizations', 'consumers'].includes(tenant.toLowerCase())) return tenant;
	throw new MailError(`Tenant ID: "${tenant}" stands for many tenants, and a service account belongs to one.`, {
		code: 'input',
		field: 'Tenant ID',
		remedy: "Enter the directory (tenant) ID from the app registration's overview page, or the tenant's domain.",
	});
}

function required(fields: Fields, name: string, label: string, trim = true): string {
	const value = trim ? fieldText(fields[name]).trim() : fieldText(fields[name]);
	if (value !== '') return value;
	throw new MailError(`${label} is empty.`, { code: 'input', field: label, remedy: `Fill in "${label}" in the credential.` });
}
