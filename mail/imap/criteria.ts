import type { SearchObject } from 'imapflow';

import { MailError } from '../errors';

/** Search criteria that must all match. There can be several objects, because a SearchObject holds each key once. */
export type Criteria = readonly SearchObject[];

/** The filter fields of the node. */
export interface Filters {
	from?: string;
	to?: string;
	subject?: string;
	unreadOnly?: boolean;
	/** ISO date; emails received on that day or later match. */
	since?: string;
	/** bytes */
	largerThan?: number;
}

const LABELS = { from: 'From', to: 'To', subject: 'Subject' } as const;

/** @throws MailError `input` naming the filter */
export function criteriaOfFilters(filters: Filters): Criteria {
	const found: SearchObject = {};
	for (const key of ['from', 'to', 'subject'] as const) {
		const value = filters[key]?.trim();
		if (value) found[key] = plainText(value, key, LABELS[key]);
	}
	if (filters.unreadOnly === true) found.seen = false;
	if (filters.since) found.since = day(filters.since, 'It', 'Received Since');
	if (filters.largerThan !== undefined && filters.largerThan > 0) found.larger = wholeNumber(filters.largerThan, 'It', 'Larger Than');
	return Object.keys(found).length === 0 ? [] : [found];
}

/**
 * Reads `customEmailConfig` as the built-in trigger takes it: a JSON list in the style of node-imap, for example
 * `["UNSEEN", ["SINCE", "2026-11-01"], ["!FROM", "ada@example.com"]]`.
 *
 * @throws MailError `input`
 */
export function criteriaOfRules(json: string): Criteria {
	let rules: unknown;
	try {
		rules = JSON.parse(json);
	} catch {
		throw unusable('It is not valid JSON.');
	}
	if (!Array.isArray(rules) || rules.length === 0) throw unusable('It has to be a list with at least one rule.');
	return combine(rules.map((rule: unknown) => criterion(rule)));
}

/** Merges objects that share no key, so that one SEARCH is enough. */
export function combine(criteria: Criteria): Criteria {
	const groups: SearchObject[] = [];
	for (const one of criteria) {
		const group = groups.find((candidate) => Object.keys(one).every((key) => !(key in candidate)));
		if (group) Object.assign(group, one);
		else groups.push({ ...one });
	}
	return groups;
}

const RULES = 'Custom Email Rules';

const FLAGS: Record<string, SearchObject> = {
	ALL: { all: true },
	ANSWERED: { answered: true },
	DELETED: { deleted: true },
	DRAFT: { draft: true },
	FLAGGED: { flagged: true },
	NEW: { new: true },
	OLD: { old: true },
	RECENT: { recent: true },
	SEEN: { seen: true },
	UNANSWERED: { answered: false },
	UNDELETED: { deleted: false },
	UNDRAFT: { draft: false },
	UNFLAGGED: { flagged: false },
	UNSEEN: { seen: false },
};

const KEYS: Record<string, (value: unknown, key: string) => SearchObject> = {
	BCC: (value, key) => ({ bcc: plainText(value, key) }),
	BODY: (value, key) => ({ body: plainText(value, key) }),
	CC: (value, key) => ({ cc: plainText(value, key) }),
	FROM: (value, key) => ({ from: plainText(value, key) }),
	SUBJECT: (value, key) => ({ subject: plainText(value, key) }),
	TEXT: (value, key) => ({ text: plainText(value, key) }),
	TO: (value, key) => ({ to: plainText(value, key) }),
	KEYWORD: (value, key) => ({ keyword: plainText(value, key) }),
	UNKEYWORD: (value, key) => ({ unKeyword: plainText(value, key) }),
	BEFORE: (value, key) => ({ before: day(value, key) }),
	ON: (value, key) => ({ on: day(value, key) }),
	SINCE: (value, key) => ({ since: day(value, key) }),
	SENTBEFORE: (value, key) => ({ sentBefore: day(value, key) }),
	SENTON: (value, key) => ({ sentOn: day(value, key) }),
	SENTSINCE: (value, key) => ({ sentSince: day(value, key) }),
	LARGER: (value, key) => ({ larger: wholeNumber(value, key) }),
	SMALLER: (value, key) => ({ smaller: wholeNumber(value, key) }),
	UID: (value, key) => ({ uid: sequence(value, key) }),
};

