import { Tokenizer } from 'htmlparser2';
import { describe, expect, it, vi } from 'vitest';

import { textOfHtml } from '../../../mail/compose/textFromHtml';

const lines = (...all: string[]): string => all.join('\n');

describe('text made from HTML', () => {
	it.each([
		[
			'keeps the cells of a row apart and rows on lines of their own',
			'<table><tr><td>Item</td><td>Price</td></tr><tr><td>Apples</td><td>3 €</td></tr></table>',
			lines('Item\tPrice', 'Apples\t3 €'),
		],
		[
			'does so where each cell holds a paragraph, as Outlook writes them',
			'<table><tbody><tr><td><p class=MsoNormal>Item<o:p></o:p></p></td>\n<td><p>Price</p></td></tr>\n<tr><td><p>Apples</p></td><td><div>3&nbsp;€</div></td></tr></table><p>end',
			lines('Item\tPrice', 'Apples\t3 €', '', 'end'),
		],
		['keeps what stands behind a picture that closes itself', 'a<svg width="1" height="1"/><p>b</p>', lines('a', '', 'b')],
		['keeps an empty cell between others', '<table><tr><td>a</td><td></td><td>&nbsp;</td><td>b</td><td></td></tr></table>', 'a\t\t\tb'],
		[
			'keeps columns in line below an empty first title',
			'<table><tr><th></th><th>2024</th><th>2025</th></tr><tr><td>Apples</td><td>3 €</td><td>4 €</td></tr><tr><td></td><td></td><td>5 €</td></tr></table>',
			lines('\t2024\t2025', 'Apples\t3 €\t4 €', '\t\t5 €'),
		],
		[
			'does so in the parts of a table, in words, in paragraphs and behind text',
			'Prices<table><thead><tr><td><p>&nbsp;</p></td><td><p>2025</p></td></tr></thead><tbody><tr><td><p>Apples</p></td><td><p>3 €</p></td></tr></tbody></table>end',
			lines('Prices', '', '\t2025', 'Apples\t3 €', '', 'end'),
		],
		['does so where end tags are missing', '<table><tr><td><td>2025<tr><td>Apples<td>3 €', lines('\t2025', 'Apples\t3 €')],
		[
			'does so in quotations and lists',
			'<blockquote><table><tr><td></td><td>2025</td></tr><tr><td>Apples</td><td>3 €</td></tr></table></blockquote><ul><li><table><tr><td></td><td>x</td></tr><tr><td>a</td><td>b</td></tr></table></li></ul>',
			lines('> \t2025', '> Apples\t3 €', '', ' * \tx', '   a\tb'),
		],
		[
			'does so in tables within a layout',
			'<table><tr><td></td><td><table><tr><td></td><td>2025</td></tr><tr><td>Apples</td><td>3 €</td></tr></table></td></tr><tr><td></td><td>Bye</td></tr><tr><td>a</td><td>b</td></tr></table>',
			lines('\t2025', 'Apples\t3 €', 'Bye', 'a\tb'),
		],
		[
			'leaves out columns that are empty in each row, as layouts have them at their sides',
			'<table><tr><td>&nbsp;</td><td>Logo</td><td>Shop</td><td></td></tr><tr><td></td><td>a</td><td>b</td></tr><tr><td></td><td></td><td>c</td></tr></table>',
			lines('Logo\tShop', 'a\tb', '\tc'),
		],
		[
			'leaves out the columns at the sides of single cells',
			'<table><tr><td colspan="3">Welcome</td></tr><tr><td></td><td>Dear Ada,</td><td></td></tr><tr><td></td><td>Bye</td><td></td></tr></table>',
			lines('Welcome', 'Dear Ada,', 'Bye'),
		],
		[
			'leaves them out where a cell of several lines shows that the table is a layout',
			'<table><tr><td>Logo</td><td>Shop</td></tr><tr><td></td><td><p>Dear Ada,</p><p>hello</p></td></tr></table>',
			lines('Logo\tShop', 'Dear Ada,', '', 'hello'),
		],
		[
			'keeps columns in line below a cell of several rows',
			'<table><tr><th>Team</th><th>Name</th><th>City</th></tr><tr><td rowspan="2">A</td><td>Ada</td><td>Rome</td></tr><tr><td>Bob</td><td>Oslo</td></tr><tr><td>B</td><td>Eve</td><td>Bonn</td></tr></table>',
			lines('Team\tName\tCity', 'A\tAda\tRome', '\tBob\tOslo', 'B\tEve\tBonn'),
		],
		[
			'does so where cells of several rows stand between others and at the end',
			'<table><tr><td>a<td rowspan=3>b<td>c<td rowspan=2>d<tr><td>e<td>f<tr><td>g<td>h<td>i</table>',
			lines('a\tb\tc\td', 'e\t\tf', 'g\t\th\ti'),
		],
		[
			'keeps columns in line beside a cell of several columns',
			'<table><tr><td>Item</td><td>Number</td><td>Price</td></tr><tr><td colspan="2">Total</td><td>7 €</td></tr></table>',
			lines('Item\tNumber\tPrice', 'Total\t\t7 €'),
		],
		[
			'does so where that cell is empty, or has several rows too',
			'<table><tr><td colspan=2></td><td>Sum</td></tr><tr><td>a</td><td>b</td><td>1</td></tr><tr><td colspan=2 rowspan=2>c</td><td>2</td></tr><tr><td>3</td></tr></table>',
			lines('\t\tSum', 'a\tb\t1', 'c\t\t2', '\t\t3'),
		],
		[
			'leaves out the column of a picture beside the lines of a signature',
			'<table><tr><td rowspan="3"><img src="cid:logo"></td><td>Ada</td></tr><tr><td>Engineer</td></tr><tr><td>+49 123</td></tr></table>',
			lines('Ada', 'Engineer', '+49 123'),
		],
		[
			'makes no columns of a layout with cells of several rows and columns',
			'<table><tr><td rowspan="2" colspan="2">Logo</td><td>Shop</td></tr><tr><td><p>Dear Ada,</p><p>hello</p></td></tr></table>',
			lines('Logo\tShop', 'Dear Ada,', '', 'hello'),
		],
		[
			'takes no notice of numbers of rows and columns that no table has',
			'<table><tr><td colspan="100000000">a</td><td rowspan="-3">b</td><td rowspan="x">c</td></tr><tr><td>d</td></tr></table>',
			lines('a\tb\tc', 'd'),
		],
		[
			'ends cells of several rows with the head, body or foot of the table that they are in',
			'<table><thead><tr><th rowspan=2>N<th>A</thead><tbody><tr><td>x<td rowspan=100>1<tr><td rowspan=100>y</tbody><tbody><tr><td>H<td>e<td>f</tbody><tfoot><tr><td>Sum<td>9</table>',
			lines('N\tA', 'x\t1', 'y', 'H\te\tf', 'Sum\t9'),
		],
		[
			'does so where only one end of the body is known',
			'<table><tr><td rowspan=3>a<td>b<tbody><tr><td rowspan=3>c<td>d</tbody><tr><td>e<td>f</table>',
			lines('a\tb', 'c\td', 'e\tf'),
		],
		[
			'counts no columns in which no cell begins',
			'<table><tr><td colspan=12>Hello<tr><td colspan=6>Yes<td colspan=6>No</table><table><tr><td colspan=3>Bill<td colspan=2>Sum<td>€<tr><td colspan=3>a<td colspan=2>1<td>€</table>',
			lines('Hello', 'Yes\tNo', '', 'Bill\tSum\t€', 'a\t1\t€'),
		],
		[
			'does so beside empty cells of several columns',
			'<table><tr><td>a<td colspan=5></td><td>1<tr><td>b<td colspan=5></td><td>2</table><table><tr><td colspan=50>a<td>b<tr><td colspan=50>c<td>d</table>',
			lines('a\t\t1', 'b\t\t2', '', 'a\tb', 'c\td'),
		],
		[
			'counts no columns whose cells are empty in each row, as at the end of a row or for the width only',
			'<table><tr><td></td><td></td><td></td><td></td></tr><tr><td>Title<td></td><td></td><td></td></tr><tr><td colspan=2>a<td colspan=2>b</table>',
			lines('Title', 'a\tb'),
		],
		[
			'keeps columns in line in a row that begins with columns in which no cell begins',
			'<table><tr><td colspan=4></td><td>Sum<td>Tax<tr><td colspan=2>a<td colspan=2>b<td>1<td>2<tr><td colspan=4 rowspan=2>c<td>3<td>4<tr><td>5<td>6</table>',
			lines('\t\tSum\tTax', 'a\tb\t1\t2', 'c\t\t3\t4', '\t\t5\t6'),
		],
		['reads cells outside of rows', '<table><td rowspan=2>a</td><td>b</td></table>', 'a\tb'],
		['reads rows and cells whose end tags are missing', '<table><tr><th>a<th>b<tr><td>c<td>d</table>e', lines('a\tb', 'c\td', '', 'e')],
		[
			'puts what stands beside a cell of several lines below it',
			'<table><tr><td><div>one</div><div>two</div></td><td>three</td></tr></table>',
			lines('one', 'two', 'three'),
		],
		[
			'reads tables within tables',
			'<table><tr><td><table><tr><td>logo</td><td>Shop</td></tr></table></td><td>right</td></tr><tr><td><table><tr><td>x</td></tr><tr><td>y</td></tr></table></td></tr></table>',
			lines('logo\tShop\tright', 'x', 'y'),
		],
		['lets no wrong end tag leave its cell', '<div><table><tr><td>a</div></p></td><td>b</td></tr></table></div>', 'a\tb'],
		[
			'names the address of a link behind its words',
			'<p>See <a href="https://example.test/r?a=1&amp;b=2">the <b>report</b></a>.</p>',
			'See the report [https://example.test/r?a=1&b=2].',
		],
		[
			'names it once where the words are the address',
			'<a href="https://example.test/">example.test</a> <a href="mailto:ada@example.test?subject=Hi">ada@example.test</a> <a href="tel:+49123456">+49 123 456</a>',
			'example.test ada@example.test +49 123 456',
		],
		[
			'names no address that leads nowhere outside of the email',
			'<a href="#top">top</a> <a href="javascript:x()">run</a> <a name="x">here</a> <a href="cid:x">file</a>',
			'top run here file',
		],
		[
			'gives a picture that is a link by its description, or by the address',
			'<a href="https://example.test/a"><img alt="Shop"></a> <a href="https://example.test/b"><img src="x"></a> <img alt="pixel">',
			'Shop [https://example.test/a] https://example.test/b',
		],
		['keeps emoji that are pictures', 'Hi <img alt="👋" src="x">!', 'Hi 👋!'],
		[
			"keeps a button's address on its line",
			'<a href="https://example.test/a"><table><tr><td>Buy now</td></tr></table></a><p>Bye',
			lines('Buy now [https://example.test/a]', '', 'Bye'),
		],
		[
			'makes lists, nested and numbered',
			'<ol><li>one<ul><li>a</li><li>b</li></ul></li><li><p>two</p><p>more</p></li></ol><ol start="5"><li>five<li value="9">nine<li>ten</ol>',
			lines(' 1. one', '     * a', '     * b', ' 2. two', '', '    more', '', ' 5. five', ' 9. nine', ' 10. ten'),
		],
		[
			'counts down in lists that are reversed',
			'<ol reversed><li>three<ol><li>a<li>b</ol><ul><li>c</ul><li>two<li>one</ol><ol reversed start=10><li>ten<li>nine<li value=3>three<li>two</ol><ol><li>one</ol>',
			lines(
				...[' 3. three', '     1. a', '     2. b', '     * c', ' 2. two', ' 1. one', ''],
				...[' 10. ten', ' 9. nine', ' 3. three', ' 2. two', '', ' 1. one'],
			),
		],
		[
			'quotes quotations, in quotations too',
			'hello<blockquote>one<p>two</p><blockquote>three</blockquote></blockquote>after',
			lines('hello', '', '> one', '>', '> two', '>', '> > three', '', 'after'),
		],
		['sets headings apart', '<h1>Report</h1>text<h2>Part</h2>more', lines('Report', '', 'text', '', 'Part', '', 'more')],
		[
			'keeps blanks and lines of preformatted text',
			'<pre>\nfor x:\n  y\n\nend</pre><div style="white-space: pre-wrap">a  b\nc</div>',
			lines('for x:', '  y', '', 'end', '', 'a  b', 'c'),
		],
		[
			'reads blank lines as mail programs write them',
			'<div>a</div><div><br></div><div>b<br></div><div>c</div><p>d</p><p>&nbsp;</p><p>e<br><br>f',
			lines('a', '', 'b', 'c', '', 'd', '', 'e', '', 'f'),
		],
		['decodes entities', '&lt;b&gt; &amp;amp; &euro; &#8364; &#x20ac; &notin; &nosuch; AT&T', '<b> &amp; € € € ∉ &nosuch; AT&T'],
		[
			'leaves out what is not shown',
			'<head><title>t</title><style>p{}</style></head><body><script>x()</script><div style="color:#fff; DISPLAY : none">pre<span>view</span> text</div><p hidden>gone</p><span style="visibility:hidden">gone</span>shown<!-- no --><!--[if mso]>no<![endif]-->',
			'shown',
		],
		[
			'leaves out previews that are hidden by their height or opacity, and nothing that is only clipped, thin or faint',
			'<div style="max-height:0; overflow:hidden; mso-hide:all">pre</div><p style="height:0px;overflow: hidden">pre</p><span style="opacity:0">pre</span>' +
				'<div style="overflow:hidden;max-height:0.5em">a</div><div style="line-height:0;overflow:hidden">b</div><div style="opacity:0.8">c</div><td style="font-size:0">d</td>',
			lines('a', 'b', 'c', 'd'),
		],
		[
			'does not lose what follows a hidden element that is never closed',
			'<table><tr><td><span style="display:none">pre</td></tr><tr><td>shown</td></tr></table>',
			'shown',
		],
		[
			'leaves out the padding of previews and soft hyphens',
			'<p>&zwnj;&nbsp;&zwnj;&nbsp;&#847; \u200b\ufeff</p><p>Donau&shy;dampf می&zwnj;خواهم 👩&zwj;🚀</p>',
			'Donaudampf می\u200cخواهم 👩‍🚀',
		],
		['draws a rule', 'a<hr>b', lines('a', '--------------------', 'b')],
	])('%s', async (_name, html, text) => {
		expect(await textOfHtml(html)).toBe(text);
	});

	it('is nothing where the HTML shows no words', async () => {
		for (const html of ['', ' ', '<img src="cid:x">', '<style>p{}', '<!-- x', '<p>&nbsp;</p>'])
			expect(await textOfHtml(html)).toBeUndefined();
	});

	it('is cut where the parts of one mail have taken what they may together', async () => {
		const budget = { characters: 30 };
		expect(await textOfHtml('<p>0123456789</p>', budget)).toBe('0123456789');
		expect(await textOfHtml('<p>0123456789</p>', budget)).toBe('0123456789\n\n[…]');
		expect(await textOfHtml('<p>0123456789</p>', budget)).toBeUndefined();
	});
});

