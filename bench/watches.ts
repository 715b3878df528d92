import { appCredential, personCredential, type Credential } from '../sandbox/credentials';
import { aimAt, type Part, type Stage } from './harness';
import type { Held } from './probe';
import { counted, serveTrigger, startProbed, within, type ProbedN8n } from './probed';

const WATCHES = Number(process.env.BENCH_WATCHES ?? 200);
const ACTIVATIONS = Number(process.env.BENCH_ACTIVATIONS ?? 1_000);
/** How often a session is replaced in a week: each time 7 minutes before its token of one hour ends. */
const WEEK = Number(process.env.BENCH_RENEWALS ?? Math.ceil((7 * 24 * 60) / 53));
const RENEWING = 10;
/** Sessions with tokens of this life are replaced after half of it. */
const TOKEN_SECONDS = 4;
const HOUR_SECONDS = 3600;
/** The whole part takes eighteen minutes at most. */
const ACTIVATIONS_MS = 3 * 60_000;
const RENEWALS_MS = 10 * 60_000;
const OPEN_MS = 2 * 60_000;
const AT_ONCE = 8;

/** What idle watches cost a real n8n, and what is left of those that ended. */
export const part: Part = {
	title: "n8n's process: idle watches, activations, renewals",
	run: async (stage) => {
		const { sandbox } = stage;
		const idle = appCredential(sandbox, 'idle@example.test');
		// The token of this one is short from the beginning, or its sessions would be replaced only after an hour.
		sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
		const renewing = await personCredential(sandbox, 'renewing@example.test');
		sandbox.identity.tokenLifetimeSeconds = HOUR_SECONDS;
		const n8n = await startProbed(sandbox, [idle, renewing]);
		try {
			await activations(stage, n8n, idle);
			await renewals(stage, n8n, renewing);
			await idleWatches(stage, n8n, idle);
		} finally {
			sandbox.identity.tokenLifetimeSeconds = HOUR_SECONDS;
			await n8n.stop();
		}
	},
};

const live = ({ sandbox }: Stage, mailbox: string): number =>
	sandbox.exchange.live('imap').filter((session) => session.mailbox === mailbox).length;
const bytes = ({ heapUsed, external }: Held): number => heapUsed + external;
const kibibytes = (before: Held, after: Held, of: (held: Held) => number, count: number): string =>
	((of(after) - of(before)) / 1024 / count).toFixed(0);

/** So many at once, since each waits for its session. */
async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
	let next = 0;
	await Promise.all(
		Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
			while (next < count) await work(next++);
		}),
	);
}

async function idleWatches(stage: Stage, n8n: ProbedN8n, credential: Credential): Promise<void> {
	const plain = { type: 'n8n-nodes-base.scheduleTrigger', typeVersion: 1.2, parameters: { rule: { interval: [{ field: 'hours' }] } } };
	// The first ones pay for what all use.
	await each(10, async (index) => void (await serveTrigger(n8n, credential, `warm ${index}`, {})));
	const ids: string[] = [];
	const before = await n8n.held();
	await each(WATCHES, async () => {
		const id = await n8n.api.createWorkflow({
			...{ name: 'plain', connections: {}, settings: { executionOrder: 'v1' } },
			nodes: [{ id: 'plain', name: 'Plain', position: [0, 0], ...plain }],
		});
		await n8n.api.activate(id);
	});
	const between = await n8n.held();
	await each(WATCHES, async (index) => void ids.push(await serveTrigger(n8n, credential, `idle ${index}`, {})));
	await within(OPEN_MS, async () => await Promise.resolve(live(stage, 'idle@example.test') === WATCHES + 10));
	const after = await n8n.held();
	const rss = kibibytes(between, after, (held) => held.rss, WATCHES);
	stage.note(
		`${WATCHES} idle IMAP Triggers (${live(stage, 'idle@example.test') - 10} sessions open): ${rss} KiB resident each, of it ${kibibytes(between, after, bytes, WATCHES)} KiB JavaScript. For comparison ${WATCHES} active Schedule Triggers of n8n: ${kibibytes(before, between, (held) => held.rss, WATCHES)} KiB each, of it ${kibibytes(before, between, bytes, WATCHES)} KiB JavaScript.`,
		aimAt(Number(rss), 300, 'KiB'),
	);
}

