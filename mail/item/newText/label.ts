import { judged } from './line';

/** Returns what is before and behind the colon of a line such as "From: …", for comparisons. */
export function labelled(line: string): { name: string; value: string } | undefined {
	const text = judged(line).replace(/^[*_ ]{1,6}/, '');
	const colon = text.search(/[:：]/);
	if (colon < 1 || colon > 40) return undefined;
	return { name: text.slice(0, colon).replace(/[*_ ]{1,6}$/, ''), value: text.slice(colon + 1) };
}
