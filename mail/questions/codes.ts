import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

import { digest } from '../ownFiles';
import type { OnceFiles } from './onceFiles';

/** How long a code is valid, in ms. */
const GOOD_FOR = 10 * 60_000;
export const GOOD_FOR_MINUTES = GOOD_FOR / 60_000;
/** Maximum number of attempts for one code, and of codes for a person. Together at most 50 guesses out of a million. */
const MOST_TRIES = 5;
const MOST_CODES = 10;
/** Pressing the same button again within this time, in ms, sends no second email. */
const NOT_AGAIN_FOR = 20_000;

interface Code {
	salt: string;
	hash: string;
	endsAt: number;
	sentAt: number;
}

/**
 * The codes of one person. Each is valid for some minutes, some attempts and one answer. Each attempt is a file, so simultaneous attempts
 * are counted too, whichever process handles them.
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

	/** Creates a code, which replaces the earlier ones. `withdraw` removes it if it could not be sent. */
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

	/** @returns `right` once for each code; the number of attempts left after a wrong one; `ended` if there is no valid code */
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

	/** Undefined if it has expired or is not a code. */
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
