import type { Wish } from '../../../mail/collect/wish';

export const EVERYTHING: Wish = {
	limit: Infinity,
	newestFirst: false,
	filter: {},
	headersOnly: false,
	maxBytes: 1e9,
	start: { kind: 'all' },
	deleteAfterFetch: false,
};
