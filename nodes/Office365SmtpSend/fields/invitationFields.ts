import type { INodeProperties } from 'n8n-workflow';

const INVITATION = ['sendInvitation'];

/** Above the addresses and the title. */
export const invitationFields: INodeProperties[] = [
	{
		displayName: 'Action',
		name: 'invitationAction',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Cancel', value: 'cancel', description: 'Cancel an event' },
			{ name: 'Create', value: 'create', description: 'Invite people to a new event' },
			{ name: 'Update', value: 'update', description: 'Change the time, place or text of an event' },
		],
		default: 'create',
		displayOptions: { show: { operation: INVITATION } },
	},
	{
		displayName: 'Event ID',
		name: 'eventUid',
		type: 'string',
		default: '',
		placeholder: 'e.g. {{ $json.uid }}',
		description: 'The event to update or cancel: the value of the field uid in the item from Create',
		displayOptions: { show: { operation: INVITATION, invitationAction: ['update', 'cancel'] } },
	},
	{
		// n8n drops the values of hidden fields, so nodes of version 1 that gave their new event an ID still show the field.
		displayName: 'Event ID',
		name: 'eventUid',
		type: 'string',
		default: '',
		placeholder: 'e.g. {{ $json.uid }}',
		description: 'The ID of the new event. You need it to update or cancel the event later. Leave it empty to get a new ID.',
		displayOptions: { show: { '@version': [1], operation: INVITATION, invitationAction: ['create'] } },
	},
];

/** Below the title. */
export const eventFields: INodeProperties[] = [
	{
		displayName: 'Start',
		name: 'start',
		type: 'dateTime',
		required: true,
		default: '',
		placeholder: 'e.g. 2026-11-30T15:30:00',
		description:
			'When the event begins. A time without an offset is in the time zone of the workflow. ' +
			'An expression can also give the start of a Microsoft or Google event, { dateTime, timeZone }.',
		displayOptions: { show: { operation: INVITATION } },
	},
	{
		displayName: 'End',
		name: 'end',
		type: 'dateTime',
		default: '',
		placeholder: 'e.g. 2026-11-30T16:00:00',
		description:
			'When the event ends. If it is empty, the event takes half an hour. ' +
			'For an all-day event it is the last day, and empty means one day.',
		displayOptions: { show: { operation: INVITATION } },
	},
	{
		displayName: 'Location',
		name: 'location',
		type: 'string',
		default: '',
		placeholder: 'e.g. Room 4, or https://…',
		description: 'Where the event takes place: a room, an address, or the link to an online meeting',
		displayOptions: { show: { operation: INVITATION } },
	},
];
