import type { ICredentialDataDecryptedObject, IExecuteFunctions, ILoadOptionsFunctions, INode, IPollFunctions, ITriggerFunctions } from 'n8n-workflow';

import { accountOf, type Account } from '../mail/account';
import { cloudOf, tenantOf } from '../mail/clouds';
import { diagnose, type Circumstances } from '../mail/diagnosis';
import { MailError } from '../mail/errors';
import { appTokens, peculiar } from '../mail/serviceAccount';
import { AccessToken, margin, readClaims, renew, WORTH_USING_MS, type Renewal, type TokenSource } from '../mail/token';
import { mailboxOf, requireMailbox, serviceAccountOf, signInOf, text } from './serviceAccount';
import { remembered } from './tokenMemory';

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
	const id = credentialId(context.getNode(), type);
	if (type === APP) {
		// Read here too, so that a wrong field is told before anything is tried.
		serviceAccountOf(fields);
		return accountOf(id, mailboxOf(fields, choice.mailboxAddress), cloud, serviceTokens(context), signInOf(fields));
	}
	tenantOf(fields);
	const address = choice.mailboxAddress.trim() || text(fields.mailbox).trim();
	return accountOf(id, address === '' ? signedInAddress(fields) : requireMailbox(address), cloud, oAuth2Tokens(context), 'delegated');
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
		// The stored token is part of the content: one that another process renewed is a new entry.
		const { renewal } = remembered(credentialId(context.getNode(), PERSON), fields);
		renewal.current ??= tokenIn(fields.oauthTokenData);
		if (renewal.current === undefined) {
			throw new MailError('The credential is not connected.', { code: 'interaction', remedy: 'Open the credential and press Connect.', speaker: 'identity' });
		}
		return await renew(renewal, async () => await refreshed(context, { speaker: 'identity', way: 'person', peer: new URL(cloudOf(fields).authority).host, shown: peculiar(text(fields.clientSecret)) }), rejected);
	};
}

/** A token refreshed and persisted by n8n. @throws MailError */
async function refreshed(context: NodeContext, at: Circumstances): Promise<AccessToken> {
	if (typeof context.helpers.refreshOAuth2Token !== 'function') {
		throw new MailError('This n8n cannot renew tokens for mail nodes.', { code: 'configuration', remedy: 'Update n8n to 1.117 or newer.' });
	}
	let answer: unknown;
	try {
		// Bound to the context: unbound it fails with "this.getCredentials is not a function".
		answer = await context.helpers.refreshOAuth2Token.call(context, PERSON);
	} catch (error) {
		throw diagnose(error, at);
	}
	const token = tokenIn(answer)?.token;
	if (token === undefined) throw new MailError('The identity platform answered without a token.', { code: 'protocol', speaker: 'identity' });
	return token;
}

/**
 * What n8n keeps as `oauthTokenData`. It writes `n8n_expires_at` (epoch ms, by its own clock) since about 2.31; before
 * that, and in imported credentials, the JWT's `exp` says it, by Microsoft's clock.
 */
function tokenIn(data: unknown): Renewal['current'] {
	if (typeof data !== 'object' || data === null) return undefined;
	const fields = new Map<string, unknown>(Object.entries(data));
	const value = fields.get('access_token');
	if (typeof value !== 'string' || value === '') return undefined;
	const stamped = Number(fields.get('n8n_expires_at'));
	const exp = readClaims(value)?.exp;
	// An opaque token of unknown age counts as ended, so that it is refreshed once and stamped.
	const expiresAt = Number.isFinite(stamped) && stamped > 0 ? stamped : exp === undefined ? 0 : exp * 1000;
	const lifetimeMs = Number(fields.get('expires_in')) * 1000;
	const enough = lifetimeMs > 0 && lifetimeMs < WORTH_USING_MS ? margin(lifetimeMs) : WORTH_USING_MS;
	return { token: new AccessToken(value, expiresAt), renewAt: expiresAt - enough };
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

function credentialId(node: INode, type: string): string {
	return node.credentials?.[type]?.id ?? `${type} of ${node.id}`;
}
