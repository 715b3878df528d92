import type { DisplayCondition, IDataObject, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { choice, record, whole } from './parameterValues';

/** Shows an option that a workflow already has. An older form of an option is shown only there. */
export const saved: DisplayCondition = { _cnd: { exists: true } };

const MOST_DAYS = 3_650;

/** Which emails a trigger returns when its workflow is first published, with the number of days. */
export function startFromOptions(kinds: INodePropertyOptions[]): INodeProperties[] {
	const start: INodeProperties = {
		displayName: 'Start From',
		name: 'from',
		type: 'options',
		options: kinds,
		default: 'now',
		description: 'Which emails the workflow starts with when it is published for the first time',
	};
	const days: INodeProperties = {
		displayName: 'Days',
		name: 'days',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: MOST_DAYS },
		default: 1,
		displayOptions: { show: { from: ['lastDays'] } },
		description: 'How many days to go back when the workflow is published for the first time',
	};
	return [
		{
			displayName: 'Start From',
			name: 'firstEmails',
			type: 'fixedCollection',
			default: { start: { from: 'now' } },
			displayOptions: { hide: { startFrom: [saved] } },
			description: 'Which emails the workflow starts with when it is published for the first time',
			options: [{ displayName: 'Start', name: 'start', values: [start, days] }],
		},
		{ ...start, name: 'startFrom', displayOptions: { show: { startFrom: [saved] } } },
		{ ...days, displayName: 'Start From Days', name: 'startDays', displayOptions: { show: { startFrom: ['lastDays'] } } },
	];
}

/** @throws MailError `input` naming the field */
export function startFromOf<T extends string>(options: IDataObject, kinds: readonly T[]): { kind: T | 'now' | 'lastDays'; days: number } {
	const { from, days } = { from: options.startFrom, days: options.startDays, ...record(record(options.firstEmails).start) };
	const kind = choice<T | 'now' | 'lastDays'>(from, 'Start From', [...kinds, 'now', 'lastDays'], 'now');
	return { kind, days: kind === 'lastDays' ? whole(days, 'Start From Days', 1, 1, MOST_DAYS) : 1 };
}
