import type { Said } from './traffic';

/** An execution that succeeded, with the emails that it got. Times in epoch ms. */
export interface Success {
	names: string[];
	startedAt: number;
	stoppedAt: number;
}

export interface Verdict {
	/** What was counted. */
	node: string;
	total: number;
	lost: string[];
	/** Emails that came twice as the documentation says, by the row that says so. */
	explained: Map<string, string[]>;
	/** Emails that came twice and should not have. */
	doubled: string[];
}

/**
 * How long before a kill an execution may have ended, in ms, so that its email comes again. The journal is written some milliseconds
 * after the success; on a busy machine n8n tells of the success late.
 */
const BEFORE_KILL_MS = 3_000;
/** n8n rounds, and notes the end before it is stored. */
const AFTER_KILL_MS = 500;

/** Where the documentation says that an email may come twice: n8n was killed right after the first success. Times in epoch ms. */
export interface Repeats {
	row: string;
	kills: readonly number[];
}

/** Every email has to have succeeded; twice only where the documentation says so. */
export function verdictOfRuns(node: string, names: ReadonlySet<string>, successes: readonly Success[], { row, kills }: Repeats): Verdict {
	const verdict: Verdict = { node, total: names.size, lost: [], explained: new Map(), doubled: [] };
	for (const name of names) {
		const all = successes.filter((success) => success.names.includes(name)).sort((a, b) => a.startedAt - b.startedAt);
		if (all.length === 0) verdict.lost.push(name);
		if (all.length < 2) continue;
		const killedBetween = all
			.slice(1)
			.every((later, index) => kills.some((at) => isKillOf(all[index], at) && later.startedAt > at - AFTER_KILL_MS));
		if (killedBetween) note(verdict.explained, row, name);
		else verdict.doubled.push(name);
	}
	return verdict;
}

function isKillOf(success: Success | undefined, at: number): boolean {
	return success !== undefined && success.stoppedAt > at - BEFORE_KILL_MS && success.stoppedAt < at + AFTER_KILL_MS;
}

/** Every email has to lie in the folder once; `copies` has those that lie there, by name. */
export function verdictOfFolder(node: string, names: ReadonlySet<string>, copies: ReadonlyMap<string, number>): Verdict {
	return {
		node,
		total: names.size,
		lost: [...names].filter((name) => (copies.get(name) ?? 0) === 0),
		explained: new Map(),
		doubled: [...names].filter((name) => (copies.get(name) ?? 0) > 1),
	};
}

/** What was said to be sent is there once, what is unknown at most once, and what is said to have failed is not there. */
export function verdictOfSent(said: ReadonlyMap<string, Said>, copies: ReadonlyMap<string, number>): Verdict & { unknown: number } {
	const verdict = {
		node: 'Office365 SMTP Send',
		total: said.size,
		lost: [],
		explained: new Map(),
		doubled: [],
		unknown: 0,
	} satisfies Verdict & {
		unknown: number;
	};
	const [lost, doubled]: [string[], string[]] = [verdict.lost, verdict.doubled];
	for (const [name, word] of said) {
		const there = copies.get(name) ?? 0;
		if (word === 'unknown') verdict.unknown += 1;
		if (word === 'sent' && there === 0) lost.push(name);
		if (there > (word === 'failed' ? 0 : 1)) doubled.push(name);
	}
	return verdict;
}

function note(lists: Map<string, string[]>, row: string, name: string): void {
	lists.set(row, [...(lists.get(row) ?? []), name]);
}

/** One line for each node, and one for all. */
export function told(verdicts: readonly Verdict[]): string[] {
	const list = (names: readonly string[]): string =>
		names.length === 0 ? '' : ` (${names.slice(0, 10).join(', ')}${names.length > 10 ? ' …' : ''})`;
	const lines = verdicts.map(({ node, total, lost, explained, doubled }) => {
		const rows = [...explained].map(([row, names]) => `; ${names.length} repeated as documented: ${row}${list(names)}`).join('');
		return `${node}: ${total} emails, lost ${lost.length}${list(lost)}, doubled ${doubled.length}${list(doubled)}${rows}`;
	});
	const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((all, verdict) => all + of(verdict), 0);
	const repeated = sum(({ explained }) => [...explained.values()].flat().length);
	return [
		...lines,
		`All five nodes: ${sum(({ total }) => total)} emails, lost ${sum(({ lost }) => lost.length)}, doubled ${sum(({ doubled }) => doubled.length)}, repeated as documented ${repeated}`,
	];
}
