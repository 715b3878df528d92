import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { DAY_MS } from '../durations';
import { DECIDED, DECIDED_AGAIN, LOST_AFTER } from './answerStore';
import { digest } from '../ownFiles';
import { OnceFiles } from './onceFiles';

/** Work that is due at some time while a question waits. A file with its name says that it is done or in progress. */
const WORKS = ['reminded', 'escalated', 'timeOver'] as const;
export type Work = (typeof WORKS)[number];

/** The file in the folder of a question. */
export interface WaitingQuestion {
	/** Signed by n8n, for n8n's own address. The execution then does its due work, or accepts an answer. It is in no email. */
	link: string;
	/** ms since 1970. */
	due: Map<Work, number>;
	/** The question, as stored by the node that asked. */
	asked: unknown;
}

export interface DueQuestion {
	files: OnceFiles;
	question: WaitingQuestion;
	/** When the first work that is not done yet was due, in epoch ms. */
	since: number;
}

export type SilentQuestion = Pick<DueQuestion, 'files' | 'question'>;

interface Due {
	due: DueQuestion[];
	silent: SilentQuestion[];
	next: number;
	unreadable: Array<{ folder: string; error: unknown }>;
}

/** An email about a question. */
export interface QuestionEmail {
	kind: 'question' | 'reminder' | 'escalation' | 'code';
	to: string[];
	/** ISO 8601. */
	sentAt: string;
	messageId: string;
}

const ABOUT = 'question';
const MESSAGES = 'messages';
/** After this time, nothing more is attempted for a question whose link n8n no longer knows. */
const GONE = 'gone';
/** When n8n was last asked whether it still has the execution. */
const CHECKED = 'checked';

/** The folder of all waiting questions. */
export class WaitingQuestions {
	constructor(private readonly folder: string) {}

	/** @throws if the folder cannot be written */
	async add(files: OnceFiles, { link, due, asked }: WaitingQuestion): Promise<void> {
		await files.make(ABOUT, { link, due: Object.fromEntries(due), asked });
	}

	/** Records an email, so that a reply to it finds the question. `others` are further Message-IDs of the same email. */
	async addEmail(files: OnceFiles, email: QuestionEmail, others: readonly string[] = []): Promise<void> {
		for (const id of [email.messageId, ...others]) await this.#index(files, id, {}, id === email.messageId ? { ...email } : {});
	}

	/** Records the reply of a person who was asked, because the person may reply to it once more. */
	async addReply(files: OnceFiles, messageId: string, writtenBy: string): Promise<void> {
		await this.#index(files, messageId, { writtenBy }, {});
	}

	/** Returns the question to which one of these emails belongs, and the person who wrote the email if it is a reply. */
	find(messageIds: readonly string[]): { files: OnceFiles; question: WaitingQuestion; writtenBy?: string } | undefined {
		for (const id of messageIds) {
			const { folder, writtenBy }: Record<string, unknown> = Object(this.#messages().read(digest(id)));
			if (typeof folder !== 'string' || !/^\d+-[\da-f]{32}$/.test(folder)) continue;
			const files = new OnceFiles(join(this.folder, folder));
			const question = readQuestion(files);
			if (question !== undefined) return { files, question, ...(typeof writtenBy === 'string' && { writtenBy }) };
		}
		return undefined;
	}

	/**
	 * Returns what is due now, and when to check again at the latest. A question that was decided but whose execution did not go on is due
	 * too, because n8n was stopped in between. What cannot be read, for example after the disk was full or the power failed, is told and
	 * holds up no other question. `silent` are the others that n8n was not called about for a day: the execution may have been stopped.
	 */
	async due(now: number): Promise<Due> {
		const due: DueQuestion[] = [];
		const silent: SilentQuestion[] = [];
		const unreadable: Due['unreadable'] = [];
		let next = Infinity;
		for (const name of await questionFolders(this.folder)) {
			const files = new OnceFiles(join(this.folder, name));
			try {
				const { question, times } = await timesOf(files, now);
				if (question === undefined) continue;
				if (times.some((at) => at <= now)) due.push({ files, question, since: Math.min(...times) });
				else if (await isSilent(files)) silent.push({ files, question });
				next = Math.min(next, ...times.filter((at) => at > now));
			} catch (error) {
				unreadable.push({ folder: files.folder, error });
			}
		}
		return { due, silent, next, unreadable };
	}

	/** Makes an email known by its Message-ID. The file in the folder of the question is for {@link removeOld}. */
	async #index(files: OnceFiles, messageId: string, more: object, noted: object): Promise<void> {
		const name = digest(messageId);
		await this.#messages().make(name, { folder: files.folder.split(/[/\\]/).at(-1), ...more });
		await files.make(`mail-${name}`, noted);
	}

