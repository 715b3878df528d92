import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { cloudOf } from '../../../mail/clouds';
import { ALLOW_HOST_IDENTITY, HOST_IDENTITY_SERVERS } from '../../../mail/signIn/hostIdentity';
import { appTokens } from '../../../mail/signIn/serviceAccount';
import { customCloud } from '../../../sandbox/credentials';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { withEnvironment } from '../../support/environment';

// A file of its own, that is a process of its own: MSAL looks for the kind of its host once.
let sandbox: Sandbox;

beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
beforeEach(() =>
	withEnvironment({
		[ALLOW_HOST_IDENTITY]: 'true',
		[HOST_IDENTITY_SERVERS]: 'localhost',
		...sandbox.managedIdentity.environment.appService,
	}),
);
afterAll(async () => await sandbox.stop());

it.each([
	['the system-assigned identity', () => ''],
	['a user-assigned identity', () => sandbox.managedIdentity.userAssigned],
])('gets a mail token for %s of an App Service, with the secret header that the host set', async (_name, clientId) => {
	const token = await appTokens({ authentication: 'managedIdentity', cloud: cloudOf(customCloud(sandbox)), clientId: clientId() })(false);
	expect(token.claims()).toMatchObject({ aud: sandbox.identity.resource, roles: expect.arrayContaining(['IMAP.AccessAsApp']) });
	expect(sandbox.managedIdentity.requests.at(-1)).toEqual({
		host: 'appService',
		resource: sandbox.identity.resource,
		clientId: clientId() || undefined,
	});
	expect(await sandbox.identity.verify(token.reveal())).toMatchObject({ idtyp: 'app' });
});
