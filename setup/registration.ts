import { APPLICATION, DELEGATED, EXCHANGE, GRAPH, PLACES, SIGN_IN } from './places';
import type { Answers } from './questions';
import { forPowerShell, forShell } from './quoting';
import type { Part, Section } from './section';

/** What n8n's form shows above the fields; nobody but the person at the form knows it. */
const REDIRECT = 'https://YOUR-N8N/rest/oauth2-credential/callback';
const NAME = 'n8n mail';
const CERTIFICATE = 'openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -subj /CN=n8n-mail -keyout key.pem -out certificate.pem';

export const permissions = ({ who, protocols }: Answers): string[] =>
	protocols.map((protocol) => (who === 'person' ? DELEGATED : APPLICATION)[protocol]);

/** How the app comes to be in the directory, with its permissions and its proof. A managed identity has no registration. */
export function registration(answers: Answers): Section {
	if (answers.who === 'managedIdentity') return managedIdentity(answers);
	const { tool, cloud } = answers;
	if (tool === 'portal' || cloud === 'personal') return { title: 'Register the app', parts: [...certificate(answers), ...portal(answers)] };
	if (tool === 'azureCli' && PLACES[cloud].azure !== undefined)
		return { title: 'Register the app', parts: [...certificate(answers), ...azureCli(answers)] };
	const instead: Part[] =
		tool === 'azureCli' ? [{ text: 'The Azure CLI does not reach the directory of this cloud, so these are lines for PowerShell.' }] : [];
	return { title: 'Register the app', parts: [...instead, ...certificate(answers), ...graph(answers)] };
}

function certificate({ who }: Answers): Part[] {
	if (who !== 'certificate') return [];
	return [
		{ text: 'Make a certificate for a year. The command asks for a passphrase, which locks the key.' },
		{ code: CERTIFICATE, language: 'sh' },
	];
}

function portal(answers: Answers): Part[] {
	const { who, cloud } = answers;
	const personal = cloud === 'personal';
	const person = who === 'person';
	const accounts = personal ? 'Personal Microsoft accounts only' : 'Accounts in this organizational directory only';
	const proof = {
		person: 'Certificates & secrets, Client secrets, New client secret. Copy its Value (not the Secret ID) and note when it expires.',
		secret: 'Certificates & secrets, Client secrets, New client secret. Copy its Value (not the Secret ID) and note when it expires.',
		certificate: 'Certificates & secrets, Certificates, Upload certificate: certificate.pem.',
		workloadIdentity: `Certificates & secrets, Federated credentials, Add credential: issuer, subject and audience letter by letter as the token of the workload has them. The audience is ${PLACES[cloud].audience}.`,
		managedIdentity: '',
	}[who];
	const kind = person ? 'Delegated' : 'Application';
	return [
		{ link: PLACES[cloud].portal, label: 'Open the Entra admin center' },
		{
			steps: [
				`Entra ID, App registrations, New registration. Name: ${NAME}. Supported account types: ${accounts}.`,
				person
					? 'Redirect URI: platform Web (not Single-page application), and the OAuth Redirect URL that n8n shows in the credential.'
					: 'Leave the redirect URI empty.',
				'Overview: copy the Application (client) ID and the Directory (tenant) ID.',
				proof,
				...(personal
					? ['Nothing has to be done under API permissions: you agree when you sign in.']
					: [
							`API permissions, Add a permission, APIs my organization uses, Office 365 Exchange Online (${EXCHANGE}), ${kind} permissions: ${permissions(answers).join(', ')}.`,
							...(person ? [`Add a permission, Microsoft Graph, Delegated permissions: ${SIGN_IN.join(', ')}.`] : []),
							'Press Grant admin consent. An admin has to do this.',
						]),
			],
		},
	];
}

