import type { Cause, Circumstances } from './cause';

/** If no other row fits, the class of the answer decides (RFC 5321, section 4.2.1). */
export const OTHER_SMTP_CAUSES: readonly Cause[] = [
	{
		id: 'smtp-temporary',
		speakers: ['smtp'],
		words: /^\s{0,4}4\d\d\b/m,
		code: 'throttled',
		sentence: (at) =>
			atSignIn(at) ? 'The server could not check the sign-in at the moment.' : 'The server cannot accept the email at the moment.',
		remedy: () => 'It is retried automatically.',
	},
	{
		id: 'smtp-recipient',
		speakers: ['smtp'],
		// Of X.1, these are of the recipient; others are of the sender (RFC 3463, section 3.2).
		codes: ['5.1.1', '5.1.2', '5.1.3', '5.1.4', '5.1.6', '5.1.10', '5.1.351', '5.4.1'],
		words: /no such (?:user|recipient)|user unknown/im,
		code: 'rejected',
		sentence: () => 'The server does not know a recipient.',
		remedy: () => 'Check the address.',
	},
	{
		id: 'smtp-refused',
		speakers: ['smtp'],
		words: /^\s{0,4}5\d\d\b/m,
		code: 'rejected',
		sentence: (at) => (atSignIn(at) ? 'The server did not accept the sign-in.' : 'The server refused the email.'),
		remedy: (at) =>
			atSignIn(at)
				? 'Its answer says why. Check "Mailbox", and "Cloud" or "SMTP Host" and "SMTP Port".'
				: 'Its answer says why. Sending the same email again will not help.',
	},
];

function atSignIn({ command }: Circumstances): boolean {
	return /^AUTH\b/.test(command ?? '');
}