async function activations(stage: Stage, n8n: ProbedN8n, credential: Credential): Promise<void> {
	const ids = await Promise.all(
		Array.from({ length: AT_ONCE }, async (_, index) => await serveTrigger(n8n, credential, `on and off ${index}`, {}, undefined, false)),
	);
	const ends = performance.now() + ACTIVATIONS_MS;
	let done = 0;
	const onAndOff = async (id: string): Promise<void> => {
		await n8n.api.activate(id);
		await n8n.api.deactivate(id);
		done += 1;
	};
	// The first ones pay for what all use.
	await Promise.all(ids.map(onAndOff));
	await within(30_000, async () => await Promise.resolve(live(stage, 'idle@example.test') === 0));
	const before = await n8n.held();
	done = 0;
	await Promise.all(
		ids.map(async (id, index) => {
			for (let count = index; count < ACTIVATIONS && performance.now() < ends; count += ids.length) await onAndOff(id);
		}),
	);
	await within(30_000, async () => await Promise.resolve(live(stage, 'idle@example.test') === 0));
	// What n8n itself has begun for its requests ends within seconds.
	let after = await n8n.held();
	await within(20_000, async () => more(before, (after = await n8n.held())).length === 0, 2_000);
	const left = more(before, after);
	stage.note(
		`${done} activations and deactivations: ${live(stage, 'idle@example.test')} sessions left; ${left.length === 0 ? 'no timer, socket or other resource more than before' : `more than before: ${left.join(', ')}`}; ${kibibytes(before, after, bytes, done)} KiB of JavaScript more for each.`,
		{ text: 'no session, timer or listener left', met: live(stage, 'idle@example.test') === 0 && left.length === 0 },
	);
}

/** Kinds of resources of which there are more. */
function more(before: Held, after: Held): string[] {
	return Object.entries(after.resources)
		.filter(([kind, count]) => count > (before.resources[kind] ?? 0))
		.map(([kind, count]) => `${kind} ${before.resources[kind] ?? 0} → ${count}`);
}

async function renewals(stage: Stage, n8n: ProbedN8n, credential: Credential): Promise<void> {
	const { sandbox, note } = stage;
	const mailbox = 'renewing@example.test';
	sandbox.identity.tokenLifetimeSeconds = TOKEN_SECONDS;
	let signedIn = 0;
	const count = (session: { mailbox?: string }): void => void (signedIn += Number(session.mailbox === mailbox));
	sandbox.exchange.on('signedIn', count);
	const ids = await Promise.all(
		Array.from(
			{ length: RENEWING },
			async (_, index) => await serveTrigger(n8n, credential, `renewing ${index}`, { postProcessAction: 'read' }),
		),
	);
	await within(60_000, async () => await Promise.resolve(signedIn >= RENEWING * 10));
	const [first, requests, before] = [signedIn, sandbox.identity.requests.length, await n8n.held()];
	const since = performance.now();
	await within(RENEWALS_MS, async () => await Promise.resolve(signedIn - first >= RENEWING * WEEK));
	const seconds = (performance.now() - since) / 1000;
	const after = await n8n.held();
	const [sessions, tokens] = [signedIn - first, sandbox.identity.requests.length - requests];
	await sandbox.deliver(mailbox, 'Subject: still there\r\n\r\nhello\r\n');
	const alive = await within(60_000, async () => (await counted(sandbox, mailbox, 'unseen')) === 0);
	note(
		`${RENEWING} watches with tokens of ${TOKEN_SECONDS} seconds: ${(sessions / RENEWING).toFixed(0)} renewals each in ${seconds.toFixed(0)} s (a week has ${WEEK}), ${tokens} tokens asked for; ${live(stage, mailbox)} sessions open at the end; JavaScript ${((bytes(after) - bytes(before)) / 1024).toFixed(0)} KiB more, ${((bytes(after) - bytes(before)) / sessions).toFixed(0)} bytes a renewal; resident ${((after.rss - before.rss) / 2 ** 20).toFixed(0)} MiB more. The watches ${alive ? 'still take emails' : 'TAKE NO EMAIL ANY MORE'}.`,
		{ text: `${WEEK} renewals, and emails are still taken`, met: alive && sessions >= RENEWING * WEEK },
	);
	await Promise.all(ids.map(async (id) => await n8n.api.deactivate(id)));
	sandbox.exchange.off('signedIn', count);
	sandbox.identity.tokenLifetimeSeconds = HOUR_SECONDS;
}
