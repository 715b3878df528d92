import { describe, expect, it } from 'vitest';

import { describeEnding, Reminders, soon, type Ending } from '../../mail/endings';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-27T12:00:00Z');
const secret = (days: number): Ending => ({ what: 'client secret', at: NOW + days * DAY });

describe('what ends', () => {
	it.each([
		[secret(100), 'The client secret expires on 2027-03-07, in 100 days.'],
		[secret(30), /^The client secret expires on 2026-12-27, in 30 days\. Create a new client secret/],
		[secret(1), /, in 1 day\. Create/],
		[secret(0.5), /, in less than a day\. Create/],
		[secret(-3), /^The client secret expired on 2026-11-24\. Create a new client secret/],
		[{ what: 'certificate', at: NOW + 5 * DAY } satisfies Ending, /^The certificate expires .* upload it to the app registration/],
		[{ what: 'sign-in', at: NOW + 90 * DAY, renews: true } satisfies Ending, /if it is not used until then\. Each use renews it\.$/],
		[{ what: 'client secret' } satisfies Ending, 'Secret Expires On in the credential is not a date.'],
	])('is told with its day, and near it with what to do: %j', (ending, sentence) => {
		expect(describeEnding(ending, NOW)).toMatch(sentence);
	});

	it('is warned of from 30 days before, and not where each use puts it off', () => {
		const renewed: Ending = { what: 'sign-in', at: NOW + DAY, renews: true };
		expect(soon([secret(31), secret(30), secret(-1), renewed, { what: 'client secret' }], NOW)).toEqual([secret(30), secret(-1)]);
	});
});

describe('a warning', () => {
	it('is due once a week for each end, and at once where the end is another one', () => {
		const reminders = new Reminders();
		const at = (days: number, ending = secret(20), key = 'a'): boolean => reminders.due(key, ending, NOW + days * DAY);
		expect([at(0), at(1), at(6.9), at(7), at(8), at(14)]).toEqual([true, false, false, true, false, true]);
		expect([at(14, secret(25)), at(14, secret(20), 'b')]).toEqual([true, true]);
	});

	it('is not repeated after a restart that remembers it, and is where the memory lies in the future', () => {
		expect(new Reminders().due('a', secret(20), NOW, NOW - DAY)).toBe(false);
		expect(new Reminders().due('a', secret(20), NOW, NOW - 8 * DAY)).toBe(true);
		expect(new Reminders().due('a', secret(20), NOW, NOW + 400 * DAY)).toBe(true);
	});
});
