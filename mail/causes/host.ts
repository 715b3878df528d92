import type { Cause } from './cause';

/**
 * Answers of a host that provides its own identity. Sources:
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling and
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity
 */
export const HOST_CAUSES: readonly Cause[] = [
	{
		id: 'host-resource',
		speakers: ['host'],
		words: /\binvalid_resource\b|\bAADSTS50001(?:1|4)?\b/,
		code: 'configuration',
		sentence: () => 'The tenant of this host does not know the requested resource of Exchange Online.',
		remedy: () =>
			'Check "Cloud" (and "Resource URL" for a custom cloud), and check that the tenant of this machine has Exchange Online licenses.',
	},
	{
		id: 'host-identity-missing',
		speakers: ['host'],
		words: /HTTP 400\b/,
		code: 'configuration',
		sentence: () => 'This host does not have this managed identity.',
		remedy: () =>
			'In the Azure portal, under Identity of this machine or app, turn on the system-assigned identity, or assign the ' +
			'user-assigned identity and enter its client ID in "Client ID". Then restart n8n.',
	},
	{
		id: 'host-refused',
		speakers: ['host'],
		words: /HTTP 40[13]\b/,
		code: 'configuration',
		sentence: () => "The host's identity endpoint refused n8n.",
		remedy: () => "Restart n8n, so that it gets the host's current IDENTITY_ENDPOINT and IDENTITY_HEADER.",
	},
	{
		id: 'host-busy',
		speakers: ['host'],
		words: /HTTP (404|410|429|5\d\d)\b/,
		code: 'throttled',
		sentence: () => "The host's identity endpoint cannot answer at the moment.",
		remedy: () => 'The request is retried automatically.',
	},
	{
		id: 'host-absent',
		speakers: ['host'],
		words: /./,
		code: 'unreachable',
		sentence: () => 'This host does not provide a managed identity.',
		remedy: () =>
			'Managed identities exist only on Azure (virtual machines, App Service, Container Apps, AKS). ' +
			'On another host, choose another option under "Authentication".',
	},
];
