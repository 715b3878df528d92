import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty, emailResource } from '../../parameters/accountFields';
import { invitationFields } from './invitationFields';
import { messageFields } from './contentFields';
import { optionCollections } from './optionFields';
import { rawFields } from './rawFields';
import { replyFields } from './replyFields';
import { waitFields } from './waitFields';

/** Names and values are those of the built-in Send Email node, so that its parameters can be pasted here. */
export const fields: INodeProperties[] = [
	authenticationProperty,
	emailResource,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['email'] } },
		options: [
			{
				name: 'Forward',
				value: 'forward',
				action: 'Forward an email',
				description: 'Forward an email and its attachments',
			},
			{
				name: 'Reply',
				value: 'reply',
				action: 'Reply to an email',
				description: 'Reply to the sender or to all recipients of an email, in the same thread',
			},
			{ name: 'Send', value: 'send', action: 'Send an email', description: 'Send an email with text, HTML and attachments' },
			{
				name: 'Send and Wait for Response',
				value: 'sendAndWait',
				action: 'Send and wait for a response',
				description: 'Ask for an approval or an answer by email, and continue with the response',
			},
			{
				name: 'Send Invitation',
				value: 'sendInvitation',
				action: 'Send a calendar invitation',
				description: 'Invite people to a calendar event, update it or cancel it',
			},
			{
				name: 'Send Finished Email (.eml)',
				value: 'sendRaw',
				action: 'Send a finished .eml email',
				description: 'Send a finished email unchanged, from an .eml file or from text',
			},
			{
				name: 'Take Answer',
				value: 'takeAnswer',
				action: 'Take a reply as the answer',
				description:
					'Take an email that replies to a question of Send and Wait for Response as its answer. The waiting execution continues.',
			},
			{
				name: 'Test Connection',
				value: 'testConnection',
				action: 'Test the connection',
				description: 'Check token, connection, TLS and sign-in step by step. Nothing is sent.',
			},
		],
		default: 'send',
	},
	...replyFields,
	...invitationFields,
	...messageFields,
	...waitFields,
	...rawFields,
	...optionCollections,
];
