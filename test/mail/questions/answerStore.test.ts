import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Answers } from '../../../mail/questions/answerStore';
import { WaitingQuestions } from '../../../mail/questions/waiting';

const DAY = 86_400_000;
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'questions-'))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

describe('the answers of several people', () => {
	it('all count where they come at once, each once, and one of those who came last lets the execution go on', async () => {
		const people = Array.from({ length: 20 }, (_, index) => `person ${index}`);
		// Two of them each time, as two processes with a folder in common.
		const processes = [new Answers(folder, 'q', Date.now()), new Answers(folder, 'q', Date.now())].map((one, _, [first]) => first ?? one);
		const given = await Promise.all(people.flatMap((person) => processes.map(async (answers, at) => await answers.give(person, { at }))));
		expect(given.filter(Boolean)).toHaveLength(20);
		expect(processes[0]?.of(people).size).toBe(20);
		const claims = await Promise.all(processes.flatMap((answers) => [answers.claimDecision(), answers.claimDecision()]));
		expect(claims.filter(Boolean)).toHaveLength(1);
	});

	it('are those of their own question, and of people who were asked', async () => {
		const until = Date.now();
		await new Answers(folder, 'one', until).give('ada', { approved: true });
		expect(new Answers(folder, 'other', until).of(['ada']).size).toBe(0);
		expect([...new Answers(folder, 'one', until).of(['ada', '../../etc/passwd', '__proto__'])]).toEqual([['ada', { approved: true }]]);
	});

	it('let the execution go on a second time where nothing came of the first', async () => {
		const answers = new Answers(folder, 'q', 0);
		expect([await answers.claimDecision(), await answers.claimDecision()]).toEqual([true, false]);
		const [name = ''] = await readdir(folder);
		const then = new Date(Date.now() - 61_000);
		await utimes(join(folder, name, 'decided.json'), then, then);
		expect([await answers.claimDecision(), await answers.claimDecision()]).toEqual([true, false]);
	});

	it('are removed a day after the end, and nothing else is', async () => {
		const now = Date.now();
		await new Answers(folder, 'old', now - 2 * DAY).give('ada', {});
		await new Answers(folder, 'new', now).give('ada', {});
		await new WaitingQuestions(folder).removeOld();
		expect(await readdir(folder)).toEqual([expect.stringMatching(new RegExp(`^${now}-`))]);
		await new WaitingQuestions(join(folder, 'is not there')).removeOld();
	});
});
