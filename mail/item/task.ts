import type { MessagePort } from 'node:worker_threads';

import type { IDataObject } from 'n8n-workflow';

import { reasonOf } from '../errors';
import { attachmentJson, resolvedJson, simpleJson, type AttachmentJson } from './json';
import { MOST_AT_ONCE, portionsOf, weightOf, type JsonStep } from './jsonSteps';
import { BeyondLimits, checkLength, checkMemory, limitMemory, releaseMemory } from './memoryLimit';
import type { FileTaker, ReadFile } from './mailFiles';
import { MailReader } from './reader';
import { keeping, newTextOf, readMore, type More } from './readMore/readMore';
import type { ExtraFile } from './readMore/outlookFiles';
import { WorkClock } from './workClock';

/** What is to be made of an email. */
export interface Wanted {
	format: 'simple' | 'resolved';
	/** Whether the content of files is wanted. */
	files: boolean;
	/** Only the headers are there: what the body would tell is left out. */
	headersOnly: boolean;
	/** What is to be read beyond the usual. */
	more: readonly More[];
	/** What reading it may take, in MB. */
	memory: number;
}

/** What became of an email. */
export interface Outcome {
	/** The item's fields, without `attachments`. */
	json: IDataObject;
	attachments: AttachmentJson[];
	/** What could not be read, in sentences. */
	damage: readonly string[];
}

/** News of a file of an email, in order. */
export type FileNews =
	| { kind: 'begin'; index: number; name: string; type: string }
	| { kind: 'data'; bytes: Uint8Array<ArrayBuffer> }
	| { kind: 'end'; index: number };

/** A small email with its files. */
export interface Read extends Outcome {
	news: FileNews[];
}

type Refusal = { refusal: string };
/** `large`: more came of it than one message should hold, or it needs more memory than small ones have. */
export type SmallResult = Read | Refusal | 'large';

/** From the main thread: a piece of the email, its end, or that it has dealt with the last answer and wants the next one. */
export type Request = { bytes: Uint8Array } | 'end' | 'more';
/**
 * To the main thread, never more than it can deal with in one go. `end`: that was all that came of a piece, or of the email.
 * Without it another answer follows as soon as it is asked for.
 */
export type Answer = {
	news?: FileNews[];
	attachments?: AttachmentJson[];
	json?: JsonStep[];
	end?: 'piece' | { damage: readonly string[] } | Refusal;
};

/** Pieces of a file's content below this many bytes travel together. */
const SMALL_PIECE = 16 * 1024;
/** An answer with small emails holds about so much. */
const MOST_OF_ANSWER = 2 * MOST_AT_ONCE;
/** More than this comes of no small email: what does is read as a large one. */
const MOST_OF_SMALL = 10 * MOST_AT_ONCE;
/** Number of answers that the main thread may have before it has dealt with them. */
const ANSWERS_AHEAD = 2;

/** Small emails, one behind the other in the same bytes, since a message between threads costs more than reading one of them. */
export interface SmallMails {
	bytes: Uint8Array<ArrayBuffer>;
	mails: ReadonlyArray<{ length: number; wanted: Wanted }>;
}
/** From the main thread: emails, or that it has dealt with an answer. */
export type SmallRequest = SmallMails | 'dealt';

export interface SmallTask {
	port: MessagePort;
	clock: SharedArrayBuffer;
	/** How many of the emails have been begun. */
	begun: Int32Array;
}

/** Small emails in the order in which they come, until the other side closes the port. Several are answered together, in order. */
export async function readSmallMails({ port, clock, begun }: SmallTask): Promise<void> {
	const reader = new SmallReader(port, new WorkClock(clock), begun);
	await new Promise<void>((resolve) => {
		port.on('close', resolve);
		port.on('message', (request: SmallRequest) => reader.take(request));
	});
	releaseMemory();
}

