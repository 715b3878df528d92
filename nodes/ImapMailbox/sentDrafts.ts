import type { IDataObject } from 'n8n-workflow';

import type { Fate, There } from '../../mail/mailbox/locate';
import type { Reference } from '../../mail/mailbox/references';
import type { Connection } from '../../mail/mailbox/sessions';

/** What each execution says of the drafts that it has sent, by place and by Message-ID. */
const sent = new WeakMap<Connection, Map<string, IDataObject>>();

/** @param facts the output for the draft, which has left its folder */
export function noteSent(connection: Connection, draft: There, messageId: string, facts: IDataObject): void {
	const known = sent.get(connection) ?? new Map<string, IDataObject>();
	sent.set(connection, known);
	// Another draft with the same Message-ID was not sent itself.
	for (const key of [placeOf(draft), messageId]) if (!known.has(key)) known.set(key, facts);
}

/**
 * Returns what was said of the draft if an earlier item of this execution has sent it, and it is therefore no longer in its folder.
 * @param drafts path of the folder Drafts. A Message-ID may find the copy in Sent Items
 */
export function sentBefore(connection: Connection, fate: Fate, reference: Reference | undefined, drafts: string): IDataObject | undefined {
	const known = sent.get(connection);
	if (known === undefined || fate.kind === 'failed' || reference === undefined) return undefined;
	if (reference.uid === 0) return fate.folder === drafts ? undefined : known.get(reference.messageId);
	return fate.kind === 'gone' ? known.get(placeOf(fate)) : undefined;
}

function placeOf({ uid, folder }: Pick<There, 'uid' | 'folder'>): string {
	return `${uid} ${folder}`;
}
