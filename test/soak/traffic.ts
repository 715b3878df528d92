import { setTimeout as sleep } from 'node:timers/promises';

import type { Random } from '../support/random';
import { BOXES, type Scene } from './scene';

/** Mailboxes that get emails from outside. */
const INBOXES = ['watch', 'poll', 'fetch', 'move'] as const;
export type Inbox = (typeof INBOXES)[number];
/** What n8n said of an email that it was to send; `unknown` also where n8n never answered. */
export type Said = 'sent' | 'unknown' | 'failed';

/**
 * The longest pause between emails to an inbox. More of them would be more than one n8n runs beside the faults, and more than the POP Trigger
 * retries, which are 100 a minute: an hour would leave so much behind that it could not be counted for another hour.
 */
const EMAILS_PAUSE_MS = 5_000;
/** So many executions send at the same time at most. */
const AT_ONCE = 3;

/** Emails that arrive and are sent, and workflows that are started, all the time until it is stopped. */
export class Traffic {
	/** Emails that the server has taken, by mailbox. */
	readonly taken: Record<Inbox, Set<string>> = { watch: new Set(), poll: new Set(), fetch: new Set(), move: new Set() };
	/** Emails that n8n was asked to send. */
	readonly said = new Map<string, Said>();
	#count = 0;
	#sending = 0;
	#stopped = false;
	readonly #loops: Array<Promise<void>> = [];
	readonly #calls = new Set<Promise<void>>();

	constructor(
		private readonly scene: Scene,
		private readonly random: Random,
	) {}

	start(): void {
		this.#loops.push(
			...INBOXES.map(async (inbox) => await this.#repeat(EMAILS_PAUSE_MS, async () => await this.#deliver(inbox))),
			this.#repeat(1_500, async () => await Promise.resolve(this.#send())),
			this.#repeat(4_000, async () => await this.call('soak-fetch')),
			this.#repeat(4_000, async () => await this.call('soak-move')),
		);
	}

	/** Nothing new begins; what is on its way is awaited, each call at most as long as n8n lets it wait. */
	async stop(): Promise<void> {
		this.#stopped = true;
		await Promise.all(this.#loops);
		await Promise.all(this.#calls);
	}

	/** Runs a workflow to its end, one execution after the other: what two at the same time do is another matter (docs/pop.md). */
	async call(path: string): Promise<void> {
		if (!this.scene.down) await this.#track(this.scene.n8n.api.webhook(path).then(() => undefined));
	}

	async #repeat(pauseMs: number, work: () => Promise<void>): Promise<void> {
		while (!this.#stopped) {
			await work();
			await sleep(this.random.next() * pauseMs);
		}
	}

	async #deliver(inbox: Inbox): Promise<void> {
		const names = this.#names();
		try {
			await this.scene.sandbox.deliver(
				BOXES[inbox],
				...names.map((name) => `Message-ID: <${name}@soak.example.test>\r\nFrom: bob@example.test\r\nSubject: ${name}\r\n\r\nhello\r\n`),
			);
			for (const name of names) this.taken[inbox].add(name);
		} catch {
			// The server is down just now. What it took all the same is found in the mailbox at the end.
		}
	}

	#send(): void {
		if (this.scene.down || this.#sending >= AT_ONCE) return;
		this.#sending += 1;
		const names = this.#names();
		for (const name of names) this.said.set(name, 'unknown');
		void this.#track(
			this.scene.n8n.api.webhook('soak-send', { names }).then(({ body }) => {
				if (!Array.isArray(body) || body.length !== names.length) return;
				for (const [index, name] of names.entries()) this.said.set(name, saidOf(body[index]));
			}),
		).finally(() => (this.#sending -= 1));
	}

	#names(): string[] {
		return Array.from({ length: 1 + this.random.below(4) }, () => `m${(this.#count += 1)}`);
	}

	/** A call that n8n does not answer, since it was killed, is no failure of the soak. */
	async #track(call: Promise<void>): Promise<void> {
		const ended = call
			.catch(() => undefined)
			.finally(() => {
				this.#calls.delete(ended);
			});
		this.#calls.add(ended);
		await ended;
	}
}

function saidOf(item: unknown): Said {
	if (typeof item !== 'object' || item === null) return 'unknown';
	if ('deliveryUnknown' in item && item.deliveryUnknown === true) return 'unknown';
	if ('accepted' in item && Array.isArray(item.accepted)) return item.accepted.length === 1 ? 'sent' : 'failed';
	return 'error' in item ? 'failed' : 'unknown';
}
