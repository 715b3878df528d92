import { expect, it } from 'vitest';

import { diagnose } from '../../../mail/diagnosis';

it.each([
	['APPEND', '[OVERQUOTA] Quota exceeded', true],
	['UID MOVE', 'Mailbox has exceeded maximum mailbox size.', true],
	['CREATE', '[OVERQUOTA] Too many folders', true],
	['UID FETCH', '[OVERQUOTA] Account exceeded command or bandwidth limits.', false],
	['APPEND', '[OVERQUOTA] Account exceeded command or bandwidth limits.', false],
	['APPEND', 'Bandwidth quota exceeded', false],
	['UID COPY', 'Connection quota exceeded, try again later', false],
	['UID STORE', 'Daily request quota exceeded', false],
	['CREATE', '[ALREADYEXISTS] Mailbox full exists', false],
	['CREATE', 'Mailbox "Over quota" already exists', false],
	['UID COPY', 'Server Unavailable. 15 MapiExceptionQuotaExceeded', false],
])('the answer to %s "%s" says that the mailbox is full: %s', (command, says, isFull) => {
	const error = diagnose(Object.assign(new Error('Command failed'), { response: `NO ${says}` }), {
		speaker: 'imap',
		mailbox: 'ada@example.test',
		command,
	});
	expect(/^ada@example\.test is full\./.test(error.message)).toBe(isFull);
});
