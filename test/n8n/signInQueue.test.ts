import { afterAll, beforeAll, expect, it } from 'vitest';

import { appCredential, personCredential } from '../../sandbox/credentials';
import { startQueue, type Queue } from '../../sandbox/n8n';
import { startSandbox, type Sandbox } from '../../sandbox/servers';
import { digest, serveSignIn, signInAtOnce } from './signInRig';

let sandbox: Sandbox;
let queue: Queue;

beforeAll(async () => {
	sandbox = await startSandbox();
	sandbox.identity.tokenLifetimeSeconds = 1;
	const person = { ...(await personCredential(sandbox, 'ada@example.test')), id: 'person' };
	const app = { ...appCredential(sandbox, 'grace@example.test'), id: 'app' };
	sandbox.identity.tokenLifetimeSeconds = 3600;
	queue = await startQueue({ caFile: sandbox.caFile, credentials: [person, app], workers: 2 });
	await serveSignIn(queue.api, 'person', person);
	await serveSignIn(queue.api, 'app', app);
}, 600_000);

afterAll(async () => {
	await queue?.stop();
	await sandbox?.stop();
}, 120_000);

const requests = (grant: string): typeof sandbox.identity.requests => sandbox.identity.requests.filter((request) => request.grant === grant);
const executed = (): number[] => queue.workers.map((worker) => worker.logText().match(/Worker finished execution/g)?.length ?? 0);

it('renews a person\'s token by one request for 50 executions that two workers share', async () => {
	expect(await signInAtOnce(queue.api, 'person', 50)).toEqual({ ok: 50, problems: [] });
	expect(Math.min(...executed()), 'both workers had a part').toBeGreaterThan(0);
	expect(requests('refresh_token')).toHaveLength(1);
	const { oauthTokenData } = await queue.main.storedCredential('person');
	expect(digest(Object(oauthTokenData).refresh_token), 'rotated').not.toBe(requests('refresh_token')[0]?.refreshToken);
}, 300_000);

it('asks for a service account\'s token once a worker', async () => {
	expect(await signInAtOnce(queue.api, 'app', 50)).toEqual({ ok: 50, problems: [] });
	expect(requests('client_credentials').length).toBeLessThanOrEqual(queue.workers.length);
}, 300_000);
