import type { IDataObject } from 'n8n-workflow';

/** A line is logged after this number of emails or this time, whichever comes first. */
const EVERY_EMAILS = 100;
const EVERY_MS = 60_000;

/** Finished items by result; `before` were sent by an earlier execution. */
interface Count {
	sent: number;
	failed: number;
	unsure: number;
	before: number;
}

/** Logs the progress of an execution with many emails, and the remaining time. For a single email, the output is enough. */
export class Progress {
	readonly #startedAt = Date.now();
	readonly #count: Count = { sent: 0, failed: 0, unsure: 0, before: 0 };
	#timer: NodeJS.Timeout | undefined;
	#sinceLine = 0;

	constructor(
		private readonly total: number,
		private readonly log: (line: string) => void,
	) {
		if (total > 1) this.#await();
	}

	/** @param json of the output item */
	done({ alreadySent, deliveryUnknown }: IDataObject): void {
		this.#add(alreadySent === true ? 'before' : deliveryUnknown === true ? 'unsure' : 'sent');
	}

	failed(): void {
		this.#add('failed');
	}

	/** Has to be called in any case, because the timer would go on. Logs where an execution ended that has not reached its last item. */
	end(): void {
		clearTimeout(this.#timer);
		const left = this.total - this.#handled;
		if (this.total > 1 && left > 0) this.log(`Ended early: ${this.#counts()}, ${left} not sent`);
	}

	#add(kind: keyof Count): void {
		this.#count[kind] += 1;
		this.#sinceLine += 1;
		if (this.#sinceLine >= EVERY_EMAILS && this.#handled < this.total) this.#tell();
	}

	get #handled(): number {
		const { sent, failed, unsure, before } = this.#count;
		return sent + failed + unsure + before;
	}

	#await(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#tell(), EVERY_MS).unref();
	}

	#tell(): void {
		this.#sinceLine = 0;
		this.log([this.#counts(), ...this.#outlook()].join(', '));
		this.#await();
	}

	#counts(): string {
		const { sent, failed, unsure, before } = this.#count;
		const others = [
			[before, 'already sent by an earlier execution'],
			[unsure, 'with unknown delivery'],
			[failed, 'failed'],
		] as const;
		return [`${sent} of ${this.total} emails sent`, ...others.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []))].join(
			', ',
		);
	}

	/** Emails that an earlier execution sent take no time, so they do not count for the pace. */
	#outlook(): string[] {
		const { sent, failed, unsure } = this.#count;
		const perMinute = (sent + failed + unsure) / (Math.max(1, Date.now() - this.#startedAt) / 60_000);
		if (perMinute === 0) return [];
		const minutes = Math.round((this.total - this.#handled) / perMinute);
		const left = minutes < 1 ? 'less than a minute left' : `about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} left`;
		return [`${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute)} a minute`, left];
	}
}
