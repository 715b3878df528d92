/** HTML longer than this, in characters, is left alone: taking it apart would hold up the process. */
const LONGEST = 1_000_000;
/** Elements within elements. Deeper than any email program writes; parsers take squared time and the whole stack there. */
const DEEPEST = 500;

/** Whether it is of a size that those who take it apart can be given. */
export async function isReadable(html: string): Promise<boolean> {
	if (html.length > LONGEST) return false;
	// Loaded at first use.
	const { Parser } = await import('htmlparser2');
	let depth = 0;
	let deepest = 0;
	const parser = new Parser({
		onopentag: () => {
			depth += 1;
			deepest = Math.max(deepest, depth);
			// What follows is not looked at.
			if (deepest > DEEPEST) parser.reset();
		},
		onclosetag: () => void (depth -= 1),
	});
	parser.end(html);
	return deepest <= DEEPEST;
}
