import { median, type Aim, type Result } from './harness';

/** One part's last run; `bench/results.json` holds them by name, so that a run of one part leaves the others alone. */
export interface PartReport {
	name: string;
	title: string;
	/** The day it ran, and where, of which commit and with what. */
	date: string;
	commit: string;
	machine: string;
	versions: Record<string, string>;
	/** It failed or was ended before all was measured. */
	isCutShort?: true;
	results: Result[];
	notes: Array<{ line: string; aims: Aim[] }>;
}

/** RESULTS.md: what ran where, a table and a chart a part. Every figure is one that such a run measured. */
export function report(parts: PartReport[]): string {
	return [
		'# Benchmark results',
		'',
		"Written by `npm run bench`. Ours and the peers run in turn, each in a process of its own, servers on tmpfs, the round trip made by a delaying proxy. A ratio is the median over the turns of the peer's time for a unit ÷ ours: above 1, ours is faster. An aim is the least ratio that we want, or what a line says. Peak = highest resident memory of the process.",
		...summary(parts),
		...parts.flatMap(section),
		'',
	].join('\n');
}

/** An aim of a note, as a sentence. */
export function told({ text, met }: Aim): string {
	return `Aim: ${text}: ${met ? 'met' : '**missed**'}.`;
}

/** How many aims are met, and which are not. */
function summary(parts: PartReport[]): string[] {
	const aims = parts.flatMap(({ title, results, notes }) => [
		...results.flatMap(({ title: task, roundTripMs, outcomes }) =>
			outcomes.flatMap(({ name, ratio = NaN, aim }) =>
				aim === undefined
					? []
					: [{ met: ratio >= aim, text: `${title}, ${task} at ${roundTripMs} ms beside ${name}: ×${ratio.toFixed(2)} of ×${aim}` }],
			),
		),
		...notes.flatMap(({ line, aims: all }) => all.map(({ met, text }) => ({ met, text: `${title}, ${text}: ${line}` }))),
	]);
	const missed = aims.filter(({ met }) => !met);
	if (aims.length === 0) return [];
	return [
		'',
		`**${aims.length - missed.length} of ${aims.length} aims are met.**${missed.length === 0 ? '' : ' Missed:'}`,
		...(missed.length === 0 ? [] : ['', ...missed.map(({ text }) => `- ${text}`)]),
	];
}

function section(part: PartReport): string[] {
	return [
		'',
		`## ${part.title}`,
		'',
		`\`npm run bench ${part.name}\` on ${part.date} at ${part.commit}: ${part.machine}; ${Object.entries(part.versions)
			.map(([name, version]) => `${name} ${version}`)
			.join(', ')}.${part.isCutShort === true ? ' **It did not run to its end.**' : ''}`,
		...(part.results.length > 0 ? ['', ...table(part.results), '', ...chart(part)] : []),
		...(part.notes.length > 0 ? ['', ...part.notes.map(({ line, aims }) => [`- ${line}`, ...aims.map(told)].join(' '))] : []),
	];
}

function table(results: Result[]): string[] {
	const rows = results.flatMap(({ title, roundTripMs, units: all, outcomes }) =>
		outcomes.map(({ name, units = all, runs, ratio, aim }) => {
			const seconds = median(runs.map((run) => run.seconds));
			return `| ${title} | ${roundTripMs} ms | ${name}${units === all ? '' : ` (${units})`} | ${seconds.toFixed(2)} | ${(units / seconds).toFixed(1)} | ${ratio === undefined ? '' : ratio.toFixed(2)} | ${judged(ratio, aim)} | ${median(runs.map((run) => run.peakMiB)).toFixed(0)} MiB |`;
		}),
	);
	return ['| task | RTT | who | seconds | per second | ratio | aim | peak |', '| --- | --- | --- | --- | --- | --- | --- | --- |', ...rows];
}

function judged(ratio: number | undefined, aim: number | undefined): string {
	if (ratio === undefined || aim === undefined) return '';
	return `${aim.toFixed(2)}: ${ratio >= aim ? 'met' : '**missed**'}`;
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
