/** Longer HTML, in characters, is not parsed, because that would block the process. */
const LONGEST = 1_000_000;
/** Pictures in the HTML itself (RFC 2397) are not counted, because each is read as one value. With them, this is the limit. */
const LONGEST_WITH_PICTURES = 5_000_000;
const PICTURE = /data:image\/[\w.+-]{1,40};base64,[\w+/=\s]*/gi;
/** Maximum nesting of elements, deeper than any email program writes. For deeper nesting, parsers take squared time and the whole stack. */
const DEEPEST = 500;

/** Whether the HTML is small enough to be parsed. */
export async function isReadable(html: string): Promise<boolean> {
	if (html.length > LONGEST_WITH_PICTURES) return false;
	if (html.length > LONGEST && html.replace(PICTURE, '').length > LONGEST) return false;
	// Loaded at first use.
	const { Parser } = await import('htmlparser2');
	let depth = 0;
	let deepest = 0;
	const parser = new Parser({
		onopentag: () => {
			depth += 1;
			deepest = Math.max(deepest, depth);
			// The rest is not examined.
			if (deepest > DEEPEST) parser.reset();
		},
		onclosetag: () => void (depth -= 1),
	});
	parser.end(html);
	return deepest <= DEEPEST;
}
