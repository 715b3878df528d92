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
	queue = await startQueue({ editor: false, caFile: sandbox.caFile, credentials: [person, app], workers: 2 });
	await serveSignIn(queue.api, 'person', person);
	await serveSignIn(queue.api, 'app', app);
});

afterAll(async () => {
	await queue?.stop();
	await sandbox?.stop();
});

const requests = (grant: string): typeof sandbox.identity.requests =>
	sandbox.identity.requests.filter((request) => request.grant === grant);
const inLogs = (words: RegExp): number[] => queue.workers.map((worker) => worker.logText().match(words)?.length ?? 0);
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

/** How many executions each worker had. n8n answers before it has written the line that says so. */
async function executed(least: number): Promise<number[]> {
	const deadline = Date.now() + 30_000;
	for (;;) {
		const each = inLogs(/Worker finished execution/g);
		if (sum(each) >= least || Date.now() > deadline) return each;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

it("renews a person's token by one request for 50 executions that two workers share", async () => {
	expect(await signInAtOnce(queue.api, 'person', 50)).toEqual({ ok: 50, problems: [] });
	expect(Math.min(...(await executed(50))), 'both workers had a part').toBeGreaterThan(0);
	// A worker waits 10 s for the other's refresh; on a machine that is busier than that n8n goes on without it, and says so.
	const alone = sum(inLogs(/refreshing without cross-process coordination/g));
	expect(requests('refresh_token').length, 'but for those that n8n gave up to coordinate').toBeGreaterThanOrEqual(1);
	expect(requests('refresh_token').length - alone).toBeLessThanOrEqual(1);
	const { oauthTokenData } = await queue.main.storedCredential('person');
	for (const { refreshToken } of requests('refresh_token'))
		expect(digest(Object(oauthTokenData).refresh_token), 'rotated').not.toBe(refreshToken);
});

it("asks for a service account's token once a worker", async () => {
	expect(await signInAtOnce(queue.api, 'app', 50)).toEqual({ ok: 50, problems: [] });
	expect(requests('client_credentials').length).toBeGreaterThanOrEqual(1);
	expect(requests('client_credentials').length).toBeLessThanOrEqual(queue.workers.length);
});
