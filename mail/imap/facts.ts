import type { FetchMessageObject, MessageStructureObject } from 'imapflow';

import { isolate } from '../blame';
import type { MailError } from '../errors';
import { hasAttachmentByStructure, type PartShape } from '../item/hasAttachment';
import { ask, instantOf, unreadable, withheld, type Use } from './ask';

/** What the server says of a mail before the mail itself is fetched. */
export interface Facts {
	uid: number;
	/** bytes, as RFC822.SIZE tells; 0 where the server does not */
	size: number;
	/** INTERNALDATE, in ms */
	receivedAt: number;
	/** Without \Recent, which says something of the session and nothing of the mail. */
	flags: string[];
	/** Whether it has an attachment can be told only from the mail itself. */
	attachments?: 'unknown';
	/** The server tells nothing of this one. */
	failure?: MailError;
}

/** A mail that the server cannot tell anything of holds up no other, and comes with its `failure`. */
export async function fetchFacts(use: Use, uids: readonly number[], onlyWithAttachment: boolean): Promise<Facts[]> {
	return await isolate(
		uids,
		async (some) => await askFacts(use, some, onlyWithAttachment),
		// The server may stumble over the structure alone, for which it has to read the mail.
		async (uid, error) => (onlyWithAttachment ? unjudged(await fetchFacts(use, [uid], false)) : [untold(uid, error)]),
	);
}

async function askFacts(use: Use, uids: readonly number[], onlyWithAttachment: boolean): Promise<Facts[]> {
	const found = await ask(use, uids, { size: true, internalDate: true, flags: true, bodyStructure: onlyWithAttachment });
	const missing = [
		...(await withheld(
			use,
			uids.filter((uid) => !found.has(uid)),
		)),
	];
	// A broken structure makes the whole answer unreadable.
	const others =
		onlyWithAttachment && missing.length > 0
			? unjudged(await fetchFacts(use, missing, false))
			: missing.map((uid) => untold(uid, unreadable()));
	const told = [...found.values()].flatMap((mail) => factsOf(mail, onlyWithAttachment));
	return [...told, ...others].sort((one, other) => one.uid - other.uid);
}

/** Nothing for a mail that certainly has no attachment, where only those with one are wanted. */
function factsOf(mail: FetchMessageObject, onlyWithAttachment: boolean): Facts[] {
	const verdict = !onlyWithAttachment || hasAttachment(mail.bodyStructure);
	if (verdict === false) return [];
	const facts: Facts = {
		uid: mail.uid,
		size: mail.size ?? 0,
		receivedAt: instantOf(mail.internalDate),
		flags: [...(mail.flags ?? [])].filter((flag) => flag !== '\\Recent'),
	};
	return [verdict === 'unknown' ? { ...facts, attachments: verdict } : facts];
}

function untold(uid: number, failure: MailError): Facts {
	return { uid, size: 0, receivedAt: Date.now(), flags: [], failure };
}

function unjudged(facts: readonly Facts[]): Facts[] {
	return facts.map((mail): Facts => ({ ...mail, attachments: 'unknown' }));
}

/** What BODYSTRUCTURE tells; `unknown` where it is missing or the mail itself has to be looked at. */
export function hasAttachment(structure: MessageStructureObject | undefined): boolean | 'unknown' {
	return hasAttachmentByStructure(shapeOf(structure));
}

function shapeOf(part: MessageStructureObject | undefined): PartShape | undefined {
	if (part === undefined) return undefined;
	const name = part.dispositionParameters?.filename ?? part.parameters?.name;
	const children = part.childNodes?.flatMap((child) => shapeOf(child) ?? []);
	return {
		type: (part.type ?? '').toLowerCase(),
		...(part.disposition && { disposition: part.disposition.toLowerCase() }),
		...(name && { name }),
		...(part.id && { contentId: part.id }),
		...(children && { children }),
	};
}
