/**
 * The rule: the answer to a mail is a 250 with the enhanced code 2.x.0, an optional OK, and then at once a Message-ID whose
 * host is one of Microsoft's (`….prod.outlook.com`, `….prod.exchangelabs.com`, whatever the last label), with nothing or
 * `[Hostname=…]` behind it. Other servers repeat addresses, queue ids or our own Message-ID in angle brackets.
 */
const ANSWER =
	/^250[ -]2\.\d\.0 (?:OK )?<([^<>\s@]{1,250}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}\.prod\.(?:outlook|exchangelabs)\.[a-z]{2,10})>(?:\s*$|\s+\[)/i;

/** No answer that matters is longer, in characters. */
const LONGEST = 1_000;

/**
 * The Message-ID that the server gave the mail in place of ours, in angle brackets, as Outlook.com does
 * (postalsys/emailengine#254); undefined where it kept ours. Recipients see the server's, so threads hang on it.
 */
export function serverMessageId(response: string, submitted: string): string | undefined {
	const [, id] = ANSWER.exec(response.slice(0, LONGEST)) ?? [];
	return id === undefined || `<${id}>` === submitted ? undefined : `<${id}>`;
}