class SmallReader {
	/** One message after the other, since only one email can be the one that was begun last. */
	#work = Promise.resolve();
	#undealt = 0;
	#wake: () => void = () => undefined;

	constructor(
		private readonly port: MessagePort,
		private readonly clock: WorkClock,
		private readonly begun: Int32Array,
	) {}

	take(request: SmallRequest): void {
		if (request !== 'dealt') {
			this.#work = this.#work.then(async () => await this.#read(request));
			return;
		}
		this.#undealt -= 1;
		this.#wake();
	}

	async #read({ bytes, mails }: SmallMails): Promise<void> {
		let [results, weight, from]: [SmallResult[], number, number] = [[], 0, 0];
		for (const { length, wanted } of mails) {
			Atomics.add(this.begun, 0, 1);
			this.clock.reset();
			this.clock.begin();
			const result = await readOne(bytes.subarray(from, from + length), wanted);
			this.clock.end();
			from += length;
			const more = weightOf(result, MOST_OF_SMALL);
			const isLarge = more >= MOST_OF_SMALL;
			results.push(isLarge ? 'large' : result);
			weight += isLarge ? 1 : more;
			if (weight < MOST_OF_ANSWER) continue;
			await this.#answer(results);
			[results, weight] = [[], 0];
		}
		if (results.length > 0) await this.#answer(results);
		releaseMemory();
	}

	/** @returns when more may follow, since the main thread takes all that has come in one go */
	async #answer(results: SmallResult[]): Promise<void> {
		this.port.postMessage(results);
		this.#undealt += 1;
		while (this.#undealt >= ANSWERS_AHEAD) await new Promise<void>((resolve) => (this.#wake = resolve));
	}
}

/** An email that is there as a whole. */
export async function readOne(bytes: Uint8Array, wanted: Wanted): Promise<SmallResult> {
	const files = new Collected(wanted.files);
	try {
		const reading = new Reading(wanted, files);
		reading.push(bytes);
		const outcome = await reading.end();
		return { ...outcome, news: files.take() };
	} catch (error) {
		return error instanceof BeyondLimits ? 'large' : refusalOf(error);
	}
}

/** One email, piece by piece; each piece is answered, so that the other side never has more than it can take. */
export async function readStream({ port, wanted, clock }: { port: MessagePort; wanted: Wanted; clock: SharedArrayBuffer }): Promise<void> {
	const reader = new StreamReader(port, wanted, new WorkClock(clock));
	await new Promise<void>((resolve) => {
		port.on('close', resolve);
		port.on('message', (request: Request) => reader.take(request));
	});
	releaseMemory();
}

class StreamReader {
	readonly #files: Collected;
	#reading: Reading | undefined;
	/** One piece after the other: what came of the one before must have left. */
	#work = Promise.resolve();
	#wake: () => void = () => undefined;

	constructor(
		private readonly port: MessagePort,
		wanted: Wanted,
		private readonly clock: WorkClock,
	) {
		this.#files = new Collected(wanted.files);
		this.#reading = new Reading(wanted, this.#files);
	}

	take(request: Request): void {
		if (request === 'more') this.#wake();
		else this.#work = this.#work.then(async () => await this.#answerTo(request));
	}

