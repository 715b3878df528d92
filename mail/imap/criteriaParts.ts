import type { MessageAddressObject, MessageEnvelopeObject, SearchObject } from 'imapflow';

import { decodeHeader } from '../item/encodedWords';
import { fieldsAtBeginning, type Field } from '../item/headerBlock';
import type { Criteria } from './criteria';

const PEOPLE = ['from', 'to', 'cc', 'bcc'] as const;
const ENVELOPE = [...PEOPLE, 'subject'] as const;
/** Headers that Exchange keeps as properties, and compares by themselves. */
const KEPT: ReadonlySet<string> = new Set(['message-id', 'subject']);

/** A criterion in two parts. Both have to match. */
export interface Parts {
	/** What the server searches for. */
	theirs: SearchObject;
	/** What is compared here, with the ENVELOPE and headers of each email. `not` and `or` in it may hold keys of both kinds. */
	ours: SearchObject;
}

/**
 * Divides a criterion into what the server searches for and what is compared here:
 * - Exchange compares FROM, TO, CC and BCC only with the names of people, not with their addresses (reported on tenants and on Exchange
 *   Server: realpine/alpine#30, jakartaee/mail-api#425, lefcha/imapfilter#50).
 * - It answers `NO [BADCHARSET (US-ASCII)]` to any search for text beyond ASCII.
 * - To HEADER it answers with the emails that have the header, and that have the text in any of their headers (Imap4RequestSearch of
 *   Exchange Server 2013). So the server searches, and what it finds is compared here.
 */
export function divide(criterion: SearchObject): Parts {
	const theirs: SearchObject = { ...criterion };
	const ours: SearchObject = {};
	const compared = Object.entries(criterion.header ?? {}).filter(([name, value]) => !KEPT.has(keyOf(name)) && textIn(value) !== '');
	if (compared.length > 0) ours.header = Object.fromEntries(compared);
	for (const key of ENVELOPE) {
		const value = criterion[key];
		if (value === undefined || (key === 'subject' && !isBeyondAscii(value))) continue;
		ours[key] = value;
		delete theirs[key];
	}
	const { not, or } = criterion;
	if (not !== undefined && isPartlyOurs(not)) {
		ours.not = not;
		delete theirs.not;
	}
	if (or?.some(isPartlyOurs) === true) {
		ours.or = or;
		delete theirs.or;
	}
	return { theirs, ours };
}

/** Divides several criteria, which all have to match. */
export function divideAll(criteria: Criteria): { theirs: Criteria; ours: Criteria } {
	const parts = criteria.map(divide);
	const filled = (all: SearchObject[]): Criteria => all.filter((one) => !isEmpty(one));
	return { theirs: filled(parts.map(({ theirs }) => theirs)), ours: filled(parts.map(({ ours }) => ours)) };
}

/** Returns what the server is asked for each `not` and `or` of a criterion that is compared here, at any depth. */
export function searchesWithin({ not, or }: SearchObject): SearchObject[] {
	return [...(not === undefined ? [] : [not]), ...(or ?? [])].flatMap((one) => {
		const { theirs, ours } = divide(one);
		return [...(isEmpty(theirs) ? [] : [theirs]), ...searchesWithin(ours)];
	});
}

export function isEmpty(criterion: SearchObject): boolean {
	return Object.keys(criterion).length === 0;
}

function isPartlyOurs(criterion: SearchObject): boolean {
	return !isEmpty(divide(criterion).ours);
}

function isBeyondAscii(text: string): boolean {
	return /[^\u0000-\u007f]/.test(text);
}

/** What has to be known of an email before a criterion can be compared with it. */
export interface Needs {
	envelope: boolean;
	/** Names in lower case, each once. */
	headers: string[];
}

export function needsOf({ not, or, header, ...others }: SearchObject): Needs {
	const within = [...(not === undefined ? [] : [not]), ...(or ?? [])].map((one) => needsOf(divide(one).ours));
	const names = [...Object.keys(header ?? {}).map(keyOf), ...within.flatMap(({ headers }) => headers)];
	return {
		envelope: ENVELOPE.some((key) => others[key] !== undefined) || within.some(({ envelope }) => envelope),
		headers: [...new Set(names)],
	};
}

/** What the server has told of an email. */
export interface Told {
	envelope?: MessageEnvelopeObject | undefined;
	/** The source of the headers that were asked for. */
	headers?: Buffer | undefined;
}

/** Compares the header fields as SEARCH does: the text contains the value, in upper or lower case (RFC 3501, section 6.4.4). */
export function fits({ envelope = {}, headers }: Told, criterion: SearchObject): boolean {
	const fields = criterion.header === undefined || headers === undefined ? [] : fieldsAtBeginning(headers);
	const has = ([name, value]: [string, unknown]): boolean =>
		fields.some((field) => field.key === keyOf(name) && textsOf(field).some((text) => plain(text).includes(plain(textIn(value)))));
	return (
		Object.entries(criterion.header ?? {}).every(has) &&
		ENVELOPE.every((key) => {
			const wanted = criterion[key];
			const value = envelope[key];
			if (wanted === undefined) return true;
			return Array.isArray(value) ? meansOneOf(value, wanted) : plain(value ?? '').includes(plain(wanted));
		})
	);
}

/** The name of a header as {@link Field} has it. */
function keyOf(name: string): string {
	return name.trim().toLowerCase();
}

/** As written, which Exchange searches, and decoded, which others search. */
function textsOf({ value }: Field): string[] {
	return [value, decodeHeader(value)];
}

/** The text that a header has to hold; empty if it only has to be there. */
function textIn(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** Whether the text is a part of what stands in a header with these people, or is one whole mailbox with the address of one of them. */
function meansOneOf(people: readonly MessageAddressObject[], wanted: string): boolean {
	const address = addressOf(wanted);
	if (address !== undefined && people.some((one) => plain(one.address ?? '') === address)) return true;
	const inBrackets = people.map(({ name, address: own }) => `${name ?? ''} <${own ?? ''}>`).join(', ');
	const asInItems = people.map(({ name, address: own }) => (name ? `${name} <${own ?? ''}>` : (own ?? ''))).join(', ');
	const asked = unquoted(wanted) === '' ? plain : unquoted;
	return [inBrackets, asInItems].some((text) => asked(text).includes(asked(wanted)));
}

/** The address of text that is exactly one mailbox, such as `"Lovelace, Ada" <ada@example.com>`. */
function addressOf(text: string): string | undefined {
	const mailbox = plain(text).trim();
	const start = mailbox.lastIndexOf('<');
	const address = mailbox.slice(start + 1, -1);
	if (start < 0 || !mailbox.endsWith('>') || !/^[^\s<>"]+@[^\s<>"@]+$/.test(address)) return undefined;
	const name = mailbox.slice(0, start).trim();
	const isQuoted = /^"(?:[^"\\]|\\.)*"$/.test(name);
	return isQuoted || !/["<>,;:@]/.test(name) ? address : undefined;
}

/** As names stand in an ENVELOPE: without the quotes and backslashes of a header, and with single blanks. */
function unquoted(text: string): string {
	return plain(text).replace(/["\\]/g, '').replace(/\s+/g, ' ').trim();
}

function plain(text: string): string {
	return text.normalize('NFC').toLowerCase();
}
