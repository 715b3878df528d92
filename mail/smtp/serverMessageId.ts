/**
 * Recognizes a new Message-ID in the answer to an email: a 250 with the enhanced code 2.x.0, an optional OK, and directly after it a
 * Message-ID whose host belongs to Microsoft (`….prod.outlook.com`, `….prod.exchangelabs.com`, whatever the last label, and those of
 * 21Vianet and GCC High), followed by nothing or by `[Hostname=…]`. Other servers repeat addresses, queue IDs or our own
 * Message-ID in angle brackets.
 */
const ANSWER =
	/^250[ -]2\.\d\.0 (?:OK )?<([^<>\s@]{1,250}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,6}\.prod\.(?:(?:partner\.)?outlook|outlook\.office365|exchangelabs)\.[a-z]{2,10})>(?:\s*$|\s+\[)/i;

/** Longer answers are not examined, in characters. */
const LONGEST = 1_000;

/**
 * Returns the Message-ID, in angle brackets, with which the server replaced ours, as Outlook.com does (postalsys/emailengine#254);
 * undefined if it kept ours. Recipients see the server's Message-ID, so threads depend on it.
 */
export function serverMessageId(response: string, submitted: string): string | undefined {
	const [, id] = ANSWER.exec(response.slice(0, LONGEST)) ?? [];
	return id === undefined || `<${id}>` === submitted ? undefined : `<${id}>`;
}
