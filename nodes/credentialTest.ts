import type { ICredentialsDecrypted, ICredentialTestFunctions, INodeCredentialTestResult } from 'n8n-workflow';

/** The Test button of a service account, for each node. What it needs is loaded when somebody presses it. */
export async function testServiceAccount(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const { testServiceAccount: test } = await import('./testConnection.js');
	return await test.call(this, credential);
}
