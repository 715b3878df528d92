import { atDistance, median, type Contender, type Outcome, type Part, type Stage } from './harness';
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
			peers: [reader('mailparser', 'mailparser, one at a time', before)],
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
			peers: [await contender(stage, 'mailparser', server.port, BACKLOG)],
			pairs: stage.pairs,
		});
		for (const outcome of outcomes) stage.note(`backlog of ${BACKLOG.mails} × 10 KB at 20 ms, ${figures(outcome)}`);
	} finally {
		await server.stop();
	}
}

function figures({ name, runs }: Outcome): string {
	const of = (values: number[]): string => median(values).toFixed(0);
	return `${name}: peak memory ${of(runs.map(({ peakMiB }) => peakMiB))} MiB, longest time in which the main thread did nothing else ${of(runs.map(({ facts }) => facts.stallMs ?? NaN))} ms (medians).`;
}

function reader(mode: string, name: string, before: number): Contender {
	return {
		name,
		command: process.execPath,
		args: ['--import', require.resolve('tsx'), require.resolve('./itemContender.ts')],
		env: { BENCH_ITEM: JSON.stringify({ mode, mails: AT_HAND, before }) },
	};
}
