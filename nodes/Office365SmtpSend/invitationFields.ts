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
			{ name: 'Cancel', value: 'cancel', description: 'Call off an event' },
			{ name: 'Create', value: 'create', description: 'Invite to a new event' },
			{ name: 'Update', value: 'update', description: 'Tell of a new time, place or text' },
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
		description: 'Which event it is: the field "uid" of the item that its creation gave',
		displayOptions: { show: { operation: INVITATION, invitationAction: ['update', 'cancel'] } },
	},
	{
		// n8n drops the values of fields that are not shown, so nodes of version 1 that gave their new event an ID go on showing it.
		displayName: 'Event ID',
		name: 'eventUid',
		type: 'string',
		default: '',
		placeholder: 'e.g. {{ $json.uid }}',
		description: 'The ID of the new event, by which it is updated and canceled later. Leave it empty to have one made.',
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
		description: 'When the event begins, ISO 8601; without an offset in the workflow\'s time zone. An expression may give the start of a Microsoft or Google event, { dateTime, timeZone }.',
		displayOptions: { show: { operation: INVITATION } },
	},
	{
		displayName: 'End',
		name: 'end',
		type: 'dateTime',
		default: '',
		placeholder: 'e.g. 2026-11-30T16:00:00',
		description: 'When the event ends, ISO 8601. Leave it empty for half an hour; for an event of whole days it is the last day, or empty for one day.',
		displayOptions: { show: { operation: INVITATION } },
	},
	{
		displayName: 'Location',
		name: 'location',
		type: 'string',
		default: '',
		placeholder: 'e.g. Room 4, or https://…',
		description: 'Where the event takes place: a room, an address, or the link of an online meeting',
		displayOptions: { show: { operation: INVITATION } },
	},
];
