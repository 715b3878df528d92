import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';

import type { IDataObject } from 'n8n-workflow';

import { attachmentJson, resolvedJson, simpleJson, type AttachmentJson } from './json';
import { checkLength, checkMemory, limitMemory, releaseMemory } from './memoryLimit';
import { MailReader, type FileTaker, type ReadFile } from './reader';
import { keeping, newTextOf, readMore, type More } from './readMore/readMore';
import type { ExtraFile } from './readMore/outlookFiles';

/** What is to be made of a mail. */
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

/** What became of a mail. */
export interface Outcome {
	/** The item's fields, without `attachments`. */
	json: IDataObject;
	attachments: AttachmentJson[];
	/** What could not be read, in sentences. */
	damage: readonly string[];
}

/** News of a file of a mail, in order. */
export type FileNews =
	| { kind: 'begin'; index: number; name: string; type: string }
	| { kind: 'data'; bytes: Uint8Array<ArrayBuffer> }
	| { kind: 'end'; index: number };

/** A small mail with its files. */
export interface Read extends Outcome {
	news: FileNews[];
}

export type Refusal = { refusal: string };

/** From the main thread: a piece of the mail, or its end. */
export type Piece = { bytes: Uint8Array } | 'end';
/**
 * To the main thread, one for each piece: what came of it, and at the end the outcome. `partial`: another message with the
 * rest of it follows; `attachments` are the first ones of the outcome, then the next ones.
 */
export type Answer = { news: FileNews[]; outcome?: Outcome | Refusal; attachments?: AttachmentJson[]; partial?: true };

/** News in one message. The main thread takes a message apart in one go, and nothing else happens there meanwhile. */
const NEWS_IN_MESSAGE = 400;
/** Pieces of a file's content below this many bytes travel together. */
const SMALL_PIECE = 16 * 1024;

/** Several mails at once, since a message between threads costs more than reading a small mail. */
export async function readBatch(mails: ReadonlyArray<{ bytes: Uint8Array; wanted: Wanted }>): Promise<Array<Read | Refusal>> {
	const results: Array<Read | Refusal> = [];
	for (const { bytes, wanted } of mails) {
		const files = new Collected(wanted.files);
		const reading = new Reading(wanted, files);
		try {
			reading.push(bytes);
			results.push({ ...(await reading.end()), news: files.take() });
		} catch (error) {
			results.push(refusalOf(error));
		}
	}
	releaseMemory();
	return results;
}

/** One mail, piece by piece; each piece is answered, so that the other side never has more than it can take. */
export async function readStream({ port, wanted }: { port: MessagePort; wanted: Wanted }): Promise<void> {
	const files = new Collected(wanted.files);
	let reading: Reading | undefined = new Reading(wanted, files);
	await new Promise<void>((resolve) => {
		port.on('close', resolve);
		port.on('message', (piece: Piece) => {
			// What comes after a refusal is not read any more.
			if (reading === undefined) return;
			void answerTo(piece, reading, files).then(async (answer) => {
				if (answer.outcome !== undefined) reading = undefined;
				await post(port, answer);
			});
		});
	});
	releaseMemory();
}

async function post(port: MessagePort, { news, ...rest }: Answer): Promise<void> {
	const send = (answer: Answer): void =>
		port.postMessage(
			answer,
			answer.news.flatMap((one) => (one.kind === 'data' ? [one.bytes.buffer] : [])),
		);
	let from = 0;
	for (; news.length - from > NEWS_IN_MESSAGE; from += NEWS_IN_MESSAGE) {
		send({ news: news.slice(from, from + NEWS_IN_MESSAGE), partial: true });
		await yieldToOthers();
	}
	const { outcome } = rest;
	if (outcome === undefined || 'refusal' in outcome) {
		send({ news: news.slice(from), ...rest });
		return;
	}
	const { attachments } = outcome;
	let sent = 0;
	for (; attachments.length - sent > NEWS_IN_MESSAGE; sent += NEWS_IN_MESSAGE) {
		send({ news: [], attachments: attachments.slice(sent, sent + NEWS_IN_MESSAGE), partial: true });
		await yieldToOthers();
	}
	send({ news: news.slice(from), outcome: { ...outcome, attachments: attachments.slice(sent) } });
}

async function answerTo(piece: Piece, reading: Reading, files: Collected): Promise<Answer> {
	try {
		if (piece !== 'end') {
			reading.push(piece.bytes);
			return { news: files.take() };
		}
		const outcome = await reading.end();
		return { news: files.take(), outcome };
	} catch (error) {
		return { news: [], outcome: refusalOf(error) };
	}
}

function refusalOf(error: unknown): Refusal {
	return { refusal: error instanceof Error ? error.message : String(error) };
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
		const whole = { ...json, ...more.json };
		checkLength(lengthOf(whole));
		return { json: whole, attachments, damage: mail.damage };
	}

	/** A file that lay in another one stands behind those of the mail. */
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