function criterion(rule: unknown): SearchObject {
	const [name, ...values]: unknown[] = Array.isArray(rule) ? rule : [rule];
	if (typeof name !== 'string') throw unusable(`${JSON.stringify(rule)} is not a rule. Use a word, or a list that begins with a word.`);
	if (name.startsWith('!')) return { not: criterion([name.slice(1), ...values]) };
	const key = name.toUpperCase();
	const flag = Object.hasOwn(FLAGS, key) ? FLAGS[key] : undefined;
	if (flag !== undefined) return { ...flag };
	if (key === 'HEADER') {
		if (values.length !== 2) throw unusable('HEADER needs a name and a value.');
		return { header: { [plainText(values[0], key)]: String(values[1]) } };
	}
	if (key === 'OR') {
		if (values.length !== 2) throw unusable('OR needs two rules.');
		return { or: values.map((value) => criterion(value)) };
	}
	const build = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
	if (build === undefined)
		throw unusable(`"${name}" is not an IMAP search key. Examples: "UNSEEN", ["SINCE", "2026-11-01"], ["FROM", "ada@example.com"].`);
	if (values.length !== 1) throw unusable(`${key} needs one value, but got ${values.length}.`);
	return build(values[0], key);
}

/** imapflow leaves out empty values, which would silently widen the search. */
function plainText(value: unknown, key: string, field = RULES): string {
	const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
	if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) throw unusable(`${key} needs a value without line breaks.`, field);
	return text;
}

function wholeNumber(value: unknown, key: string, field = RULES): number {
	const number = Number(value);
	if (!Number.isSafeInteger(number) || number < 1)
		throw unusable(`${key} needs a whole number of bytes above 0, but got "${String(value)}".`, field);
	return number;
}

/** Days as the built-in trigger takes them too, such as `Nov 1, 2026` and `1-Nov-2026`. */
const NAMED_MONTH = /^(?:[a-z]{3,9} \d{1,2},? \d{4}|\d{1,2}[ -][a-z]{3,9}[ -]\d{4})$/i;
const MONTH = /(?:^|[ -])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ -]/i;

/**
 * Reads the day as it was written, because SINCE and BEFORE have no time of day (RFC 3501, section 6.4.4), and because another time zone
 * could turn it into another day. Forms that mean different days in different countries are refused.
 */
function day(value: unknown, key: string, field = RULES): string {
	const text = dayIn(value);
	const [written] = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/i.exec(text) ?? [];
	if (written !== undefined && isDay(written)) return written;
	const named = NAMED_MONTH.test(text) && MONTH.test(text) ? new Date(`${text.replaceAll('-', ' ')} UTC`) : undefined;
	// JavaScript takes 31 November as 1 December.
	if (named !== undefined && named.getUTCDate() === Number(/\b\d{1,2}\b/.exec(text)?.[0])) return named.toISOString().slice(0, 10);
	throw unusable(`${key} needs a date such as 2026-11-01, but got "${String(value)}".`, field);
}

/** Without the weekday and the time of day, as JavaScript and headers of emails write them. A number is a time in milliseconds. */
function dayIn(value: unknown): string {
	if (typeof value === 'number' && value > 1e11 && value < 8e15) return new Date(value).toISOString();
	const text = typeof value === 'string' ? value.trim() : '';
	return text
		.replace(/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? /i, '')
		.replace(/^(\d{4})\/(\d\d)\/(\d\d)(?!\d)/, '$1-$2-$3')
		.replace(/ \d{1,2}:\d\d.{0,99}$/, '');
}

/** Whether there is such a day: there is no 31 November. */
function isDay(text: string): boolean {
	const time = Date.parse(`${text}T00:00:00Z`);
	return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function sequence(value: unknown, key: string): string {
	const text = String(value);
	if (!/^(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*$/.test(text))
		throw unusable(`${key} needs a sequence set such as 42:*, but got "${text}".`);
	return text;
}

function unusable(message: string, field = RULES): MailError {
	return new MailError(`${field} cannot be used: ${message}`, {
		code: 'input',
		field,
		remedy:
			field === RULES
				? 'Enter a JSON list such as ["UNSEEN", ["SINCE", "2026-11-01"]], or use the filter fields.'
				: 'Change or remove the filter.',
	});
}
