import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Progress } from '../../../../nodes/Office365SmtpSend/sending/progress';

const SENT = { accepted: ['grace@example.test'] };
let lines: string[];

beforeEach(() => {
	lines = [];
	vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const progress = (total: number): Progress => new Progress(total, (line) => lines.push(line));

describe('the progress of many emails', () => {
	it('is logged each minute, with the rate and the time that is left', () => {
		const batch = progress(5_000);
		for (let second = 0; second < 180; second += 2) {
			vi.advanceTimersByTime(2_000);
			batch.done(SENT);
		}
		batch.end();
		expect(lines).toEqual([
			'29 of 5000 emails sent, 29 a minute, about 171 minutes left',
			'59 of 5000 emails sent, 30 a minute, about 167 minutes left',
			'89 of 5000 emails sent, 30 a minute, about 166 minutes left',
			'Ended early: 90 of 5000 emails sent, 4910 not sent',
		]);
		vi.advanceTimersByTime(600_000);
		expect(lines).toHaveLength(4);
	});

	it('is logged after 100 emails where they are faster than a minute, and a minute later again', () => {
		const batch = progress(400);
		for (let email = 0; email < 100; email += 1) {
			vi.advanceTimersByTime(500);
			batch.done(SENT);
		}
		vi.advanceTimersByTime(59_999);
		expect(lines).toEqual(['100 of 400 emails sent, 120 a minute, about 3 minutes left']);
		vi.advanceTimersByTime(1);
		expect(lines.slice(1)).toEqual(['100 of 400 emails sent, 55 a minute, about 6 minutes left']);
		batch.end();
	});

	it('is logged though nothing was sent for a minute, then without a rate', () => {
		const batch = progress(2);
		vi.advanceTimersByTime(60_000);
		expect(lines).toEqual(['0 of 2 emails sent']);
		batch.done(SENT);
		vi.advanceTimersByTime(60_000);
		expect(lines[1]).toBe('1 of 2 emails sent, 0.5 a minute, about 2 minutes left');
		batch.end();
	});

	it('names what failed, what an earlier execution sent and what nobody knows; the second says nothing about the rate', () => {
		const batch = progress(101);
		vi.advanceTimersByTime(30_000);
		for (let email = 0; email < 90; email += 1) batch.done({ alreadySent: true });
		for (let email = 0; email < 7; email += 1) batch.done(SENT);
		batch.done({ deliveryUnknown: true, accepted: [] });
		batch.failed();
		batch.failed();
		expect(lines).toEqual([
			'7 of 101 emails sent, 90 already sent by an earlier execution, 1 with unknown delivery, 2 failed, 20 a minute, less than a minute left',
		]);
		batch.done(SENT);
		batch.end();
		expect(lines).toHaveLength(1);
	});

	it('is not logged for a single email', () => {
		const single = progress(1);
		vi.advanceTimersByTime(180_000);
		single.end();
		expect(lines).toEqual([]);
	});
});
