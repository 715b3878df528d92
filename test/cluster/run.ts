import { buildPackage } from '../../sandbox/build';
import { startQueue, type Queue } from '../../sandbox/n8n';
import { startSandbox } from '../../sandbox/servers';
import { countConnections, countTokens } from './calm';
import { Connections } from './counting';
import { Disturbance, reportFaults } from './faults';
import { Findings } from './findings';
import { collect, forward, listening, makeCredentials, PERSON, SERVICE, type Scene } from './workflows';

/**
 * `npm run cluster [-- minutes]`, default 4: n8n's main process and two workers with n8n's own settings, Redis and PostgreSQL. First requests
 * for tokens and SMTP connections are counted. Then emails arrive all the time and are forwarded (IMAP Trigger → Send) and collected (POP
 * Fetch → Send), while every 30 seconds a worker is killed, and Redis, PostgreSQL or the main process in turn. At the end every email has to
 * have been sent once. The process ends with 1 if a figure is not as it has to be. With 0 minutes nothing is killed.
 */
const WORKERS = 2;
const TOKEN_SECONDS = 60;

async function main(): Promise<void> {
	const minutes = Number(process.argv[2] ?? 4);
	if (!(minutes >= 0)) throw new Error('Usage: npm run cluster [-- minutes]');
	buildPackage();
	const findings = new Findings();
	const sandbox = await startSandbox();
	let queue: Queue | undefined;
	try {
		// The token that is stored has ended by the time of its first use.
		sandbox.identity.tokenLifetimeSeconds = 1;
		const credentials = await makeCredentials(sandbox);
		sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
		queue = await startQueue({ caFile: sandbox.caFile, credentials: Object.values(credentials), workers: WORKERS });
		const forwarding = await forward(queue.api, credentials);
		const collecting = await collect(queue.api, credentials, 50);
		await listening(sandbox);
		const scene: Scene = { sandbox, queue, credentials, forwarding, collecting, delivered: 0 };
		await countTokens(scene, findings);
		sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
		await countConnections(scene, findings);
		if (minutes > 0) await disturb(scene, minutes, findings);
	} finally {
		await queue?.stop();
		await sandbox.stop();
	}
	if (findings.failed) process.exitCode = 1;
}

async function disturb(scene: Scene, minutes: number, findings: Findings): Promise<void> {
	const { identity } = scene.sandbox;
	const earlier = identity.requests.length;
	const connections = [PERSON, SERVICE].map((mailbox) => new Connections(scene.sandbox, mailbox));
	const disturbance = new Disturbance(scene);
	const began = Date.now();
	await disturbance.runFor(minutes * 60_000);
	const lives = Math.ceil((Date.now() - began) / (TOKEN_SECONDS * 500));
	await reportFaults(scene, disturbance, findings);
	const asked = (grant: string): number => identity.requests.slice(earlier).filter((one) => one.grant === grant).length;
	findings.tell(
		`requests for tokens meanwhile, in ${lives} lives of ${TOKEN_SECONDS / 2} s: ${asked('refresh_token')} for the person, ${asked('client_credentials')} for the service account`,
	);
	findings.check(
		connections.every(({ most }) => most <= 3),
		`SMTP connections to one mailbox at the same time: at most ${connections.map(({ most }) => most).join(' and ')}; ` +
			`emails refused with 432: ${connections.map(({ refused }) => refused).join(' and ')}`,
	);
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
});
