import type { Readable } from 'node:stream';

/** A file to send; opened anew for each attempt, so that nothing is held in memory. */
export interface OutgoingFile {
	fileName: string;
	mimeType: string;
	/** Bytes, for the size check before sending. */
	size: number;
	/** Inline: HTML refers to it by `cid:`. */
	cid?: string;
	open: () => Promise<Readable>;
}
