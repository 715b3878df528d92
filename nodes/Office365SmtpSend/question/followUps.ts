import type { IDataObject } from 'n8n-workflow';

import { readMailboxes, sameAddress, type Mailbox } from '../../../mail/compose/addresses';
import { inputError } from '../../../mail/errors';
import { flag, record } from '../../parameters/parameterValues';
import type { People } from './question';

/** What can happen to a question besides an answer. Times in ms after it was asked, 0 = never. */
export interface FollowUps {
	confirm: boolean;
	remindAfter: number;
	escalateAfter: number;
	escalateTo: Mailbox[];
}

/** When the question ends, in ms since 1970; Infinity = never. */
interface Ends {
	until: number;
	linksUntil: number;
}

const HOUR = 3_600_000;
/** Ten years, so that every time can be written as a date. */
const LONGEST_HOURS = 87_600;

/** @throws MailError `input` naming the field */
export async function readFollowUps(options: IDataObject, everybody: readonly Mailbox[], ends: Ends): Promise<FollowUps> {
	const { emails, afterHours } = record(record(options.escalation).values);
	const escalateTo = options.escalation === undefined ? [] : await readMailboxes('Escalate To', emails ?? '');
	if (options.escalation !== undefined && escalateTo.length === 0)
		throw inputError('Escalate To', 'there is no address.', 'Enter at least one address, or remove the option.');
	const twice = escalateTo.find(
		({ address }, index) =>
			everybody.some((other) => sameAddress(other.address, address)) ||
			escalateTo.findIndex((other) => sameAddress(other.address, address)) !== index,
	);
	if (twice !== undefined)
		throw inputError('Escalate To', `${twice.address} is asked already.`, 'Enter somebody else, or remove the address here.');
	const remindAfter = readHours(options.remindAfter, 'Reminder After (Hours)');
	const escalateAfter = escalateTo.length === 0 ? 0 : readHours(afterHours ?? 24, 'Escalate After (Hours)');
	if (escalateTo.length > 0 && escalateAfter === 0)
		throw inputError('Escalate After (Hours)', 'the time is missing.', 'Enter after how many hours the others are asked.');
	inTime('Reminder After (Hours)', 'reminder', remindAfter, ends);
	inTime('Escalate After (Hours)', 'escalation', escalateAfter, ends);
	return { confirm: flag(options.confirmByCode, 'Confirm by Code'), remindAfter, escalateAfter, escalateTo };
}

/** In ms. @throws MailError `input` */
export function readHours(value: unknown, field: string): number {
	const hours = Number(value ?? 0);
	if (!Number.isFinite(hours) || hours < 0 || hours > LONGEST_HOURS)
		throw inputError(field, 'this is not a duration.', `Enter a number of hours from 0 to ${LONGEST_HOURS}.`);
	return hours * HOUR;
}

function inTime(field: string, what: string, after: number, { until, linksUntil }: Ends): void {
	const at = Date.now() + after;
	if (after === 0 || (at < until && at < linksUntil)) return;
	const [end, remedy] =
		at < until ? ['the links have expired', 'Links Valid For (Hours)'] : ['the time to answer is over', 'Limit Wait Time'];
	throw inputError(field, `the ${what} would come when ${end}.`, `Enter a shorter time, or change the option ${remedy}.`);
}

/**
 * A code proves who answered only if the link belongs to one person. If To Email has one address, that person therefore gets a personal
 * link.
 * @throws MailError `input`
 */
export function personalWhereConfirmed(confirm: boolean, approvers: People | undefined, everybody: readonly Mailbox[]): People | undefined {
	if (!confirm || approvers !== undefined) return approvers;
	if (everybody.length !== 1)
		throw inputError(
			'Confirm by Code',
			'a code is sent to one person, and this email goes to several with the same link.',
			'Use the option Approvers, or enter a single address in To Email and none in CC Email and BCC Email.',
		);
	return { mailboxes: [...everybody], rule: 'first', count: 1 };
}
