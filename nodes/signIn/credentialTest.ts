import type { ICredentialsDecrypted, ICredentialTestFunctions, INodeCredentialTestResult } from 'n8n-workflow';

/** The Test button of a service account, for each node. What it needs is loaded when somebody presses it. */
export async function testServiceAccount(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const { loadCredentialTest } = await import('../loadedInParts.js');
	const { testServiceAccount: test } = await loadCredentialTest();
	return await test.call(this, credential);
}
