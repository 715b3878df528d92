import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INode,
	IPollFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { accountOf, PERSON_WAITS_MS, type Account } from '../../mail/account';
import { cloudOf, fieldText, tenantOf } from '../../mail/clouds';
import { diagnose, type Circumstances } from '../../mail/diagnosis';
import type { Ending } from '../../mail/endings';
import { MailError } from '../../mail/errors';
import { endingsOf } from '../../mail/signIn/credentialEndings';
import { appTokens, misplaced, peculiar } from '../../mail/signIn/serviceAccount';
import { renew, shortenPause, type AccessToken, type TokenSource } from '../../mail/signIn/token';
import { mailboxOf, requireMailbox, serviceAccountOf, signInOf, userOf } from './serviceAccountCredential';
import { hintOf } from './endingWarnings';
import { claimed, signedInAddress, signInData, tokenIn } from './storedSignIn';
import { fingerprint, remembered, type TokenMemory } from './tokenMemory';

const PERSON = 'microsoftMailOAuth2Api';
const APP = 'microsoftMailServiceAccountApi';

/** Any context in which n8n runs a node. Tokens may be requested hours later; then only the credential is read, and no parameter. */
export type NodeContext = IExecuteFunctions | ITriggerFunctions | IPollFunctions | ILoadOptionsFunctions | IWebhookFunctions;

/** The part of the node's parameters that says which mailbox to open. */
export interface AccountChoice {
	authentication: 'oAuth2' | 'serviceAccount';
	/** Replaces the credential's `mailbox`, unless it is empty. */
	mailboxAddress: string;
}

/**
 * Opens the mailbox that the parameters `authentication` and `options.mailboxAddress` name.
 * @param item the input item whose values expressions in the credential get
 * @throws MailError
 */
export async function openAccount(context: NodeContext, choice: AccountChoice, item = 0): Promise<Account> {
	const type = typeOf(choice);
	const fields = await context.getCredentials(type, item);
	const address = choice.mailboxAddress.trim() || fieldText(fields.mailbox).trim();
	const cloud = cloudOf({ ...fields, mailbox: address }, claimed(fields, 'tid'));
	const id = credentialId(context.getNode(), type);
	const owner = ownerOf(id, fields);
	const endings = endingsOf(fields);
	hintOf(context, id, endings);
	const patience = isAwaited(context) && { reachMs: PERSON_WAITS_MS };
	if (type === APP) {
		// Also read here, so that a wrong field is reported before anything is tried.
		serviceAccountOf(fields);
		return {
			...accountOf(id, mailboxOf(fields, choice.mailboxAddress), cloud, serviceTokens(context, item), signInOf(fields)),
			owner,
			user: userOf(fields),
			endings,
			...patience,
		};
	}
	requireRenewal(context, choice);
	tenantOf(fields);
	const mailbox = address === '' ? signedInAddress(fields) : requireMailbox(address);
	return {
		...accountOf(id, mailbox, cloud, oAuth2Tokens(context, item), 'delegated'),
		owner,
		user: claimed(fields, 'upn'),
		endings,
		...patience,
	};
}

/**
 * Returns which parts of the node's credential expire, and the name under which that is remembered. Read each time, because the credential
 * may have been edited.
 */
export async function readEndings(context: NodeContext, choice: AccountChoice): Promise<{ id: string; endings: Ending[] }> {
	const type = typeOf(choice);
	return { id: credentialId(context.getNode(), type), endings: endingsOf(await context.getCredentials(type)) };
}

/**
 * A person's token expires after about an hour. Only n8n can store the next one, and it offers that to nodes from 1.119.
 * @throws MailError `configuration` if it does not
 */
export function requireRenewal({ helpers }: NodeContext, { authentication }: AccountChoice): void {
	if (authentication === 'serviceAccount' || typeof helpers.refreshOAuth2Token === 'function') return;
	throw new MailError("This n8n cannot renew the token of a person's credential, which expires after about an hour.", {
		code: 'configuration',
		remedy: 'Update n8n to 1.119 or later, or use a service account.',
	});
}

/** Called before a connection test, so that the test does not repeat an error from before the last change at the identity platform. */
export async function beginTest(context: NodeContext, choice: AccountChoice, item = 0): Promise<void> {
	const type = typeOf(choice);
	shortenPause(memoryOf(credentialId(context.getNode(), type), await context.getCredentials(type, item)).renewal);
}

/** Distinguishes what the node's credential contains for an input item. */
export async function contentFor(context: NodeContext, choice: AccountChoice, item: number): Promise<string> {
	return fingerprint(await context.getCredentials(typeOf(choice), item));
}

function typeOf({ authentication }: AccountChoice): typeof APP | typeof PERSON {
	return authentication === 'serviceAccount' ? APP : PERSON;
}

