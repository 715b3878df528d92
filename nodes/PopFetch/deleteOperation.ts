import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { openPatiently } from '../../mail/collect/patience';
import { diagnose } from '../../mail/diagnosis';
import { MailError } from '../../mail/errors';
import { addTo } from '../../mail/groups';
import { text } from '../parameters/parameterValues';
import type { EarlierDeletions } from './earlierDeletions';

/** The email of one input item. */
export interface Removal {
	item: number;
	account: Account;
	uidl: string;
}

/** @throws MailError `input` if the field is empty */
export function readUidl(context: IExecuteFunctions, item: number): string {
	const uidl = text(context.getNodeParameter('uidl', item, ''), 'Unique ID').trim();
	if (uidl !== '') return uidl;
	throw new MailError('Unique ID: the field is empty.', {
		code: 'input',
		field: 'Unique ID',
		remedy: 'Use the field uidl of an item from Get Many or POP Trigger.',
	});
}

/**
 * Deletes all emails of a mailbox in one session, by unique ID, because message numbers are valid for one session only (RFC 1939, section
 * 7). Those that exist are deleted, even if others do not exist.
 * @param earlier what is deleted now is added
 * @returns by input item: its output, or why it has none
 */
export async function removeMails(
	removals: readonly Removal[],
	earlier: EarlierDeletions,
): Promise<Map<number, INodeExecutionData | MailError>> {
	const results = new Map<number, INodeExecutionData | MailError>();
	const groups = new Map<string, Removal[]>();
	for (const removal of removals) {
		const { id, mailbox, pop } = removal.account;
		addTo(groups, JSON.stringify([id, mailbox, pop]), removal);
	}
	for (const group of groups.values()) {
		for (const [item, result] of await removeGroup(group, earlier)) results.set(item, result);
	}
	return results;
}

async function removeGroup(group: readonly Removal[], earlier: EarlierDeletions): Promise<Array<[number, INodeExecutionData | MailError]>> {
	const [first] = group;
	if (first === undefined) return [];
	const { account } = first;
	const results = await deleteFrom(
		account,
		group.map(({ uidl }) => uidl),
		earlier,
	).catch((error: unknown) => diagnose(error, { speaker: 'pop', mailbox: account.mailbox }));
	if (results instanceof MailError) return group.map(({ item }) => [item, results]);
	return group.map(({ item, uidl }) => {
		const ofMails = results.get(uidl) ?? [];
		// Several items may be about one email.
		const known = ofMails.length > 1 ? ofMails.shift() : ofMails[0];
		const result = known ?? (earlier.has(nameOf(account, uidl)) ? 'deleted' : missing(uidl, account));
		return [item, result instanceof MailError ? result : { json: { deleted: true, uidl } }];
	});
}

type Result = 'deleted' | MailError;

/**
 * Deletes one email for each unique ID, because a server may give several emails the same one, and the others may not have been fetched.
 * What earlier attempts have deleted counts.
 * @returns by unique ID, for the emails that exist or were deleted before: deleted, or why the server refuses
 */
async function deleteFrom(account: Account, uidls: readonly string[], earlier: EarlierDeletions): Promise<Map<string, Result[]>> {
	const session = await openPatiently(account);
	try {
		const listing = await session.uidl();
		const listed = countEach(listing.values());
		const wanted = countEach(uidls);
		const results = new Map<string, Result[]>();
		for (const [uidl, times] of wanted) {
			const deleted = earlier.count(nameOf(account, uidl), listed.get(uidl) ?? 0);
			wanted.set(uidl, times - deleted);
			results.set(uidl, Array<Result>(deleted).fill('deleted'));
		}
		const found = firstOf(listing, wanted);
		const refused = await session.deleteMany(found.map(([number]) => number));
		const accepted = found.filter(([number]) => !refused.has(number)).map(([, uidl]) => uidl);
		for (const uidl of accepted) earlier.accepted(nameOf(account, uidl), listed.get(uidl) ?? 0);
		await session.quit();
		for (const uidl of accepted) earlier.confirmed(nameOf(account, uidl));
		for (const [number, uidl] of found) results.get(uidl)?.push(refused.get(number) ?? 'deleted');
		return results;
	} finally {
		session.close();
	}
}

/** Returns the first emails of the listing with these unique IDs. @param wanted how many of each */
function firstOf(listing: ReadonlyMap<number, string>, wanted: ReadonlyMap<string, number>): Array<[number, string]> {
	const left = new Map(wanted);
	return [...listing].filter(([, uidl]) => {
		const most = left.get(uidl) ?? 0;
		left.set(uidl, most - 1);
		return most > 0;
	});
}

function countEach(uidls: Iterable<string>): Map<string, number> {
	const counts = new Map<string, number>();
	for (const uidl of uidls) counts.set(uidl, (counts.get(uidl) ?? 0) + 1);
	return counts;
}

function nameOf({ mailbox, pop }: Account, uidl: string): string {
	return JSON.stringify([mailbox, pop, uidl]);
}

function missing(uidl: string, account: Account): MailError {
	return new MailError(`There is no email with the unique ID "${uidl}" in ${account.mailbox}.`, {
		code: 'notFound',
		speaker: 'pop',
		mailbox: account.mailbox,
		remedy: 'It may have been deleted or moved already.',
	});
}
