import { APP_PERMISSION, DELEGATED_PERMISSION } from '../clouds';
import { peer, type Cause, type Circumstances } from './cause';
import { SOCKS_SIGN_IN } from './proxy';

const IDENTITY: Cause['speakers'] = ['identity'];
const isPerson = (at: Circumstances): boolean => at.way === undefined || at.way === 'person';
/** The app itself signs in, and no person. */
const ofApp = (at: Circumstances): boolean => !isPerson(at) && at.way !== 'usernamePassword';
/** The remedy for a service account, which has no Connect button. */
const SIGN_IN_LOGS =
	"Microsoft's message says why. An admin can find this sign-in in Entra under Sign-in logs. " +
	'If a person has to take part, use the OAuth2 credential with its Connect button.';

/**
 * Refusals of Microsoft's identity platform. Source of the numbers:
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft asks programs not to depend on them, so they only
 * choose the hint. If a number is not listed, the OAuth `error` decides, in the rows at the end.
 */
export const IDENTITY_CAUSES: readonly Cause[] = [
	{
		id: 'secret-wrong',
		speakers: IDENTITY,
		aadsts: [7000215, 70002],
		// AADSTS50012, which is mostly about a certificate.
		names: /Invalid client secret/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client secret.',
		remedy: (at) =>
			`${at.shown === undefined ? '' : `${at.shown} `}Paste the value of the secret (not its secret ID) into "Client Secret". ` +
			'If the value is no longer shown, create a new secret under Certificates & secrets.',
	},
	{
		id: 'secret-expired',
		speakers: IDENTITY,
		aadsts: [7000222],
		code: 'configuration',
		sentence: () => 'The client secret has expired.',
		remedy: () =>
			'Create a new client secret in the app registration under Certificates & secrets, and paste its value into "Client Secret".',
	},
	{
		id: 'secret-missing',
		speakers: IDENTITY,
		aadsts: [7000216, 7000218],
		names: /AADSTS70002: (?:The request body must contain|[^\n]{0,200}must be marked as)/,
		code: 'configuration',
		sentence: () => 'Microsoft requires the app to authenticate itself.',
		remedy: (at) =>
			at.way === 'usernamePassword'
				? 'In the app registration, under Authentication, set "Allow public client flows" to Yes.'
				: 'Fill in "Client Secret" or the certificate in the credential.',
	},
	{
		id: 'public-client',
		speakers: IDENTITY,
		aadsts: [700025],
		// AADSTS90023 has several meanings: https://github.com/AzureAD/microsoft-authentication-library-for-js/issues/7334
		names: /Public clients can.t send a client secret/,
		code: 'configuration',
		sentence: () => 'The app is registered as a public client, so it may not use a client secret or a certificate.',
		remedy: () =>
			"In the app registration, under Authentication, add the platform Web with n8n's redirect URL. Remove the same URL from " +
			'the other platforms, and set "Allow public client flows" to No.',
	},
	{
		id: 'certificate-refused',
		speakers: IDENTITY,
		aadsts: [700021, 700026, 700027, 700030, 50012, 50017, 7000214, 7000274, 7000277],
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client certificate.',
		remedy: () =>
			'Upload this certificate to the app registration under Certificates & secrets. Check that it has not expired, and ' +
			'that "Private Key" belongs to it.',
	},
	{
		// https://github.com/AzureAD/microsoft-identity-web: CertificateIsOutsideValidityWindow
		id: 'certificate-time',
		speakers: IDENTITY,
		aadsts: [1000502],
		code: 'configuration',
		sentence: () => 'The client certificate has expired or is not valid yet.',
		remedy: () =>
			'Create a new certificate, upload it to the app registration under Certificates & secrets, and paste both parts into the ' +
			'credential. Also check the clock of this machine.',
	},
	{
		id: 'assertion-time',
		speakers: IDENTITY,
		aadsts: [500133, 700024],
		code: 'configuration',
		sentence: () => "The app's client assertion has expired or is not valid yet.",
		remedy: (at) =>
			at.way === 'workloadIdentity'
				? 'Check that the platform renews the token file (Kubernetes does so automatically), and check the clock of this machine.'
				: 'Set the clock of this machine. It must not be wrong by more than 5 minutes.',
	},
	{
		id: 'federation-unknown',
		speakers: IDENTITY,
		aadsts: [70021, 70025, 700211, 700212, 700213, 7002138],
		code: 'configuration',
		sentence: () => 'The app has no federated credential for the token of this workload.',
		remedy: (at) =>
			'In the app registration, under Certificates & secrets, Federated credentials, add a credential with exactly ' +
			`${at.shown ?? 'the issuer, subject and audience of the token'}. Upper and lower case count.`,
	},
	{
		// "AAD-issued tokens may not be used for federated identity flows." 700226, 700236: nor those of an app, or of another tenant.
		id: 'federation-issuer',
		speakers: IDENTITY,
		aadsts: [700222, 700226, 700229, 700236],
		code: 'configuration',
		sentence: () => 'Entra itself issued the token of this workload, and does not accept it as one of another issuer.',
		remedy: () => 'Use the token of another issuer, such as Kubernetes or GitHub, or choose "Managed Identity" under "Authentication".',
	},
	{
		// https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity
		id: 'federation-off',
		speakers: IDENTITY,
		aadsts: [700223, 700238, 7002381],
		code: 'configuration',
		sentence: () => 'A policy of the tenant does not accept the token of this workload.',
		remedy: () =>
			'Ask an admin of the tenant to allow federated credentials of this issuer for the app. ' +
			'Otherwise, use a client secret or a certificate.',
	},
	{
		// https://azure.github.io/azure-workload-identity/docs/troubleshooting.html
		id: 'issuer-unreachable',
		speakers: IDENTITY,
		aadsts: [90061, 50166, 501661],
		code: 'configuration',
		sentence: () => "Microsoft could not fetch the keys of the issuer of this workload's token.",
		remedy: () =>
			"The issuer's address has to be reachable from the internet. " +
			'To check this, open the address followed by /.well-known/openid-configuration from outside. ' +
			'In AKS, az aks update repairs an issuer that does not answer.',
	},
	{
		id: 'tenant-unknown',
		speakers: IDENTITY,
		aadsts: [90002, 900023, 900021, 50059, 50128, 90019, 50049, 90038, 90043, 90051],
		code: 'configuration',
		sentence: () => 'Microsoft does not know this tenant.',
		remedy: () => 'Check "Tenant ID" (directory ID or domain) and "Cloud". A tenant exists in one cloud only.',
	},
	{
		// 5000225: "This tenant has been blocked due to inactivity." 5000224: "We are sorry, this resource is not available."
		// https://learn.microsoft.com/entra/fundamentals/tenant-inaccessible-inactivity
		id: 'tenant-inactive',
		speakers: IDENTITY,
		aadsts: [5000224, 5000225],
		code: 'configuration',
		sentence: () => 'Microsoft has blocked this tenant, usually for inactivity.',
		remedy: () =>
			"Ask an admin of the tenant to have it reactivated by Microsoft's support within 20 days. After that it is deleted, and another " +
			'tenant has to be used.',
	},
	{
		id: 'app-unknown',
		speakers: IDENTITY,
		// In other words, this number means that the app is disabled.
		names: /AADSTS70001:[^\n]{0,300}not found/,
		aadsts: [65002, 700016, 700011, 700038, 50194, 9001023, 90124, 90130, 9002331, 9002332, 9002346, 900382, 900432, 900439],
		code: 'configuration',
		sentence: () => 'The app registration, the tenant and the cloud do not match.',
		remedy: () =>
			'Check "Client ID" (application ID), "Tenant ID" and "Cloud". ' +
			'A single-tenant app needs its own tenant ID instead of "common". An app for personal accounts only needs ' +
			'"consumers".',
	},
	{
		id: 'app-disabled',
		speakers: IDENTITY,
		aadsts: [7000112, 70001, 1000031],
		code: 'configuration',
		sentence: () => 'The app is disabled in this tenant.',
		remedy: () => 'Ask an admin to enable it in Entra: Enterprise applications, the app, Properties, "Enabled for users to sign-in".',
	},
	{
		id: 'account-foreign',
		speakers: IDENTITY,
		aadsts: [16000, 16003, 50020, 50014, 500200, 500207, 500208, 90072],
		code: 'configuration',
		sentence: () => 'The account that signed in does not belong to this tenant.',
		remedy: () =>
			'Sign in with an account of the tenant. Personal accounts need the tenant ID "consumers", accounts of any organization ' +
			'need "organizations", and the app has to be registered for them.',
	},
	{
		id: 'user-not-assigned',
		speakers: IDENTITY,
		aadsts: [50105, 501051],
		code: 'consent',
		sentence: (at) =>
			ofApp(at)
				? 'The app has no application permission for Exchange Online, or is not assigned to it.'
				: 'Only assigned users may use the app, and this user is not assigned.',
		remedy: (at) =>
			ofApp(at)
				? `Ask an admin to add the permissions that you use (${permissions(APP_PERMISSION)}) in the app registration under API ` +
					'permissions, Office 365 Exchange Online, Application permissions, and to grant admin consent. ' +
					'For a managed identity, the admin uses New-MgServicePrincipalAppRoleAssignment.'
				: 'Ask an admin to assign the user in Entra (Enterprise applications, the app, Users and groups), or to set ' +
					'"Assignment required" to No.',
	},
	{
		id: 'redirect-wrong',
		speakers: IDENTITY,
		aadsts: [50011, 500112, 500113, 500117, 900971, 70004],
		code: 'configuration',
		sentence: () => 'The redirect URL of this n8n is not registered for the app.',
		remedy: () => 'Copy "OAuth Redirect URL" from the credential to the app registration, under Authentication, platform Web.',
	},
	{
		id: 'redirect-type',
		speakers: IDENTITY,
		aadsts: [700084, 9002325, 9002327],
		code: 'interaction',
		sentence: () => 'The redirect URL is registered for a single-page application.',
		remedy: () =>
			'In the app registration, under Authentication, remove it from "Single-page application" and add it under "Web". ' +
			'Then connect the credential again.',
	},
	{
		id: 'exchange-missing',
		speakers: IDENTITY,
		aadsts: [500011, 500014, 50001, 650052, 650054],
		code: 'configuration',
		sentence: () => 'The tenant has no Exchange Online, or it does not have the requested resource.',
		remedy: () => 'Check "Cloud" (and "Resource URL" for a custom cloud), and check that the tenant has Exchange Online licenses.',
	},
	{
		id: 'scope-wrong',
		speakers: IDENTITY,
		aadsts: [70011, 28000, 28002, 28003, 700022, 700023, 1002012, 650053, 901002, 9010010],
		words: /\binvalid_scope\b|\binvalid_resource\b/,
		code: 'configuration',
		sentence: () => 'Microsoft does not know the requested permission.',
		remedy: () =>
			'Check "Cloud" (and "Resource URL" for a custom cloud). The app registration needs permissions of Office 365 Exchange Online.',
	},
	{
		// "Resource had no entitlements matching required permissions configured on the required resource access for client."
		id: 'permission-wrong',
		speakers: IDENTITY,
		aadsts: [65006],
		code: 'configuration',
		sentence: () => 'The app registration asks for a permission that the resource does not have.',
		remedy: (at) =>
			'In the app registration, under API permissions, remove the permissions that are marked as unknown or belong to another resource. ' +
			`Then add the permissions of Office 365 Exchange Online that you use (${
				ofApp(at) ? permissions(APP_PERMISSION) : permissions(DELEGATED_PERMISSION)
			}), and grant admin consent.${thenConnect(at)}`,
	},
	{
		// "… a resource which is not listed in the requested permissions in the client's application registration."
		id: 'permission-unlisted',
		speakers: IDENTITY,
		aadsts: [65005, 650056, 650057],
		code: 'consent',
		sentence: () => 'The app registration does not list a permission that is needed.',
		remedy: (at) =>
			'In the app registration, under API permissions, add the permissions of Office 365 Exchange Online that you use ' +
			`(${ofApp(at) ? permissions(APP_PERMISSION) : permissions(DELEGATED_PERMISSION)}). Then grant admin consent.${thenConnect(at)}`,
	},
	{
		id: 'consent-missing',
		speakers: IDENTITY,
		aadsts: [65001, 65004, 7000229, 90008, 90093, 90094, 90095, 90099],
		words: /\bconsent_required\b/,
		code: 'consent',
		sentence: () => 'Nobody has consented to a permission that is needed.',
		remedy: (at) =>
			`Ask an admin to grant consent in the app registration, under API permissions, Office 365 Exchange Online, to those you use of ${
				at.way === undefined
					? `${permissions(DELEGATED_PERMISSION)} (a person signs in) or ${permissions(APP_PERMISSION)} (service account)`
					: at.way === 'person' || at.way === 'usernamePassword'
						? `the delegated permissions ${permissions(DELEGATED_PERMISSION)}`
						: `the application permissions ${permissions(APP_PERMISSION)}`
			}.${thenConnect(at)}`,
	},
	{
		id: 'mfa-needed',
		speakers: IDENTITY,
		aadsts: [50072, 50074, 50076, 50078, 50079, 50158, 500121, 53004],
		code: 'interaction',
		sentence: () => 'Microsoft asks for multi-factor authentication, which needs a person.',
		remedy: (at) =>
			at.way === 'usernamePassword'
				? 'A user name and password are not enough for multi-factor authentication. ' +
					'Use the OAuth2 credential with its Connect button, or a client secret or certificate.'
				: isPerson(at)
					? 'Open the credential, press Connect and complete the sign-in.'
					: SIGN_IN_LOGS,
	},
	{
		id: 'access-policy',
		speakers: IDENTITY,
		aadsts: [
			50005, 50097, 50127, 50129, 50131, 50155, 53000, 53001, 53002, 53003, 53005, 53009, 53010, 53011, 530002, 530003, 530004, 530021,
			530031, 530032, 530033, 530034, 530035, 530036, 530084, 50002, 500021, 500022, 500212, 500213,
		],
		code: 'interaction',
		sentence: () => 'A Conditional Access or security policy of the tenant blocks this sign-in.',
		remedy: (at) =>
			"Ask an admin to look it up in Entra under Sign-in logs, Conditional Access, and to allow this app or this machine's address." +
			(at.way === 'usernamePassword' ? ' Security Defaults never allow a user name and password.' : '') +
			thenConnect(at),
	},
	{
		// 700003 and 700014: the device is not found; 50187, 135011: it cannot authenticate, or is disabled.
		id: 'device-unknown',
		speakers: IDENTITY,
		aadsts: [700003, 700014, 50187, 135011],
		code: 'interaction',
		sentence: () => 'The tenant does not know the device on which the person signed in, or the device is disabled there.',
		remedy: (at) =>
			isPerson(at)
				? 'Open the credential and press Connect on a device that the tenant knows. An admin finds the devices in Entra under Devices.'
				: SIGN_IN_LOGS,
	},
	{
		id: 'account-deleted',
		speakers: IDENTITY,
		aadsts: [500341, 50034, 51004],
		code: 'configuration',
		sentence: () => 'The account that signed in does not exist in the tenant. It may have been deleted.',
		remedy: (at) =>
			isPerson(at)
				? 'Ask an admin to restore the user in Entra under Deleted users (within 30 days), or connect the credential with another account.'
				: 'Check "Username" and "Tenant ID". An admin can restore a deleted user in Entra under Deleted users for 30 days.',
	},
	{
		id: 'password-wrong',
		speakers: IDENTITY,
		aadsts: [50126, 50064],
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the user name and password.',
		remedy: () =>
			'Check "Username" and "Password". Personal accounts and accounts that sign in through a federated server cannot sign in this way.',
	},
	{
		id: 'account-locked',
		speakers: IDENTITY,
		// 50053 also: "Sign-in was blocked because it came from an IP address with malicious activity."
		aadsts: [50053, 50055, 50056, 50057, 500571, 50135, 50144],
		code: 'configuration',
		sentence: () => 'The account is locked or disabled, its password has expired, or Microsoft blocks the address of this machine.',
		remedy: () =>
			'Ask an admin to unlock or enable the account in Entra, or to set a new password. If Microsoft speaks of an IP address, ask the ' +
			'admin to mark it as trusted in Entra under Named locations, or let n8n use another address.',
	},
	{
		// "AADSTS70000: User account is found to be in service abuse mode." In other words, this number means that the sign-in has ended.
		// https://github.com/AzureAD/microsoft-authentication-library-for-objc/issues/2290
		id: 'account-abused',
		speakers: IDENTITY,
		names: /in service abuse mode/i,
		code: 'interaction',
		sentence: () => 'Microsoft has blocked the account, because it looked as if somebody abused it.',
		remedy: (at) =>
			'Sign in at https://outlook.com in a browser with this account and follow the instructions, which may take a phone number.' +
			thenConnect(at),
	},
	{
		id: 'platform-loop',
		speakers: IDENTITY,
		aadsts: [50196, 90055],
		code: 'throttled',
		sentence: () => 'Microsoft refuses further token requests for a while, because it received too many in a short time.',
		remedy: () => 'Wait some minutes, and look for a workflow that fails and restarts in a loop.',
	},
	{
		id: 'proxy-password',
		speakers: IDENTITY,
		// Texts of the library "socks", which the operator's proxy for email gives too.
		words: SOCKS_SIGN_IN,
		code: 'configuration',
		sentence: (at) => `n8n could not reach ${peer(at)}: the SOCKS proxy requires a user name and password, or did not accept them.`,
		remedy: () =>
			'Start n8n with the user name and password in the address of the proxy, for example ' +
			'ALL_PROXY=socks5://USER:PASSWORD@PROXY:PORT, or add this host to NO_PROXY.',
	},
	{
		id: 'proxy-failed',
		speakers: IDENTITY,
		// The last words are those of n8n's own client.
		words: /\bHTTP 5\d\d from the proxy|^The proxy made no connection|^Proxy connection ended before/m,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy of this n8n made no connection to it${httpStatus(at)}.`,
		remedy: () =>
			'Check that the proxy in HTTPS_PROXY (or ALL_PROXY) works and may connect to this host. ' +
			'NO_PROXY lists the hosts that n8n reaches without the proxy.',
	},
	{
		// https://learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-pass-through-authentication. The words "timed out" are
		// about these servers, and not about the network of this machine.
		id: 'password-agent',
		speakers: IDENTITY,
		aadsts: [80001, 80002, 80005, 80007, 80010, 80013, 80014],
		code: 'throttled',
		sentence: () => "The tenant's own servers, which check the password (pass-through authentication), could not check it.",
		remedy: () =>
			'The request is retried automatically. If it lasts, ask an admin to check in Entra, under Microsoft Entra Connect, Pass-through ' +
			'authentication, that an agent is active, and that it reaches Active Directory.',
	},
	{
		id: 'platform-busy',
		speakers: IDENTITY,
		aadsts: [50033, 50087, 70012, 90006, 90012, 90024, 90033, 90090, 90091],
		words: /\b(temporarily_unavailable|server_error|service_unavailable)\b|(?:HTTP|status code) (?:429|5(?!11)\d\d)\b/,
		code: 'throttled',
		sentence: () => 'The identity platform is busy or not available.',
		remedy: () => 'The request is retried automatically. If the problem persists, see https://status.cloud.microsoft.',
	},
	{
		// 511 is of a network that wants a sign-in (RFC 6585, section 6). The last line has words of n8n's own OAuth client, which says
		// "HTTP status 403" only of an answer without an error of OAuth.
		id: 'proxy-answered',
		speakers: IDENTITY,
		words:
			/\b(?:HTTP|HTTP status|status code) (?:407|511|30\d)\b|\bHTTP [1-4]\d\d (?:with (?:a web page|something else)|from the proxy)|^HTTP status 4(?!08|25|29)\d\d$|^Expected JSON response from OAuth2|^Unsupported content type: (?:undefined|text\/(?:html|plain)|application\/xhtml)|^Maximum number of redirects exceeded/m,
		code: 'configuration',
		sentence: (at) => `A proxy, a filter or a sign-in page of the network answered instead of ${peer(at)}${httpStatus(at)}.`,
		remedy: (at) =>
			at.status === 407
				? 'Start n8n with the user name and password in the address of the proxy, HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT, or ' +
					'allow connections to this host without a sign-in at the proxy.'
				: 'Allow n8n to reach this host without interference. If it has to use a proxy, set HTTPS_PROXY. If it must not use one ' +
					'for this host, add the host to NO_PROXY. For the cloud "Custom", also check "Authority URL".',
	},
	{
		// n8n says this of each invalid_grant, without Microsoft's words. 70043: sign-in frequency.
		id: 'renewal-refused',
		speakers: IDENTITY,
		aadsts: [70043],
		words: /needs to be reconnected/,
		code: 'interaction',
		sentence: (at) => (isPerson(at) ? 'Microsoft no longer renews this sign-in.' : 'Microsoft did not accept the sign-in.'),
		remedy: (at) =>
			isPerson(at)
				? 'Open the credential and press Connect again. If that fails, or if the sign-in soon ends again, ask an admin for the reason in ' +
					"Entra's sign-in logs (MFA, sign-in frequency or another Conditional Access policy, consent, disabled account)."
				: SIGN_IN_LOGS,
	},
	{
		id: 'grant-ended',
		speakers: IDENTITY,
		aadsts: [700082, 70008, 50085, 50173, 50089, 50132, 50133, 54005, 70000, 501481, 700005, 9002313, 9002341],
		// The last words are n8n's own.
		words: /\binvalid_grant\b|no refresh token is available/,
		code: 'interaction',
		sentence: (at) =>
			isPerson(at) ? 'The sign-in has ended: its refresh token expired or was revoked.' : 'Microsoft did not accept the sign-in.',
		remedy: (at) => (isPerson(at) ? 'Open the credential and press Connect again.' : SIGN_IN_LOGS),
	},
	{
		id: 'interaction-needed',
		speakers: IDENTITY,
		aadsts: [16001, 50058, 50125, 50140, 50142, 50197, 50199, 51006, 700020],
		words: /\b(interaction_required|login_required)\b/,
		code: 'interaction',
		sentence: () => 'Microsoft asks for a person to sign in.',
		remedy: (at) =>
			isPerson(at) ? 'Open the credential, press Connect and complete the sign-in. If a policy blocks it, ask an admin.' : SIGN_IN_LOGS,
	},
	{
		id: 'client-refused',
		speakers: IDENTITY,
		words: /\b(invalid_client|unauthorized_client)\b/,
		code: 'configuration',
		sentence: () => "Microsoft did not accept the app's credentials.",
		remedy: () => 'Check "Client ID" and the secret or certificate, and check that the app registration allows this kind of sign-in.',
	},
	{
		id: 'request-refused',
		speakers: IDENTITY,
		words: /\b(invalid_request|unsupported_grant_type|access_denied)\b/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the token request.',
		remedy: () => 'Microsoft\'s message says which part is wrong. Check "Cloud", "Tenant ID" and "Client ID".',
	},
];

function httpStatus({ status }: Circumstances): string {
	return status === undefined ? '' : ` (HTTP ${status})`;
}

function thenConnect(at: Circumstances): string {
	return isPerson(at) ? ' Then connect the credential again.' : '';
}

function permissions(of: Readonly<Record<string, string>>): string {
	return Object.values(of).join(', ');
}
