import type { INodeProperties } from 'n8n-workflow';

import { authenticationProperty } from '../accountProperties';
import { messageFields } from './messageFields';
import { optionCollections } from './optionFields';

/** Names and values of the built-in Send Email node, so that its parameters can be pasted here. */
export const parameters: INodeProperties[] = [
	authenticationProperty,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{ name: 'Send', value: 'send', action: 'Send an email', description: 'Send an email' },
			{ name: 'Test Connection', value: 'testConnection', action: 'Test the connection', description: 'Try token, connection, TLS and sign-in step by step; sends nothing' },
		],
		default: 'send',
	},
	...messageFields,
	...optionCollections,
];
