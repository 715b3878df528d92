import type { Session } from './session';

/** Number of commands of a session that may fail without ending it. */
const MOST_FAILURES = 2;

/** What Exchange says of commands that it cannot carry out or that are not valid, and what it adds at the end. */
const WORDS = {
	pop: {
		failed: /^-ERR (?:\[SYS\/TEMP\] )?(?:Server Unavailable\. \d+|Command is not valid in this state\.)$/,
		// A line of its own, without -ERR.
		end: 'Connection is closed. 21',
	},
	imap: { failed: /^\S+ (?:NO Server Unavailable\. 15|BAD (?!Request is throttled))/, end: '* BYE Connection closed. 14' },
};

/** https://github.com/simonrob/email-oauth2-proxy/issues/191, https://github.com/imapsync/imapsync/issues/272 */
const THROTTLED = /^\S+ BAD Request is throttled/;

/**
 * Exchange counts the commands of a session that it cannot carry out or that are not valid, whatever it carries out in between, and ends the
 * session with the third (Pop3ResponseFactory and Imap4ResponseFactory of Exchange Server 2013). An email that is corrupted or gone does
 * not count, nor does a refusal with NO in IMAP. With the words that a command of IMAP is throttled, it ends the session at once.
 */
export function endAfterFailures(session: Session): void {
	if (session.protocol === 'smtp') return;
	const { failed, end } = WORDS[session.protocol];
	let failures = 0;
	session.afterReply = (reply) => {
		const isThrottled = session.protocol === 'imap' && THROTTLED.test(reply) && session.exchange.endsThrottled;
		if (!isThrottled && !failed.test(reply)) return;
		failures += 1;
		if (!isThrottled && failures <= MOST_FAILURES) return;
		session.say(end);
		session.end();
	};
}
