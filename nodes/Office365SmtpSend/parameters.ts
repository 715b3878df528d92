import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../accountProperties';
import { invitationFields } from './invitationFields';
import { messageFields } from './messageFields';
import { optionCollections } from './optionFields';
import { rawFields } from './rawFields';
import { replyFields } from './replyFields';
import { waitFields } from './waitFields';

/** Names and values of the built-in Send Email node, so that its parameters can be pasted here. */
export const parameters: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Forward', value: 'forward', action: 'Forward an email', description: 'Forward an email with its attachments to somebody else' },
			{ name: 'Reply', value: 'reply', action: 'Reply to an email', description: 'Reply to an email or to all who got it, in its thread and with the original below' },
			{ name: 'Send', value: 'send', action: 'Send an email', description: 'Send an email' },
			{ name: 'Send and Wait for Response', value: 'sendAndWait', action: 'Send an email and wait for the response', description: 'Ask somebody by email to approve, or for an answer; the workflow goes on with it' },
			{ name: 'Send Invitation', value: 'sendInvitation', action: 'Send a calendar invitation', description: 'Invite people to an event, update it or cancel it; it lands in their calendars' },
			{ name: 'Send Raw', value: 'sendRaw', action: 'Send a finished MIME message', description: 'Send a finished email as it is, from a file (.eml) or text' },
			{ name: 'Test Connection', value: 'testConnection', action: 'Test the connection', description: 'Try token, connection, TLS and sign-in step by step; sends nothing' },
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
