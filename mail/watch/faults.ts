import { MailError } from '../errors';

/** Whatever went wrong while a session was used. */
export function asMailError(error: unknown): MailError {
	if (error instanceof MailError) return error;
	return new MailError(error instanceof Error ? error.message : String(error), { code: 'protocol', speaker: 'imap', cause: error });
}
