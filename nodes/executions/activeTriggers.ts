const active = new Set<string>();
const waiting = new Map<string, Set<() => void>>();

/** The name of a trigger in this process. */
export function triggerName(workflow: { id?: string | undefined }, node: { id: string }): string {
	return `${workflow.id ?? 'unsaved'}:${node.id}`;
}

/** Called when the trigger polls or watches. From then on, it hands over whatever is not done. */
export function isRunning(name: string): void {
	active.add(name);
	for (const tell of waiting.get(name) ?? []) tell();
}

/** Whether the trigger runs in this process, or begins to within `ms`. */
export async function runsWithin(name: string, ms: number): Promise<boolean> {
	if (active.has(name)) return true;
	const tellers = waiting.get(name) ?? new Set();
	waiting.set(name, tellers);
	await new Promise<void>((resolve) => {
		const tell = (): void => {
			clearTimeout(timer);
			tellers.delete(tell);
			resolve();
		};
		const timer = setTimeout(tell, ms);
		tellers.add(tell);
	});
	if (tellers.size === 0) waiting.delete(name);
	return active.has(name);
}
