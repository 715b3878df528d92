import iconv from 'iconv-lite';

const labels = new Map<string, string | undefined>();

/** Returns the name by which a set is decoded; undefined if it is unknown. */
export function labelOf(name: string | undefined): string | undefined {
	if (name === undefined || name.length > 60) return undefined;
	if (!labels.has(name)) {
		if (labels.size > 1000) labels.clear();
		labels.set(
			name,
			findLabel(
				name
					.trim()
					.toLowerCase()
					// charset="charset=windows-1251", as scripts write it.
					.replace(/^charset\s{0,9}=\s{0,9}/, '')
					.replace(/^x-(?=(utf|iso|windows|big5))/, ''),
			),
		);
	}
	return labels.get(name);
}

/** Names that email programs use and that are in no list, and sets that stand for a larger one. */
const ALIASES = new Map([
	['ascii', 'us-ascii'],
	['us-ascii', 'us-ascii'],
	['ansi_x3.4-1968', 'us-ascii'],
	['iso646-us', 'us-ascii'],
	['646', 'us-ascii'],
	['7bit', 'us-ascii'],
	['utf8mb4', 'utf-8'],
	['utf_8', 'utf-8'],
	['utf', 'utf-8'],
	['cp65001', 'utf-8'],
	['unicode-1-1-utf-8', 'utf-8'],
	['cp932', 'shift_jis'],
	['x-ms-cp932', 'shift_jis'],
	['cp943c', 'shift_jis'],
	['koi-8', 'koi8-r'],
	['shift_jis-2004', 'shift_jis'],
	['shift_jisx0213', 'shift_jis'],
	['euc-jis-2004', 'euc-jp'],
	['euc-jisx0213', 'euc-jp'],
	['cp936', 'gbk'],
	['cp949', 'euc-kr'],
	['cp950', 'big5'],
	['ansi', 'windows-1252'],
	['latin-1', 'windows-1252'],
	['iso-8859-8-e', 'iso-8859-8'],
	['unicode-1-1-utf-7', 'utf-7'],
	['utf7', 'utf-7'],
	['uhc', 'euc-kr'],
	['5601', 'euc-kr'],
	['cp51932', 'euc-jp'],
	['chinesebig5', 'big5'],
	['x-eucjp', 'euc-jp'],
	['eucjp-ms', 'euc-jp'],
	['ujis', 'euc-jp'],
	['x-euc-cn', 'gbk'],
	['gb18030-2000', 'gb18030'],
	['unicode-2-0-utf-7', 'utf-7'],
	['x-unicode-2-0-utf-7', 'utf-7'],
	['hz', 'hz'],
	['x-hz', 'hz'],
	['cshzgb2312', 'hz'],
	['hz-gb-2312', 'hz'],
	['hz-gb2312', 'hz'],
	['johab', 'johab'],
	['cp1361', 'johab'],
	['ms1361', 'johab'],
	['ptcp154', 'pt154'],
	['csptcp154', 'pt154'],
	['cp154', 'pt154'],
	['cyrillic-asian', 'pt154'],
	// As PHP calls them.
	['sjis-win', 'shift_jis'],
	['sjis-mac', 'shift_jis'],
	['eucjp-win', 'euc-jp'],
	['cswindows31j', 'shift_jis'],
	['cn-gb', 'gbk'],
	['cp20936', 'gbk'],
	['cp54936', 'gb18030'],
	['gb18030-2022', 'gb18030'],
	['big5-eten', 'big5'],
]);

/** Sets of old Macs, as Apple, Java and IANA call them, that are not called as iconv-lite calls them. */
const MAC = new Map([
	['roman', 'macintosh'],
	['ce', 'maccenteuro'],
	['centraleurope', 'maccenteuro'],
	['centraleurroman', 'maccenteuro'],
	['romanian', 'macromania'],
	['icelandic', 'maciceland'],
	['japanese', 'shift_jis'],
	['chinesetrad', 'big5'],
	['chinesesimp', 'gbk'],
	['korean', 'euc-kr'],
]);

function findLabel(name: string): string | undefined {
	const alias = ALIASES.get(name);
	if (alias !== undefined) return alias;
	const escaped = /^(?:cs)?iso-?2022-?(jp|kr|cn)/.exec(name)?.[1];
	if (escaped !== undefined) return `iso-2022-${escaped}`;
	const found = candidates(name)
		.map(known)
		.find((label) => label !== undefined);
	// x-koi8-r, x-euc-kr: a name that was registered only later.
	return found ?? (name.startsWith('x-') ? findLabel(name.slice(2)) : undefined);
}

/** 8859_15, iso8859-1, iso_8859-1:1987, windows1252, cp-1252, win-1251, windows-cp1251, dos-850, ibm00858, x-mac-greek. */
function candidates(name: string): string[] {
	const iso = /^(?:iso)?[-_ ]?8859[-_ ]?(\d{1,2})(?![\d])/.exec(name)?.[1];
	const windows = /^(?:windows|win|cp|ibm|ansi|ce)[-_ ]?(?:cp)?(125\d)$/.exec(name)?.[1];
	const dos = /^(?:dos|ibm|cp)[-_ ]?0{0,2}(\d{3})$/.exec(name)?.[1];
	const mac = /^x-mac-?([a-z]{2,20})$/.exec(name)?.[1];
	return [
		...(iso === undefined ? [] : [`iso-8859-${iso}`]),
		...(windows === undefined ? [] : [`windows-${windows}`]),
		name,
		...(dos === undefined ? [] : [`cp${dos}`]),
		...(mac === undefined ? [] : [MAC.get(mac) ?? `mac${mac}`]),
	];
}

function known(name: string): string | undefined {
	try {
		return new TextDecoder(name).encoding;
	} catch {
		return iconv.encodingExists(name) && !['base64', 'hex', 'binary'].includes(name) ? name : undefined;
	}
}
