import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { CLOUDS, CONSUMER_SMTP, withoutSlashes, type Cloud } from '../clouds';
import { MailError } from '../errors';
import { looksSecret } from '../redact';
import { CLOCK_SKEW_MS, readClaims } from './token';

/** The operator's switch. Only the value `true` allows sign-ins with the identity of the machine on which n8n runs. */
export const ALLOW_HOST_IDENTITY = 'N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY';

/** The operator's list of mail hosts that may get the machine's token, in addition to those of the clouds, separated by commas. */
export const HOST_IDENTITY_SERVERS = 'N8N_OFFICE365_MAIL_HOST_IDENTITY_SERVERS';

const FILE_FIELD = 'Federated Token File';
/**
 * Audience of every token for the exchange; national clouds append their name.
 * https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';
/** Maximum size of a token, in bytes. A larger file contains something else. */
const LONGEST_TOKEN = 64 * 1024;
/** Maximum time for reading a file, in ms. On a network drive that is not available, reading never ends. */
const FILE_MS = 5_000;

/** Without this switch, anybody who may create credentials could use the machine's rights. @throws MailError `configuration` */
export function requireHostIdentity(way: 'Workload Identity' | 'Managed Identity'): void {
	if (process.env[ALLOW_HOST_IDENTITY] === 'true') return;
	throw new MailError(`${way} is not allowed on this n8n, because it would use the identity of the machine that n8n runs on.`, {
		code: 'configuration',
		field: 'Authentication',
		remedy:
			`The operator of this n8n can allow it with the environment variable ${ALLOW_HOST_IDENTITY}=true. ` +
			'Otherwise, choose another option under "Authentication".',
	});
}

/**
 * The federated token signs in as the workload wherever it is shown. It is therefore sent only to Microsoft's authorities and to the one
 * that the operator named in AZURE_AUTHORITY_HOST, as Kubernetes' webhook does. @throws MailError `configuration`
 */
export function requireKnownAuthority(cloud: Cloud): void {
	const own = withoutSlashes(process.env.AZURE_AUTHORITY_HOST ?? '');
	if (cloud.authority === own || Object.values(CLOUDS).some(({ authority }) => authority === cloud.authority)) return;
	throw new MailError('The token of this workload is sent only to Microsoft.', {
		code: 'configuration',
		field: 'Authority URL',
		remedy:
			`Choose one of Microsoft's clouds, or ask the operator of this n8n to name ${cloud.authority} in the environment variable ` +
			'AZURE_AUTHORITY_HOST.',
	});
}

/**
 * The machine's identity may have rights beyond email, and the author of the credential chooses the server that gets the token. Therefore
 * only tokens for Exchange are requested. @throws MailError `configuration`
 */
export function requireMailResource(way: 'Workload Identity' | 'Managed Identity', cloud: Cloud): void {
	if (Object.values(CLOUDS).some(({ resource, appResource }) => [resource, appResource].includes(cloud.appResource))) return;
	throw new MailError(`${way} can only be used for Exchange Online.`, {
		code: 'configuration',
		field: 'Resource URL',
		remedy: `Enter one of ${[...new Set(Object.values(CLOUDS).map(({ appResource }) => appResource))].join(', ')}.`,
	});
}

/**
 * The author of the credential chooses the mail hosts of a custom cloud, and with them who gets the machine's token. The token is therefore
 * sent only to the clouds' own hosts and to those that the operator lists. @throws MailError `configuration`
 */
export function requireOwnMailHosts(way: 'Workload Identity' | 'Managed Identity', { endpoints }: Cloud): void {
	const listed = (process.env[HOST_IDENTITY_SERVERS] ?? '').split(',').map((name) => name.trim().toLowerCase());
	const own = [...Object.values(CLOUDS).flatMap((cloud) => Object.values(cloud.endpoints)), CONSUMER_SMTP].map(({ host }) => host);
	const known = new Set([...own, ...listed, '']);
	const foreign = [endpoints.smtp, endpoints.imap, endpoints.pop].find(({ host }) => !known.has(host.toLowerCase()));
	if (foreign === undefined) return;
	throw new MailError(
		`${way} can only be used with Microsoft's own mail hosts, because the credential chooses the host that gets the token of this machine.`,
		{
			code: 'configuration',
			field: 'Cloud',
			remedy:
				`Choose one of Microsoft's clouds, or ask the operator of this n8n to list the mail hosts of the credential in the ` +
				`environment variable ${HOST_IDENTITY_SERVERS}, separated by commas.`,
		},
	);
}

export interface FederatedToken {
	value: string;
	/** Issuer, subject and audience, for explanations. */
	shown: string;
}

