import { MailError } from '../errors';

/** Exchange Online allows 3 connections at a time for the account that signs in (it answers `432 4.3.2` to more). */
export const CONNECTIONS = 3;

/** The operator's number of connections that one n8n process may have to a mailbox, from 1 to {@link CONNECTIONS}. */
const CONNECTIONS_OF_PROCESS = 'N8N_OFFICE365_MAIL_SMTP_CONNECTIONS';

/**
 * How many connections to a mailbox this process may have. Outside queue mode one process sends, and it may have all of them. The workers
 * of queue mode do not know of each other. A worker that has all connections would leave none to the others for as long as it sends, and
 * their emails would fail. So each of them takes one, unless the operator says how many.
 * @throws MailError `configuration`
 */
export function connectionsOfProcess(): number {
	const given = process.env[CONNECTIONS_OF_PROCESS]?.trim() ?? '';
	if (given === '') return process.env.EXECUTIONS_MODE === 'queue' ? 1 : CONNECTIONS;
	if (/^[1-3]$/.test(given)) return Number(given);
	throw new MailError(`The environment variable ${CONNECTIONS_OF_PROCESS} of this n8n is neither 1 nor 2 nor 3.`, {
		code: 'configuration',
		remedy: 'Set it to the number of SMTP connections that each n8n process may have to a mailbox, or remove it, and restart n8n.',
	});
}
