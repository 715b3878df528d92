import type { IDataObject, IExecuteFunctions, IPollFunctions } from 'n8n-workflow';

import type { Wish } from '../../mail/collect/wish';
import type { RetryPolicy } from '../../mail/collect/pollAttempts';
import type { AccountChoice } from '../signIn/credentialAccount';
import { accountChoice, choice, flag, record, whole } from '../parameters/parameterValues';
import { deletionOf, filterOf, itemOptions } from '../popMail';
import { startFromOf } from '../parameters/startFromFields';

export interface Settings {
	account: AccountChoice;
	wish: Wish;
	item: ReturnType<typeof itemOptions>;
	retry: RetryPolicy;
}

/** @param parameter reads one; both contexts do that in their own way. @throws MailError `input` naming the field */
export function readSettings(
	context: IExecuteFunctions | IPollFunctions,
	parameter: (name: string, fallback: unknown) => unknown,
): Settings {
	const options = record(parameter('options', {}));
	return {
		account: accountChoice(parameter('authentication', 'oAuth2'), options),
		item: itemOptions(context, parameter),
		retry: {
			maxAttempts: whole(options.maxTries, 'Maximum Attempts', 3, 1, 20),
			firstPauseMs: whole(options.retryAfter, 'Retry After', 30, 0, 86_400) * 1000,
			deleteFailed: choice(options.onGiveUp, 'When All Attempts Fail', ['nothing', 'delete'], 'nothing') === 'delete',
		},
		wish: {
			limit: whole(options.limit, 'Max Emails per Poll', 50, 1, 1_000),
			newestFirst: false,
			filter: filterOf(record(parameter('filters', {})), context.getTimezone()),
			headersOnly: flag(options.headersOnly, 'Headers Only'),
			maxBytes: whole(options.maxMessageSize, 'Max Message Size', 150, 1, 100_000) * 1024 * 1024,
			start: startOf(options),
			deleteAfterFetch: false,
			...deletionOf(options.deleteAfterDays),
		},
	};
}

function startOf(options: IDataObject): Wish['start'] {
	const { kind, days } = startFromOf(options, ['all']);
	return kind === 'lastDays' ? { kind, days } : { kind };
}
