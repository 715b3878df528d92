import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { MailError } from '../../mail/errors';

/**
 * What becomes of an item that names several emails: if one of them fails, the item fails. Its error tells how many others did not.
 * @param emails what they are, in the plural
 * @param past what was done with the others: "moved"
 */
export function together(
	outcomes: ReadonlyArray<IDataObject | Error>,
	emails: 'emails' | 'drafts',
	past: string,
): INodeExecutionData[] | Error {
	const done = outcomes.flatMap((one) => (one instanceof Error ? [] : [{ json: one }]));
	const first = outcomes.find((one) => one instanceof Error);
	if (first === undefined) return done;
	if (outcomes.length === 1 || !(first instanceof MailError)) return first;
	const count = `${outcomes.length - done.length} of ${outcomes.length}`;
	return first.reworded(`${count} ${emails} of this item could not be ${past}. ${first.summary}`);
}
