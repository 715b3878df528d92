import type { INodeProperties } from 'n8n-workflow';

/** The credential that a node uses. It is the first field of every node. */
export const authenticationProperty: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	options: [
		{ name: 'OAuth2 (A Person Signs In)', value: 'oAuth2' },
		{ name: 'Service Account (No Person)', value: 'serviceAccount' },
	],
	default: 'oAuth2',
};

/**
 * A hidden field for nodes with one resource. n8n needs a resource and an operation to find the action of an operation, which is the
 * default name of the node and which AI agents read, and the output fields in `__schema__`, which it shows before the first run. Name and
 * value are those of the built-in Send Email, so that its parameters can be pasted.
 */
export const emailResource: INodeProperties = {
	displayName: 'Resource',
	name: 'resource',
	type: 'hidden',
	noDataExpression: true,
	options: [{ name: 'Email', value: 'email' }],
	default: 'email',
};

/** Field of the operation Test Connection. */
export const protocolLogOption: INodeProperties = {
	displayName: 'Protocol Log',
	name: 'protocolLog',
	type: 'boolean',
	default: false,
	description: 'Whether to return the conversation between n8n and the server, line by line. Tokens are hidden.',
};

/** Field of the operation Test Connection. */
export const testProtocolsOption: INodeProperties = {
	displayName: 'Protocols to Test',
	name: 'testProtocols',
	type: 'multiOptions',
	options: [
		{ name: 'IMAP', value: 'imap' },
		{ name: 'POP', value: 'pop' },
		{ name: 'SMTP', value: 'smtp' },
	],
	default: [],
	description:
		'Which protocols to test, for example IMAP before you publish a workflow with a trigger. If you choose none, the protocol of ' +
		'this node is tested.',
};

/** In the options of every node. */
export const mailboxAddressOption: INodeProperties = {
	displayName: 'Mailbox Address',
	name: 'mailboxAddress',
	type: 'string',
	placeholder: 'e.g. shared@example.com',
	default: '',
	description:
		'The mailbox to open instead of the one in the credential, for example a shared mailbox. The signed-in user or app needs access to it.',
};
