import type { Filter } from './filter';

/** What a collection is asked for. */
export interface Wish {
	limit: number;
	newestFirst: boolean;
	filter: Filter;
	headersOnly: boolean;
	/** A larger mail comes as its headers, in bytes. */
	maxBytes: number;
	/** What the very first check takes of the mails that are there already. */
	start: { kind: 'all' } | { kind: 'now' } | { kind: 'lastDays'; days: number };
	deleteAfterFetch: boolean;
	/** Deletes what was fetched so many days ago; undefined = never. */
	deleteAfterDays?: number;
	/** Asked now and then: no further mail is begun where it says yes. */
	enough?: () => boolean;
}
