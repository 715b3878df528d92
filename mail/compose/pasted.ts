import { withoutFence } from './codeFence';
import { bracketed } from './names';
import { oneLine } from './pastedLines';
import { withoutSlips } from './slips';

/** Fillers of Hangul and the empty Braille pattern look like blanks. */
const FILLERS = '\\u2800\\u3164\\uffa0';
/** Invisible characters that are copied along with text, whoever wrote it: those of Unicode, and marks of annotations. */
const UNSEEN = `(?![${FILLERS}])\\p{Default_Ignorable_Code_Point}|[\\ufff9-\\ufffb]`;
/** Those that also mean nothing in a name, where joiners and direction marks do. */
const NEVER_MEANT = /[\u00ad\u180e\u200b\u2060\u2065\ufeff\ufff9-\ufffb]/g;
const BLANK = `\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000${FILLERS}`;
const SUSPECTS = new RegExp(`${UNSEEN}|[${BLANK}]`, 'u');
const ANY_UNSEEN = new RegExp(UNSEEN, 'gu');
const ANY_BLANK = new RegExp(`[${BLANK}]`, 'g');
const BLANKS_AND_AT = new RegExp(`[${BLANK}]+(@?)`, 'g');
const IN_DOUBT = new RegExp(`[\\p{L}\\p{N}][${BLANK}]([^\\s<>,;"()@]{1,64}@[^\\s<>,;"()@]{1,255})`, 'u');
const AT_AND_BLANKS = new RegExp(`@[${BLANK}]+`, 'g');
/** A blank next to a dot of a domain, at the end of its entry. */
const BLANK_IN_DOMAIN = new RegExp(
	`(@[^\\s@<>,;"()]{1,255})[${BLANK}]+(\\.[a-z0-9.-]{1,255} ` +
		`*(?:[,;>]|$))|(@[^\\s@<>,;"()]{0,255}\\.)[${BLANK}]+([a-z0-9.-]{1,255} *(?:[,;>]|$))`,
	'gi',
);

/** A list of addresses without the traces of where it was copied from. */
export interface Pasted {
	text: string;
	/** Invisible characters that were removed, as U+200B; empty if there were none. */
	dropped: string[];
	/** What was removed next to addresses because it was typed or added by mistake, such as `=`. */
	slips?: string[];
	/** The text after the addresses of mailto links, such as `?subject=Hi`. */
	queries?: string[];
	/** Why it is unclear who is meant, as a sentence. */
	unclear?: string;
	/** The word after a no-break space or another unusual blank that may separate a name from its address or cut an address in two. */
	doubtful?: string;
}

/**
 * Reads addresses as people and language models paste them: one on each line, with bullets or numbers; links of Markdown and mailto;
 * invisible characters and no-break spaces in and next to addresses. What may be an injected header stays unchanged, including line breaks,
 * so that the caller refuses it.
 * @param entered whether a user entered the addresses, so that they may contain slips
 */
export function pastedList(given: string, entered: boolean): Pasted {
	const { text, ...rest } = seenOnly(withoutFence(separated(given)));
	const meant = meantOnly(unescaped(entered ? inLines(text.trim()) : text.trim()), entered);
	const { text: line, unclear } = oneLine(withoutBrackets(meant.text));
	const plain = withoutQueries(line);
	const linked = withoutLinks(named(plain.text)).trim();
	return { ...rest, unclear, slips: meant.slips, queries: plain.queries, text: wordsAlone(linked) ?? linked };
}

