import type { INodeProperties } from 'n8n-workflow';

/** Which of the two credentials a node uses; every node has it first. */
export const authenticationProperty: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	options: [
		{ name: 'OAuth2 (a Person Signs In)', value: 'oAuth2' },
		{ name: 'Service Account (No Person)', value: 'serviceAccount' },
	],
	default: 'oAuth2',
};

/** Of the operation Test Connection. */
export const protocolLogOption: INodeProperties = {
	displayName: 'Protocol Log',
	name: 'protocolLog',
	type: 'boolean',
	default: false,
	description: 'Whether to give what client and server said, line by line, with tokens replaced',
};

/** In every node's options. */
export const mailboxAddressOption: INodeProperties = {
	displayName: 'Mailbox Address',
	name: 'mailboxAddress',
	type: 'string',
	placeholder: 'e.g. shared@example.com',
	default: '',
	description: 'Opens this mailbox instead of the credential\'s, for example a shared one. The signed-in user or app needs access to it.',
};
