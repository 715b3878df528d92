import { MailError, reasonOf } from '../errors';
import type { Rejection } from './recipients';

/** Why an email was not sent, and whether the server may have accepted it nevertheless. */
export class SendFailure extends MailError {
	constructor(
		readonly reason: MailError,
		/** The connection ended between the last byte and the answer. Recipients who are not in `rejected` may have the email. */
		readonly deliveryUnknown: boolean,
		readonly rejected: Rejection[],
	) {
		super(reason.message, { ...reason, cause: reason });
	}
}

/** The failure of an email whose attachment could not be read to its end. */
export function unreadable(error: unknown): MailError {
	return new MailError(`The email could not be read completely: ${reasonOf(error)}`, {
		code: 'input',
		remedy: 'Check that the attachment still exists. n8n may have deleted the binary data of an old execution.',
		cause: error,
	});
}
