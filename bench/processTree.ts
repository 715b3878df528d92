import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of the kernel in a second, as `getconf CLK_TCK` says on each Linux that Node runs on. */
const TICKS = 100;

/** Seconds of a processor that this process has used so far, and all that it started: those that run, and those that it has waited for. */
export function processorSeconds(): number {
	const processes = new Map(readdirSync('/proc').flatMap(readProcess));
	const isOurs = (pid: number): boolean => pid === process.pid || (processes.has(pid) && isOurs(processes.get(pid)?.parent ?? 0));
	return [...processes].reduce((sum, [pid, { ticks }]) => sum + (isOurs(pid) ? ticks : 0), 0) / TICKS;
}

function readProcess(name: string): Array<[number, { parent: number; ticks: number }]> {
	if (!/^\d+$/.test(name)) return [];
	try {
		// proc(5): the name may hold blanks and brackets; behind its last bracket come state, parent, and so on.
		const text = readFileSync(`/proc/${name}/stat`, 'latin1');
		const fields = text
			.slice(text.lastIndexOf(')') + 2)
			.split(' ')
			.map(Number);
		const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
		return [[Number(name), { parent: fields[1] ?? 0, ticks }]];
	} catch {
		// It has ended meanwhile.
		return [];
	}
}
