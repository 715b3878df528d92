import { expect, it } from 'vitest';

import { Handed } from '../../../../mail/watch/memory/handed';

const mail = (messageId: string): Array<{ messageId: string }> => [{ messageId }];

it('tells the other folders of a trigger what one of them has done with an email, and not that folder itself', () => {
	const handed = new Handed();
	expect(handed.elsewhere('Archive', '<1>')).toBeUndefined();
	handed.began('INBOX', mail('<1>'));
	expect([handed.elsewhere('Archive', '<1>'), handed.elsewhere('INBOX', '<1>')]).toEqual(['running', undefined]);
	handed.ended('INBOX', mail('<1>'), true);
	expect([handed.elsewhere('Archive', '<1>'), handed.elsewhere('INBOX', '<1>')]).toEqual(['succeeded', undefined]);
	handed.remember('Sent', ['<2>']);
	expect(handed.elsewhere('INBOX', '<2>')).toBe('succeeded');
});

it('forgets an email whose execution failed, unless another folder has it meanwhile', () => {
	const handed = new Handed();
	handed.began('INBOX', mail('<1>'));
	handed.ended('INBOX', mail('<1>'), false);
	expect(handed.elsewhere('Archive', '<1>')).toBeUndefined();
	handed.began('INBOX', mail('<2>'));
	handed.began('Archive', mail('<2>'));
	handed.ended('INBOX', mail('<2>'), false);
	expect(handed.elsewhere('INBOX', '<2>')).toBe('running');
});

it('takes no two emails without a Message-ID for the same', () => {
	const handed = new Handed();
	handed.began('INBOX', mail(''));
	expect(handed.elsewhere('Archive', '')).toBeUndefined();
});

it('remembers 5,000 emails, and forgets those first that it heard of longest ago', () => {
	const handed = new Handed();
	handed.remember(
		'INBOX',
		Array.from({ length: 5_000 }, (_, index) => `<${index}>`),
	);
	handed.began('INBOX', mail('<0>'));
	expect(handed.elsewhere('Archive', '<1>')).toBe('succeeded');
	handed.began('INBOX', mail('<new>'));
	expect(['<0>', '<1>', '<2>', '<new>'].map((id) => handed.elsewhere('Archive', id))).toEqual([
		'running',
		undefined,
		'succeeded',
		'running',
	]);
});
