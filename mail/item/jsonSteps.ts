import type { IDataObject } from 'n8n-workflow';

type Value = IDataObject[string];

/**
 * A step of building an object again: a value of limited size; more characters of a text; a list or object that begins, and the
 * end of the one that began last.
 */
export type JsonStep = { key: string; value: Value } | { key: string; text: string } | { key: string; begin: 'list' | 'object' } | 'end';

/** A value counts as one, a text as one more for each so many characters, bytes for so many of them. */
const [CHARACTERS, BYTES] = [500, 10_000];
/** What is taken over in one go weighs at most this: about a millisecond. */
export const MOST_AT_ONCE = 1_000;

/** How much work it is to take a value over from another thread; counted no further than `most`. */
export function weightOf(value: unknown, most: number): number {
	if (typeof value === 'string') return 1 + Math.floor(value.length / CHARACTERS);
	if (ArrayBuffer.isView(value)) return 1 + Math.floor(value.byteLength / BYTES);
	let weight = 1;
	if (typeof value !== 'object' || value === null) return weight;
	for (const one of Object.values(value)) {
		weight += weightOf(one, most - weight);
		if (weight > most) break;
	}
	return weight;
}

/** The steps that build an object again, in portions that can be taken over in one go each. */
export function* portionsOf(json: IDataObject): Generator<JsonStep[]> {
	let [portion, weight]: [JsonStep[], number] = [[], 0];
	for (const step of stepsOf(json)) {
		const more = weightOf(step, MOST_AT_ONCE);
		if (weight + more > MOST_AT_ONCE && portion.length > 0) {
			yield portion;
			[portion, weight] = [[], 0];
		}
		portion.push(step);
		weight += more;
	}
	yield portion;
}

function* stepsOf(holder: object): Generator<JsonStep> {
	const entries: Array<[string, Value]> = Object.entries(holder);
	for (const [key, value] of entries) {
		if (weightOf(value, MOST_AT_ONCE) <= MOST_AT_ONCE / 2) yield { key, value };
		else if (typeof value === 'string') yield* slicesOf(key, value);
		else if (typeof value === 'object' && value !== null) {
			yield { key, begin: Array.isArray(value) ? 'list' : 'object' };
			yield* stepsOf(value);
			yield 'end';
		}
	}
}

function* slicesOf(key: string, text: string): Generator<JsonStep> {
	const length = (MOST_AT_ONCE / 2) * CHARACTERS;
	for (let from = 0; from < text.length; from += length) yield { key, text: text.slice(from, from + length) };
}

/** Builds the object again, step by step. A long text stays in its slices until somebody reads it. */
export class JsonBuilder {
	readonly whole: IDataObject = {};
	readonly #open: Array<IDataObject | Value[]> = [this.whole];

	add(steps: readonly JsonStep[]): void {
		for (const step of steps) {
			if (step === 'end') this.#open.pop();
			else if ('text' in step) this.#put(step.key, this.#textAt(step.key) + step.text);
			else if ('begin' in step) {
				const begun: IDataObject | Value[] = step.begin === 'list' ? [] : {};
				this.#put(step.key, begun);
				this.#open.push(begun);
			} else this.#put(step.key, step.value);
		}
	}

	#textAt(key: string): string {
		const holder = this.#open.at(-1) ?? this.whole;
		const value = Array.isArray(holder) ? holder[Number(key)] : Object.hasOwn(holder, key) ? holder[key] : '';
		return typeof value === 'string' ? value : '';
	}

	#put(key: string, value: Value): void {
		const holder = this.#open.at(-1) ?? this.whole;
		if (Array.isArray(holder)) holder[Number(key)] = value;
		// A header may be called that.
		else if (key === '__proto__') Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
		else holder[key] = value;
	}
}
