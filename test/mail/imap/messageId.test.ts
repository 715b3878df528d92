import { expect, it } from 'vitest';

import { criterionOfMessageId } from '../../../mail/imap/messageId';

const is = (text: string): object => ({ header: { 'Message-ID': text } });

it('a Message-ID is searched for with and without its brackets, since some servers compare the whole header', () => {
	expect(criterionOfMessageId('<one@example.test>')).toEqual({ or: [is('one@example.test'), is('<one@example.test>')] });
});

it('of a Message-ID with other text than ASCII, its longest part is searched for', () => {
	expect(criterionOfMessageId('<größe-xl@example.test>')).toEqual(is('e-xl@example.test'));
});
