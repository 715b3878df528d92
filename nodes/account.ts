import { createHash } from 'node:crypto';

import type { ICredentialDataDecryptedObject, IExecuteFunctions, ILoadOptionsFunctions, INode, IPollFunctions, ITriggerFunctions } from 'n8n-workflow';

import { accountOf, type Account } from '../mail/account';
import { cloudOf, tenantOf } from '../mail/clouds';
import { diagnose } from '../mail/diagnosis';
import { MailError } from '../mail/errors';
import { appTokens, type ServiceAccount } from '../mail/serviceAccount';
import { AccessToken, readClaims, renew, renewing, WORTH_USING_MS, type Acquire, type Renewal, type TokenSource } from '../mail/token';

const PERSON = 'microsoftMailOAuth2Api';
const APP = 'microsoftMailServiceAccountApi';

/** Whatever n8n runs a node in. Tokens may be asked for hours later: only the credential is read then, no parameter. */
export type NodeContext = IExecuteFunctions | ITriggerFunctions | IPollFunctions | ILoadOptionsFunctions;

/** What the node's parameters say about the mailbox to open. */
export interface AccountChoice {
	authentication: 'oAuth2' | 'serviceAccount';
	/** Overrides the credential's `mailbox`; empty = do not. */
	mailboxAddress: string;
}

/** Opens the mailbox that the parameters `authentication` and `options.mailboxAddress` point at. @throws MailError */
export async function openAccount(context: NodeContext, choice: AccountChoice): Promise<Account> {
	const type = choice.authentication === 'serviceAccount' ? APP : PERSON;
	const fields = await context.getCredentials(type);
	const cloud = cloudOf(fields);
	const address = choice.mailboxAddress.trim() || text(fields.mailbox).trim();
	const id = credentialId(context.getNode(), type);
	if (type === APP) {
		return accountOf(id, requireMailbox(address), cloud, serviceTokens(context), 'appOnly');
	}
	return accountOf(id, address === '' ? signedInAddress(fields) : requireMailbox(address), cloud, oAuth2Tokens(context), 'delegated');
}

/**
 * Tokens of a service account from its form's fields.
 * @throws MailError `input` naming the field
 */
export function serviceAccountOf(fields: ICredentialDataDecryptedObject): ServiceAccount {
	const common = { cloud: cloudOf(fields), tenantId: tenantOf(fields), clientId: required(fields, 'clientId', 'Client ID') };
	if (fields.authentication === 'certificate') {
		return {
			...common,
			authentication: 'certificate',
			privateKey: required(fields, 'privateKey', 'Private Key'),
			certificate: required(fields, 'certificate', 'Certificate'),
			passphrase: text(fields.passphrase),
		};
	}
	return { ...common, authentication: 'clientSecret', clientSecret: required(fields, 'clientSecret', 'Client Secret') };
}

/** The account of a credential that is being filled in: nothing cached, nothing kept. @throws MailError `input` */
export function serviceAccountToTest(fields: ICredentialDataDecryptedObject): Account {
	return accountOf('being tested', requireMailbox(text(fields.mailbox).trim()), cloudOf(fields), renewing(appTokens(serviceAccountOf(fields))), 'appOnly');
}

function serviceTokens(context: NodeContext): TokenSource {
	return async (rejected) => {
		const fields = await context.getCredentials(APP);
		const memory = remembered(credentialId(context.getNode(), APP), fields);
		memory.acquire ??= appTokens(serviceAccountOf(fields));
		return await renew(memory.renewal, memory.acquire, rejected);
	};
}

function oAuth2Tokens(context: NodeContext): TokenSource {
	return async (rejected) => {
		const fields = await context.getCredentials(PERSON);
		const memory = remembered(credentialId(context.getNode(), PERSON), fields);
		return await renew(memory.renewal, async (fresh) => await storedOrRefreshed(context, fields, fresh), rejected);
	};
}

