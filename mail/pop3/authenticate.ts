import type { Endpoint } from '../clouds';
import type { Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { HIDDEN } from '../redact';
import type { AccessToken } from '../signIn/token';
import { challengeText, initialResponse } from '../signIn/xoauth2';
import { lines, okay, refusal } from './replies';
import type { PopConnection } from './connection';

/** The capabilities that a server lists: names in capitals, with their arguments (RFC 2449, section 5). */
export type Capabilities = ReadonlyMap<string, string>;

const AUTH = 'AUTH XOAUTH2';

/**
 * Goes from the greeting to the mailbox: STLS if the endpoint requires it, English and UTF-8 if the server offers them, then the token.
 *
 * @returns the capabilities after the sign-in, which can change them
 * @throws MailError
 */
export async function signIn(connection: PopConnection, endpoint: Endpoint, mailbox: string, token: AccessToken): Promise<Capabilities> {
	const at = connection.at;
	await okay(connection, at, 'the greeting', connection.limits.greetingMs);
	if (endpoint.security === 'starttls') {
		connection.write('STLS\r\n');
		await okay(connection, at, 'STLS');
		await connection.upgrade(endpoint);
	}
	const before = await readCapabilities(connection);
	const mechanisms = before.get('SASL')?.toUpperCase().split(' ');
	if (mechanisms !== undefined && !mechanisms.includes('XOAUTH2')) {
		throw new MailError(`${at.peer ?? 'The POP server'} does not offer XOAUTH2, only ${mechanisms.join(', ') || 'nothing'}.`, {
			code: 'configuration',
			speaker: 'pop',
			mailbox,
			command: 'CAPA',
			remedy: 'Check "Cloud" or the POP host in the credential. The server has to accept OAuth tokens.',
		});
	}
	await chooseLanguage(connection, before);
	await authenticate(connection, { ...at, retryAfterMs: loginDelayOf(before) }, mailbox, token);
	return await readCapabilities(connection);
}

/** A server that does not know CAPA has no capabilities. */
async function readCapabilities(connection: PopConnection): Promise<Capabilities> {
	connection.write('CAPA\r\n');
	if (!(await connection.line('CAPA')).startsWith('+OK')) return new Map();
	return new Map(
		(await lines(connection, 'CAPA', connection.limits.capaBytes)).map((line) => {
			connection.listen?.('S', line);
			const [name = '', ...rest] = line.trim().split(/ +/);
			return [name.toUpperCase(), rest.join(' ')];
		}),
	);
}

/**
 * LANG requests answers in English, which the table of causes knows. UTF8 requests headers as they are stored; without it, the server
 * rewrites headers in UTF-8 (RFC 6856, sections 2 and 3). If the server refuses either, the session goes on without it.
 */
async function chooseLanguage(connection: PopConnection, capabilities: Capabilities): Promise<void> {
	const commands = [...(capabilities.has('LANG') ? ['LANG en'] : []), ...(capabilities.has('UTF8') ? ['UTF8'] : [])];
	for (const command of commands) {
		connection.write(`${command}\r\n`);
		const line = await connection.line(command);
		if (!/^(\+OK|-ERR)/.test(line)) throw refusal(line, connection.at, command);
	}
}

/** Uses the two-line form, because Exchange closes the connection if the initial response is on the same line. */
async function authenticate(connection: PopConnection, at: Circumstances, mailbox: string, token: AccessToken): Promise<void> {
	const response = initialResponse(mailbox, token);
	connection.write(`${AUTH}\r\n`);
	let line = await connection.line(AUTH);
	if (!line.startsWith('+') || line.startsWith('+OK')) throw refusal(line, at, AUTH, 'EAUTH');
	connection.write(`${response}\r\n`, HIDDEN);
	line = await connection.line(AUTH);
	if (line.startsWith('+OK')) return;
	if (line.startsWith('+')) {
		// Servers other than Exchange first send the reason, and expect an empty line as the answer.
		const reason = challengeText(line.slice(1).trim());
		connection.write('\r\n');
		line = `${await connection.line(AUTH)}${reason === '' ? '' : ` (${reason})`}`;
	}
	throw refusal(line, at, AUTH, 'EAUTH');
}

/** The pause between two sign-ins that the server requires, in ms (RFC 2449, section 6.5). */
export function loginDelayOf(capabilities: Capabilities): number | undefined {
	const seconds = /^\d{1,9}\b/.exec(capabilities.get('LOGIN-DELAY') ?? '')?.[0];
	return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/**
 * Minimum number of days that an email stays on the server (RFC 2449, section 6.7). 0 = it may be deleted once it has been fetched,
 * Infinity = it stays.
 */
export function expiryDaysOf(capabilities: Capabilities): number | undefined {
	const [, days] = /^(NEVER|\d{1,9})\b/i.exec(capabilities.get('EXPIRE') ?? '') ?? [];
	if (days === undefined) return undefined;
	return /^never$/i.test(days) ? Infinity : Number(days);
}