	#messages(): OnceFiles {
		return new OnceFiles(join(this.folder, MESSAGES));
	}

	/**
	 * Removes the files of questions that ended, or with whose decision n8n was called again, or that were dropped, more than a day ago. A
	 * decision that was never looked at again may be needed still: n8n may have been down since.
	 */
	async removeOld(now = Date.now()): Promise<void> {
		for (const name of await questionFolders(this.folder)) {
			const ends = await Promise.all([DECIDED_AGAIN, GONE].map(async (file) => await madeAt(join(this.folder, name, `${file}.json`))));
			if (Math.min(Number(name.split('-')[0]), ...ends) + DAY_MS >= now) continue;
			const files = new OnceFiles(join(this.folder, name));
			for (const file of await files.names()) if (file.startsWith('mail-')) await this.#messages().remove(file.slice('mail-'.length));
			await rm(files.folder, { recursive: true, force: true });
		}
	}
}

/** When something is due for a question that waits, in epoch ms. @throws if its files cannot be read */
async function timesOf(files: OnceFiles, now: number): Promise<{ question?: WaitingQuestion; times: number[] }> {
	const done = new Set(await files.names());
	const question = done.has(GONE) ? undefined : readQuestion(files);
	if (question === undefined) return { times: [] };
	const times = done.has(DECIDED)
		? [now - ((await files.age(DECIDED)) ?? 0) + LOST_AFTER]
		: [...question.due].filter(([work]) => !done.has(work)).map(([, at]) => at);
	return { question, times };
}

/** Whether n8n was not called about the question for a day, if nothing was due. A decided question is called about a minute later. */
async function isSilent(files: OnceFiles): Promise<boolean> {
	if ((await files.age(DECIDED)) !== undefined) return false;
	return ((await files.age(CHECKED)) ?? (await files.age(ABOUT)) ?? 0) > DAY_MS;
}

/** Records that n8n is called about a question, so that this is not repeated for a day. */
export async function noteCheck(files: OnceFiles): Promise<void> {
	if (!(await files.make(CHECKED, {}))) await files.renew(CHECKED);
}

/** n8n no longer has the execution, so nothing is due any more. */
export async function giveUp(files: OnceFiles): Promise<void> {
	await files.make(GONE, {});
}

/** In the order in which they were sent. */
export async function emailsOf(files: OnceFiles): Promise<QuestionEmail[]> {
	const names = (await files.names()).filter((name) => name.startsWith('mail-'));
	return names.flatMap((name) => emailOf(files.read(name))).sort((one, other) => one.sentAt.localeCompare(other.sentAt));
}

function emailOf(value: unknown): QuestionEmail[] {
	const { kind, to, sentAt, messageId }: Record<string, unknown> = Object(value);
	if (typeof messageId !== 'string' || typeof sentAt !== 'string' || !Array.isArray(to)) return [];
	const known = (['question', 'reminder', 'escalation', 'code'] as const).find((one) => one === kind);
	return known === undefined ? [] : [{ kind: known, to: to.map(String), sentAt, messageId }];
}

function readQuestion(files: OnceFiles): WaitingQuestion | undefined {
	const { link, due, asked }: Record<string, unknown> = Object(files.read(ABOUT));
	if (typeof link !== 'string') return undefined;
	const times: Record<string, unknown> = Object(due);
	return { link, asked, due: new Map(WORKS.flatMap((work) => (typeof times[work] === 'number' ? [[work, times[work]]] : []))) };
}

async function madeAt(path: string): Promise<number> {
	return await stat(path).then(
		({ mtimeMs }) => mtimeMs,
		() => Infinity,
	);
}

/** Names of the folders of all questions. */
async function questionFolders(folder: string): Promise<string[]> {
	const names = await readdir(folder).catch(() => []);
	return names.filter((name) => /^\d+-[\da-f]{32}$/.test(name));
}
