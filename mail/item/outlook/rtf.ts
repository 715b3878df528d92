/** Compressed and plain, in bytes: RTF around an email's HTML is a few times as long as that. */
const LONGEST_COMPRESSED = 2_000_000;
const LONGEST_RTF = 8_000_000;

/** Groups within groups; Outlook writes about ten. */
const DEEPEST = 100;

export type RtfBody = { html: string } | { text: string } | { rtf: Buffer };

/**
 * The body that Outlook keeps as compressed RTF (MS-OXRTFCP): the HTML or text that stands in it (MS-OXRTFEX), else the RTF
 * itself. Undefined where it cannot be read.
 */
export async function rtfBody(compressed: Buffer): Promise<RtfBody | undefined> {
	if (compressed.length < 16 || compressed.length > LONGEST_COMPRESSED) return undefined;
	// The library takes both lengths on trust and would write two gigabytes of zeros for them.
	if (compressed.readUInt32LE(0) + 4 > compressed.length || compressed.readUInt32LE(4) > LONGEST_RTF) return undefined;
	try {
		// Loaded at first use.
		const { decompressRTF } = await import('@kenjiuno/decompressrtf');
		const rtf = Buffer.from(decompressRTF([...compressed]));
		return (await encapsulated(rtf)) ?? { rtf };
	} catch {
		return undefined;
	}
}

async function encapsulated(rtf: Buffer): Promise<RtfBody | undefined> {
	const begin = rtf.toString('latin1', 0, 1_000);
	// The library takes squared time for groups within groups.
	if (!/\\from(?:html1|text)\b/.test(begin) || depthOf(rtf) > DEEPEST) return undefined;
	const [{ deEncapsulateSync }, iconv] = await Promise.all([import('rtf-stream-parser'), import('iconv-lite')]);
	const decode = (bytes: Buffer, encoding: string): string =>
		iconv.encodingExists(encoding) ? iconv.decode(bytes, encoding) : bytes.toString('latin1');
	const { mode, text } = deEncapsulateSync(rtf, { decode, warn: () => undefined, replaceSymbolFontChars: true });
	return mode === 'html' ? { html: text.toString() } : { text: text.toString() };
}

function depthOf(rtf: Buffer): number {
	let [depth, deepest] = [0, 0];
	for (const byte of rtf) {
		if (byte === OPEN) deepest = Math.max(deepest, ++depth);
		else if (byte === CLOSE) depth -= 1;
	}
	return deepest;
}

const [OPEN, CLOSE] = [0x7b, 0x7d];
