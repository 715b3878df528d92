import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

import { digest, type OnceFiles } from './onceFiles';

/** How long a code is good, in ms. */
const GOOD_FOR = 10 * 60_000;
export const GOOD_FOR_MINUTES = GOOD_FOR / 60_000;
/** How often one code may be tried, and how many codes a person can ask for: at most 50 guesses out of a million. */
const MOST_TRIES = 5;
const MOST_CODES = 10;
/** A second press of the same button sends no second email, in ms. */
const NOT_AGAIN_FOR = 20_000;

interface Code {
	salt: string;
	hash: string;
	endsAt: number;
	sentAt: number;
}

/**
 * The codes that are mailed to one person, of which each is good for some minutes, some tries and one answer. Each try is a file of
 * its own, so that tries at the same moment are counted too, whichever process takes them.
 */
export class Codes {
	readonly #name: string;

	constructor(
		private readonly files: OnceFiles,
		person: string,
		private readonly now: () => number = Date.now,
	) {
		this.#name = `code-${digest(person)}`;
	}

	/** A new code, which replaces the earlier ones. `withdraw` takes it back where it could not be mailed. */
	async issue(): Promise<{ code: string; withdraw: () => Promise<void> } | 'justSent' | 'tooMany'> {
		const latest = this.#latest();
		if (latest !== undefined && this.#sentAt(latest) + NOT_AGAIN_FOR > this.now()) return 'justSent';
		const number = (latest ?? 0) + 1;
		if (number > MOST_CODES) return 'tooMany';
		const code = String(randomInt(1_000_000)).padStart(6, '0');
		const salt = randomBytes(16).toString('hex');
		const file = this.#file(number);
		const kept: Code = { salt, hash: hashOf(salt, code).toString('hex'), endsAt: this.now() + GOOD_FOR, sentAt: this.now() };
		if (!(await this.files.make(file, kept))) return 'justSent';
		return { code, withdraw: async () => await this.files.remove(file) };
	}

	/** Whether there is a code that can still be entered. */
	async isLive(): Promise<boolean> {
		const latest = this.#latest();
		if (latest === undefined || this.#read(latest) === undefined) return false;
		return (await this.#used(latest)) === undefined && (await this.files.age(this.#try(latest, MOST_TRIES))) === undefined;
	}

	/** @returns `right` once for each code; how many tries are left after a wrong one; `ended` where there is nothing to compare with */
	async check(given: string): Promise<'right' | 'ended' | { triesLeft: number }> {
		const latest = this.#latest();
		const code = latest === undefined ? undefined : this.#read(latest);
		if (latest === undefined || code === undefined || (await this.#used(latest)) !== undefined) return 'ended';
		let tried = 1;
		while (tried <= MOST_TRIES && !(await this.files.make(this.#try(latest, tried), {}))) tried += 1;
		if (tried > MOST_TRIES) return 'ended';
		const right = timingSafeEqual(hashOf(code.salt, given.replace(/\D/g, '')), Buffer.from(code.hash, 'hex'));
		if (!right) return { triesLeft: MOST_TRIES - tried };
		return (await this.files.make(`${this.#file(latest)}-used`, {})) ? 'right' : 'ended';
	}

	#latest(): number | undefined {
		let number = 0;
		while (number < MOST_CODES && this.files.read(this.#file(number + 1)) !== undefined) number += 1;
		return number === 0 ? undefined : number;
	}

	/** Undefined where it has ended, or is none. */
	#read(number: number): Code | undefined {
		const given = new Map<string, unknown>(Object.entries(Object(this.files.read(this.#file(number)))));
		const [salt, hash, endsAt, sentAt] = [given.get('salt'), given.get('hash'), Number(given.get('endsAt')), Number(given.get('sentAt'))];
		return typeof salt === 'string' && typeof hash === 'string' && hash.length === 64 && endsAt > this.now()
			? { salt, hash, endsAt, sentAt }
			: undefined;
	}

	#sentAt(number: number): number {
		return this.#read(number)?.sentAt ?? 0;
	}

	async #used(number: number): Promise<number | undefined> {
		return await this.files.age(`${this.#file(number)}-used`);
	}

	#file(number: number): string {
		return `${this.#name}-${number}`;
	}

	#try(number: number, tried: number): string {
		return `${this.#file(number)}-try-${tried}`;
	}
}

function hashOf(salt: string, code: string): Buffer {
	return createHash('sha256').update(`${salt} ${code}`).digest();
}
