import { diagnose, type Circumstances } from '../diagnosis';
import { MailError } from '../errors';
import { LONGEST_LINE, type PopConnection } from './connection';

/** Reads a +OK line. @throws MailError for what the server said instead */
export async function okay(connection: PopConnection, at: Circumstances, command: string, withinMs?: number): Promise<string> {
	const line = await connection.line(command, withinMs);
	if (line.startsWith('+OK')) return line;
	throw refusal(line, at, command);
}

/**
 * Explains a -ERR line with its response code (RFC 2449, section 8; RFC 3206).
 *
 * @param hint an error code in Node's style, if the command itself shows what the refusal is about
 */
export function refusal(line: string, at: Circumstances, command: string, hint?: 'EAUTH'): MailError {
	const response = at.token?.hide(line) ?? line;
	if (!/^(?:-ERR|Connection is closed\.)/.test(line)) return unexpected(response, at, command, 'something other than +OK or -ERR');
	return diagnose(Object.assign(new Error(response), { response, ...(hint && { code: hint }) }), { ...at, command });
}

/** The answer cannot be understood. */
export function unexpected(response: string, at: Circumstances, command: string, what: string): MailError {
	return new MailError(`POP answered ${command} with ${what}.`, {
		code: 'protocol',
		speaker: 'pop',
		mailbox: at.mailbox,
		command,
		response: (at.token?.hide(response) ?? response).slice(0, 200),
		remedy: 'Check that host and port are those of a POP server.',
	});
}

/**
 * Returns the lines of a listing, split at the first space. What follows the number may be missing if the server cannot read one email.
 * @throws MailError if the server refuses within the listing; `protocol` if a line does not begin with a number
 */
export async function numbered(connection: PopConnection, at: Circumstances, command: string): Promise<Array<[number, string]>> {
	return (await lines(connection, command)).map((line) => {
		if (line.startsWith('-ERR')) throw refusal(line, at, command);
		const number = /^\d{1,15}(?=[ \t]|$)/.exec(line)?.[0] ?? '';
		if (number === '') throw unexpected(line, at, command, 'a line that does not belong to a listing');
		return [Number(number), line.slice(number.length).trim()];
	});
}

/** Returns the lines of a multi-line answer after its +OK. They are decoded as latin1, so that the bytes of a unique ID stay unchanged. */
export async function lines(connection: PopConnection, command: string, limit = connection.limits.listBytes): Promise<string[]> {
	const { listLines } = connection.limits;
	const found: string[] = [];
	let begun = '';
	for await (const chunk of connection.body(command, limit).stream()) {
		const parts = (begun + chunk.toString('latin1')).split('\r\n');
		begun = parts.pop() ?? '';
		for (const line of parts) if (line !== '') found.push(line);
		if (found.length > listLines) throw connection.tooMuch(command, limit);
		if (begun.length > LONGEST_LINE)
			throw connection.fail(
				'protocol',
				`POP answered ${command} with a line that does not end.`,
				command,
				'Check that host and port are those of a POP server.',
			);
	}
	// The end of the answer comes after a line's end, so no line is left begun.
	return found;
}
