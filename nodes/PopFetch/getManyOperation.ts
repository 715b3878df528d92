import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { collectNew, type Collection } from '../../mail/collect/collect';
import { Ledger } from '../../mail/collect/ledger';
import { openPatiently } from '../../mail/collect/patience';
import { Reservations } from '../../mail/collect/reservations';
import type { Wish } from '../../mail/collect/wish';
import { MailError } from '../../mail/errors';
import { choice, flag, record, whole } from '../parameters/parameterValues';
import { deletionOf, explainNothing, filterOf, itemMaker, itemOptions, withoutIdText } from '../popMail';
import { isTool, MOST_FOR_TOOL, shorten, withMarkdown } from '../toolAnswers';
import type { Memory } from './fetchMemory';

/** Returns the new emails of the inbox, or all emails there. If the connection breaks, the emails before that are kept. */
export async function getMany(context: IExecuteFunctions, item: number, account: Account, memory: Memory): Promise<INodeExecutionData[]> {
	const onlyNew = flag(context.getNodeParameter('onlyNew', item, true), 'Only New', true);
	const wish = readWish(context, item, onlyNew);
	const short = isTool(context);
	const chosen = itemOptions(context, (name, fallback) => context.getNodeParameter(name, item, fallback));
	const options = short ? { ...chosen, readMore: withMarkdown(chosen.readMore ?? []) } : chosen;
	const ledger = onlyNew ? memory.ledger(account) : new Ledger();
	const reservations = onlyNew ? memory.reservations(account) : new Reservations();
	const session = await openPatiently(account);
	const cancelled = cancelSignal(context);
	const stop = (): void => session.close();
	cancelled?.addEventListener('abort', stop);
	if (cancelled?.aborted === true) stop();
	const collection = await collectNew(session, ledger, reservations, wish, itemMaker(options, wish.maxBytes), Date.now()).finally(() => {
		cancelled?.removeEventListener('abort', stop);
		session.close();
	});
	if (onlyNew) memory.took(account, collection.itemKeys);
	// Nobody would read them, but emails that were deleted, or may have been, have to be passed on.
	const isSomeDeleted = collection.deleted > 0 || collection.failure?.command === 'QUIT';
	if (cancelled?.aborted === true && !isSomeDeleted)
		throw new MailError('The execution was cancelled.', {
			code: 'stopped',
			speaker: 'pop',
			mailbox: account.mailbox,
			remedy: 'The next execution fetches its emails.',
		});
	if (collection.items.length === 0 && collection.failure !== undefined) throw collection.failure;
	tell(context, account, collection, wish, onlyNew);
	return short ? shortened(collection) : collection.items;
}

/** For a language model, which sees only the answer. */
function shortened({ items, left }: Collection<INodeExecutionData>): INodeExecutionData[] {
	const short = items.map((one) => ({ ...one, json: shorten(one.json, { emails: items.length }) }));
	return left > 0 ? [...short, { json: { thereIsMore: true, returned: items.length, left } }] : short;
}

/** The signal of the execution, aborted by a person or by the workflow's timeout. Not every supported n8n has it. */
export function cancelSignal(context: IExecuteFunctions): AbortSignal | undefined {
	return typeof context.getExecutionCancelSignal === 'function' ? context.getExecutionCancelSignal() : undefined;
}

function readWish(context: IExecuteFunctions, item: number, onlyNew: boolean): Wish {
	const options = record(context.getNodeParameter('options', item, {}));
	const limit = flag(context.getNodeParameter('returnAll', item, false), 'Return All')
		? Infinity
		: whole(context.getNodeParameter('limit', item, 50), 'Limit', 50, 1, 1_000_000);
	return {
		limit: isTool(context) ? Math.min(limit, MOST_FOR_TOOL) : limit,
		newestFirst: choice(options.order, 'Order', ['oldest', 'newest'], 'oldest') === 'newest',
		filter: filterOf(record(context.getNodeParameter('filters', item, {})), context.getTimezone()),
		headersOnly: flag(options.headersOnly, 'Headers Only'),
		maxBytes: whole(options.maxMessageSize, 'Max Message Size', 150, 1, 100_000) * 1024 * 1024,
		start: { kind: 'all' },
		deleteAfterFetch: flag(options.deleteAfterFetch, 'Delete After Fetch'),
		...(onlyNew && deletionOf(options.deleteAfterDays)),
	};
}

/** Explains why there is nothing, or not everything, so that people need not guess. */
function tell(
	context: IExecuteFunctions,
	account: Account,
	collection: Collection<INodeExecutionData>,
	wish: Wish,
	onlyNew: boolean,
): void {
	const { items, failure, undeletable, withoutId } = collection;
	if (undeletable !== undefined)
		context.logger.warn(`POP Fetch: ${account.mailbox}: an email could not be deleted. ${undeletable.summary}`);
	if (withoutId > 0) context.logger.warn(`POP Fetch: ${account.mailbox}: ${withoutIdText(withoutId)}`);
	if (failure !== undefined) {
		const lost =
			`${account.mailbox}: ${failure.summary} The ${items.length} emails fetched before that are returned. ` +
			'The rest is fetched next time.';
		context.logger.warn(`POP Fetch: ${lost}`);
		hint(context, lost);
	} else if (items.length === 0) {
		hint(context, explainNothing(account.mailbox, collection, wish.filter, onlyNew));
	}
}

function hint(context: IExecuteFunctions, message: string): void {
	// Not every supported n8n has it.
	if (typeof context.addExecutionHints === 'function') context.addExecutionHints({ message, location: 'outputPane' });
}
