import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

import type { AttachmentJson } from './json';
import { JsonBuilder } from './jsonSteps';
import type { Answer, FileNews, Outcome, Request } from './task';
import { WorkClock } from './workClock';
import { memoryFor, run, Unreadable, type Wish } from './workerPool';

/** An email goes to its worker in pieces of so many bytes; one more is on its way while one is being read. */
const PIECE = 256 * 1024;
const AHEAD = 2;
const CHUNKS_AT_ONCE = 200;
/** Node takes up to a thousand messages in one turn, among them the answers to what is asked meanwhile. Each takes up to a millisecond. */
const ANSWERS_AT_ONCE = 4;

/** Takes news of files; a promise holds the reading up until it can take more. */
export type NewsTaker = (news: readonly FileNews[]) => Promise<void> | void;

/**
 * Reads an email of any size piece by piece. Files come out as the email goes in, never more than the taker takes.
 * @throws Unreadable; what the source throws; what the taker throws
 */
export async function readLarge(source: AsyncIterable<Uint8Array>, wanted: Wish, take: NewsTaker): Promise<Outcome> {
	const { port1, port2 } = new MessageChannel();
	const conversation = new Conversation(port1, take);
	const task = { port: port2, wanted: { ...wanted, memory: memoryFor('large') }, clock: new WorkClock().memory };
	run('large', 'readStream', task, [port2]).catch((error: unknown) => conversation.fail(error));
	try {
		return await conversation.tell(source);
	} finally {
		port1.close();
	}
}

class Conversation {
	readonly #answers: Answer[] = [];
	readonly #json = new JsonBuilder();
	readonly #attachments: AttachmentJson[] = [];
	#failure: { error: unknown } | undefined;
	#answered = 0;
	#wake: () => void = () => undefined;

	constructor(
		private readonly port: MessagePort,
		private readonly take: NewsTaker,
	) {
		port.on('message', (answer: Answer) => {
			this.#answers.push(answer);
			this.#wake();
		});
	}

	fail(error: unknown): void {
		this.#failure ??= { error };
		this.#wake();
	}

	async tell(source: AsyncIterable<Uint8Array>): Promise<Outcome> {
		let open = 0;
		for await (const piece of inPieces(source)) {
			this.#ask({ bytes: piece }, [piece.buffer]);
			open += 1;
			while (open >= AHEAD) {
				const outcome = await this.#deal(await this.#answer());
				if (outcome === 'taken') open -= 1;
				else if (outcome !== 'more') return outcome;
			}
		}
		this.#ask('end');
		for (;;) {
			const outcome = await this.#deal(await this.#answer());
			if (typeof outcome !== 'string') return outcome;
		}
	}

	#ask(request: Request, transfer: ArrayBuffer[] = []): void {
		this.port.postMessage(request, transfer);
	}

	async #deal({ news, attachments, json, end }: Answer): Promise<Outcome | 'taken' | 'more'> {
		if (attachments !== undefined) this.#attachments.push(...attachments);
		if (json !== undefined) this.#json.add(json);
		if (news !== undefined) await this.take(news);
		if (end === 'piece') return 'taken';
		if (end !== undefined && 'refusal' in end) throw new Unreadable(end.refusal);
		if (end !== undefined) return { json: this.#json.whole, attachments: this.#attachments, damage: end.damage };
		this.#ask('more');
		return 'more';
	}

	async #answer(): Promise<Answer> {
		for (;;) {
			const answer = this.#answers.shift();
			if (answer !== undefined) {
				this.#answered += 1;
				if (this.#answered % ANSWERS_AT_ONCE === 0) await yieldToOthers();
				return answer;
			}
			if (this.#failure !== undefined) throw this.#failure.error;
			await new Promise<void>((resolve) => (this.#wake = resolve));
		}
	}
}

/** Pieces of one size, each with bytes of its own, which go to the other thread without being copied again. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
	let piece = new Uint8Array(PIECE);
	let [filled, taken] = [0, 0];
	for await (const bytes of source) {
		taken += 1;
		// A source that has everything at hand would leave no turn to others.
		if (taken % CHUNKS_AT_ONCE === 0) await yieldToOthers();
		for (let from = 0; from < bytes.length;) {
			const count = Math.min(bytes.length - from, PIECE - filled);
			piece.set(bytes.subarray(from, from + count), filled);
			filled += count;
			from += count;
			if (filled < PIECE) continue;
			yield piece;
			piece = new Uint8Array(PIECE);
			filled = 0;
		}
	}
	if (filled > 0) yield piece.slice(0, filled);
}