function graph(answers: Answers): Part[] {
	const { who, cloud, tenantId } = answers;
	const person = who === 'person';
	const names = permissions(answers).map(forPowerShell).join(', ');
	const type = person ? 'Scope' : 'Role';
	const source = person ? 'Oauth2PermissionScopes' : 'AppRoles';
	const tenant = tenantId === undefined ? '' : ` -TenantId ${forPowerShell(tenantId)}`;
	const rights = ['Application.ReadWrite.All', person ? 'DelegatedPermissionGrant.ReadWrite.All' : 'AppRoleAssignment.ReadWrite.All'];
	const lines = [
		'Install-Module Microsoft.Graph -Scope CurrentUser   # once on this machine',
		`Connect-MgGraph${PLACES[cloud].graph}${tenant} -Scopes ${rights.join(', ')}`,
		`$exchange = Get-MgServicePrincipal -Filter "appId eq '${EXCHANGE}'"`,
		`$access = @(foreach ($name in ${names}) { @{ Id = ($exchange.${source} | Where-Object Value -eq $name).Id; Type = '${type}' } })`,
		'$resources = @(@{ ResourceAppId = $exchange.AppId; ResourceAccess = $access })',
		...(person
			? [
					`$graph = Get-MgServicePrincipal -Filter "appId eq '${GRAPH}'"`,
					`$own = @(foreach ($name in ${SIGN_IN.map(forPowerShell).join(', ')}) { @{ Id = ($graph.Oauth2PermissionScopes | Where-Object Value -eq $name).Id; Type = 'Scope' } })`,
					'$resources += @{ ResourceAppId = $graph.AppId; ResourceAccess = $own }',
					`$redirect = ${forPowerShell(REDIRECT)}   # the OAuth Redirect URL in the form of n8n`,
				]
			: []),
		`$app = New-MgApplication -DisplayName ${forPowerShell(NAME)} -SignInAudience AzureADMyOrg -RequiredResourceAccess $resources${person ? ' -Web @{ RedirectUris = @($redirect) }' : ''}`,
		'$principal = New-MgServicePrincipal -AppId $app.AppId',
		'# the admin consent',
		...(person
			? [
					`New-MgOauth2PermissionGrant -ClientId $principal.Id -ConsentType AllPrincipals -ResourceId $exchange.Id -Scope ${forPowerShell(permissions(answers).join(' '))}`,
					`New-MgOauth2PermissionGrant -ClientId $principal.Id -ConsentType AllPrincipals -ResourceId $graph.Id -Scope ${forPowerShell(SIGN_IN.join(' '))}`,
				]
			: [
					'foreach ($role in $access) { New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id -ResourceId $exchange.Id -AppRoleId $role.Id }',
				]),
		...graphProof(answers),
		'"Client ID:  $($app.AppId)"',
		'"Tenant ID:  $((Get-MgContext).TenantId)"',
		'"Object ID of the Enterprise application: $($principal.Id)"',
	];
	return [{ text: 'In PowerShell 7, signed in as an admin:' }, { code: lines.join('\n'), language: 'powershell' }];
}

function graphProof({ who, cloud }: Answers): string[] {
	switch (who) {
		case 'person':
		case 'secret':
			return [
				"$secret = Add-MgApplicationPassword -ApplicationId $app.Id -PasswordCredential @{ DisplayName = 'n8n'; EndDateTime = (Get-Date).AddYears(1) }",
				'"Client Secret: $($secret.SecretText)"',
				'"Secret Expires On: $($secret.EndDateTime)"',
			];
		case 'certificate':
			return [
				"$pem = [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem((Get-Content -Raw 'certificate.pem'))",
				"Update-MgApplication -ApplicationId $app.Id -KeyCredentials @(@{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $pem.RawData; DisplayName = 'n8n' })",
			];
		case 'workloadIdentity':
			return [
				'# as the token of the workload has them, letter by letter',
				`New-MgApplicationFederatedIdentityCredential -ApplicationId $app.Id -BodyParameter @{ name = 'n8n'; issuer = 'ISSUER'; subject = 'SUBJECT'; audiences = @(${forPowerShell(PLACES[cloud].audience)}) }`,
			];
		case 'managedIdentity':
			return [];
	}
}

