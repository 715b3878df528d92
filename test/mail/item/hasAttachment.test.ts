import { describe, expect, it } from 'vitest';

import { hasAttachment, hasAttachmentByStructure, type PartShape } from '../../../mail/item/hasAttachment';

const TEXT: PartShape = { type: 'text/plain' };
const HTML: PartShape = { type: 'text/html' };
const mixed = (...children: PartShape[]): PartShape => ({ type: 'multipart/mixed', children });

describe('Has Attachment by structure', () => {
	it.each<[string, PartShape | undefined, boolean | 'unknown']>([
		['text alone', TEXT, false],
		['text and HTML', { type: 'multipart/alternative', children: [TEXT, HTML] }, false],
		['a mail that is one PDF', { type: 'application/pdf' }, true],
		['a file without a name', mixed(TEXT, { type: 'application/pdf' }), true],
		['an inline PDF of Apple Mail', mixed(TEXT, { type: 'application/pdf', disposition: 'inline', name: 'a.pdf' }, TEXT), true],
		['an image beside plain text', mixed(TEXT, { type: 'image/jpeg', disposition: 'inline', contentId: '<a>' }), true],
		['text with a name', mixed(TEXT, { type: 'text/plain', disposition: 'inline', name: 'log.txt' }), true],
		['an attached HTML page', mixed(TEXT, { type: 'text/html', disposition: 'attachment' }), true],
		['an invitation without a name', { type: 'multipart/alternative', children: [TEXT, { type: 'text/calendar' }] }, true],
		['an AMP page beside the HTML', { type: 'multipart/alternative', children: [TEXT, { type: 'text/x-amp-html' }, HTML] }, false],
		['an attached mail', mixed(TEXT, { type: 'message/rfc822', children: [TEXT] }), true],
		['an image that HTML may show', { type: 'multipart/related', children: [HTML, { type: 'image/png', contentId: '<a>' }] }, 'unknown'],
		['an image that HTML cannot name', mixed(HTML, { type: 'image/png' }), true],
		['such an image beside a PDF', mixed(HTML, { type: 'image/png', contentId: '<a>' }, { type: 'application/pdf' }), true],
		['no structure', undefined, 'unknown'],
		['a multipart without parts', { type: 'multipart/mixed', children: [] }, 'unknown'],
		['a part without a type', mixed(TEXT, { type: '' }), 'unknown'],
	])('says for %s what is known', (_name, root, answer) => {
		expect(hasAttachmentByStructure(root)).toBe(answer);
	});
});

describe('Has Attachment by the mail', () => {
	const logo = { type: 'image/png', contentId: 'logo@x' };
	it.each([
		['no file', [], '<p>', false],
		['an image that the HTML shows', [logo], '<img src="cid:logo@x">', false],
		['such an image, its id escaped', [logo], '<img src=cid:logo%40x>', false],
		[
			'an image called octet-stream that the HTML shows',
			[{ ...logo, type: 'application/octet-stream', name: 'l.png' }],
			'<img src="cid:logo@x">',
			false,
		],
		['an image that the HTML shows by its location', [{ type: 'image/png', location: 'logo.png' }], '<img src="logo.png">', false],
		['an image that the HTML does not show', [logo], '<p>no image</p>', true],
		['an image beside plain text', [logo], '', true],
		['a PDF that the HTML refers to', [{ type: 'application/pdf', contentId: 'logo@x' }], '<a href="cid:logo@x">', true],
	])('says for %s what people see', (_name, files, html, answer) => {
		expect(hasAttachment(files, html)).toBe(answer);
	});
});