/**
 * Reads the token that Kubernetes writes (a plain JWT) or that GitHub returns (JSON with `value`). It is read each time, because it is
 * rotated.
 *
 * @param path empty = the path in AZURE_FEDERATED_TOKEN_FILE, which Kubernetes' webhook sets
 * @throws MailError naming the field; it repeats nothing of a file that contains no such token
 */
export async function readFederatedToken(path: string, now = Date.now()): Promise<FederatedToken> {
	const file = path !== '' ? path : (process.env.AZURE_FEDERATED_TOKEN_FILE ?? '');
	if (file === '') {
		throw fileError(
			'input',
			'There is no token file: the field is empty and so is AZURE_FEDERATED_TOKEN_FILE.',
			'Enter the path of the file, or let the platform set AZURE_FEDERATED_TOKEN_FILE (label azure.workload.identity/use: ' +
				'"true" on the pod).',
		);
	}
	const value = unwrap(await readSmall(file));
	const claims = readClaims(value);
	if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value) || claims === undefined) {
		throw fileError(
			'configuration',
			`The file ${named(file)} does not contain a token.`,
			'Enter the path of the file that Kubernetes or the workflow writes. It contains a JWT and nothing else.',
		);
	}
	const audience = claims.audiences.find((name) => name.startsWith(EXCHANGE_AUDIENCE));
	if (audience === undefined) {
		throw fileError(
			'configuration',
			`The token in ${named(file)} is for ${claims.audiences.join(', ') || 'nobody'}, not for ${EXCHANGE_AUDIENCE}.`,
			`Request a token for the audience ${EXCHANGE_AUDIENCE}: in Kubernetes with a projected serviceAccountToken, ` +
				`in GitHub with getIDToken('${EXCHANGE_AUDIENCE}').`,
		);
	}
	if (claims.exp !== undefined && claims.exp * 1000 < now - CLOCK_SKEW_MS) {
		throw fileError(
			'configuration',
			`The token in ${named(file)} expired at ${new Date(claims.exp * 1000).toISOString()}.`,
			'Check that the platform renews the file, and check the clock of this machine.',
		);
	}
	return { value, shown: `issuer ${claims.iss ?? '?'}, subject ${claims.sub ?? '?'}, audience ${audience}` };
}

/** Reads a whole file. Returns nothing if it cannot be a token: a device or a pipe may never begin or never end. */
async function readSmall(file: string): Promise<string> {
	// Without O_NONBLOCK, opening a pipe would wait for a writer.
	const opened = open(file, constants.O_RDONLY | constants.O_NONBLOCK);
	let timer: NodeJS.Timeout | undefined;
	try {
		const late = new Promise<never>((_resolve, reject) => {
			timer = setTimeout(() => reject(Object.assign(new Error('The file could not be read in time.'), { code: 'ETIMEDOUT' })), FILE_MS);
		});
		return await Promise.race([
			late,
			(async () => {
				const handle = await opened;
				return (await handle.stat()).isFile() ? await readUpTo(handle, LONGEST_TOKEN) : '';
			})(),
		]);
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
		throw fileError(
			'configuration',
			`The file ${named(file)} cannot be read (${code}).`,
			"Check the path, and check that n8n's user may read the file. If n8n runs in a container, mount the file into it.",
		);
	} finally {
		clearTimeout(timer);
		// If opening or reading still hangs, the file is closed when that ends.
		void opened.then(async (handle) => await handle.close()).catch(() => undefined);
	}
}

/** Files of the kernel report a size of 0 and may have no end, so the limit applies to what is read. */
async function readUpTo(handle: FileHandle, limit: number): Promise<string> {
	const buffer = Buffer.alloc(limit + 1);
	let size = 0;
	for (;;) {
		const { bytesRead } = await handle.read(buffer, size, buffer.length - size, null);
		size += bytesRead;
		if (size > limit) return '';
		if (bytesRead === 0) return buffer.toString('utf8', 0, size).trim();
	}
}

function unwrap(text: string): string {
	if (!text.startsWith('{')) return text;
	try {
		const answer: unknown = JSON.parse(text);
		return typeof answer === 'object' && answer !== null && 'value' in answer ? String(answer.value) : '';
	} catch {
		return '';
	}
}

/** Returns the path for an error, unless it looks like a secret. */
function named(file: string): string {
	return file.startsWith('/') || !looksSecret(file) ? file : 'that was entered';
}

function fileError(code: 'input' | 'configuration', message: string, remedy: string): MailError {
	return new MailError(message, { code, field: FILE_FIELD, remedy, speaker: 'identity' });
}