function azureCli(answers: Answers): Part[] {
	const { who, cloud, tenantId } = answers;
	const person = who === 'person';
	const source = person ? 'oauth2PermissionScopes' : 'appRoles';
	const type = person ? 'Scope' : 'Role';
	const lines = [
		...(cloud === 'global' ? [] : [`az cloud set --name ${PLACES[cloud].azure ?? ''}`]),
		`az login --allow-no-subscriptions${tenantId === undefined ? '' : ` --tenant ${forShell(tenantId)}`}`,
		...(person ? [`redirect=${forShell(REDIRECT)}   # the OAuth Redirect URL in the form of n8n`] : []),
		`app=$(az ad app create --display-name ${forShell(NAME)} --sign-in-audience AzureADMyOrg${person ? ' --web-redirect-uris "$redirect"' : ''} --query appId -o tsv)`,
		'az ad sp create --id "$app"',
		...adding(EXCHANGE, permissions(answers), source, type),
		...(person ? adding(GRAPH, SIGN_IN, 'oauth2PermissionScopes', 'Scope') : []),
		'az ad app permission admin-consent --id "$app"',
		...cliProof(answers),
		'echo "Client ID: $app"',
		'echo "Tenant ID: $(az account show --query tenantId -o tsv)"',
		'echo "Object ID of the Enterprise application: $(az ad sp show --id "$app" --query id -o tsv)"',
	];
	return [{ text: 'In bash (also in the Azure Cloud Shell), signed in as an admin:' }, { code: lines.join('\n'), language: 'sh' }];
}

/** Permissions are named by IDs, which the commands read from the directory. */
function adding(resource: string, names: string[], source: string, type: string): string[] {
	return [
		`for name in ${names.join(' ')}; do`,
		`  id=$(az ad sp show --id ${resource} --query "${source}[?value=='$name'].id | [0]" -o tsv)`,
		`  az ad app permission add --id "$app" --api ${resource} --api-permissions "$id=${type}"`,
		'done',
	];
}

function cliProof({ who, cloud }: Answers): string[] {
	switch (who) {
		case 'person':
		case 'secret':
			return [
				'echo "Client Secret: $(az ad app credential reset --id "$app" --append --display-name n8n --years 1 --query password -o tsv)"',
				'echo "Secret Expires On: $(az ad app credential list --id "$app" --query "[0].endDateTime" -o tsv)"',
			];
		case 'certificate':
			return ['az ad app credential reset --id "$app" --append --cert @certificate.pem'];
		case 'workloadIdentity':
			return [
				'# issuer and subject as the token of the workload has them, letter by letter',
				`az ad app federated-credential create --id "$app" --parameters ${forShell(JSON.stringify({ name: 'n8n', issuer: 'ISSUER', subject: 'SUBJECT', audiences: [PLACES[cloud].audience] }))}`,
			];
		case 'managedIdentity':
			return [];
	}
}

/** Permissions of a managed identity can be given by lines only. Source: docs/admin.md */
function managedIdentity(answers: Answers): Section {
	const lines = [
		'Install-Module Microsoft.Graph -Scope CurrentUser   # once on this machine',
		`Connect-MgGraph${PLACES[answers.cloud].graph} -Scopes Application.Read.All, AppRoleAssignment.ReadWrite.All`,
		"$identity = Get-MgServicePrincipal -ServicePrincipalId 'OBJECT-ID'   # of the managed identity",
		`$exchange = Get-MgServicePrincipal -Filter "appId eq '${EXCHANGE}'"`,
		`foreach ($name in ${permissions(answers).map(forPowerShell).join(', ')}) {`,
		'  $role = $exchange.AppRoles | Where-Object Value -eq $name',
		'  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $identity.Id -PrincipalId $identity.Id -ResourceId $exchange.Id -AppRoleId $role.Id',
		'}',
		'"Client ID: $($identity.AppId)"',
	];
	return {
		title: 'Give the managed identity its permissions',
		parts: [
			{
				steps: [
					'Azure portal: the machine or app, Identity. System assigned: On. Or User assigned: Add. Copy the object (principal) ID.',
					'There is no app registration here, so the permissions are given by PowerShell:',
				],
			},
			{ code: lines.join('\n'), language: 'powershell' },
		],
	};
}
