import { isReadable } from './readableHtml';

/** The text that stands beside HTML for readers without it; undefined where there is none in it, or the HTML is out of all measure. */
export async function textOfHtml(html: string): Promise<string | undefined> {
	if (!(await isReadable(html))) return undefined;
	// Loaded at first use.
	const { convert } = await import('html-to-text');
	const text = convert(html, {
		wordwrap: false,
		selectors: [
			{ selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
			{ selector: 'img', format: 'skip' },
			...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
		],
	});
	return text.trim() === '' ? undefined : text;
}
