import { median, type Result } from './harness';

/** One part's last run; `bench/results.json` holds them by name, so that a run of one part leaves the others alone. */
export interface PartReport {
	name: string;
	title: string;
	/** The day it ran, and where and with what. */
	date: string;
	machine: string;
	versions: Record<string, string>;
	results: Result[];
	notes: string[];
}

/** RESULTS.md: what ran where, a table and a chart a part. Every figure is one that such a run measured. */
export function report(parts: PartReport[]): string {
	return [
		'# Benchmark results',
		'',
		"Written by `npm run bench`. Ours and the peers run in turn, each in a process of its own, servers on tmpfs, the round trip made by a delaying proxy. A ratio is the median over the turns of the peer's time for a unit ÷ ours: above 1, ours is faster. Peak = highest resident memory of the process.",
		...parts.flatMap(section),
		'',
	].join('\n');
}

function section(part: PartReport): string[] {
	return [
		'',
		`## ${part.title}`,
		'',
		`\`npm run bench ${part.name}\` on ${part.date}: ${part.machine}; ${Object.entries(part.versions)
			.map(([name, version]) => `${name} ${version}`)
			.join(', ')}.`,
		...(part.results.length > 0 ? ['', ...table(part.results), '', ...chart(part)] : []),
		...(part.notes.length > 0 ? ['', ...part.notes.map((note) => `- ${note}`)] : []),
	];
}

function table(results: Result[]): string[] {
	const rows = results.flatMap(({ title, roundTripMs, units: all, outcomes }) =>
		outcomes.map(({ name, units = all, runs, ratio }) => {
			const seconds = median(runs.map((run) => run.seconds));
			return `| ${title} | ${roundTripMs} ms | ${name}${units === all ? '' : ` (${units})`} | ${seconds.toFixed(2)} | ${(units / seconds).toFixed(1)} | ${ratio === undefined ? '' : ratio.toFixed(2)} | ${median(runs.map((run) => run.peakMiB)).toFixed(0)} MiB |`;
		}),
	);
	return ['| task | RTT | who | seconds | per second | ratio | peak |', '| --- | --- | --- | --- | --- | --- | --- |', ...rows];
}

/** How many times faster ours is than each peer, as bars that GitHub draws. */
function chart({ results, title }: PartReport): string[] {
	const bars = results.flatMap(({ title: task, roundTripMs, outcomes }) =>
		outcomes.slice(1).map(({ name, ratio }) => ({ label: `${name}, ${task}, ${roundTripMs} ms`, ratio: ratio ?? 0 })),
	);
	return [
		'```mermaid',
		'xychart-beta horizontal',
		`    title "${title}: peer's time ÷ ours"`,
		`    x-axis [${bars.map(({ label }) => `"${label.replaceAll('"', '')}"`).join(', ')}]`,
		`    y-axis "times" 0 --> ${Math.ceil(Math.max(1, ...bars.map(({ ratio }) => ratio)))}`,
		`    bar [${bars.map(({ ratio }) => ratio.toFixed(2)).join(', ')}]`,
		'```',
	];
}
