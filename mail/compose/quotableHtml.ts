import type { IOptions } from 'sanitize-html';

import { isReadable } from './readableHtml';

/**
 * What a quotation keeps. Scripts, forms, frames, styles that would affect the new text, and content that loads automatically are removed.
 */
const KEPT: IOptions = {
	allowedTags: [
		...[
			'a',
			'abbr',
			'address',
			'article',
			'aside',
			'b',
			'bdi',
			'bdo',
			'big',
			'blockquote',
			'br',
			'caption',
			'center',
			'cite',
			'code',
			'col',
			'colgroup',
			'dd',
			'del',
			'dfn',
			'div',
			'dl',
			'dt',
		],
		...[
			'em',
			'figcaption',
			'figure',
			'font',
			'footer',
			'h1',
			'h2',
			'h3',
			'h4',
			'h5',
			'h6',
			'header',
			'hr',
			'i',
			'img',
			'ins',
			'kbd',
			'li',
			'main',
			'mark',
			'nav',
			'o:p',
			'ol',
			'p',
			'pre',
			'q',
		],
		...[
			's',
			'samp',
			'section',
			'small',
			'span',
			'strike',
			'strong',
			'sub',
			'sup',
			'table',
			'tbody',
			'td',
			'tfoot',
			'th',
			'thead',
			'time',
			'tr',
			'tt',
			'u',
			'ul',
			'var',
			'wbr',
		],
	],
	allowedAttributes: {
		'*': ['style', 'class', 'dir', 'lang', 'title', 'align', 'valign', 'width', 'height', 'bgcolor', 'color', 'border', 'role', 'aria-*'],
		a: ['href', 'name', 'target'],
		img: ['src', 'alt', 'hspace', 'vspace'],
		font: ['face', 'size'],
		table: ['cellpadding', 'cellspacing', 'summary'],
		td: ['colspan', 'rowspan', 'nowrap'],
		th: ['colspan', 'rowspan', 'nowrap', 'scope'],
		col: ['span'],
		colgroup: ['span'],
		ol: ['start', 'type', 'reversed'],
		ul: ['type'],
		li: ['value', 'type'],
	},
	allowedSchemes: ['http', 'https', 'mailto', 'tel'],
	allowedSchemesByTag: { img: ['http', 'https', 'cid', 'data'] },
	allowProtocolRelative: false,
	nonTextTags: [
		'script',
		'style',
		'textarea',
		'option',
		'noscript',
		'title',
		'head',
		'svg',
		'math',
		'object',
		'iframe',
		'template',
		'xmp',
		'plaintext',
		'noembed',
		'noframes',
	],
	// Parsing them is slow, so what is not kept is treated as text.
	parseStyleAttributes: false,
	transformTags: {
		'*': (tagName, attribs) => ({
			tagName,
			attribs: attribs.style === undefined ? attribs : { ...attribs, style: quotableStyle(attribs.style) },
		}),
	},
};

const LONGEST_STYLE = 10_000;
/** Styles that load something, cover the new text, or hide what they do behind escapes and comments. */
const UNWANTED =
	/url\s*\(|image-set|@import|expression|behavior|-moz-binding|\\|\/\*|^\s*(?:position|z-index|inset|top|left|right|bottom)\s*:/i;

function quotableStyle(style: string): string {
	return style
		.slice(0, LONGEST_STYLE)
		.split(';')
		.filter((declaration) => !UNWANTED.test(declaration))
		.join(';');
}

/**
 * Returns the HTML of an email for use inside another one: only its body, with every element closed, so that it cannot break out of the
 * quotation, and without active content. Undefined if there is none, or too much of it.
 */
export async function quotableHtml(html: string): Promise<string | undefined> {
	if (!(await isReadable(html))) return undefined;
	// Loaded at first use.
	const { default: sanitize } = await import('sanitize-html');
	const quoted = sanitize(html, KEPT);
	return quoted.trim() === '' ? undefined : quoted;
}
