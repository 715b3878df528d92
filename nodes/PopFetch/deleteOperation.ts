import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { openPatiently } from '../../mail/collect/patience';
import { diagnose } from '../../mail/diagnosis';
import { MailError } from '../../mail/errors';
import { text } from '../parameterValues';

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

/** Emails that executions have deleted, or may have deleted because QUIT failed. */
const deletedBy = new Map<string, Set<string>>();
/** Number of executions whose deletions are kept. */
const MOST_EXECUTIONS = 50;

/** What earlier attempts of the same execution have deleted (Retry On Fail), so that it is not missed in this one. */
export function deletedBefore(context: IExecuteFunctions): Set<string> {
	const name = `${context.getExecutionId()} ${context.getNode().id}`;
	const deleted = deletedBy.get(name) ?? new Set();
	deletedBy.delete(name);
	deletedBy.set(name, deleted);
	for (const oldest of [...deletedBy.keys()].slice(0, -MOST_EXECUTIONS)) deletedBy.delete(oldest);
	return deleted;
}

/**
 * Deletes all emails of a mailbox in one session, by unique ID, because message numbers are valid for one session only (RFC 1939, section
 * 7). Those that exist are deleted, even if others do not exist.
 * @param before see {@link deletedBefore}; what is deleted now is added
 * @returns by input item: its output, or why it has none
 */
export async function removeMails(removals: readonly Removal[], before: Set<string>): Promise<Map<number, INodeExecutionData | MailError>> {
	const results = new Map<number, INodeExecutionData | MailError>();
	const groups = new Map<string, Removal[]>();
	for (const removal of removals) {
		const { id, mailbox, pop } = removal.account;
		const name = JSON.stringify([id, mailbox, pop]);
		groups.set(name, [...(groups.get(name) ?? []), removal]);
	}
	for (const group of groups.values()) {
		for (const [item, result] of await removeGroup(group, before)) results.set(item, result);
	}
	return results;
}

async function removeGroup(group: readonly Removal[], before: Set<string>): Promise<Array<[number, INodeExecutionData | MailError]>> {
	const [first] = group;
	if (first === undefined) return [];
	const { account } = first;
	const results = await deleteFrom(
		account,
		group.map(({ uidl }) => uidl),
		before,
	).catch((error: unknown) => diagnose(error, { speaker: 'pop', mailbox: account.mailbox }));
	if (results instanceof MailError) return group.map(({ item }) => [item, results]);
	return group.map(({ item, uidl }) => {
		const ofMails = results.get(uidl) ?? [];
		// Several items may be about one email.
		const known = ofMails.length > 1 ? ofMails.shift() : ofMails[0];
		const result = known ?? (before.has(nameOf(account, uidl)) ? 'deleted' : missing(uidl, account));
		return [item, result instanceof MailError ? result : { json: { deleted: true, uidl } }];
	});
}

type Result = 'deleted' | MailError;

/**
 * Deletes one email for each unique ID, because a server may give several emails the same one, and the others may not have been fetched.
 * @returns by unique ID, for the emails that exist: deleted, or why the server refuses
 */
async function deleteFrom(account: Account, uidls: readonly string[], before: Set<string>): Promise<Map<string, Result[]>> {
	const session = await openPatiently(account);
	try {
		const found = firstOf(await session.uidl(), uidls);
		const refused = await session.deleteMany(found.map(([number]) => number));
		for (const [number, uidl] of found) if (!refused.has(number)) before.add(nameOf(account, uidl));
		await session.quit();
		const results = new Map<string, Result[]>();
		for (const [number, uidl] of found) results.set(uidl, [...(results.get(uidl) ?? []), refused.get(number) ?? 'deleted']);
		return results;
	} finally {
		session.close();
	}
}

/** Returns the first emails of the listing with these unique IDs, as many of each as it is named times. */
function firstOf(listing: ReadonlyMap<number, string>, uidls: readonly string[]): Array<[number, string]> {
	const wanted = new Map<string, number>();
	for (const uidl of uidls) wanted.set(uidl, (wanted.get(uidl) ?? 0) + 1);
	return [...listing].filter(([, uidl]) => {
		const left = wanted.get(uidl) ?? 0;
		wanted.set(uidl, left - 1);
		return left > 0;
	});
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
