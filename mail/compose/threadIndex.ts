import { randomInt } from 'node:crypto';

/** Size of the header block and of the block of each answer, in bytes (MS-OXOMSG, section 2.2.1.3). */
const HEADER = 22;
const CHILD = 5;
/** Maximum number of answers in one header line, which cannot be folded. */
const MOST_CHILDREN = 120;
/** FILETIME counts in units of 100 ns from 1601. */
const UNIX_EPOCH = 116_444_736_000_000_000n;
/** After 1.7 years, the time since the beginning is stored in larger steps. */
const LONG_AGO = 0x00fe_0000_0000_0000n;

/**
 * Outlook's conversation view sorts by `Thread-Index`: 22 bytes for the conversation, and 5 more for each answer, with the time since the
 * beginning.
 * @param index of the email that is answered, in base64
 * @returns that of the answer; empty if there is none, or none that can be continued
 */
export function continued(index: string, now = Date.now()): string {
	const text = index.replace(/\s+/g, '');
	if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return '';
	const bytes = Buffer.from(text, 'base64');
	if (bytes.length < HEADER || (bytes.length - HEADER) % CHILD !== 0 || bytes.length > HEADER + CHILD * MOST_CHILDREN) return '';
	const began = BigInt(bytes.readUIntBE(0, 6)) << 16n;
	const since = UNIX_EPOCH + BigInt(now) * 10_000n - began;
	const passed = since < 0n ? 0n : since;
	const delta = (passed & LONG_AGO) === 0n ? Number((passed >> 18n) & 0x7fff_ffffn) : Number((passed >> 23n) & 0x7fff_ffffn) + 0x8000_0000;
	const child = Buffer.alloc(CHILD);
	child.writeUInt32BE(delta);
	// Only used to distinguish two answers of the same moment.
	child[4] = randomInt(16) << 4;
	return Buffer.concat([bytes, child]).toString('base64');
}
