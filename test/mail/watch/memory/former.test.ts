import { describe, expect, it } from 'vitest';

import { DAY_MS } from '../../../../mail/durations';
import { forgetOld, markGone, renamedTo } from '../../../../mail/watch/memory/former';
import { keyOf, newMemory, type FolderState, type WatchMemory } from '../../../../mail/watch/memory/memory';

const ADA = 'ada@example.com';
const state = (more: Partial<FolderState> = {}): FolderState => ({
	mailbox: ADA,
	uidValidity: '7',
	uid: 10,
	pending: {},
	newest: 0,
	recent: [],
	...more,
});
const memory = (folders: Record<string, FolderState>): WatchMemory => ({
	...newMemory('trigger', 0),

	folders: Object.fromEntries(Object.entries(folders).map(([path, one]) => [keyOf(path), one])),
});

describe('a folder that the server no longer lists', () => {
	it('is noted with the time, once, and no more when it is there again', () => {
		const kept = memory({ Work: state(), Home: state() });
		expect(markGone(kept, ADA, new Set(['Home']), 5)).toBe(true);
		expect(markGone(kept, ADA, new Set(['Home']), 9)).toBe(false);
		expect([kept.folders[keyOf('Work')]?.goneSince, kept.folders[keyOf('Home')]?.goneSince]).toEqual([5, undefined]);
		expect(markGone(kept, ADA, new Set(['Home', 'Work']), 12)).toBe(true);
		expect(kept.folders[keyOf('Work')]).not.toHaveProperty('goneSince');
	});

	it('is one of this mailbox: those of another are left as they are', () => {
		const kept = memory({ Work: state({ mailbox: 'grace@example.com' }) });
		expect(markGone(kept, ADA, new Set(), 5)).toBe(false);
		expect(kept.folders[keyOf('Work')]).not.toHaveProperty('goneSince');
	});

	it('is forgotten after 30 days, and no folder that is there', () => {
		const kept = memory({ Work: state({ goneSince: 0 }), Home: state() });
		forgetOld(kept, 30 * DAY_MS);
		expect(Object.keys(kept.folders)).toHaveLength(2);
		forgetOld(kept, 30 * DAY_MS + 1);
		expect(Object.keys(kept.folders)).toEqual([keyOf('Home')]);
	});
});

describe('a folder that is unknown', () => {
	const place = { mailbox: ADA, uidValidity: '7', uidNext: 11 };

	it('is the missing one under another path if mailbox, UIDVALIDITY and UIDs fit, and its memory moves', () => {
		const kept = memory({ Work: state({ goneSince: 1 }), Home: state() });
		expect(renamedTo(kept, 'Jobs', place, new Set())).toBe(keyOf('Work'));
		expect(Object.keys(kept.folders).sort()).toEqual([keyOf('Home'), keyOf('Jobs')].sort());
		expect(kept.folders[keyOf('Jobs')]).toEqual({ ...state(), formerly: keyOf('Work') });
	});

	it.each([
		['is still there', state()],
		['is of another mailbox', state({ goneSince: 1, mailbox: 'grace@example.com' })],
		['has another UIDVALIDITY', state({ goneSince: 1, uidValidity: '8' })],
		['had higher UIDs than this one has', state({ goneSince: 1, uid: 11 })],
	])('is not one that %s', (_what, one) => {
		const kept = memory({ Work: one });
		expect(renamedTo(kept, 'Jobs', place, new Set())).toBeUndefined();
		expect(Object.keys(kept.folders)).toEqual([keyOf('Work')]);
	});

	it('is none where several could be meant, and a known folder is none either', () => {
		const several = memory({ Work: state({ goneSince: 1 }), Home: state({ goneSince: 1 }) });
		expect(renamedTo(several, 'Jobs', place, new Set())).toBeUndefined();
		const known = memory({ Work: state({ goneSince: 1 }), Jobs: state() });
		expect(renamedTo(known, 'Jobs', place, new Set())).toBeUndefined();
	});
});