describe('work and text are bounded', () => {
	const row =
		'<tr><td style="padding:0">Item <b>x</b></td><td><a href="https://example.test/r?a=1&amp;b=2&utm=newsletter">see it</a></td><td><p>3&nbsp;€</p></td></tr>';
	const tags = [
		'<div>',
		'<b>',
		'<p>x',
		'<span style="display:none">',
		'<ul><li>',
		'<ol><li>x',
		'<blockquote>x',
		'<table><tr><td>',
		'<table><tr><td>x<td>',
		'<tr><td><td>x<td>y',
		'<table><tr><td><td>x<td>y',
		'<table></table><tr><td><td>x',
		'<li>x',
		'<td>x',
		'<a href="https://example.test/r">x',
		'<a href=x><table><tr><td>',
		'<pre>',
		'</p>',
		'</div>',
		'<br>',
		'<!--',
		'<title>',
		'<svg>',
		'<',
		'&',
		'&amp;',
		'&zwj;',
	];

	it.each(tags)('for 100,000 times %s', async (tag) => {
		const html = tag.repeat(100_000);
		const before = process.cpuUsage();
		const text = await textOfHtml(`${html}x`);
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
		expect(text?.length ?? 0).toBeLessThan(html.length * 8);
	});

	it('for end tags that have nothing to end in deep nesting', async () => {
		const before = process.cpuUsage();
		await textOfHtml(`${'<div>'.repeat(100_000)}${'</span></x></p></td></table>'.repeat(50_000)}`);
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
	});

	it.each([
		[1, '<p>The order is reversed.</p><ol title="x"><li>reversed</ol><style>tr{flex-direction:row-reversed}</style>'],
		[2, '<ol class="x" REVERSED><li>x</ol>'],
	])('by reading HTML %s times: %s', async (times, html) => {
		const end = vi.spyOn(Tokenizer.prototype, 'end');
		await textOfHtml(html);
		expect(end).toHaveBeenCalledTimes(times);
		end.mockRestore();
	});

	it('where lists that could be reversed are looked for', async () => {
		const before = process.cpuUsage();
		await textOfHtml('<ol '.repeat(250_000));
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(4000);
	});

	it('for a newsletter of 10 MB, during which others get their turn', async () => {
		let turns = 0;
		const timer = setInterval(() => (turns += 1), 1);
		const before = process.cpuUsage();
		const text = await textOfHtml(`<table>${row.repeat(65_000)}</table>`);
		expect(process.cpuUsage(before).user / 1000).toBeLessThan(6000);
		clearInterval(timer);
		expect(turns).toBeGreaterThan(5);
		expect(text?.split('\n')).toHaveLength(65_000);
	});
});
