/** The character set of a Windows code page by its number. */
export function nameOfPage(page: number): string {
	// ISO 8859-1 to -16.
	if (page > 28590 && page < 28607) return `iso-8859-${page - 28590}`;
	return PAGES.get(page) ?? `windows-${page}`;
}

const PAGES = new Map([
	[932, 'shift_jis'],
	[936, 'gbk'],
	[949, 'euc-kr'],
	[950, 'big5'],
	[1200, 'utf-16le'],
	[20127, 'windows-1252'],
	[20866, 'koi8-r'],
	[20932, 'euc-jp'],
	[20949, 'euc-kr'],
	[21866, 'koi8-u'],
	[38598, 'iso-8859-8'],
	[50220, 'iso-2022-jp'],
	[50221, 'iso-2022-jp'],
	[50222, 'iso-2022-jp'],
	[51932, 'euc-jp'],
	[51936, 'gbk'],
	[51949, 'euc-kr'],
	[54936, 'gb18030'],
	[65001, 'utf-8'],
]);
