/** What was counted, printed as it comes, and whether all of it is as it has to be. */
export class Findings {
	#failed = 0;

	get failed(): boolean {
		return this.#failed > 0;
	}

	/** A figure that has to be as `holds` says. */
	check(holds: boolean, text: string): void {
		if (!holds) this.#failed += 1;
		console.log(`${holds ? 'ok    ' : 'FAILED'} ${text}`);
	}

	/** A figure that nothing depends on. */
	tell(text: string): void {
		console.log(`       ${text}`);
	}
}
