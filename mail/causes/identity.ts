import { APP_PERMISSION, DELEGATED_PERMISSION } from '../clouds';
import { peer, type Cause, type Circumstances } from './cause';

const IDENTITY: Cause['speakers'] = ['identity'];
const isPerson = (at: Circumstances): boolean => at.way === undefined || at.way === 'person';
/** Nobody signs in: the app itself does. */
const ofApp = (at: Circumstances): boolean => !isPerson(at) && at.way !== 'usernamePassword';
/** For a service account, which has no Connect button. */
const SIGN_IN_LOGS =
	"Microsoft's words say why; an admin finds this sign-in in Entra under Sign-in logs. " +
	'Where a person has to take part, use the OAuth2 credential with its Connect button.';

/**
 * Refusals of Microsoft's identity platform. Source of the numbers:
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes. Microsoft asks not to depend on them: they
 * pick the hint; a number that is not here is judged by the OAuth `error` in the rows at the end.
 */
export const IDENTITY_CAUSES: readonly Cause[] = [
	{
		id: 'secret-wrong',
		speakers: IDENTITY,
		aadsts: [7000215, 70002],
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client secret.',
		remedy: (at) =>
			`${at.shown === undefined ? '' : `${at.shown} `}Paste the secret's value (not its secret ID) into "Client Secret"; ` +
			'if the value is no longer shown, make a new secret under Certificates & secrets.',
	},
	{
		id: 'secret-expired',
		speakers: IDENTITY,
		aadsts: [7000222],
		code: 'configuration',
		sentence: () => 'The client secret has expired.',
		remedy: () => 'Make a new client secret in the app registration under Certificates & secrets and paste its value into "Client Secret".',
	},
	{
		id: 'secret-missing',
		speakers: IDENTITY,
		aadsts: [7000216, 7000218],
		code: 'configuration',
		sentence: () => 'Microsoft wants the app itself to prove who it is.',
		remedy: (at) =>
			at.way === 'usernamePassword'
				? 'In the app registration, under Authentication, set "Allow public client flows" to Yes.'
				: 'Fill in "Client Secret" or the certificate in the credential.',
	},
	{
		id: 'public-client',
		speakers: IDENTITY,
		aadsts: [700025],
		code: 'configuration',
		sentence: () => 'The app is registered as a public client and may show neither secret nor certificate.',
		remedy: () =>
			"In the app registration, under Authentication, add the platform Web with n8n's redirect URL, remove the same URL from " +
			'the other platforms and set "Allow public client flows" to No.',
	},
	{
		id: 'certificate-refused',
		speakers: IDENTITY,
		aadsts: [700021, 700026, 700027, 700030, 50012, 50017, 7000214, 7000274, 7000277],
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the client certificate.',
		remedy: () =>
			'Upload this very certificate to the app registration under Certificates & secrets, check that it has not expired and ' +
			'that "Private Key" belongs to it.',
	},
	{
		// https://github.com/AzureAD/microsoft-identity-web: CertificateIsOutsideValidityWindow
		id: 'certificate-time',
		speakers: IDENTITY,
		aadsts: [1000502],
		code: 'configuration',
		sentence: () => 'The client certificate is out of its time: it has expired, or is not valid yet.',
		remedy: () =>
			'Make a new certificate, upload it to the app registration under Certificates & secrets, paste both parts into the ' +
			'credential, and check the clock of this machine.',
	},
	{
		id: 'assertion-time',
		speakers: IDENTITY,
		aadsts: [500133, 700024],
		code: 'configuration',
		sentence: () => "The app's proof is not within its valid time.",
		remedy: (at) =>
			at.way === 'workloadIdentity'
				? 'Check that the token file is renewed by the platform (Kubernetes does so by itself), and the clock of this machine.'
				: 'Set the clock of this machine; more than 5 minutes off is too much.',
	},
	{
		id: 'federation-unknown',
		speakers: IDENTITY,
		aadsts: [70021, 700211, 700212, 700213],
		code: 'configuration',
		sentence: () => 'The app has no federated credential for the token of this workload.',
		remedy: (at) =>
			'In the app registration under Certificates & secrets, Federated credentials, add one with exactly ' +
			`${at.shown ?? 'issuer, subject and audience of the token'}.`,
	},
	{
		// https://azure.github.io/azure-workload-identity/docs/troubleshooting.html
		id: 'issuer-unreachable',
		speakers: IDENTITY,
		aadsts: [90061, 50166, 501661],
		code: 'configuration',
		sentence: () => 'Microsoft could not fetch the keys of whoever issued the token of this workload.',
		remedy: () =>
			"The issuer's address has to be reachable from the internet: " +
			'open its address followed by /.well-known/openid-configuration from outside; ' +
			'in AKS, az aks update mends an issuer that does not answer.',
	},
	{
		id: 'tenant-unknown',
		speakers: IDENTITY,
		aadsts: [90002, 900023, 900021, 50059, 50128, 90019, 50049, 90038, 90043, 90051],
		code: 'configuration',
		sentence: () => 'Microsoft does not know this tenant.',
		remedy: () => 'Check "Tenant ID" (directory ID or domain) and "Cloud": a tenant lives in one cloud only.',
	},
	{
		id: 'app-unknown',
		speakers: IDENTITY,
		aadsts: [65002, 700016, 700011, 50194, 9001023, 90124, 90130, 9002331, 9002332, 9002346, 900382, 900432],
		code: 'configuration',
		sentence: () => 'App registration, tenant and cloud do not match.',
		remedy: () =>
			'Check "Client ID" (application ID), "Tenant ID" and "Cloud"; ' +
			'a single-tenant app needs its own tenant ID in place of "common", an app for personal accounts alone needs ' +
			'"consumers".',
	},
	{
		id: 'app-disabled',
		speakers: IDENTITY,
		aadsts: [7000112, 70001, 1000031],
		code: 'configuration',
		sentence: () => 'The app is disabled in this tenant.',
		remedy: () => 'An admin enables it: Entra, Enterprise applications, the app, Properties, "Enabled for users to sign-in".',
	},
	{
		id: 'account-foreign',
		speakers: IDENTITY,
		aadsts: [16000, 16003, 50020, 50014, 500207, 500208, 90072],
		code: 'configuration',
		sentence: () => 'The account that signed in does not belong to this tenant.',
		remedy: () =>
			'Sign in with an account of the tenant; personal accounts need the tenant ID "consumers", accounts of any organisation ' +
			'"organizations", and an app registered for them.',
	},
	{
		id: 'user-not-assigned',
		speakers: IDENTITY,
		aadsts: [50105, 501051],
		code: 'consent',
		sentence: (at) =>
			ofApp(at)
				? 'The app has no application permission for Exchange Online, or is not assigned to it.'
				: 'The app is only for assigned users, and this user is not assigned.',
		remedy: (at) =>
			ofApp(at)
				? `An admin adds those in use of ${permissions(APP_PERMISSION)} in the app registration under API permissions, Office ` +
					'365 Exchange Online, Application permissions, and grants admin consent; ' +
					'for a managed identity by New-MgServicePrincipalAppRoleAssignment.'
				: 'An admin assigns the user (Entra, Enterprise applications, the app, Users and groups) or sets "Assignment required" to No.',
	},
	{
		id: 'redirect-wrong',
		speakers: IDENTITY,
		aadsts: [50011, 500112, 500113, 500117, 900971, 70004],
		code: 'configuration',
		sentence: () => 'The redirect address of this n8n is not registered for the app.',
		remedy: () => 'Copy "OAuth Redirect URL" from the credential into the app registration under Authentication, platform Web.',
	},
	{
		id: 'redirect-type',
		speakers: IDENTITY,
		aadsts: [700084, 9002325, 9002327],
		code: 'interaction',
		sentence: () => 'The redirect address is registered as a single-page application.',
		remedy: () =>
			'In the app registration under Authentication, remove it from "Single-page application" and add it under "Web"; then connect again.',
	},
	{
		id: 'exchange-missing',
		speakers: IDENTITY,
		aadsts: [500011, 500014, 50001, 650052, 650054],
		code: 'configuration',
		sentence: () => 'The tenant has no Exchange Online, or the resource that was asked for is not in it.',
		remedy: () => 'Check "Cloud" (and "Resource URL" for a custom one) and that the tenant has Exchange Online licences.',
	},
	{
		id: 'scope-wrong',
		speakers: IDENTITY,
		aadsts: [70011, 28000, 28002, 28003, 700022, 700023, 1002012, 650053, 901002, 9010010],
		words: /\binvalid_scope\b|\binvalid_resource\b/,
		code: 'configuration',
		sentence: () => 'Microsoft does not know the permission that was asked for.',
		remedy: () =>
			'Check "Cloud" (and "Resource URL" for a custom one); the app registration needs the permissions of Office 365 Exchange Online.',
	},
	{
		// "Resource had no entitlements matching required permissions configured on the required resource access for client."
		id: 'permission-wrong',
		speakers: IDENTITY,
		aadsts: [65006],
		code: 'configuration',
		sentence: () => 'The app registration asks for a permission that the resource does not have.',
		remedy: (at) =>
			`In the app registration under API permissions remove what is marked as unknown or belongs to another resource, add those in use of ${
				ofApp(at) ? permissions(APP_PERMISSION) : permissions(DELEGATED_PERMISSION)
			} of Office 365 Exchange Online again, and grant admin consent${isPerson(at) ? '; then connect again' : ''}.`,
	},
	{
		id: 'consent-missing',
		speakers: IDENTITY,
		aadsts: [65001, 65004, 65005, 650056, 650057, 7000229, 90008, 90093, 90094, 90095, 90099],
		words: /\bconsent_required\b/,
		code: 'consent',
		sentence: () => 'A permission has not been consented to.',
		remedy: (at) =>
			`An admin grants consent in the app registration under API permissions, Office 365 Exchange Online, for those in use of ${
				at.way === undefined
					? `${permissions(DELEGATED_PERMISSION)} (a person signs in) or ${permissions(APP_PERMISSION)} (service account)`
					: at.way === 'person' || at.way === 'usernamePassword'
						? `the delegated permissions ${permissions(DELEGATED_PERMISSION)}`
						: `the application permissions ${permissions(APP_PERMISSION)}`
			}${isPerson(at) ? '; then connect again' : ''}.`,
	},
	{
		id: 'mfa-needed',
		speakers: IDENTITY,
		aadsts: [50072, 50074, 50076, 50078, 50079, 50158, 500121, 53004],
		code: 'interaction',
		sentence: () => 'Microsoft asks for a second factor, which needs a person.',
		remedy: (at) =>
			at.way === 'usernamePassword'
				? 'User name and password cannot pass multi-factor authentication: ' +
					'use the OAuth2 credential with Connect, or a client secret or certificate.'
				: isPerson(at)
					? 'Open the credential, press Connect and complete the sign-in.'
					: SIGN_IN_LOGS,
	},
	{
		id: 'access-policy',
		speakers: IDENTITY,
		aadsts: [
			50005, 50097, 50127, 50129, 50131, 50155, 53000, 53001, 53002, 53003, 53009, 53010, 53011, 530002, 530003, 530021, 530032, 530034,
			530035, 50002, 500021, 500022, 500212, 500213,
		],
		code: 'interaction',
		sentence: () => 'A Conditional Access or security policy of the tenant blocks this sign-in.',
		remedy: (at) =>
			"An admin looks it up in Entra under Sign-in logs, Conditional Access, and allows this app or this machine's address." +
			(at.way === 'usernamePassword' ? ' Security Defaults block user name and password altogether.' : '') +
			(isPerson(at) && at.way !== 'usernamePassword' ? ' Then connect again.' : ''),
	},
	{
		// 700003 and 700014: the device is not found; 50187, 135011: it cannot prove itself, or is disabled.
		id: 'device-unknown',
		speakers: IDENTITY,
		aadsts: [700003, 700014, 50187, 135011],
		code: 'interaction',
		sentence: () => 'The device that the person signed in from is unknown to the tenant, or disabled there.',
		remedy: (at) =>
			isPerson(at)
				? 'Open the credential and press Connect on a device that the tenant knows; an admin sees the devices in Entra under Devices.'
				: SIGN_IN_LOGS,
	},
	{
		id: 'account-deleted',
		speakers: IDENTITY,
		aadsts: [500341, 50034, 51004],
		code: 'configuration',
		sentence: () => 'The account that signed in is not in the tenant: it was deleted, or never existed there.',
		remedy: (at) =>
			isPerson(at)
				? 'An admin restores the user in Entra under Deleted users (within 30 days), or another account connects the credential.'
				: 'Check "Username" and "Tenant ID"; an admin finds a deleted user in Entra under Deleted users for 30 days.',
	},
	{
		id: 'password-wrong',
		speakers: IDENTITY,
		aadsts: [50126, 50064],
		code: 'configuration',
		sentence: () => 'Microsoft did not accept user name and password.',
		remedy: () =>
			'Check "Username" and "Password"; accounts that sign in through a federated server and personal accounts cannot use this way.',
	},
	{
		id: 'account-locked',
		speakers: IDENTITY,
		aadsts: [50053, 50055, 50056, 50057, 500571, 50135, 50144],
		code: 'configuration',
		sentence: () => 'The account is locked, disabled or its password has expired.',
		remedy: () => 'An admin looks at the user in Entra: unlock or enable the account, or set a new password.',
	},
	{
		id: 'platform-loop',
		speakers: IDENTITY,
		aadsts: [50196, 90055],
		code: 'throttled',
		sentence: () => 'Microsoft refuses further token requests for a while, since too many came in a loop.',
		remedy: () => 'Wait some minutes; look for a workflow that fails and restarts in a loop.',
	},
	{
		id: 'proxy-failed',
		speakers: IDENTITY,
		words: /\bHTTP 5\d\d from the proxy/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy could not connect to it${httpStatus(at)}.`,
		remedy: () =>
			'Check that the proxy that HTTPS_PROXY names may reach this host and has no fault of its own; ' +
			'NO_PROXY names hosts that are reached without it.',
	},
	{
		// The last words are those of n8n's own OAuth client.
		id: 'proxy-answered',
		speakers: IDENTITY,
		words:
			/\bHTTP (?:status )?(?:407|30\d)\b|\bHTTP [1-4]\d\d (?:with (?:a web page|something else)|from the proxy)|^Expected JSON response from OAuth2/m,
		code: 'configuration',
		sentence: (at) => `A proxy, a filter or a sign-in page of the network answered in place of ${peer(at)}${httpStatus(at)}.`,
		remedy: (at) =>
			at.status === 407
				? 'Start n8n with user name and password in the address of the proxy, HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT, or ' +
					'have the proxy let this host pass without a sign-in.'
				: 'Have the network let n8n reach this host unchanged: by HTTPS_PROXY where a proxy has to be used, by NO_PROXY where ' +
					'it must not. For the cloud "Custom" check "Authority URL" too.',
	},
	{
		id: 'platform-busy',
		speakers: IDENTITY,
		aadsts: [50033, 50087, 70012, 90006, 90012, 90024, 90033, 90090, 90091],
		words: /\b(temporarily_unavailable|server_error|service_unavailable)\b|(?:HTTP|status code) (?:429|5\d\d)\b/,
		code: 'throttled',
		sentence: () => 'The identity platform is busy or out of order.',
		remedy: () => 'It is tried again by itself; see https://status.cloud.microsoft if it lasts.',
	},
	{
		id: 'grant-ended',
		speakers: IDENTITY,
		aadsts: [700082, 70008, 50085, 50173, 70043, 50089, 50132, 50133, 54005, 70000, 501481, 700005, 9002313, 9002341],
		// n8n's own words, for a revoked grant and for one without a refresh token.
		words: /\binvalid_grant\b|needs to be reconnected|no refresh token is available/,
		code: 'interaction',
		sentence: (at) =>
			isPerson(at) ? 'The sign-in has ended: its refresh token expired or was revoked.' : 'Microsoft did not accept the sign-in.',
		remedy: (at) => (isPerson(at) ? 'Open the credential and press Connect again.' : SIGN_IN_LOGS),
	},
	{
		id: 'interaction-needed',
		speakers: IDENTITY,
		aadsts: [16001, 50058, 50140, 50142, 50197, 50199, 51006, 700020],
		words: /\b(interaction_required|login_required)\b/,
		code: 'interaction',
		sentence: () => 'Microsoft asks for a person to sign in.',
		remedy: (at) =>
			isPerson(at) ? 'Open the credential, press Connect and complete the sign-in; where a policy blocks it, ask the admin.' : SIGN_IN_LOGS,
	},
	{
		id: 'client-refused',
		speakers: IDENTITY,
		words: /\b(invalid_client|unauthorized_client)\b/,
		code: 'configuration',
		sentence: () => "Microsoft did not accept the app's own sign-in.",
		remedy: () => 'Check "Client ID", the secret or certificate, and that the app registration allows this kind of sign-in.',
	},
	{
		id: 'request-refused',
		speakers: IDENTITY,
		words: /\b(invalid_request|unsupported_grant_type|access_denied)\b/,
		code: 'configuration',
		sentence: () => 'Microsoft did not accept the request for a token.',
		remedy: () => 'Microsoft\'s words name the part; check "Cloud", "Tenant ID" and "Client ID".',
	},
];

function httpStatus({ status }: Circumstances): string {
	return status === undefined ? '' : ` (HTTP ${status})`;
}

function permissions(of: Readonly<Record<string, string>>): string {
	return Object.values(of).join(', ');
}
