import { describe, expect, it } from 'vitest';

import { AGAINST, IN_FAVOUR } from '../../../../mail/questions/reply/replyWords';
import { readVerdict } from '../../../../mail/questions/reply/verdict';

const LABELS = { approve: 'Ship it', decline: 'Hold back' };
const verdict = (text: string, labels: { approve: string; decline?: string } = LABELS): unknown => {
	const found = readVerdict(text, labels);
	return 'approved' in found ? found.approved : 'unclear';
};

describe('a reply to an approval', () => {
	it.each([
		'Yes',
		'yes.',
		'YES!!!',
		'Yes, please ship it.',
		'Yes please',
		'Yes many thanks',
		'Go ahead please',
		'Ok, thanks',
		'OK, fine by me',
		'OK, thanks Ada',
		'Ok, ship it',
		'Ja, passt so. Grace',
		'OK, Grace Hopper',
		'OK! Do it.',
		'Approved. I have read the contract.',
		'OK\n\nMit freundlichen Grüßen\nGrace Hopper\nHead of Finance',
		'Approved\n\nBest regards\nGrace',
		'Hi Ada,\n\napproved, thank you.\n\nGrace',
		'ship it',
		'"Ship it"',
		'Ja, bitte.',
		'Genehmigt.\nMit freundlichen Grüßen',
		"D'accord, merci",
		'D’accord',
		'Sí, gracias',
		'Sì',
		'Sim, obrigado!',
		'Akkoord',
		'godkänt',
		'Kyllä',
		'Zatwierdzam',
		'Да, согласен',
		'はい、承認します。',
		'同意',
		'네',
		'👍',
		'👍🏽',
		'✅, Grace',
		'+1',
		'Bonjour Ada,\nOui',
	])('says yes: %j', (text) => {
		expect(verdict(text)).toBe(true);
	});

	it.each([
		'No',
		'no, thanks',
		'No, not this year.',
		'Nein, das ist nicht in Ordnung',
		'Declined.',
		'Not approved',
		"I don't approve",
		'Hold back',
		'Nein, das ist zu teuer.',
		'Nicht genehmigt',
		'Non',
		'Não',
		'Nie',
		'Нет',
		'いいえ',
		'不同意',
		'👎',
		'-1',
	])('says no: %j', (text) => {
		expect(verdict(text)).toBe(false);
	});

	it.each([
		'',
		'Thanks for asking, I will look at it tomorrow.',
		"OK, I'll look at it tomorrow",
		'OK\nI will ask finance about this',
		"OK, I'll have a look",
		'OK, let me think',
		'OK, give me a minute',
		'OK, schaue ich mir an',
		'OK (on my list)',
		'Ja, Moment',
		'Ja, moment bitte',
		'Ja, ich überlege noch',
		'Ja, habe ich bekommen. Ich melde mich.',
		'Yes, I got your email. I will decide next week.',
		'Yes, I will think about it',
		'Oui, je regarde',
		'Okay, this is something for Grace to decide',
		'Yes, please hold it for now',
		'Ok, please stop this',
		'Ja, das schaue ich mir einmal an',
		'OK, ich lehne ab',
		'Okay, je refuse',
		'No, go ahead',
		'Yes, but only on Monday.',
		'Yes\n\nBut please wait until Grace has seen it.',
		'Yes or no, I do not care.',
		'Yes?',
		'Yes, is it the blue one?',
		'Approved if the price is right',
		'Ja, wenn der Preis stimmt.',
		'Oui mais pas lundi',
		'Oui, mais pas lundi',
		'No problem, go ahead!',
		'No - approved',
		'Go ahead - Grace',
		'No worries. Yes from me.',
		'I would say yes',
		'Tak',
		'ne',
		'Noted.',
		'Okayed by nobody',
		'はい、しかし来週',
		'同意，但是下周',
		'Out of office until Monday',
		`Yes ${'x'.repeat(3_000)}`,
		'__proto__',
		'constructor',
	])('leaves open what may be meant otherwise: %j', (text) => {
		expect(verdict(text)).toBe('unclear');
	});

	it('counts for a button that says the opposite of its word, and not for two of one word', () => {
		expect(verdict('No', { approve: 'No', decline: 'Yes' })).toBe(true);
		expect(verdict('Yes', { approve: 'No', decline: 'Yes' })).toBe(false);
		expect(verdict('Same', { approve: 'Same', decline: 'Same' })).toBe('unclear');
	});

	it('is no answer where nobody may decline', () => {
		expect(verdict('No', { approve: 'Approve' })).toBe('unclear');
		expect(verdict('Approve', { approve: 'Approve' })).toBe(true);
	});

	it.each<[string, string, { approve: string; decline?: string }?]>([
		['', 'the reply has no new text'],
		[' \n\n ', 'the reply has no new text'],
		[`Yes${'.'.repeat(1_998)}`, 'the reply is too long to be a plain yes or no'],
		['Let me think about it.', 'the reply does not begin with an answer'],
		['No', 'the question can only be answered with "Approve"', { approve: 'Approve' }],
		['Yes, but why?', 'the reply contains a question'],
		['Yes, unless it rains', 'the reply continues with "unless", which may change its meaning'],
		['Yes\nunless it rains', 'the reply continues with "unless", which may change its meaning'],
	])('that only a person can tell says why: %j', (text, unclear, labels = LABELS) => {
		expect(readVerdict(text, labels)).toEqual({ unclear });
	});

	it('counts up to its longest length, and not behind a line that is no greeting', () => {
		expect(verdict(`Yes${'.'.repeat(1_997)}`)).toBe(true);
		expect(verdict('Hi')).toBe('unclear');
		expect(verdict('Hi Ada,\nyes')).toBe(true);
		expect(verdict(`Hi ${'a'.repeat(57)}\nyes`)).toBe(true);
		expect(verdict(`Hi ${'a'.repeat(58)}\nyes`)).toBe('unclear');
	});

	it('has no word that says both', () => {
		expect([...IN_FAVOUR].filter((word) => AGAINST.has(word))).toEqual([]);
		for (const word of [...IN_FAVOUR, ...AGAINST]) expect([word, word.toLowerCase()]).toEqual([word, word]);
		for (const word of IN_FAVOUR) expect([word, verdict(word)]).toEqual([word, true]);
		for (const word of AGAINST) expect([word, verdict(word)]).toEqual([word, false]);
	});

	it('takes time in proportion to its length', () => {
		for (const text of ['yes '.repeat(500), '-'.repeat(1_990), ', '.repeat(990), '\n'.repeat(1_000_000)]) {
			const before = process.cpuUsage();
			verdict(text);
			expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
		}
	});
});
