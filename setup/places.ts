import type { Answers } from './questions';

/** What differs from cloud to cloud, as docs/admin.md has it under "Clouds". */
export interface Place {
	/** The Entra admin center. */
	portal: string;
	/** Base of the sign-in pages; also in `mail/clouds.ts`, which a test compares. */
	authority: string;
	/** The line that connects Exchange Online PowerShell. */
	exchange: string;
	/** What `Connect-MgGraph` needs besides. */
	graph: string;
	/** The cloud's name for the Azure CLI; left out if the CLI does not reach the cloud's directory. */
	azure?: string;
	/** What the list *Cloud* of the credential shows. */
	label: string;
	/** What a token of a workload is for. */
	audience: string;
}

const environment = (name: string): string => ` -ExchangeEnvironmentName ${name}`;

export const PLACES: Record<Answers['cloud'], Place> = {
	global: {
		portal: 'https://entra.microsoft.com',
		authority: 'https://login.microsoftonline.com',
		exchange: 'Connect-ExchangeOnline',
		graph: '',
		azure: 'AzureCloud',
		label: 'Global (Microsoft 365, Outlook.com, GCC)',
		audience: 'api://AzureADTokenExchange',
	},
	personal: {
		portal: 'https://entra.microsoft.com',
		authority: 'https://login.microsoftonline.com',
		exchange: '',
		graph: '',
		azure: 'AzureCloud',
		label: 'Global (Microsoft 365, Outlook.com, GCC)',
		audience: '',
	},
	usGov: {
		portal: 'https://entra.microsoft.us',
		authority: 'https://login.microsoftonline.us',
		exchange: `Connect-ExchangeOnline${environment('O365USGovGCCHigh')}`,
		graph: ' -Environment USGov',
		azure: 'AzureUSGovernment',
		label: 'US Government GCC High',
		audience: 'api://AzureADTokenExchangeUSGov',
	},
	usGovDod: {
		portal: 'https://entra.microsoft.us',
		authority: 'https://login.microsoftonline.us',
		exchange: `Connect-ExchangeOnline${environment('O365USGovDoD')}`,
		graph: ' -Environment USGovDoD',
		label: 'US Government DoD',
		audience: 'api://AzureADTokenExchangeUSGov',
	},
	china: {
		portal: 'https://entra.microsoftonline.cn',
		authority: 'https://login.partner.microsoftonline.cn',
		exchange: `Connect-ExchangeOnline${environment('O365China')}`,
		graph: ' -Environment China',
		azure: 'AzureChinaCloud',
		label: 'China (21Vianet)',
		audience: 'api://AzureADTokenExchangeChina',
	},
};

/** Application ID of Office 365 Exchange Online, and of Microsoft Graph, the same in each directory. */
export const EXCHANGE = '00000002-0000-0ff1-ce00-000000000000';
export const GRAPH = '00000003-0000-0000-c000-000000000000';

/** As in `mail/clouds.ts`, which a test compares. */
export const DELEGATED = { smtp: 'SMTP.Send', imap: 'IMAP.AccessAsUser.All', pop: 'POP.AccessAsUser.All' };
export const APPLICATION = { smtp: 'SMTP.SendAsApp', imap: 'IMAP.AccessAsApp', pop: 'POP.AccessAsApp' };

/** To renew the token, and to learn who signed in. */
export const SIGN_IN = ['email', 'offline_access', 'openid', 'profile'];
