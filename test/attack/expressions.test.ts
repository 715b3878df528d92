import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createContext, Script, type Context } from 'node:vm';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

import { pumpsOf } from './pumps';

/** In characters. What reads it once needs a millisecond; what reads on to its end from each place needs seconds. */
const LONG = 100_000;
const TOO_LONG_MS = 1_000;
/** Once more as long: a busy machine makes one second out of what takes a part of it. */
const SURELY_MS = 4_000;
/** What takes longer than it may with so many characters takes a share of it with fewer: the square at the least. Most take no time. */
const [SHORT, SUSPECT_MS] = [LONG / 5, TOO_LONG_MS / 5 ** 2];
/** So many texts are tried with one limit of time. */
const TOGETHER = 20;
const FOLDERS = ['mail', 'nodes', 'credentials'];

interface Expression {
	place: string;
	source: string;
	flags: string;
}

function expressionsIn(folder: string): Expression[] {
	return readdirSync(folder, { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.ts'))
		.flatMap((name) => {
			const path = join(folder, name);
			const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
			const found: Expression[] = [];
			const visit = (node: ts.Node): void => {
				if (ts.isRegularExpressionLiteral(node)) {
					const end = node.text.lastIndexOf('/');
					const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
					found.push({ place: `${path}:${line}`, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
				}
				ts.forEachChild(node, visit);
			};
			visit(file);
			return found;
		});
}

const context: Context = createContext({});
const script = new Script(
	'for (const text of texts) { expression.lastIndex = 0; expression.global ? text.replace(expression, "") : expression.test(text); }',
);

/** A text on which the expression takes longer than it may. */
function stallOf({ source, flags }: Pick<Expression, 'source' | 'flags'>, surelyMs = SURELY_MS): string | undefined {
	const expression = new RegExp(source, flags);
	// What follows counts only where the expression looks for an end.
	const ends = /\$|\(\?[!=]/.test(source) ? ['', '\u0000'] : [''];
	const trials = pumpsOf(source, flags).flatMap((trial) => ends.map((after) => ({ ...trial, after })));
	const textOf = ({ before, pump, after }: (typeof trials)[number], length: number): string =>
		before + pump.repeat(Math.ceil(length / pump.length)) + after;
	// Many of them are tried with one limit of time first: to set that takes longer than most of them do.
	for (let first = 0; first < trials.length; first += TOGETHER) {
		const some = trials.slice(first, first + TOGETHER);
		const short = some.map((trial) => textOf(trial, SHORT));
		if (!stalls(expression, short, SUSPECT_MS)) continue;
		for (const [index, trial] of some.entries()) {
			if (!stalls(expression, short.slice(index, index + 1), SUSPECT_MS)) continue;
			const text = textOf(trial, LONG);
			if (stalls(expression, [text], TOO_LONG_MS) && stalls(expression, [text], surelyMs))
				return `${JSON.stringify(trial.before)} ${JSON.stringify(trial.pump)} × ${Math.ceil(LONG / trial.pump.length)}`;
		}
	}
	return undefined;
}

/** Whether all of the texts together take longer than `timeout`, in ms. */
function stalls(expression: RegExp, texts: string[], timeout: number): boolean {
	try {
		Object.assign(context, { expression, texts });
		script.runInContext(context, { timeout });
		return false;
	} catch (error) {
		// An error of the other context is none of this one's class.
		if (/timed out/.test(String(error))) return true;
		throw error;
	}
}

describe('regular expressions over foreign text', () => {
	it('finds those that take longer than in proportion to the text', () => {
		for (const slow of [/\b[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g, /\([^)]*\)/g, /\b5\.2\.0\b.*(limit|exceeded)/i, /^(a+)+$/]) {
			expect(stallOf(slow, 1), slow.source).toBeDefined();
		}
	});

	it.each(FOLDERS)('takes time in proportion to the text for each expression in %s', async (folder) => {
		const slow: string[] = [];
		for (const expression of expressionsIn(folder)) {
			const text = stallOf(expression);
			if (text !== undefined) slow.push(`${expression.place}: /${expression.source}/${expression.flags} stalls at ${text}`);
			// vitest takes a process that answers nothing for a minute for dead.
			await setImmediate();
		}
		expect(slow).toEqual([]);
	});
});
