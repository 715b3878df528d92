import type { Readable } from 'node:stream';

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