	async #answerTo(piece: Exclude<Request, 'more'>): Promise<void> {
		const reading = this.#reading;
		// What comes after a refusal is not read any more.
		if (reading === undefined) return;
		let outcome: Outcome | undefined;
		this.clock.begin();
		try {
			if (piece === 'end') outcome = await reading.end();
			else reading.push(piece.bytes);
		} catch (error) {
			this.#reading = undefined;
			this.port.postMessage({ end: refusalOf(error) } satisfies Answer);
			return;
		} finally {
			this.clock.end();
		}
		for (const news of slicesOf(this.#files.take(), NEWS_AT_ONCE)) await this.#send({ news });
		if (outcome === undefined) {
			this.port.postMessage({ end: 'piece' } satisfies Answer);
			return;
		}
		this.#reading = undefined;
		const { json, attachments, damage } = outcome;
		for (const portion of slicesOf(attachments, ATTACHMENTS_AT_ONCE)) await this.#send({ attachments: portion });
		for (const steps of portionsOf(json)) await this.#send({ json: steps });
		this.port.postMessage({ end: { damage } } satisfies Answer);
	}

	/** @returns when the main thread has dealt with it, since it would take all that has come in one go */
	async #send(answer: Answer): Promise<void> {
		const asked = new Promise<void>((resolve) => (this.#wake = resolve));
		this.port.postMessage(
			answer,
			(answer.news ?? []).flatMap((one) => (one.kind === 'data' ? [one.bytes.buffer] : [])),
		);
		await asked;
	}
}

const NEWS_AT_ONCE = 400;
const ATTACHMENTS_AT_ONCE = 200;

function* slicesOf<One>(all: readonly One[], length: number): Generator<One[]> {
	for (let from = 0; from < all.length; from += length) yield all.slice(from, from + length);
}

function refusalOf(error: unknown): Refusal {
	return { refusal: reasonOf(error) };
}

class Reading {
	readonly #reader: MailReader;

	constructor(
		private readonly wanted: Wanted,
		private readonly files: FileTaker,
	) {
		limitMemory(wanted.memory);
		this.#reader = new MailReader({ files, ...(wanted.more.length > 0 && { keep: keeping(wanted.more) }) });
	}

	push(bytes: Uint8Array): void {
		this.#reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	}

	async end(): Promise<Outcome> {
		const mail = await this.#reader.end();
		const json = this.wanted.format === 'simple' ? simpleJson(mail) : resolvedJson(mail);
		checkMemory();
		if (this.wanted.headersOnly) {
			delete json.hasAttachment;
			return { json, attachments: mail.files.map(attachmentJson), damage: [] };
		}
		json.newText = newTextOf(mail);
		const more = await readMore(mail, this.wanted.more);
		checkMemory();
		const attachments = [...mail.files.map(attachmentJson), ...more.files.map((file) => this.#add(file))];
		Object.assign(json, more.json);
		checkLength(lengthOf(json));
		return { json, attachments, damage: mail.damage };
	}

	/** A file that lay in another one stands behind those of the email. */
	#add({ name, type, contentId, bytes, from }: ExtraFile): AttachmentJson {
		const file = {
			name,
			type: type || 'application/octet-stream',
			contentId,
			size: bytes.length,
			location: '',
			inline: false,
			alternative: false,
			parameters: new Map<string, string>(),
			kept: bytes,
		};
		this.files.begin(file);
		this.files.data(bytes);
		this.files.end(file);
		return { ...attachmentJson(file), unpackedFrom: from };
	}
}

/** Of the texts that can be long, in characters. */
function lengthOf(json: IDataObject): number {
	return Object.values(json).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
}

/** Holds the files' content until it is taken; bytes of their own each, so that they can change threads. */
class Collected implements FileTaker {
	#news: FileNews[] = [];
	#count = 0;

	constructor(private readonly wanted: boolean) {}

	begin({ name, type }: ReadFile): void {
		if (this.wanted) this.#news.push({ kind: 'begin', index: this.#count, name, type });
	}

	data(bytes: Buffer): void {
		if (!this.wanted) return;
		const last = this.#news.at(-1);
		if (last?.kind === 'data' && last.bytes.length + bytes.length <= SMALL_PIECE)
			last.bytes = new Uint8Array(Buffer.concat([last.bytes, bytes]));
		else this.#news.push({ kind: 'data', bytes: new Uint8Array(bytes) });
	}

	end(_file: ReadFile): void {
		if (this.wanted) this.#news.push({ kind: 'end', index: this.#count });
		this.#count += 1;
	}

	take(): FileNews[] {
		const news = this.#news;
		this.#news = [];
		return news;
	}
}
