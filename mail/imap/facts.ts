import type { FetchMessageObject, MessageStructureObject } from 'imapflow';

import { isolate } from '../blame';
import type { MailError } from '../errors';
import { hasAttachmentByStructure, type PartShape } from '../item/hasAttachment';
import { ask, instantOf, unreadable, withheld, type Use } from './ask';

/** What the server says about an email before the email itself is fetched. */
export interface Facts {
	uid: number;
	/** Size in bytes from RFC822.SIZE, or 0 if the server does not give it. */
	size: number;
	/** INTERNALDATE, in ms */
	receivedAt: number;
	/** All flags except \Recent, which belongs to the session and not to the email. */
	flags: string[];
	/** Only the email itself can show whether it has an attachment. */
	attachments?: 'unknown';
	/** Why the server gives no information about this email. */
	failure?: MailError;
}

/** Fetches the facts of these emails. An email without any comes with its `failure`, and does not hold up the others. */
export async function fetchFacts(use: Use, uids: readonly number[], onlyWithAttachment: boolean): Promise<Facts[]> {
	return await isolate(
		uids,
		async (some) => await askFacts(use, some, onlyWithAttachment),
		// The server may fail only at the structure, for which it has to read the email.
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
	// A broken structure makes the whole answer unreadable, so these emails are asked for again without it.
	const others =
		onlyWithAttachment && missing.length > 0
			? unjudged(await fetchFacts(use, missing, false))
			: missing.map((uid) => untold(uid, unreadable()));
	const told = [...found.values()].flatMap((mail) => factsOf(mail, onlyWithAttachment));
	return [...told, ...others].sort((one, other) => one.uid - other.uid);
}

/** Returns nothing for an email that certainly has no attachment, if only emails with an attachment are wanted. */
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

/** What BODYSTRUCTURE says about attachments; `unknown` if it is missing, or if only the email itself can show it. */
export function hasAttachment(structure: MessageStructureObject | undefined): boolean | 'unknown' {
	return hasAttachmentByStructure(shapeOf(structure));
}

function shapeOf(part: MessageStructureObject | undefined): PartShape | undefined {
	if (part === undefined) return undefined;
	const name = part.dispositionParameters?.filename ?? part.parameters?.name ?? part.parameters?.filename;
	const children = part.childNodes?.flatMap((child) => shapeOf(child) ?? []);
	return {
		type: (part.type ?? '').toLowerCase(),
		...(part.disposition && { disposition: part.disposition.toLowerCase() }),
		...(name && { name }),
		...(part.id && { contentId: part.id }),
		...(children && { children }),
	};
}