/** One sign-in serves all mailboxes, which an expression can choose for each item. */
function memoryOf(id: string, { mailbox: _opened, ...fields }: ICredentialDataDecryptedObject): TokenMemory {
	return remembered(id, fields);
}

function serviceTokens(context: NodeContext, item: number): TokenSource {
	return async (rejected) => {
		const fields = await context.getCredentials(APP, item);
		const memory = memoryOf(credentialId(context.getNode(), APP), fields);
		const acquire = (memory.acquire ??= appTokens(serviceAccountOf(fields)));
		return await renew(memory.renewal, async (fresh) => await logged(context, APP, async () => await acquire(fresh)), rejected);
	};
}

function oAuth2Tokens(context: NodeContext, item: number): TokenSource {
	return async (rejected) => {
		const fields = await context.getCredentials(PERSON, item);
		const { oauthTokenData, ...form } = fields;
		const id = credentialId(context.getNode(), PERSON);
		// The stored token is part of the content, so a token that another process renewed is a new entry.
		const { renewal } = memoryOf(id, fields);
		// This part outlives each stored token.
		const lasting = memoryOf(id, form).renewal;
		const stored = tokenIn(oauthTokenData);
		if (stored === undefined) {
			throw new MailError('The credential is not connected.', {
				code: 'interaction',
				remedy: 'Open the credential and press Connect.',
				speaker: 'identity',
			});
		}
		// The process knows the expiry of a token that it got itself, even if n8n does not store it.
		renewal.current ??= stored.token.reveal() === lasting.current?.token.reveal() ? lasting.current : stored;
		renewal.replaced = lasting.replaced ??= { at: -Infinity };
		const at: Circumstances = {
			speaker: 'identity',
			way: 'person',
			peer: new URL(cloudOf(fields).authority).host,
			shown: peculiar(fieldText(fields.clientSecret)),
			secrets: [
				fieldText(fields.clientSecret),
				...['refresh_token', 'access_token'].map((name) => fieldText(signInData(fields).get(name))),
				...misplaced(fieldText(fields.tenantId), fieldText(fields.clientId)),
			],
		};
		const token = await renew(
			renewal,
			async () => await logged(context, PERSON, async () => await refreshed(context, fields, at)),
			rejected,
		);
		lasting.current = renewal.current;
		return token;
	};
}

/** Logs each request for a token: for which credential, and until when it is valid or why it failed. */
async function logged(context: NodeContext, type: string, acquire: () => Promise<AccessToken>): Promise<AccessToken> {
	const name = context.getNode().credentials?.[type]?.name ?? type;
	const token = acquire();
	void token.then(
		({ expiresAt }) => context.logger.info(`Microsoft Mail: "${name}" got a token that expires at ${new Date(expiresAt).toISOString()}`),
		(error: unknown) =>
			context.logger.warn(`Microsoft Mail: "${name}" got no token: ${error instanceof MailError ? error.summary : 'unknown error'}`),
	);
	return await token;
}

/** How long n8n may take to renew a token, in ms. n8n itself waits for minutes, older versions without end. */
const REFRESH_MS = 60_000;

/**
 * Returns a token that n8n refreshed and stored, or the one that another process has stored meanwhile.
 * @param fields the credential with the token that has to be replaced. n8n compares this token with the stored one once no other process
 * refreshes it. If n8n read it a moment later, it might be the next token, which would be replaced in vain.
 * @throws MailError
 */
async function refreshed(context: NodeContext, fields: ICredentialDataDecryptedObject, at: Circumstances): Promise<AccessToken> {
	let answer: unknown;
	try {
		// Bound to a context. Unbound, it fails with "this.getCredentials is not a function".
		const seen: NodeContext = Object.create(context, { getCredentials: { value: async () => await Promise.resolve({ ...fields }) } });
		answer = await within(isAwaited(context) ? PERSON_WAITS_MS : REFRESH_MS, context.helpers.refreshOAuth2Token.call(seen, PERSON));
	} catch (error) {
		throw diagnose(error, at);
	}
	const token = tokenIn(answer, Date.now())?.token;
	if (token === undefined)
		throw new MailError('The identity platform answered without a token.', { code: 'protocol', speaker: 'identity' });
	return token;
}

/** Whether a person runs the workflow by hand, or waits for a list to load, for which n8n has the mode `internal`. */
function isAwaited(context: NodeContext): boolean {
	return ['manual', 'internal', undefined].includes(context.getMode?.());
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`Timeout: no answer within ${ms / 1000} s`)), ms);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}

/** Identifies the credential, its content and the person who signed in, but not the token, which is renewed. */
function ownerOf(id: string, fields: ICredentialDataDecryptedObject): string {
	const { oauthTokenData: _renewed, ...form } = fields;
	return `${id} ${fingerprint([form, claimed(fields, 'sub') ?? signInData(fields).has('access_token')])}`;
}

function credentialId(node: INode, type: string): string {
	return node.credentials?.[type]?.id ?? `${type} of ${node.id}`;
}
