import type { StatusObject } from 'imapflow';
import { expect, it } from 'vitest';

import { isUnchanged } from '../../../../mail/watch/folders/branch';
import { surveyPause } from '../../../../mail/watch/folders/surveyOrder';
import { placeOf } from '../../../../mail/watch/memory/cursor';
import type { FolderState } from '../../../../mail/watch/memory/memory';

const status = (change: Partial<StatusObject> = {}): StatusObject => ({
	path: 'Work',
	messages: 3,
	uidNext: 11,
	uidValidity: 7n,
	...change,
});
const state = (change: Partial<FolderState> = {}): FolderState => ({
	mailbox: 'ada@example.test',
	uidValidity: '7',
	uid: 10,
	pending: {},
	newest: 0,
	recent: [],
	...change,
});

it.each<[string, boolean, StatusObject, FolderState]>([
	['nothing has come', true, status(), state()],
	['emails have come', false, status({ uidNext: 12 }), state()],
	['the server has lost the last emails (a restored backup)', false, status({ uidNext: 9 }), state()],
	['the server has lost them, and does not say which UID comes next', false, status({ uidNext: undefined }), state()],
	['emails are not done', false, status(), state({ pending: { 9: 1 } })],
	['the folder is another one', false, status({ uidValidity: 8n }), state()],
	['the mailbox is another one', false, status(), state({ mailbox: 'bob@example.test' })],
	['the server counts changes', false, status({ highestModseq: 5n }), state()],
])('at the first survey after a restart, a folder need not be looked into if nothing has changed: %s', (_what, unchanged, now, known) => {
	const place = placeOf('Ada@example.test', now);
	expect(isUnchanged({ intake: { path: '', seen: 0 } }, known, place, now, false)).toBe(unchanged);
});

it('the next survey follows after half a second for each folder, and later if one takes long, but at most ten minutes after its end', () => {
	expect([surveyPause(10, 1_000), surveyPause(500, 20_000), surveyPause(10, 60_000)]).toEqual([5_000, 250_000, 300_000]);
	// It waited for a backlog of large emails, or for as long as the server asked for.
	expect(surveyPause(10, 30 * 60_000)).toBe(40 * 60_000);
});
