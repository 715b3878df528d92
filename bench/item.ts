import { aimAt, atDistance, median, type Contender, type Outcome, type Part, type Stage } from './harness';
import { contender, mail } from './imap';

const BACKLOG = { mailbox: 'item-backlog@example.test', mails: 10_000 };
/** In memory, read one after the other or as a backlog is. */
const AT_HAND = 5_000;
/** Emails that a process has read before it is measured: a few, so that the libraries are loaded, or many. */
const BEFORE = { 'just begun': 200, 'that has run for a while': 10_000 };

export const part: Part = {
	title: 'Email to item',
	run: async (stage) => {
		await compareReaders(stage);
		await compareBacklog(stage);
	},
};

/** Emails that are at hand, beside mailparser alone. */
async function compareReaders(stage: Stage): Promise<void> {
	for (const [age, before] of Object.entries(BEFORE)) {
		const title = `${AT_HAND} × 10 KB at hand, in a process ${age}`;
		const { outcomes } = await stage.compare({
			title,
			units: AT_HAND,
			unit: 'mails',
			roundTripMs: 0,
			ours: reader('ours', 'email to item, 64 at once', before),
			peers: [{ ...reader('mailparser', 'mailparser, one at a time', before), aim: 1 }],
			pairs: stage.pairs,
		});
		for (const outcome of outcomes) stage.note(`${title}, ${figures(outcome)}`);
	}
}

/** A backlog over IMAP, handed over by the IMAP Trigger's watch, beside a script that fetches and parses. */
async function compareBacklog(stage: Stage): Promise<void> {
	if (!stage.roundTrips.includes(20)) return;
	const { sandbox } = stage;
	for (let sent = 0; sent < BACKLOG.mails; sent += 500)
		await sandbox.deliver(BACKLOG.mailbox, ...Array.from({ length: 500 }, (_, index) => mail(sent + index, 10_000)));
	const server = await atDistance(sandbox.straight.imap.port, 20);
	try {
		const { outcomes } = await stage.compare({
			title: `backlog of ${BACKLOG.mails} × 10 KB, read`,
			units: BACKLOG.mails,
			unit: 'mails',
			roundTripMs: 20,
			ours: await contender(stage, 'ours', server.port, BACKLOG),
			peers: [{ ...(await contender(stage, 'mailparser', server.port, BACKLOG)), aim: 1 }],
			pairs: stage.pairs,
		});
		for (const [index, outcome] of outcomes.entries()) {
			const aims = index === 0 ? [aimAt(stallOf(outcome), 50, 'ms')] : [];
			stage.note(`backlog of ${BACKLOG.mails} × 10 KB at 20 ms, ${figures(outcome)}`, ...aims);
		}
	} finally {
		await server.stop();
	}
}

function figures(outcome: Outcome): string {
	const peak = median(outcome.runs.map(({ peakMiB }) => peakMiB)).toFixed(0);
	return `${outcome.name}: peak memory ${peak} MiB, longest time in which the main thread did nothing else ${stallOf(outcome).toFixed(0)} ms (medians).`;
}

function stallOf({ runs }: Outcome): number {
	return median(runs.map(({ facts }) => facts.stallMs ?? NaN));
}

function reader(mode: string, name: string, before: number): Contender {
	return {
		name,
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./itemContender.ts')],
		env: { BENCH_ITEM: JSON.stringify({ mode, mails: AT_HAND, before }) },
	};
}
