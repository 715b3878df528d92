import type { Said } from './traffic';

/** An execution that succeeded, with the emails that it got. Times in epoch ms. */
export interface Success {
	names: string[];
	startedAt: number;
	stoppedAt: number;
	/** When n8n noted it, which is before it started. Known where an email came twice. */
	createdAt?: number;
}

export interface Verdict {
	/** What was counted. */
	node: string;
	total: number;
	lost: string[];
	/** Emails that came twice, or are in no execution that n8n has stored, as the documentation says, by the row that says so. */
	explained: Map<string, string[]>;
	/** Emails that came twice and should not have. */
	doubled: string[];
	/** For each email that came twice and should not have: when its executions ran and when n8n was killed. */
	evidence: string[];
}

/**
 * How long before a kill an execution may have ended, in ms, so that its email comes again. n8n notes the end, stores the execution and only
 * then tells the trigger, which may take seconds on a busy machine.
 */
const BEFORE_KILL_MS = 5_000;
/** n8n rounds, and notes the end before it is stored. */
const AFTER_KILL_MS = 500;

/** Where the documentation says that an email may come twice: n8n was killed right after the first success. Times in epoch ms. */
export interface Repeats {
	row: string;
	kills: readonly number[];
	/** Or n8n had noted an execution before its end and started it itself afterwards, so that it may lack what the last one before it got. */
	startedByN8n?: { row: string; ends: readonly number[] };
	/** Emails that the last step of the workflow got: n8n may have been killed before it stored that execution. */
	reachedEnd?: { row: string; names: ReadonlySet<string> };
}

/** Every email has to have succeeded; twice only where the documentation says so. */
export function verdictOfRuns(
	node: string,
	names: ReadonlySet<string>,
	successes: readonly Success[],
	{ row, kills, startedByN8n, reachedEnd }: Repeats,
): Verdict {
	const verdict: Verdict = { node, total: names.size, lost: [], explained: new Map(), doubled: [], evidence: [] };
	for (const name of names) {
		const all = successes.filter((success) => success.names.includes(name)).sort((a, b) => a.startedAt - b.startedAt);
		if (all.length === 0) {
			if (reachedEnd?.names.has(name) === true) note(verdict.explained, reachedEnd.row, name);
			else verdict.lost.push(name);
		}
		if (all.length < 2) continue;
		const reasons = all.slice(1).map((later, index) => {
			const earlier = all[index];
			if (kills.some((at) => isKillOf(earlier, at) && later.startedAt > at - AFTER_KILL_MS)) return row;
			return startedByN8n?.ends.some((at: number) => isStartedAfter(later, at) && lastBefore(successes, at) === earlier)
				? startedByN8n.row
				: undefined;
		});
		const [reason] = reasons;
		if (reason !== undefined && reasons.every((one) => one !== undefined)) note(verdict.explained, reason, name);
		else {
			verdict.doubled.push(name);
			verdict.evidence.push(evidenceOf(name, all, kills));
		}
	}
	return verdict;
}

/** Whether n8n noted an execution before it ended, and started it afterwards. */
function isStartedAfter({ createdAt, startedAt }: Success, endedAt: number): boolean {
	return createdAt !== undefined && createdAt <= endedAt && startedAt > endedAt;
}

function lastBefore(successes: readonly Success[], endedAt: number): Success | undefined {
	return successes
		.filter(({ stoppedAt }) => stoppedAt < endedAt + AFTER_KILL_MS)
		.reduce<Success | undefined>((last, one) => (last === undefined || one.startedAt > last.startedAt ? one : last), undefined);
}

function evidenceOf(name: string, all: readonly Success[], kills: readonly number[]): string {
	const time = (at: number): string => new Date(at).toISOString().slice(11);
	const [from, to] = [all[0]?.startedAt ?? 0, all.at(-1)?.stoppedAt ?? 0];
	const runs = all.map(({ createdAt, startedAt, stoppedAt, names }) => {
		const noted = createdAt === undefined ? '' : `noted ${time(createdAt)}, `;
		return `${noted}${time(startedAt)} to ${time(stoppedAt)} with ${names.length} emails`;
	});
	const killed = kills.filter((at) => at > from && at < to).map(time);
	return `${name} came in executions ${runs.join('; ')}. n8n was killed in between: ${killed.join(', ') || 'never'}`;
}

function isKillOf(success: Success | undefined, at: number): boolean {
	return success !== undefined && success.stoppedAt > at - BEFORE_KILL_MS && success.stoppedAt < at + AFTER_KILL_MS;
}

/**
 * Every email has to lie in the folder once.
 * @param copies when each copy came there, in epoch ms, by the email's name
 * @param leftInBoth emails that a killed mail server had left in both folders while it was moving them, and how often
 */
export function verdictOfFolder(
	node: string,
	names: ReadonlySet<string>,
	copies: ReadonlyMap<string, readonly number[]>,
	{ row, leftInBoth }: { row: string; leftInBoth: ReadonlyMap<string, number> },
): Verdict {
	const verdict: Verdict = { node, total: names.size, lost: [], explained: new Map(), doubled: [], evidence: [] };
	for (const name of names) {
		const times = copies.get(name) ?? [];
		if (times.length === 0) verdict.lost.push(name);
		if (times.length < 2) continue;
		if (times.length - 1 <= (leftInBoth.get(name) ?? 0)) note(verdict.explained, row, name);
		else {
			verdict.doubled.push(name);
			verdict.evidence.push(`${name} came into the folder at ${times.map((at) => new Date(at).toISOString().slice(11)).join(' and ')}`);
		}
	}
	return verdict;
}

/** What was said to be sent is there once, what is unknown at most once, and what is said to have failed is not there. */
export function verdictOfSent(
	said: ReadonlyMap<string, Said>,
	copies: ReadonlyMap<string, readonly number[]>,
): Verdict & { unknown: number } {
	const verdict = {
		node: 'Office365 SMTP Send',
		total: said.size,
		lost: [],
		explained: new Map(),
		doubled: [],
		evidence: [],
		unknown: 0,
	} satisfies Verdict & {
		unknown: number;
	};
	const [lost, doubled]: [string[], string[]] = [verdict.lost, verdict.doubled];
	for (const [name, word] of said) {
		const there = copies.get(name)?.length ?? 0;
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
		const rows = [...explained].map(([row, names]) => `; ${names.length} as documented: ${row}${list(names)}`).join('');
		return `${node}: ${total} emails, lost ${lost.length}${list(lost)}, doubled ${doubled.length}${list(doubled)}${rows}`;
	});
	const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((all, verdict) => all + of(verdict), 0);
	const documented = sum(({ explained }) => [...explained.values()].flat().length);
	return [
		...lines,
		...verdicts.flatMap(({ evidence }) => evidence.slice(0, 5)),
		`All five nodes: ${sum(({ total }) => total)} emails, lost ${sum(({ lost }) => lost.length)}, doubled ${sum(({ doubled }) => doubled.length)}, as documented ${documented}`,
	];
}
