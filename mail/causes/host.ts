import type { Cause } from './cause';

/**
 * What the host says that hands out its own identity. Sources:
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling and
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity
 */
export const HOST_CAUSES: readonly Cause[] = [
	{
		id: 'host-resource',
		speakers: ['host'],
		words: /\binvalid_resource\b|\bAADSTS50001(?:1|4)?\b/,
		code: 'configuration',
		sentence: () => 'The tenant of this host does not know Exchange Online by the address that was asked for.',
		remedy: () => 'Check "Cloud" (and "Resource URL" for a custom one), and that this machine\'s tenant has Exchange Online licences.',
	},
	{
		id: 'host-identity-missing',
		speakers: ['host'],
		words: /HTTP 400\b/,
		code: 'configuration',
		sentence: () => 'This host has no such managed identity.',
		remedy: () =>
			'In the Azure portal, under Identity of this machine or app, switch the system-assigned identity on, or assign the ' +
			'user-assigned one and enter its client ID in "Client ID"; then restart n8n.',
	},
	{
		id: 'host-refused',
		speakers: ['host'],
		words: /HTTP 40[13]\b/,
		code: 'configuration',
		sentence: () => "The host's identity endpoint refused n8n.",
		remedy: () => "Restart n8n, so that it sees the host's present IDENTITY_ENDPOINT and IDENTITY_HEADER.",
	},
	{
		id: 'host-busy',
		speakers: ['host'],
		words: /HTTP (404|410|429|5\d\d)\b/,
		code: 'throttled',
		sentence: () => "The host's identity endpoint cannot answer just now.",
		remedy: () => 'It is tried again by itself.',
	},
	{
		id: 'host-absent',
		speakers: ['host'],
		words: /./,
		code: 'unreachable',
		sentence: () => 'No managed identity answers on this host.',
		remedy: () =>
			'Managed identities exist on Azure only (virtual machines, App Service, Container Apps, Kubernetes there); ' +
			'elsewhere choose another way under "Authentication".',
	},
];
