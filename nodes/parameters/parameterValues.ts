import type { IDataObject } from 'n8n-workflow';

import { MailError } from '../../mail/errors';
import type { AccountChoice } from '../signIn/credentialAccount';

/** The fields of a collection. Anything else counts as empty. */
export function record(value: unknown): IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/**
 * Returns one or several lines as text. A list becomes comma-separated text, and a date the text that n8n shows for it.
 * @throws MailError `input` for an object, which an expression returns by mistake
 */
export function text(value: unknown, field: string): string {
	if (value === undefined || value === null) return '';
	if (Array.isArray(value))
		return value
			.map((entry) => text(entry, field))
			.filter((entry) => entry !== '')
			.join(', ');
	const date = dateText(value);
	if (date !== undefined) return date;
	if (typeof value === 'object') {
		throw new MailError(`${field}: the expression returns an object instead of text.`, {
			code: 'input',
			field,
			remedy: 'Use one of its fields in the expression, for example {{ $json.from.text }} instead of {{ $json.from }}.',
		});
	}
	return typeof value === 'string'
		? value
		: typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
			? value.toString()
			: '';
}

/** Returns JSON text, also of the list that an expression returns in its place. An empty list is none. @throws MailError `input` */
export function jsonList(value: unknown, field: string): string {
	return Array.isArray(value) && value.length > 0 ? JSON.stringify(value) : text(value, field).trim();
}

/** Returns a date of JavaScript or of Luxon (`{{ $now }}`) in the form of ISO 8601. */
function dateText(value: unknown): string | undefined {
	if (!(value instanceof Date) && !(typeof value === 'object' && value !== null && 'toISO' in value)) return undefined;
	const iso: unknown = JSON.parse(JSON.stringify(value));
	return typeof iso === 'string' ? iso : '';
}

/**
 * Returns one of the values of a list, in upper or lower case, because expressions and language models write it differently. @throws
 * MailError `input`
 */
export function choice<T extends string>(value: unknown, field: string, offered: readonly T[], fallback: T): T {
	return find(text(value, field), field, offered) ?? fallback;
}

/** Returns several of them, from a list or comma-separated text, in the order of the options, each once. @throws MailError `input` */
export function choices<T extends string>(value: unknown, field: string, offered: readonly T[]): T[] {
	const chosen = text(value, field)
		.split(',')
		.map((one) => find(one, field, offered));
	return offered.filter((one) => chosen.includes(one));
}

function find<T extends string>(value: string, field: string, offered: readonly T[]): T | undefined {
	const given = value.trim().toLowerCase();
	const chosen = offered.find((one) => one.toLowerCase() === given);
	if (chosen !== undefined || given === '') return chosen;
	throw new MailError(`${field}: "${given.slice(0, 100)}" is not one of the options.`, {
		code: 'input',
		field,
		remedy: `Use one of: ${offered.join(', ')}.`,
	});
}

/** Returns a boolean. Sheets, forms and language models give text or numbers. `fallback` if it is empty. @throws MailError `input` */
export function flag(value: unknown, field: string, fallback = false): boolean {
	const given = typeof value === 'string' ? value.trim().toLowerCase() : value;
	if (given === undefined || given === null || given === '') return fallback;
	if (given === true || given === 'true' || given === 1 || given === '1') return true;
	if (given === false || given === 'false' || given === 0 || given === '0') return false;
	throw new MailError(`${field}: ${shown(value)} is neither true nor false.`, { code: 'input', field, remedy: 'Enter true or false.' });
}

/** Returns a number within the limits; `fallback` if the field is blank. @throws MailError `input`, also for what is no number or text */
export function whole(value: unknown, field: string, fallback: number, least: number, most: number): number {
	if (isBlank(value)) return fallback;
	// Of other types, Number would make 0 or 1.
	const number = ['number', 'bigint', 'string'].includes(typeof value) ? Number(value) : NaN;
	if (Number.isInteger(number) && number >= least && number <= most) return number;
	throw new MailError(`${field}: ${shown(value)} is not a whole number from ${least} to ${most}.`, {
		code: 'input',
		field,
		remedy: `Enter a number from ${least} to ${most}.`,
	});
}

/** Whether an expression gave nothing. */
export function isBlank(value: unknown): boolean {
	return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function shown(value: unknown): string {
	return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 100);
}

/** The two account parameters. */
export function accountChoice(authentication: unknown, options: IDataObject): AccountChoice {
	return {
		authentication: authentication === 'serviceAccount' ? 'serviceAccount' : 'oAuth2',
		mailboxAddress: text(options.mailboxAddress, 'Mailbox Address'),
	};
}
