import addressParser from 'nodemailer/lib/addressparser';

import { decodeRaw } from './charset';
import { checkMemory } from './memoryLimit';
import { escapeHtml } from '../escapeHtml';
import { decodeHeader, withSafeWords } from './encodedWords';
import { withoutFalseGroups } from './falseGroups';
import { withCommas, withOwnEntries } from './missingCommas';
import { withNamedComments } from './namedComments';

/** An address, or a group of them (RFC 5322, section 3.4). */
export interface Person {
	name: string;
	/** Empty if there is none, or none that can be used. */
	address: string;
	group?: Person[];
}

/** Headers with people, in which only the names may be decoded. */
export const NAME_PEOPLE: ReadonlySet<string> = new Set([
	'from',
	'to',
	'cc',
	'bcc',
	'reply-to',
	'sender',
	'resent-from',
	'resent-to',
	'resent-cc',
	'return-receipt-to',
	'disposition-notification-to',
]);
/**
 * Maximum number of people in one header. The parser needs up to 150 times the memory of a list, and no server accepts as many recipients.
 */
export const MOST_PEOPLE = 100_000;

/** Cuts a header after the number of people that are read. */
export function readable(header: string): string {
	// Shorter than this number of people, with a comma each.
	if (header.length < MOST_PEOPLE) return header;
	let count = 0;
	for (const { index } of header.matchAll(/[,;:]/g)) {
		count += 1;
		if (count === MOST_PEOPLE) return header.slice(0, index);
	}
	return header;
}

/** One address, with or without a name of plain words: there is nothing in it that could be read in two ways. */
const ONE_PERSON = /^(?:([A-Za-z0-9]+(?: [A-Za-z0-9]+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))$/;

/** Encoded words and nothing else. */
const ONLY_WORDS = /^\s{0,99}(?:=\?[^?\s]{1,60}\?[bq]\?[^?\s]{0,1000}\?=\s{0,99}){1,20}$/i;
/** What some programs encode as a whole, in place of the name. */
const NAME_AND_ADDRESS = /^(?:"([^"\\<>]{0,500})"|([^"<>@,;:]{0,500}))\s{0,99}<([^\s@<>,;:"()]{1,320}@[^\s@<>,;:"()]{1,320})>$/;

/** @param headers one character for each byte */
export function readPeople(headers: readonly string[], charsets: readonly string[]): Person[] {
	return headers.flatMap((header) => {
		// Addresses are parsed first, because an encoded word can contain a comma and always belongs to the name (RFC 2047, section 5).
		const named = readable(header);
		const one = ONE_PERSON.exec(named);
		if (one !== null) return [{ name: one[1] ?? '', address: one[2] ?? one[3] ?? '' }];
		const hidden = ONLY_WORDS.test(named) ? NAME_AND_ADDRESS.exec(decodeHeader(named, charsets).trim()) : null;
		if (hidden !== null) return [{ name: (hidden[1] ?? hidden[2] ?? '').trim(), address: hidden[3] ?? '' }];
		const text = /^[\t -~]*$/.test(named) ? named : decodeRaw(Buffer.from(named, 'latin1'), charsets);
		const closed = withCommas(withClosedComments(withClosedQuotes(withSafeWords(text))));
		const people = addressParser(withoutFalseGroups(withNamedComments(withOwnEntries(closed)))).map((entry) => personOf(entry, charsets));
		checkMemory();
		return people;
	});
}

/** A quotation mark that nothing closes would make one name of all that follows. */
function withClosedQuotes(text: string): string {
	let isOpen = false;
	for (let at = text.search(/["\\]/); at !== -1 && at < text.length; at++) {
		if (text[at] === '\\') at += 1;
		else if (text[at] === '"') isOpen = !isOpen;
	}
	return isOpen ? text.replaceAll('"', '') : text;
}

/** So would a parenthesis make a comment of it, as in names that were cut off, and the address would be lost. */
function withClosedComments(text: string): string {
	let [isQuoted, depth] = [false, 0];
	for (let at = text.includes('(') ? text.search(/["\\(]/) : text.length; at < text.length; at++) {
		if (text[at] === '\\') at += 1;
		else if (text[at] === '"') isQuoted = !isQuoted;
		else if (!isQuoted && text[at] === '(') depth += 1;
		else if (!isQuoted && text[at] === ')') depth = Math.max(0, depth - 1);
	}
	return depth > 0 ? text.replace(/[()]/g, '') : text;
}

interface Parsed {
	name: string;
	address?: string;
	group?: Parsed[];
}

function personOf({ name, address, group }: Parsed, charsets: readonly string[]): Person {
	const found = usable(address ?? '', charsets);
	// A word that hides one plain address and stands alone.
	const hidden = found === '' && group === undefined && name.includes('=?') ? usable(name, charsets) : '';
	return {
		name: hidden === '' ? decodeName(name, charsets) : '',
		address: found || hidden,
		...(group !== undefined && { group: group.map((member) => personOf(member, charsets)) }),
	};
}

/** Outside encoded words it is text already. */
function decodeName(name: string, charsets: readonly string[]): string {
	if (!name.includes('=?')) return name.trim();
	return decodeHeader(Buffer.from(name, 'utf8').toString('latin1'), charsets).trim();
}

/** An encoded word is no address (RFC 2047, section 5); what it hides counts only where it is one plain address. */
function usable(address: string, charsets: readonly string[]): string {
	if (!address.includes('=?')) return address.replace(/^'([^'\s]{1,320}@[^'\s]{1,320})'$/, '$1');
	const decoded = decodeName(address, charsets);
	return /^[^\s@<>,]{1,320}@[^\s@<>,]{1,320}$/.test(decoded) ? decoded : '';
}

/** As a header of its own would say it: names in quotes, so that none can be read as further addresses. */
export function textOfPeople(people: readonly Person[]): string {
	return people.map(textOfPerson).join(', ');
}

function textOfPerson({ name, address, group }: Person): string {
	const quoted = name === '' ? '' : `"${name.replace(/["\\]/g, '\\$&')}"`;
	if (group !== undefined) return `${quoted}: ${textOfPeople(group)};`;
	return quoted === '' || address === '' ? `${quoted}${address}` : `${quoted} <${address}>`;
}

/** With the classes that mailparser uses. */
export function htmlOfPeople(people: readonly Person[]): string {
	return people.map(htmlOfPerson).join(', ');
}

function htmlOfPerson({ name, address, group }: Person): string {
	const title = name === '' ? '' : `<span class="mp_address_name">${escapeHtml(name)}${group === undefined ? '' : ': '}</span>`;
	const link = address === '' ? '' : `<a href="mailto:${escapeHtml(address)}" class="mp_address_email">${escapeHtml(address)}</a>`;
	const both = title !== '' && link !== '' ? `${title} &lt;${link}&gt;` : title + link;
	return `<span class="mp_address_group">${both}${group === undefined ? '' : `${htmlOfPeople(group)};`}</span>`;
}
