import type { MessageAddressObject, MessageEnvelopeObject, SearchObject } from 'imapflow';

import type { Criteria } from './criteria';

const PEOPLE = ['from', 'to', 'cc', 'bcc'] as const;
const HEADERS = [...PEOPLE, 'subject'] as const;

/** A criterion in two parts. Both have to match. */
export interface Parts {
	/** What the server searches for. */
	theirs: SearchObject;
	/** What is compared here, with the ENVELOPE of each email. `not` and `or` in it may hold keys of both kinds. */
	ours: SearchObject;
}

/**
 * Divides a criterion into what the server searches for and what is compared here:
 * - Exchange compares FROM, TO, CC and BCC only with the names of people, not with their addresses (reported on tenants and on Exchange
 *   Server: realpine/alpine#30, jakartaee/mail-api#425, lefcha/imapfilter#50).
 * - It answers `NO [BADCHARSET (US-ASCII)]` to any search for text beyond ASCII.
 */
export function divide(criterion: SearchObject): Parts {
	const theirs: SearchObject = { ...criterion };
	const ours: SearchObject = {};
	for (const key of HEADERS) {
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

/** Compares the header fields as SEARCH does: the text contains the value, in upper or lower case (RFC 3501, section 6.4.4). */
export function fits(envelope: MessageEnvelopeObject, criterion: SearchObject): boolean {
	return HEADERS.every((key) => {
		const wanted = criterion[key];
		return wanted === undefined || plain(textOf(envelope[key])).includes(plain(wanted));
	});
}

function textOf(value: string | MessageAddressObject[] | undefined): string {
	if (value === undefined || typeof value === 'string') return value ?? '';
	return value.map(({ name, address }) => `${name ?? ''} <${address ?? ''}>`).join(', ');
}

function plain(text: string): string {
	return text.normalize('NFC').toLowerCase();
}
