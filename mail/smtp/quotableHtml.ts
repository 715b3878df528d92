/** HTML longer than this, in characters, is quoted as text: taking it apart would hold up the process. */
const LONGEST_HTML = 1_000_000;
/** What a quotation has no use for, or what acts: scripts, forms, frames, styles that would reach the new text. */
const DROPPED = new Set(['script', 'style', 'head', 'title', 'meta', 'link', 'base', 'iframe', 'frame', 'frameset', 'object', 'embed', 'applet', 'input', 'button', 'select', 'textarea', 'template', 'noscript', 'svg', 'math']);
/** Whose content stays where the element goes. */
const UNWRAPPED = new Set(['html', 'body', 'form']);

/**
 * A mail's HTML so that it can stand within another's: its body alone, closed properly, so that it cannot break out of the
 * quotation, and without what acts. Undefined where there is none, or too much of it.
 */
export async function quotableHtml(html: string): Promise<string | undefined> {
	if (html.trim() === '' || html.length > LONGEST_HTML) return undefined;
	// Loaded at first use.
	const { DomUtils, ElementType, parseDocument } = await import('htmlparser2');
	const document = parseDocument(html);
	for (const element of DomUtils.findAll((node) => DROPPED.has(node.name), document.children)) DomUtils.removeElement(element);
	for (const node of DomUtils.filter((one) => one.type === ElementType.Comment || one.type === ElementType.Directive, document.children)) DomUtils.removeElement(node);
	for (const element of DomUtils.findAll((node) => UNWRAPPED.has(node.name), document.children).reverse()) {
		for (const child of [...element.children]) DomUtils.prepend(element, child);
		DomUtils.removeElement(element);
	}
	for (const element of DomUtils.findAll(() => true, document.children)) {
		for (const [name, value] of Object.entries(element.attribs)) {
			if (/^on/i.test(name) || /^[\s\u0000-\u0020]*(javascript|vbscript):/i.test(value)) delete element.attribs[name];
		}
	}
	return DomUtils.getOuterHTML(document.children, { encodeEntities: 'utf8' });
}
