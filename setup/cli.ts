#!/usr/bin/env node
import { createInterface } from 'node:readline';

import { guide } from './guide';
import { QUESTIONS, readAnswers, type Question, type Typed } from './questions';
import type { Part, Section } from './section';

/**
 * `npx n8n-nodes-office365-mail setup`: asks the five questions and prints the steps. Each answer may stand in the command line
 * instead, for example `--who person --protocols smtp,imap`.
 */
const HELP = `Usage: npx n8n-nodes-office365-mail setup [options]

Asks five questions and prints what to do in Microsoft Entra, in Exchange and in n8n. Nothing is changed and nothing is sent anywhere.

${QUESTIONS.map(({ name, title, choices, note }) => `  --${name.padEnd(10)} ${title} ${choices.length > 0 ? choices.map(({ value }) => value).join(' | ') : (note ?? '')}`).join('\n')}
  --tenantId   Directory (tenant) ID, if you know it already
  --clientId   Application (client) ID, if you know it already
`;

async function main(args: string[]): Promise<number> {
	const [command, ...options] = args;
	if (command !== 'setup' || options.includes('--help')) {
		console.log(HELP);
		return command === undefined || command === 'setup' || command === '--help' ? 0 : 1;
	}
	const typed = readOptions(options);
	if (typeof typed === 'string') return fail(typed);
	const missing = QUESTIONS.filter(({ name }) => typed[name] === undefined);
	if (missing.length > 0) {
		if (!process.stdin.isTTY && process.env.SETUP_ASK !== '1')
			return fail(`Missing: ${missing.map(({ name }) => `--${name}`).join(', ')}. Help: npx n8n-nodes-office365-mail setup --help`);
		const lines = createInterface({ input: process.stdin });
		const answers = lines[Symbol.asyncIterator]();
		for (const question of missing) typed[question.name] = await ask(answers, question);
		lines.close();
	}
	const { answers, problems } = readAnswers(typed);
	if (answers === undefined) return fail(problems.join('\n'));
	console.log(guide(answers).map(printed).join('\n'));
	return 0;
}

function readOptions(options: string[]): Typed | string {
	const names = [...QUESTIONS.map(({ name }): string => name), 'tenantId', 'clientId'];
	const typed = new Map<string, string>();
	for (let index = 0; index < options.length; index += 2) {
		const name = (options[index] ?? '').replace(/^--/, '');
		const value = options[index + 1];
		if (!names.includes(name))
			return `There is no option "${options[index] ?? ''}". Options: ${names.map((one) => `--${one}`).join(', ')}.`;
		if (value === undefined) return `--${name} wants a value.`;
		typed.set(name, value);
	}
	return Object.fromEntries(typed);
}

/** Numbers are quicker to type; a value is understood as well. */
async function ask(lines: AsyncIterator<string>, { title, kind, choices, note }: Question): Promise<string> {
	console.log(`\n${title}`);
	if (note !== undefined) console.log(`  ${note}`);
	for (const [index, choice] of choices.entries())
		console.log(`  ${index + 1}  ${choice.label}${choice.note === undefined ? '' : `. ${choice.note}`}`);
	for (;;) {
		process.stdout.write(kind === 'some' ? 'Numbers, separated by commas: ' : kind === 'one' ? 'Number: ' : '> ');
		const { value, done } = await lines.next();
		if (done === true) throw new Error('The input ended before all questions were answered.');
		const answer = value.trim();
		const parts = answer.split(/[,\s]+/).filter((part) => part !== '');
		if (kind === 'text' && parts.length > 0) return answer;
		const chosen = parts.map((part) => choices[Number(part) - 1]?.value ?? choices.find((choice) => choice.value === part)?.value);
		if (chosen.length > 0 && !chosen.includes(undefined) && (kind === 'some' || chosen.length === 1)) return chosen.join(',');
		console.log('Please choose from the list.');
	}
}

function printed({ title, parts }: Section, index: number): string {
	return `\n${index + 1}. ${title}\n${'='.repeat(title.length + 3)}\n\n${parts.map(printedPart).join('\n\n')}`;
}

function printedPart(part: Part): string {
	if ('text' in part) return part.text;
	if ('code' in part) return indented(part.code.split('\n'));
	if ('steps' in part) return part.steps.map((step, index) => `${String.fromCharCode(97 + index)}) ${step}`).join('\n');
	if ('fields' in part) return indented(part.fields.map(([name, value]) => `${name.padEnd(22)} ${value}`));
	return part.label === part.link ? part.link : `${part.label}: ${part.link}`;
}

const indented = (lines: string[]): string => lines.map((line) => `    ${line}`).join('\n');

function fail(sentence: string): number {
	console.error(sentence);
	return 1;
}

main(process.argv.slice(2)).then(
	(code) => (process.exitCode = code),
	(error: unknown) => (process.exitCode = fail(error instanceof Error ? error.message : String(error))),
);
