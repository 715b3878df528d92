import { describe, expect, it } from 'vitest';

import { Untold } from '../../../mail/imap/untold';

const HOUR_MS = 3_600_000;

describe('an email about which the server told nothing', () => {
	it('is asked about after the others', () => {
		const untold = new Untold();
		untold.refused(2, false, 0);
		expect(untold.divide([1, 2, 3], 0)).toEqual({ first: [1, 3], last: [2] });
	});

	it('is not asked about for an hour if the server told about others', () => {
		const untold = new Untold();
		untold.refused(2, true, 1_000);
		expect(untold.divide([1, 2, 3], 999 + HOUR_MS)).toEqual({ first: [1, 3], last: [] });
		expect(untold.divide([1, 2, 3], 1_000 + HOUR_MS)).toEqual({ first: [1, 3], last: [2] });
	});

	it('is one of the others again when the server tells about it', () => {
		const untold = new Untold();
		untold.refused(2, true, 0);
		untold.told(2);
		expect(untold.divide([1, 2, 3], 0)).toEqual({ first: [1, 2, 3], last: [] });
	});
});
