import { afterAll, afterEach, beforeAll, onTestFinished, vi } from 'vitest';

import type { Account } from '../../../mail/account';
import type { MailError } from '../../../mail/errors';
import type { FetchedMail } from '../../../mail/imap/fetch';
import { AccessToken } from '../../../mail/signIn/token';
import { newMemory, type WatchMemory } from '../../../mail/watch/memory/memory';
import type { Outcome } from '../../../mail/watch/handover/executions';
import { MailboxWatch } from '../../../mail/watch/folders/mailboxWatch';
import type { MailboxWatchOptions } from '../../../mail/watch/folders/options';
import { startSandbox, trust, type Address, type Sandbox } from '../../../sandbox/servers';
import type { Session } from '../../../sandbox/servers/exchange/session';

/** What the watch handed over in one execution. */
export interface Handed {
	key: string;
	subjects: string[];
	at: number;
}

type Options = Partial<Omit<MailboxWatchOptions<string>, 'send' | 'rules'>> & {
	address?: Address;
	mailbox?: string;
	tokenSeconds?: number;
	rules?: Partial<MailboxWatchOptions<string>['rules']>;
	/** How executions end; default: they succeed at once. */
	execute?: (subjects: string[], key: string) => Promise<Outcome> | Outcome;
};

export const RULES: MailboxWatchOptions<string>['rules'] = {
	batchSize: 1,
	maxInFlight: 10,
	maxTries: 3,
	retryFirstMs: 50,
	// An email that the server does not give is no longer retried as soon as its attempts are used up.
	withheldMs: 0,
	limits: { largeAbove: 20 * 1024 * 1024, large: 'stream', onlyWithAttachment: false },
	after: { kind: 'nothing' },
	onGiveUp: { kind: 'nothing' },
};

/** A mailbox watch on the sandbox's servers, with executions that only write down what came. */
export class Rig {
	readonly handed: Handed[] = [];
	readonly logs: string[] = [];
	/** What each line of the log is about. */
	readonly abouts: Array<{ mailbox: string; folder: string }> = [];
	readonly reports: MailError[] = [];
	/** The memory as it was stored last, and at each hand-over. */
	stored: WatchMemory;
	storedAtSend: WatchMemory[] = [];
	tokens = 0;
	readonly watch: MailboxWatch<string>;
	readonly mailbox: string;
	#changed: Array<() => void> = [];
	/** The watch's own. */
	readonly #memory: WatchMemory;

