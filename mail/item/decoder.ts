/** Takes the transfer encoding off, piece by piece. */
export interface Decoder {
	push(bytes: Buffer): Buffer;
	end(): Buffer;
	/** Whether something was there that the encoding does not allow; known at the end. */
	readonly damaged: boolean;
}
