import { box, type Cause } from './cause';

/** What POP3 servers alone say: response codes (RFC 2449, section 8; RFC 3206) and refusals of one mail. */
export const POP_CAUSES: readonly Cause[] = [
	{
		id: 'pop-server-broken',
		speakers: ['pop'],
		words: /^-ERR \[SYS\/PERM\b/m,
		code: 'configuration',
		sentence: (at) => `The server cannot open ${box(at)} until somebody mends it.`,
		remedy: () => 'Its answer says why; an admin of the mail server has to look after the mailbox (RFC 3206, SYS/PERM).',
	},
	{
		id: 'pop-message-missing',
		speakers: ['pop'],
		words: /^-ERR.*(no such message|there's no message|message is (?:deleted|out of range)|already deleted|message number .* (?:invalid|out of range))/im,
		code: 'notFound',
		sentence: (at) => `The mail is not in ${box(at)} any more.`,
		remedy: () => 'It was deleted or moved meanwhile.',
	},
];
