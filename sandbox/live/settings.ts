import { readFileSync } from 'node:fs';

import { accountOf, type Account } from '../../mail/account';
import { cloudOf, tenantOf, type Protocol, fieldText } from '../../mail/clouds';
import { diagnose } from '../../mail/diagnosis';
import { AccessToken, readClaims, renewing } from '../../mail/signIn/token';
import { serviceAccountToTest, type Fields } from '../../nodes/signIn/serviceAccountCredential';

/** Where the settings are, unless the environment variable says otherwise. */
export const SETTINGS_FILE = 'live.json';

/** One way to sign in, with the account that it opens. */
export interface Way {
	name: string;
	account: Account;
	protocols: Protocol[];
	/** Gets the test email; no other address ever does. */
	recipient: string;
	/** What must not stand in the report: secrets first, then what tells who it is. */
	secrets: string[];
	names: string[];
}

const PROTOCOLS: readonly Protocol[] = ['smtp', 'imap', 'pop'];
const SECRET = ['clientSecret', 'privateKey', 'certificate', 'passphrase', 'password', 'refreshToken'];
const NAMING = ['mailbox', 'recipient', 'username', 'tenantId', 'clientId', 'assertionFile'];

/**
 * Reads the file: `{ "mailbox", "recipient", "ways": [ … ] }`; each way has the fields of the service account's form, or
 * `"authentication": "refreshToken"` for a person. A value like `"$NAME"` is taken from the environment.
 *
 * @throws Error or MailError that says in one sentence what is wrong, without anything of the file's content
 */
export function readSettings(path: string): Way[] {
	const common = fieldsOf(parse(path));
	const ways: unknown[] = Array.isArray(common.ways) ? common.ways : [];
	if (ways.length === 0) throw new Error(`${path} has no list "ways" of ways to sign in.`);
	return ways.map((given, index) => wayOf({ ...common, ...fieldsOf(given) }, `way ${index + 1}`));
}

/** Node repeats in its error what stands around the mistake, which may be a secret. */
function parse(path: string): unknown {
	try {
		return JSON.parse(readFileSync(path, 'utf8'));
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		throw new Error(`${path} is not valid JSON. Check its commas, quotes and brackets.`);
	}
}

function wayOf(fields: Fields, name: string): Way {
	const account = fields.authentication === 'refreshToken' ? personOf(fields) : serviceAccountToTest(fields);
	const listed: unknown[] = Array.isArray(fields.protocols) ? fields.protocols : [];
	const chosen = PROTOCOLS.filter((protocol) => listed.includes(protocol));
	const values = (keys: string[]): string[] => keys.map((key) => fieldText(fields[key])).filter((value) => value !== '');
	return {
		name: fieldText(fields.name) || `${name}: ${fieldText(fields.authentication)}`,
		account: { ...account, id: name, owner: name },
		protocols: (chosen.length > 0 ? chosen : [...PROTOCOLS]).filter((protocol) => account[protocol].host !== ''),
		recipient: fieldText(fields.recipient) || account.mailbox,
		secrets: values(SECRET),
		names: [...new Set([account.mailbox, ...values(NAMING)])],
	};
}

/** A person who has signed in elsewhere: a refresh token of the app, as n8n keeps it. Nothing is stored. */
function personOf(fields: Fields): Account {
	const cloud = cloudOf(fields);
	const endpoint = `${cloud.authority}/${tenantOf(fields)}/oauth2/v2.0/token`;
	const acquire = async (): Promise<AccessToken> => {
		const form = new URLSearchParams({
			grant_type: 'refresh_token',
			client_id: fieldText(fields.clientId),
			refresh_token: fieldText(fields.refreshToken),
		});
		if (fieldText(fields.clientSecret) !== '') form.set('client_secret', fieldText(fields.clientSecret));
		try {
			const response = await fetch(endpoint, { method: 'POST', body: form, redirect: 'error', signal: AbortSignal.timeout(30_000) });
			const body: unknown = await response.json();
			const answer = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : []);
			const token = answer.get('access_token');
			if (typeof token !== 'string')
				throw new Error(`HTTP ${response.status} ${String(answer.get('error'))} ${String(answer.get('error_description'))}`);
			user ??= readClaims(String(answer.get('id_token')))?.upn;
			return new AccessToken(token, Date.now() + Number(answer.get('expires_in')) * 1000);
		} catch (error) {
			throw diagnose(error, { speaker: 'identity', way: 'person', peer: new URL(endpoint).host });
		}
	};
	let user: string | undefined = fieldText(fields.username) || undefined;
	const account = accountOf('person', fieldText(fields.mailbox) || fieldText(fields.username), cloud, renewing(acquire), 'delegated');
	return Object.defineProperty(account, 'user', { get: () => user, enumerable: true });
}

function fieldsOf(value: unknown): Fields {
	const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
	const fields: Fields = {};
	for (const [name, given] of entries) fields[name] = typeof given === 'string' && given.startsWith('$') ? variable(given.slice(1)) : given;
	return fields;
}

function variable(name: string): string {
	const value = process.env[name];
	if (value === undefined || value === '') throw new Error(`The environment variable ${name}, which the settings name, is not set.`);
	return value;
}