	constructor(
		readonly sandbox: Sandbox,
		readonly options: Options = {},
	) {
		this.mailbox = options.mailbox ?? 'ada@example.test';
		this.stored = options.memory ?? newMemory('rig', Date.now());
		this.#memory = structuredClone(this.stored);
		const { execute = (): Outcome => ({ kind: 'done' }) } = options;
		this.watch = new MailboxWatch<string>({
			account: async () => this.account(),
			folders: ['INBOX'],
			criteria: [],
			startFrom: { kind: 'now' },
			running: new Map(),
			make: async (mail) => await subjectOf(mail),
			log: (text, about) => {
				this.logs.push(text);
				this.abouts.push(about);
				this.#ring();
			},
			report: (error) => {
				this.reports.push(error);
				this.#ring();
			},
			...options,
			memory: this.#memory,
			save: (memory) => {
				this.stored = structuredClone(memory);
				this.#ring();
			},
			rules: { ...RULES, ...options.rules },
			send: async (subjects, key) => {
				this.storedAtSend.push(structuredClone(this.stored));
				this.handed.push({ key, subjects, at: Date.now() });
				this.#ring();
				const outcome = await execute(subjects, key);
				setImmediate(() => this.#ring());
				return outcome;
			},
		});
	}

	account(): Account {
		const address = this.options.address ?? this.sandbox.exchange.imap;
		return {
			mailbox: this.mailbox,
			imap: address,
			pop: address,
			smtp: address,
			id: this.mailbox,
			signIn: 'delegated',
			token: async () => {
				this.tokens += 1;
				const seconds = this.options.tokenSeconds ?? 3600;
				return new AccessToken(
					await this.sandbox.identity.accessToken({ mailbox: this.mailbox, lifetimeSeconds: seconds }),
					Date.now() + seconds * 1000,
				);
			},
		};
	}

	/** The memory as it is now. It is stored less often. */
	get memory(): WatchMemory {
		return structuredClone(this.#memory);
	}

	/** When the watch began its last survey of several folders, in ms; 0 before the first. The memory is stored less often. */
	get surveyedAt(): number {
		return this.#memory.surveyedAt ?? 0;
	}

	get subjects(): string[] {
		return this.handed.flatMap((entry) => entry.subjects);
	}

	/** Waits for something to become true, at each event of the watch. */
	async until(what: string, holds: () => boolean, timeoutMs = 120_000): Promise<void> {
		const deadline = Date.now() + timeoutMs;
		while (!holds()) {
			const left = deadline - Date.now();
			if (left <= 0)
				throw new Error(
					`Not within ${timeoutMs} ms: ${what}. Handed: ${this.subjects.join(', ')}; logs: ${this.logs.join(' | ')}; reports: ${this.reports.map(String).join(' | ')}`,
				);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(left, 100));
				this.#changed.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	async deliver(...subjects: string[]): Promise<void> {
		await this.sandbox.deliver(this.mailbox, ...subjects.map((subject) => mail(subject)));
	}

	#ring(): void {
		for (const wake of this.#changed.splice(0)) wake();
	}
}

export function mail(subject: string, body = 'hello'): string {
	return `Message-ID: <${subject}@example.test>\r\nFrom: Bob <bob@example.test>\r\nTo: ada@example.test\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString()}\r\n\r\n${body}\r\n`;
}

export async function subjectOf(fetched: FetchedMail): Promise<string> {
	const { content } = fetched;
	let text = '';
	if (content.kind === 'streamed') for await (const chunk of await content.open()) text += String(chunk).slice(0, 1000);
	else text = content.bytes.toString('utf8');
	return /^Subject: (.*)$/m.exec(text)?.[1]?.trim() ?? '(none)';
}

/** Makes the rigs of a test file, each with a mailbox of its own; brings up the sandbox, and stops all after each test. */
export function makeRigs(name: string, use: (sandbox: Sandbox) => void): (options?: Options) => Rig {
	const rigs: Rig[] = [];
	let sandbox: Sandbox;
	let number = 0;
	beforeAll(async () => {
		sandbox = await startSandbox();
		trust(sandbox.caFile);
		use(sandbox);
	});
	afterEach(() => {
		vi.restoreAllMocks();
		for (const { watch } of rigs.splice(0)) watch.stop();
		sandbox.exchange.reset();
	});
	afterAll(async () => await sandbox.stop());
	return (options = {}) => {
		number += 1;
		const made = new Rig(sandbox, { mailbox: `${name}${number}@example.test`, ...options });
		rigs.push(made);
		return made;
	};
}

/** The clock jumps, for the rest of the test; timers go on as they were. */
export function passMinutes(minutes: number): void {
	const real = Date.now.bind(Date);
	vi.spyOn(Date, 'now').mockImplementation(() => real() + minutes * 60_000);
}

/** Answers a command (`UID FETCH`, `UID FETCH … ENVELOPE`) in place of the server whenever it asks for one of these mails, until the test ends. */
export function answerFor(sandbox: Sandbox, mailbox: string, wanted: string, uids: readonly number[], reply: string): void {
	const [command = '', item = ''] = wanted.split(' … ');
	const listen = (session: Session): void => {
		const note = session.note.bind(session);
		session.note = (line) => {
			note(line);
			const [set = '', rest = ''] = line.startsWith('C: ') ? (line.split(`${command} `)[1] ?? '').split(/ (.*)/) : [];
			if (session.mailbox === mailbox && uids.some((uid) => includes(set, uid)) && rest.includes(item))
				sandbox.exchange.plan('imap', command, { reply });
		};
	};
	for (const session of sandbox.exchange.live('imap')) listen(session);
	sandbox.exchange.on('open', listen);
	onTestFinished(() => void sandbox.exchange.off('open', listen));
}

/** Whether a set as in `1:4,7` holds a UID. */
export function includes(set: string, uid: number): boolean {
	return set.split(',').some((part) => {
		const [first = 0, last = first] = part.split(':').map(Number);
		return first <= uid && uid <= last;
	});
}