/** The token in n8n's store while enough is left of it, otherwise one refreshed and persisted by n8n. */
async function storedOrRefreshed(context: NodeContext, fields: ICredentialDataDecryptedObject, fresh: boolean): Promise<AccessToken> {
	const stored = tokenFrom(fields.oauthTokenData);
	if (stored === undefined) {
		throw new MailError('The credential is not connected.', {
			code: 'interaction',
			remedy: 'Open the credential and press Connect.',
			speaker: 'identity',
		});
	}
	if (!fresh && stored.expiresAt - Date.now() > WORTH_USING_MS) return stored;
	if (typeof context.helpers.refreshOAuth2Token !== 'function') {
		throw new MailError('This n8n cannot renew tokens for mail nodes.', { code: 'configuration', remedy: 'Update n8n to 1.117 or newer.' });
	}
	let refreshed: AccessToken | undefined;
	try {
		// Bound to the context: unbound it fails with "this.getCredentials is not a function".
		refreshed = tokenFrom(await context.helpers.refreshOAuth2Token.call(context, PERSON));
	} catch (error) {
		throw diagnose(error, { speaker: 'identity', peer: text(fields.accessTokenUrl) });
	}
	if (refreshed === undefined) throw new MailError('The identity platform answered without a token.', { code: 'protocol', speaker: 'identity' });
	return refreshed;
}

/** n8n writes `n8n_expires_at` since about 2.31; before that, and in imported credentials, the JWT's `exp` says it. */
function tokenFrom(data: unknown): AccessToken | undefined {
	if (typeof data !== 'object' || data === null) return undefined;
	const fields = new Map<string, unknown>(Object.entries(data));
	const value = fields.get('access_token');
	if (typeof value !== 'string' || value === '') return undefined;
	const stamped = Number(fields.get('n8n_expires_at'));
	const exp = readClaims(value)?.exp;
	// An opaque token of unknown age counts as ended, so that it is refreshed once and stamped.
	const expiresAt = Number.isFinite(stamped) && stamped > 0 ? stamped : exp === undefined ? 0 : exp * 1000;
	return new AccessToken(value, expiresAt);
}

/** Who signed in: from the ID token, or from an access token that can be read. */
function signedInAddress(fields: ICredentialDataDecryptedObject): string {
	const data = new Map<string, unknown>(typeof fields.oauthTokenData === 'object' && fields.oauthTokenData !== null ? Object.entries(fields.oauthTokenData) : []);
	for (const name of ['id_token', 'access_token']) {
		const address = readClaims(text(data.get(name)))?.upn;
		if (address !== undefined) return address;
	}
	throw new MailError(data.size === 0 ? 'The credential is not connected.' : 'The sign-in did not tell the address of the mailbox.', {
		code: data.size === 0 ? 'interaction' : 'input',
		field: data.size === 0 ? undefined : 'Mailbox',
		remedy: data.size === 0 ? 'Open the credential and press Connect.' : 'Fill in "Mailbox" in the credential.',
		speaker: 'identity',
	});
}

/** One address, with nothing around it. @throws MailError `input` */
function requireMailbox(address: string): string {
	if (/^[^\s@<>"',;:\\]+@[^\s@<>"',;:\\]+$/.test(address)) return address;
	throw new MailError(address === '' ? 'A service account opens no mailbox of its own: the mailbox address is empty.' : `"${address}" is not a mailbox address.`, {
		code: 'input',
		field: 'Mailbox',
		remedy: 'Enter one address, for example ada@example.com, in the credential or in the option "Mailbox Address".',
	});
}

interface Memory {
	content: string;
	renewal: Renewal;
	acquire?: Acquire;
}

/** Module state is shared by all executions of the process: one entry a credential, thrown away when its content changes. */
const memories = new Map<string, Memory>();

function remembered(id: string, fields: ICredentialDataDecryptedObject): Memory {
	const content = createHash('sha256').update(JSON.stringify(fields)).digest('base64');
	const known = memories.get(id);
	if (known?.content === content) return known;
	const memory: Memory = { content, renewal: {} };
	memories.set(id, memory);
	return memory;
}

function credentialId(node: INode, type: string): string {
	return node.credentials?.[type]?.id ?? `${type} of ${node.id}`;
}

function required(fields: ICredentialDataDecryptedObject, name: string, label: string): string {
	const value = text(fields[name]).trim();
	if (value !== '') return value;
	throw new MailError(`${label} is empty.`, { code: 'input', field: label, remedy: `Fill in "${label}" in the credential.` });
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
