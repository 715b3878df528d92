import type { Filter } from './filter';

/** The request for one collection. */
export interface Wish {
	limit: number;
	newestFirst: boolean;
	filter: Filter;
	headersOnly: boolean;
	/** Maximum size in bytes. Of a larger email, only the headers are returned. */
	maxBytes: number;
	/** Which of the emails that are already there the very first check takes. */
	start: { kind: 'all' } | { kind: 'now' } | { kind: 'lastDays'; days: number };
	deleteAfterFetch: boolean;
	/** Deletes emails this many days after they were fetched; undefined = never. */
	deleteAfterDays?: number;
	/** Called from time to time. If it returns true, no further email is begun. */
	enough?: () => boolean;
	/** Called from time to time until the emails are chosen. If it returns true, the search ends, and the chosen emails are fetched. */
	searchedEnough?: () => boolean;
}
