import { readFile, stat } from 'node:fs/promises';

import { CLOUDS, withoutSlashes, type Cloud } from '../clouds';
import { MailError } from '../errors';
import { CLOCK_SKEW_MS, readClaims } from './token';

/** The operator's switch: only the value `true` allows the ways that use the identity of the machine n8n runs on. */
export const ALLOW_HOST_IDENTITY = 'N8N_OFFICE365_MAIL_ALLOW_HOST_IDENTITY';

const FILE_FIELD = 'Federated Token File';
/** What every token for the exchange is for; national clouds append their name. https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
const EXCHANGE_AUDIENCE = 'api://AzureADTokenExchange';
/** No token is longer, in bytes; a larger file is something else. */
const LONGEST_TOKEN = 64 * 1024;

/** Whoever may create credentials could otherwise borrow the machine's rights. @throws MailError `configuration` */
export function requireHostIdentity(way: 'Workload Identity' | 'Managed Identity'): void {
	if (process.env[ALLOW_HOST_IDENTITY] === 'true') return;
	throw new MailError(`${way} is not allowed on this n8n: it would use the identity of the machine that n8n runs on.`, {
		code: 'configuration',
		field: 'Authentication',
		remedy: `Whoever operates this n8n can allow it by starting n8n with the environment variable ${ALLOW_HOST_IDENTITY}=true; otherwise choose another way under "Authentication".`,
	});
}

/**
 * The federated token signs in as the workload wherever it is shown, so it goes to Microsoft's authorities and to the one
 * that the operator named in AZURE_AUTHORITY_HOST, as Kubernetes' webhook does. @throws MailError `configuration`
 */
export function requireKnownAuthority(cloud: Cloud): void {
	const own = withoutSlashes(process.env.AZURE_AUTHORITY_HOST ?? '');
	if (cloud.authority === own || Object.values(CLOUDS).some(({ authority }) => authority === cloud.authority)) return;
	throw new MailError('The token of this workload goes to Microsoft only.', {
		code: 'configuration',
		field: 'Authority URL',
		remedy: `Choose one of Microsoft's clouds, or have the operator of this n8n name ${cloud.authority} in the environment variable AZURE_AUTHORITY_HOST.`,
	});
}

/**
 * The machine's identity may hold more rights than mail, and whoever made the credential names the server that gets the
 * token: only tokens for Exchange are asked for. @throws MailError `configuration`
 */
export function requireMailResource(way: 'Workload Identity' | 'Managed Identity', cloud: Cloud): void {
	if (Object.values(CLOUDS).some(({ resource, appResource }) => [resource, appResource].includes(cloud.appResource))) return;
	throw new MailError(`${way} is used for Exchange Online only.`, {
		code: 'configuration',
		field: 'Resource URL',
		remedy: `Enter one of ${[...new Set(Object.values(CLOUDS).map(({ appResource }) => appResource))].join(', ')}.`,
	});
}

export interface FederatedToken {
	value: string;
	/** Issuer, subject and audience, for an explanation. */
	shown: string;
}

/**
 * Reads the token that Kubernetes writes (the bare JWT) or GitHub answers (JSON with `value`), anew each time since it rotates.
 * @param path empty = where AZURE_FEDERATED_TOKEN_FILE points, as Kubernetes' webhook sets it
 * @throws MailError naming the field; nothing of a file that holds no such token is told
 */
export async function readFederatedToken(path: string, now = Date.now()): Promise<FederatedToken> {
	const file = path !== '' ? path : (process.env.AZURE_FEDERATED_TOKEN_FILE ?? '');
	if (file === '') {
		throw fileError('input', 'There is no token file: the field is empty and so is AZURE_FEDERATED_TOKEN_FILE.', 'Enter the path of the file, or let the platform set AZURE_FEDERATED_TOKEN_FILE (label azure.workload.identity/use: "true" on the pod).');
	}
	const value = unwrap(await readSmall(file));
	const claims = readClaims(value);
	if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value) || claims === undefined) {
		throw fileError('configuration', `The file ${file} holds no token.`, 'Point it at the file that Kubernetes or the workflow writes; it holds a JWT and nothing else.');
	}
	const audience = claims.audiences.find((name) => name.startsWith(EXCHANGE_AUDIENCE));
	if (audience === undefined) {
		throw fileError('configuration', `The token in ${file} is for ${claims.audiences.join(', ') || 'nobody'}, not for ${EXCHANGE_AUDIENCE}.`, `Have it made for the audience ${EXCHANGE_AUDIENCE}: in Kubernetes a projected serviceAccountToken with that audience, in GitHub getIDToken('${EXCHANGE_AUDIENCE}').`);
	}
	if (claims.exp !== undefined && claims.exp * 1000 < now - CLOCK_SKEW_MS) {
		throw fileError('configuration', `The token in ${file} ended at ${new Date(claims.exp * 1000).toISOString()}.`, 'Check that the platform renews the file, and the clock of this machine.');
	}
	return { value, shown: `issuer ${claims.iss ?? '?'}, subject ${claims.sub ?? '?'}, audience ${audience}` };
}

async function readSmall(file: string): Promise<string> {
	try {
		const about = await stat(file);
		// A device or a pipe may never end.
		return about.isFile() && about.size <= LONGEST_TOKEN ? (await readFile(file, 'utf8')).trim() : '';
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
		throw fileError('configuration', `The file ${file} cannot be read (${code}).`, 'Check the path and that n8n\'s user may read it; in a container the file has to be mounted into it.');
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

function fileError(code: 'input' | 'configuration', message: string, remedy: string): MailError {
	return new MailError(message, { code, field: FILE_FIELD, remedy, speaker: 'identity' });
}
