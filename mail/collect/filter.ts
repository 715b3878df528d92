import type { Headers } from './mailHead';
import { digest } from './ledger';

/** Which emails are wanted. All conditions have to match. Texts are found anywhere, in upper or lower case. */
export interface Filter {
	from?: string;
	to?: string;
	subject?: string;
	/** Epoch ms; received then or later. */
	since?: number;
	/** Bytes. */
	largerThan?: number;
}

/** @param fields as entered; `since` in epoch ms */
export function readFilter(fields: { from: string; to: string; subject: string; since: number | undefined; largerThan: number }): Filter {
	return {
		...(fields.from.trim() !== '' && { from: fields.from.trim() }),
		...(fields.to.trim() !== '' && { to: fields.to.trim() }),
		...(fields.subject.trim() !== '' && { subject: fields.subject.trim() }),
		...(fields.since !== undefined && { since: fields.since }),
		...(fields.largerThan > 0 && { largerThan: fields.largerThan }),
	};
}

/** Whether {@link fits} needs the headers. */
export function needsHeaders(filter: Filter): boolean {
	return filter.since !== undefined || filter.from !== undefined || filter.to !== undefined || filter.subject !== undefined;
}

/** Whether texts and time match. A time that cannot be read counts as a match. The size is checked elsewhere. */
export function fits(filter: Filter, headers: Headers): boolean {
	const contains = (text: string, part: string | undefined): boolean =>
		part === undefined || text.toLowerCase().includes(part.toLowerCase());
	if (filter.since !== undefined && headers.receivedAt !== undefined && headers.receivedAt < filter.since) return false;
	return contains(headers.from, filter.from) && contains(headers.to, filter.to) && contains(headers.subject, filter.subject);
}

/**
 * A name that is the same for the same filter, and empty for none. It leaves out `since`, which may be an expression that moves with
 * time.
 */
export function nameOf(filter: Filter): string {
	const { since: _, ...rest } = filter;
	const parts = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
	return parts.length === 0 ? '' : digest(parts.join('\n'), 8);
}

/** Describes the filter for people. */
export function describe(filter: Filter): string {
	return Object.entries(filter)
		.map(([name, value]) => `${name} ${name === 'since' ? new Date(Number(value)).toISOString() : JSON.stringify(value)}`)
		.join(', ');
}
