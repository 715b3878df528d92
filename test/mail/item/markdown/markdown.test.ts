import { describe, expect, it } from 'vitest';

import { plainAddress } from '../../../../mail/item/markdown/links';
import { markdownOf } from '../../../../mail/item/markdown/markdown';

describe('HTML as Markdown', () => {
	it.each([
		['headings and emphasis', '<h1>Hello</h1><p>Text, <b>bold</b> and <i>slanted</i>.</p>', '# Hello\n\nText, **bold** and *slanted*.'],
		['links', '<p>See <a href="https://example.com/a?b=c">the page</a>.</p>', 'See [the page](https://example.com/a?b=c).'],
		[
			'lists within lists',
			'<ul><li>One</li><li>Two<ul><li>Inner</li></ul></li></ul><ol start="3"><li>Three</li></ol>',
			'- One\n- Two\n  - Inner\n\n3. Three',
		],
		['items that nobody closed', '<ul><li>One<li>Two</ul>', '- One\n- Two'],
		[
			'tables of data',
			'<table><tr><th>Item</th><th>Price</th></tr><tr><td>Pen</td><td>2 EUR</td></tr></table>',
			'Item | Price\nPen | 2 EUR',
		],
		['quotations', '<p>Yes.</p><blockquote>Shall<br>we?</blockquote>', 'Yes.\n\n> Shall\n> we?'],
		['preformatted text', '<pre>a\n  b</pre>', '```\na\n  b\n```'],
		['pictures by their text', '<img src="x" alt="Logo"><img src="y">', 'Logo'],
		['a link around a picture', '<a href="https://example.com/"><img src="x" alt="Shop"></a>', '[Shop](https://example.com/)'],
		['signs that Markdown has for itself', '<p>2*3*4 and [x] and snake_case</p>', '2\\*3\\*4 and \\[x\\] and snake_case'],
		['entities', '<p>M&uuml;ller &amp; S&ouml;hne</p>', 'Müller & Söhne'],
		['no hidden beginning', '<div style="display: none; max-height: 0">Open me</div><p>News</p>', 'News'],
		[
			'no styles, scripts and titles',
			'<html><head><title>T</title><style>p{}</style></head><body><script>x</script><p>News</p></body></html>',
			'News',
		],
		['no tracking pixels', '<p>News</p><img src="https://example.com/open" alt="pixel" width="1" height="1">', 'News'],
		['no links that nobody can follow', '<a href="javascript:alert(1)">Click</a> <a href="cid:1">Part</a>', 'Click Part'],
		[
			'the text of MJML, which lays it out in cells whose letters have no size',
			'<td style="font-size:0px;padding:10px 25px"><div style="font-family:Arial;font-size:13px">Your order has <b>left</b>.</div><img src="x" alt="Logo"></td>',
			'Your order has **left**.\nLogo',
		],
		[
			'the text of tables in elements whose letters have no size',
			'<div style="font-size:0"><table style="width:50%"><tr><td>News</td></tr></table></div>',
			'News',
		],
		[
			'no letters without size',
			'<p>Micro<span style="font-size: 0px">xyz<b style="font-size:2em">xyz</b></span>soft <span style="font:0/0 a">x</span></p>',
			'Microsoft',
		],
		[
			'buttons that Word draws in another way',
			'<a href="https://example.com/reset" style="display:inline-block;mso-hide:all">Reset your password</a>',
			'[Reset your password](https://example.com/reset)',
		],
		['the text behind a picture that closes itself', '<p>a</p><svg width="1" height="1"/><p>b</p>', 'a\n\nb'],
		['the text below a head that is never closed', '<html><head><style>p{}</style><title>T</title><body><p>News</p></body></html>', 'News'],
		['a heading in a link', '<a href="https://example.com/"><h2>News</h2></a>', '## [News](https://example.com/)'],
		['a heading in bold', '<b><h2>News</h2></b><p>Text</p>', '## **News**\n\nText'],
		['bold within bold', '<b>One <strong>two</strong> three</b> four', '**One two three** four'],
		['code as it is', '<p>Run <code>npm_i *x*</code></p>', 'Run `npm_i *x*`'],
		['code in preformatted text', '<pre><code>a_*\nb</code></pre>', '```\na_*\nb\n```'],
		[
			'tables of Outlook, which puts a paragraph into each cell',
			'<table><tr><td><p>Item</p></td><td><p>Price</p></td></tr><tr><td><p>Pen</p></td><td><p>2 EUR</p></td></tr></table>',
			'Item | Price\n\nPen | 2 EUR',
		],
		[
			'tables of Gmail, which puts a division into each cell',
			'<table><tr><td><div>Item</div></td><td><div>Price</div></td></tr><tr><td><div>Pen</div></td><td><div>2 EUR</div></td></tr></table>',
			'Item | Price\nPen | 2 EUR',
		],
		[
			'headings and lists in cells on lines of their own',
			'<table><tr><td>Pens</td><td><ul><li>red</li><li>blue</li></ul></td></tr><tr><td>Logo</td><td><h2>News</h2></td></tr></table>',
			'Pens\n\n- red\n- blue\n\nLogo\n\n## News',
		],
		['no settings of Office in the head', '<head><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml></head><p>News</p>', 'News'],
		['no padding behind a word', '<p>News\u034f\u200c \u034f\u200c\u034f\u200d \u034f</p>', 'News'],
		['joiners within words and signs', '<p>\u200cمی\u200cخواهم \u200c 👩\u200d🚀</p>', 'می\u200cخواهم 👩\u200d🚀'],
		['nothing for nothing', '', ''],
	])('has %s', async (_name, html, expected) => {
		expect(await markdownOf(html)).toBe(expected);
	});

	it('is cut where it is too long, and says so', async () => {
		const markdown = await markdownOf('<p>word</p>'.repeat(50_000));
		expect(markdown.length).toBeLessThan(41_000);
		expect(markdown).toMatch(/The email is longer\. It was cut here after [\d,]+ characters\.\]$/);
	});

	it.each([
		['elements within elements', '<div>'.repeat(400_000)],
		['tables within tables', '<table><tr><td>x'.repeat(100_000)],
		['lists within lists', '<ul><li>x'.repeat(100_000)],
		['quotations within quotations', '<blockquote>x'.repeat(100_000)],
		['elements that are closed only', `${'<b>'.repeat(100_000)}${'</i>'.repeat(200_000)}`],
		['elements that hold nothing', '<b></b>'.repeat(200_000)],
		['attributes without end', `<a ${'x=y '.repeat(400_000)}>`],
		['an address without end', `<a href="https://example.com/${'a'.repeat(2_000_000)}">x</a>`],
		['parameters without end', `<a href="https://example.com/?${'utm_a=1&'.repeat(200_000)}">x</a>`.repeat(2)],
		['hidden elements', '<div style="display:none">'.repeat(60_000)],
		['a style without end', `<p style="${' display : '.repeat(200_000)}">x</p>`],
		['brackets', '<'.repeat(2_000_000)],
	])('takes no time for %s', async (_name, html) => {
		const begin = performance.now();
		const markdown = await markdownOf(html);
		// At most 300 ms on a quiet machine.
		expect(performance.now() - begin).toBeLessThan(60_000);
		expect(markdown.length).toBeLessThan(45_000);
	});
});

describe('an address in Markdown', () => {
	it.each([
		['https://example.com/a?utm_source=x&id=7&utm_medium=y', 'https://example.com/a?id=7'],
		[
			'https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa%3Fid%3D1&data=05%7C01',
			'https://example.com/a?id=1',
		],
		['https://usg02.safelinks.protection.office365.us/?url=https%3A%2F%2Fexample.com%2Fa&data=05', 'https://example.com/a'],
		['https://example.com/a?token=utm_source', 'https://example.com/a?token=utm_source'],
		['mailto:ada@example.com', 'mailto:ada@example.com'],
		['#top', ''],
		['data:text/html,x', ''],
	])('%s becomes %s', (href, expected) => {
		expect(plainAddress(href)).toBe(expected);
	});
});
