import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Answers } from '../../../mail/questions/answerStore';
import { Codes } from '../../../mail/questions/codes';
import { emailsOf, giveUp, noteCheck, WaitingQuestions, type Work } from '../../../mail/questions/waiting';

const DAY = 86_400_000;
const LINK = 'https://n8n.example.test/webhook-waiting/17/node?own=true';
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'questions-'))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function add(name: string, until: number, due: Array<[Work, number]>): Promise<Answers> {
	const answers = new Answers(folder, name, until);
	await new WaitingQuestions(folder).add(answers.files, { link: `${LINK}&name=${name}`, due: new Map(due), asked: { id: name } });
	return answers;
}

describe('the questions that wait', () => {
	it('are due at their times until the work is done, and are looked at next when the next time comes', async () => {
		const now = Date.now();
		const waiting = new WaitingQuestions(folder);
		const answers = await add('one', now + DAY, [
			['reminded', now - 1],
			['escalated', now + 5_000],
		]);
		await add('two', now + DAY, [['timeOver', now + 9_000]]);
		const first = await waiting.due(now);
		expect(first.due.map(({ question }) => question.link)).toEqual([`${LINK}&name=one`]);
		expect(first.next).toBe(now + 5_000);
		await answers.files.make('reminded', {});
		expect((await waiting.due(now)).due).toEqual([]);
		// A reminder of last month does not make the escalation of today old.
		expect((await waiting.due(now + 10_000)).due.map(({ since }) => since).sort()).toEqual([now + 5_000, now + 9_000]);
	});

	it('are due once more a minute after their decision, in case n8n was ended in between, and never again once they are gone', async () => {
		const now = Date.now();
		const waiting = new WaitingQuestions(folder);
		const answers = await add('one', now + DAY, [['reminded', now - 1]]);
		await answers.claimDecision();
		expect((await waiting.due(now)).due).toEqual([]);
		expect((await waiting.due(now)).next).toBeGreaterThan(now + 50_000);
		const [name = ''] = await readdir(folder);
		const then = new Date(now - 61_000);
		await utimes(join(folder, name, 'decided.json'), then, then);
		expect((await waiting.due(now)).due).toHaveLength(1);
		await giveUp(answers.files);
		expect((await waiting.due(now)).due).toEqual([]);
	});

	it('are not removed a day after a decision that nobody has taken up, because n8n was down since then', async () => {
		const now = Date.now();
		const waiting = new WaitingQuestions(folder);
		const answers = await add('one', now + 9 * DAY, []);
		await answers.claimDecision();
		const [name = ''] = await readdir(folder);
		const then = new Date(now - 2 * DAY);
		await utimes(join(folder, name, 'decided.json'), then, then);
		await waiting.removeOld(now);
		expect((await waiting.due(now)).due).toHaveLength(1);
		await answers.claimDecision();
		await waiting.removeOld(now + 2 * DAY);
		expect(await readdir(folder)).toEqual([]);
	});

	it('are silent once nothing was due and n8n was not called about them for a day, unless they are decided or gone', async () => {
		const now = Date.now();
		const waiting = new WaitingQuestions(folder);
		const silent = async (): Promise<string[]> => (await waiting.due(now)).silent.map(({ question }) => question.link).sort();
		const all = new Map<string, Answers>();
		for (const name of ['decided', 'gone', 'later', 'never', 'now'])
			all.set(
				name,
				await add(name, now + 99 * DAY, name === 'later' ? [['reminded', now + DAY]] : name === 'now' ? [['reminded', now]] : []),
			);
		expect(await silent()).toEqual([]);
		await all.get('decided')?.claimDecision();
		const files = [...all.values()].map((answers) => answers.files);
		const age = async (file: string): Promise<void> => {
			const then = new Date(now - 1.01 * DAY);
			for (const one of files) await utimes(join(one.folder, `${file}.json`), then, then);
		};
		await age('question');
		const gone = all.get('gone');
		if (gone !== undefined) await giveUp(gone.files);
		expect(await silent()).toEqual([`${LINK}&name=later`, `${LINK}&name=never`]);
		for (const one of files) await noteCheck(one);
		expect(await silent()).toEqual([]);
		await age('checked');
		expect(await silent()).toHaveLength(2);
		for (const one of files) await noteCheck(one);
		expect(await silent()).toEqual([]);
	});

	it('are found by each Message-ID of their emails, by no other, and are removed with them', async () => {
		const waiting = new WaitingQuestions(folder);
		const answers = await add('old', Date.now() - 2 * DAY, []);
		const sentAt = '2026-11-27T10:00:00.000Z';
		await waiting.addEmail(answers.files, { kind: 'question', to: ['ada@example.test'], sentAt, messageId: '<server@example.test>' }, [
			'<ours@example.test>',
		]);
		for (const id of ['<server@example.test>', '<ours@example.test>'])
			expect(waiting.find(['<x@example.test>', id])?.question.asked).toEqual({ id: 'old' });
		expect(waiting.find(['<x@example.test>', '../../question', '__proto__', ''])).toBeUndefined();
		expect(await emailsOf(answers.files)).toEqual([
			{ kind: 'question', to: ['ada@example.test'], sentAt, messageId: '<server@example.test>' },
		]);
		await waiting.removeOld();
		expect(waiting.find(['<ours@example.test>'])).toBeUndefined();
		expect(await readdir(join(folder, 'messages'))).toEqual([]);
	});

	it('take a piece of work once, of several processes, and again where whoever took it was ended', async () => {
		const { files } = await add('one', Date.now() + DAY, []);
		const claims = await Promise.all(Array.from({ length: 10 }, async () => await files.claim('work', 60_000)));
		expect(claims.filter((claim) => claim !== undefined)).toEqual(['work']);
		const [name = ''] = await readdir(folder);
		const then = new Date(Date.now() - 61_000);
		await utimes(join(folder, name, 'work.json'), then, then);
		const late = await Promise.all(Array.from({ length: 10 }, async () => await files.claim('work', 60_000)));
		expect(late.filter((claim) => claim !== undefined)).toEqual(['work.2']);
	});
});

describe('codes', () => {
	it('keep no code in a file, and right tries at the same moment count once', async () => {
		const { files } = await add('one', Date.now() + DAY, []);
		const codes = new Codes(files, 'grace');
		const issued = await codes.issue();
		const code = typeof issued === 'object' ? issued.code : '';
		expect(code).toMatch(/^\d{6}$/);
		for (const name of await files.names()) expect(JSON.stringify(files.read(name))).not.toContain(code);
		const tries = await Promise.all(Array.from({ length: 4 }, async () => await codes.check(code)));
		expect(tries.filter((result) => result === 'right')).toHaveLength(1);
		expect(await codes.check(code)).toBe('ended');
	});
});
