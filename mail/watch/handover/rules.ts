import type { Action } from '../../imap/actions';
import type { FetchLimits } from '../../imap/fetch';

/** How the emails of a folder are handed over, and what happens to them afterwards. */
export interface Rules {
	/** Maximum number of emails in one execution. */
	batchSize: number;
	/** Maximum number of executions at the same time. */
	maxInFlight: number;
	/**
	 * ms after which an execution that has not ended no longer counts for `maxInFlight`. Without it, some executions would keep their
	 * place for as long as the trigger waits for them, because n8n does not report the end of all executions.
	 */
	placeMs?: number;
	/** Number of failed executions after which an email is no longer retried. */
	maxTries: number;
	/** ms before the first retry; tripled for each further one. */
	retryFirstMs: number;
	/** ms for which the server is asked again for an email that it lists and does not return. The default is `WITHHELD_MS`. */
	withheldMs?: number;
	limits: FetchLimits;
	/** What is done on the server to an email whose execution succeeded. */
	after: Action;
	/** What is done on the server to an email that is no longer retried. */
	onGiveUp: Action;
}
