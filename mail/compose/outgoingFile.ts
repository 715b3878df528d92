import { Readable } from 'node:stream';

/** A file to send. It is opened again for each attempt, so that nothing is held in memory. */
export interface OutgoingFile {
	fileName: string;
	mimeType: string;
	/** Bytes, for the size check before sending. */
	size: number;
	/** Inline: HTML refers to it with `cid:`. */
	cid?: string;
	open: () => Promise<Readable>;
}

/** In bytes. nodemailer encodes what it gets as a whole, which takes 0.2 ms for this many. */
const SHARE_BYTES = 64 * 1024;

/** Returns content that is in memory as a stream of small pieces, because one large piece would be encoded without a pause. */
export function inShares(bytes: Buffer): Readable {
	return Readable.from(sharesOf(bytes), { objectMode: false });
}

function* sharesOf(bytes: Buffer): Generator<Buffer> {
	for (let from = 0; from < bytes.length; from += SHARE_BYTES) yield bytes.subarray(from, from + SHARE_BYTES);
}