/** SharePoint joins the people of a column by `;#`, with or without their numbers: `7;#ada@example.com;#9;#grace@example.com`. */
function separated(text: string): string {
	if (!text.includes(';#')) return text;
	return text
		.replace(/(^|;#)\d{1,9}(?=;#)/g, '')
		.replace(/^;#|;#$/g, '')
		.replaceAll(';#', '; ');
}

/** Returns one address of a field for a single address. @param entered as of {@link pastedList} */
export function pastedAddress(given: string, entered: boolean): Pasted {
	const seen = given.replace(ANY_UNSEEN, '').replace(ANY_BLANK, '').trim();
	const meant = meantOnly(seen, entered);
	const { text, queries } = withoutQueries(meant.text);
	return { text: withoutLinks(text), slips: meant.slips, queries, dropped: droppedOf(given, seen) };
}

function meantOnly(text: string, entered: boolean): ReturnType<typeof withoutSlips> {
	return entered ? withoutSlips(text) : { text, slips: [] };
}

function seenOnly(given: string): Pasted {
	if (!SUSPECTS.test(given)) return { text: given, dropped: [] };
	const seen = given
		.replace(NEVER_MEANT, '')
		.replace(/[^\s<>,;"()]+/g, (word) => (word.includes('@') || word.replace(ANY_UNSEEN, '') === '' ? word.replace(ANY_UNSEEN, '') : word))
		.replace(/<[^<>]{1,500}>/g, (bracketed) => bracketed.replace(ANY_BLANK, ''))
		.replace(AT_AND_BLANKS, '@')
		.replace(BLANK_IN_DOMAIN, '$1$2$3$4')
		.replace(BLANKS_AND_AT, (blanks, at: string) => at || blanks);
	const text = seen.replace(ANY_BLANK, ' ');
	return { text, dropped: droppedOf(given, text), doubtful: IN_DOUBT.exec(seen)?.[1] };
}

function droppedOf(given: string, text: string): string[] {
	if (given === text || !SUSPECTS.test(given)) return [];
	const left = new Set(text);
	return [...new Set(given)].filter((character) => SUSPECTS.test(character) && !left.has(character)).map(codePoint);
}

export function codePoint(character: string): string {
	return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A list in the syntax of a programming language that is not JSON. */
function withoutBrackets(text: string): string {
	return text.startsWith('[') && text.endsWith(']') && !text.includes('](') ? text.slice(1, -1) : text;
}

const ENTITIES = new Map([
	['&lt;', '<'],
	['&gt;', '>'],
	['&quot;', '"'],
	['&#39;', "'"],
	['&#64;', '@'],
	['&nbsp;', ' '],
	['&amp;', '&'],
]);

/** A name and its address in the same quotes, as a cell of CSV has them. */
const QUOTED_PERSON =
	/(^|[,;\n])[ \t]{0,9}"([^"<>\n\\]{0,200})<([^\s"<>@]{1,64}@[^\s"<>@]{1,255})>[ \t]{0,9}"(?=[ \t]{0,9}(?:$|[\r\n,;]))/g;

/** Tags around addresses and between them, in rich text of SharePoint, Teams and Forms. */
const TAGS = /<\/?(?:br|div|p|ul|ol|li|span)(?:\s[^<>@]{0,200})?\/?>/gi;
/** A line break as JSON and program code write it, after an address. */
const WRITTEN_BREAK = /(@[^\s\\@]{1,255})(?:\\r)?\\n/g;

/** A list of HTML or in a text of program code, with one entry on each line. */
function inLines(text: string): string {
	const lines = text.includes('<') ? text.replace(TAGS, '\n').trim() : text;
	return lines.includes('"') ? lines : lines.replace(WRITTEN_BREAK, '$1\n').trim();
}

/** Text that was copied from HTML, and quotes around a whole list, as a cell of CSV has them. */
function unescaped(text: string): string {
	const plain = text.includes('&')
		? text.replace(/&(?:lt|gt|quot|#39|#64|nbsp|amp);/gi, (one) => ENTITIES.get(one.toLowerCase()) ?? one)
		: text;
	const inner = plain.slice(1, -1);
	const isList = plain.startsWith('"') && plain.endsWith('"') && !inner.includes('"') && /@[^,;\n]{1,320}[,;\n]/.test(inner);
	if (isList) return inner;
	return plain.replace(
		QUOTED_PERSON,
		(_entry, before: string, name: string, address: string) => `${before} ${bracketed(name.trim(), address)}`,
	);
}

/** `Ada Lovelace (ada@example.com)`, as some programs write a name and its address. */
function named(text: string): string {
	if (!text.includes('(')) return text;
	return text.replace(
		/(^|[,;])[ \t]{0,9}([^<>()[\]",;@:]{1,200}?)[ \t]{0,3}\(([^\s()<>@,;"]{1,64}@[^\s()<>@,;"]{1,255})\)(?=[ \t]{0,9}(?:[,;]|$))/g,
		(_entry, before: string, name: string, address: string) => `${before} ${bracketed(name.trim(), address)}`,
	);
}

const FIELDS = '(?:subject|cc|bcc|to|body|in-reply-to)=';
/** Parameters of a mailto link after its addresses (RFC 6068). */
const QUERY = new RegExp(`@[^\\s?@]{1,255}(?=\\?${FIELDS})`, 'i');
const MORE_QUERY = new RegExp(`&${FIELDS}`, 'i');

/**
 * Links that people type have commas and blanks in their subject. Everything before the next parameter belongs to the subject and is not an
 * address.
 */
function withoutQueries(text: string): { text: string; queries: string[] } {
	if (!text.includes('?')) return { text, queries: [] };
	const kept: string[] = [];
	const queries: string[] = [];
	// The end of the last link in `kept`; undefined if no link goes on.
	let end: number | undefined;
	for (const piece of text.split(/([,;<>"()[\]])/)) {
		const query = QUERY.exec(piece);
		if (query !== null) {
			const start = query.index + query[0].length;
			const blank = piece.slice(start).search(/\s\S*@/);
			const stop = blank === -1 || MORE_QUERY.test(piece.slice(start + blank)) ? piece.length : start + blank;
			kept.push(piece.slice(0, start) + piece.slice(stop));
			queries.push(piece.slice(start, stop));
			end = kept.length;
		} else if (end !== undefined && MORE_QUERY.test(piece)) {
			queries.push(kept.splice(end).join('') + piece);
		} else {
			// This closing bracket was opened before the link.
			if (end !== undefined && /^[>)]$/.test(piece)) queries.push(kept.splice(end).join(''));
			if (/^[<>"()[\]]$/.test(piece) || /mailto:/i.test(piece)) end = undefined;
			kept.push(piece);
		}
	}
	return { text: kept.join(''), queries: queries.filter((query) => query !== '') };
}

const OPENS = "`'‘‚“„«‹「『《〈";
const CLOSES = "`'’‘”“»›」』》〉";
const LINKS_OR_QUOTES = new RegExp(`mailto:|\\]\\(|[，；、${OPENS}]`, 'i');
const INSIDE = `[^\\s${OPENS}${CLOSES}<>,;"@]{1,320}`;
/** An address in quotes of any kind but the ones that mean a name. */
const QUOTED = new RegExp(`(^|[\\s,;[(<])[${OPENS}](${INSIDE}@${INSIDE})[${CLOSES}](?=$|[\\s,;\\])>])(?!\\s*<)`, 'g');

/** An address in angle brackets with its link, as Outlook writes it in plain text: `Ada <ada@example.com<mailto:ada@example.com>>`. */
const OUTLOOK_LINK = /<([^\s<>@]{1,64}@[^\s<>]{1,255})<mailto:([^\s<>]{1,320})>>/gi;

/** Handles `[Ada](mailto:ada@example.com)`, `<mailto:…>`, `[mailto:…]`, `mailto:…?subject=…`, and other quotes around an address. */
function withoutLinks(text: string): string {
	if (!LINKS_OR_QUOTES.test(text)) return text;
	const target = (link: string): string => decoded(link.split('?')[0] ?? '');
	return text
		.replace(/<a\s[^<>]{0,500}?mailto:([^"'<>\s?]{1,320})[^<>]{0,500}>([^<>]{0,320})<\/a>/gi, (_link, link: string, words: string) =>
			bracketed(words.trim(), target(link)),
		)
		.replace(
			/\[([^[\]]{0,320})\]\(\s{0,9}<?(?:mailto:)?([^()<>\s]{1,2000})>?(?:\s{1,9}"[^"()]{0,320}")?\s{0,9}\)/gi,
			(_link, words: string, link: string) => bracketed(words.trim(), target(link)),
		)
		.replace(OUTLOOK_LINK, (whole, address: string, link: string) =>
			target(link).toLowerCase() === address.toLowerCase() ? `<${address}>` : whole,
		)
		.replace(/\[mailto:([^\s<>[\]]{1,320})\]/gi, (_link, link: string) => `<${target(link)}>`)
		.replace(/mailto:(?:\/\/)?([^\s<>,;"]{1,2000})/gi, (_link, link: string) => target(link))
		.replace(QUOTED, '$1$2')
		.replace(/[，；、]/g, (mark) => (text.includes('"') ? mark : ', '));
}

const WORD = /^[\w.!#$%&*+/=?^{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}$/i;
/** Characters next to an address that do not belong to it: the border of a cell, a quotation mark, a check box. */
const NO_WORD = /^[^\p{L}\p{N}\p{Extended_Pictographic}@]{1,9}$/u;

/** Returns the addresses if each entry is one address with marks of Markdown, tables or sentences around it. */
function wordsAlone(text: string): string | undefined {
	if (/"\S/.test(text)) return undefined;
	const entries = text
		.split(/[,;]/)
		.map((entry) => entry.split(/\s+/).filter((word) => word !== '' && !NO_WORD.test(word)))
		.filter((words) => words.length > 0);
	const addresses = entries.map(([word = '', ...others]) => (others.length > 0 ? '' : unmarked(word)));
	return addresses.length > 0 && addresses.every((word) => WORD.test(word)) ? addresses.join(', ') : undefined;
}

function unmarked(word: string): string {
	return word.replace(/^([*_~]{1,3})(?=[^*_~])(.{1,400})\1(\.?)$/, '$2$3').replace(/^[([{|<]{1,3}|[)\]}|>.!?:]{1,3}$/g, '');
}

function decoded(link: string): string {
	try {
		return decodeURIComponent(link);
	} catch {
		return link;
	}
}
