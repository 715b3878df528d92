import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Page, Wish } from '../../mail/mailbox/find';

/** Options that leave out no email. */
const NO_FILTERS = new Set(['exceptFolders', 'mailboxAddress', 'order', 'readMore', 'shortAnswers']);

/**
 * Why a search has no emails, since n8n shows an empty output without a reason.
 * @param given filters and options of the node
 */
export function tellNothingFound(
	context: IExecuteFunctions,
	{ looked }: Pick<Page, 'looked'>,
	wish: Pick<Wish, 'hasAttachment'>,
	paths: readonly string[],
	given: IDataObject,
): void {
	const [only] = paths;
	const used = Object.keys(given).filter((name) => !NO_FILTERS.has(name));
	const where = only !== undefined && paths.length === 1 ? only : `the ${paths.length} folders that were searched`;
	context.addExecutionHints?.({ message: reason(looked, where, wish, used), location: 'outputPane' });
}

function reason(looked: number, where: string, { hasAttachment }: Pick<Wish, 'hasAttachment'>, filters: readonly string[]): string {
	if (looked === 0) return filters.length === 0 ? `There are no emails in ${where}.` : `No email in ${where} matches the filters.`;
	// Of the filters only the dates and this one are looked at after the server has searched.
	if (hasAttachment === undefined) return `No email in ${where} matches all filters.`;
	const others = filters.some((name) => name !== 'hasAttachment') ? ' found by the other filters' : '';
	if (looked === 1) return `The only email in ${where}${others} has ${hasAttachment ? 'no' : 'an'} attachment.`;
	return `${hasAttachment ? 'None' : 'Each'} of the ${looked} emails in ${where}${others} has an attachment.`;
}
