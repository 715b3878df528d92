import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..');

/** Words of other languages and programs, not ours. */
const TABLES = ['mail/item/newText/words.ts', 'mail/mailbox/specialFolders.ts', 'mail/imap/specialFolders.ts'];

/** Names of Microsoft and usual words that hold the bare word. */
const RIGHT =
	/\bmail (?:servers?|hosts?)\b|\bMicrosoft Mail\b|\bMail\.(?:Send|Read)\b|\bSettings, Mail\b|\bSent Mail\b|\bMail flow\b|\bMAIL FROM\b/g;

const BARE = /(?<![\w.@/:-])mails?(?![\w@/-]|:\S|\.\w)/i;

function sources(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? sources(path) : entry.name.endsWith('.ts') ? [path] : [];
	});
}

/** Turns of phrase that users stumble over, each with what to write instead. */
const REFUSED: ReadonlyArray<[pattern: RegExp, instead: string]> = [
	[/\bswitch(?:ed|es)? (?:it |them )?(?:on|off)\b/i, 'turn on, turn off'],
	[/\bactivat(?:e|es|ed|ing|ion)\b|\bactive workflow/i, 'publish, as n8n 2 says'],
	[/\b(?:try|tries|tried) (?:it |this )?again by\b|\btried again\b/i, 'retry'],
	[/\bby (?:it|them)sel(?:f|ves)\b/i, 'automatically'],
	[/(?<!\bthere )\b(?:is|are) no (?!longer\b)/i, 'is not a'],
	[/\bjust now\b/i, 'at the moment'],
	[/\bfor good\b/i, 'permanently'],
	[/\b(?:gives?|given|gave|giving) up\b/i, 'no longer retried'],
	[/\bmend(?:s|ed)?\b/i, 'repair'],
	[/\bdivided by\b/i, 'separated by'],
	[/\blook(?:s|ed)? into\b/i, 'check'],
	[/\b(?:takes?|took|taken) no\b|\bdoes not take\b/i, 'does not accept'],
	[/\b(?:does|did) not give\b|\bgives? (?:no|it|one)\b/i, 'does not return'],
	[/\b[Ss]o (?:long|many|much|often)\b(?! (?:that|as))/, 'this long, this many'],
	[/\bwhere (?:there (?:is|are)|none|nobody)\b/i, 'if'],
	[/\bwho(?:ever)? (?:operates|made)\b/i, 'the operator, the author'],
	[/\bAn admin (?:runs|adds|assigns|enables|grants|looks)\b/, 'Ask an admin to'],
	[/\bor newer\b/i, 'or later'],
];

/** What is in comments of these folders is held to the same as texts. */
const COMMENTED = [
	'mail/causes',
	'mail/compose',
	'mail/connectionTest',
	'mail/mailbox',
	'mail/pop3',
	'mail/questions',
	'mail/signIn',
	'mail/smtp',
];

/** Comments, each on one line, without code and addresses of pages. */
function comments(path: string): string[] {
	const found = readFileSync(path, 'utf8').match(/\/\*\*[^]*?\*\/|(?<=^|\s)\/\/ .*/gm) ?? [];
	return found.map((comment) => comment.replace(/\n\s*\*?/g, ' ').replace(/`[^`]*`|"[^"]*"|https?:\S+/g, ''));
}

/** The texts of a source file that are sentences or labels: whatever is in quotes and has a blank. */
function texts(path: string): string[] {
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isStringLiteralLike(node)) found.push(node.text);
		else if (ts.isTemplateExpression(node))
			found.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
		ts.forEachChild(node, visit);
	};
	visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
	return found.filter((text) => text.includes(' '));
}

describe('what users read', () => {
	it('says "email", never the bare word "mail"', () => {
		const files = ['mail', 'nodes', 'credentials'].flatMap((folder) => sources(join(ROOT, folder)));
		const wrong = files
			.filter((path) => !TABLES.includes(relative(ROOT, path)))
			.flatMap((path) => texts(path).flatMap((text) => (BARE.test(text.replace(RIGHT, '')) ? `${relative(ROOT, path)}: ${text}` : [])));
		expect(files.length).toBeGreaterThan(200);
		expect(wrong).toEqual([]);
	});

	it('has none of the turns of phrase that made readers stop', () => {
		const wrong = ['mail', 'nodes', 'credentials']
			.flatMap((folder) => sources(join(ROOT, folder)))
			.filter((path) => !TABLES.includes(relative(ROOT, path)))
			.flatMap((path) => texts(path).map((text) => ({ path, text })))
			.flatMap(({ path, text }) =>
				REFUSED.flatMap(([turn, instead]) => (turn.test(text) ? [`${relative(ROOT, path)}: ${text} (${instead})`] : [])),
			);
		expect(wrong).toEqual([]);
	});
});

describe('comments', () => {
	it('are held to the same', () => {
		const wrong = COMMENTED.flatMap((folder) => sources(join(ROOT, folder)))
			.flatMap((path) => comments(path).map((text) => ({ path, text })))
			.flatMap(({ path, text }) =>
				REFUSED.flatMap(([turn, instead]) => (turn.test(text) ? [`${relative(ROOT, path)}: ${text} (${instead})`] : [])),
			);
		expect(wrong).toEqual([]);
	});
});

/** What is refused in the titles of tests, too. */
const REFUSED_IN_TITLES = /\bswitch(?:ed|es)? (?:%s )?(?:on|off)\b|\bfor good\b|\btried again\b/i;

describe('titles of tests', () => {
	it('have none of the turns that are refused in them', () => {
		const titles = sources(join(ROOT, 'test'))
			.filter((path) => path.endsWith('.test.ts'))
			.flatMap((path) => readFileSync(path, 'utf8').match(/^\s*(?:it|describe)\b.*'.*$/gm) ?? []);
		expect(titles.length).toBeGreaterThan(1_000);
		expect(titles.filter((title) => REFUSED_IN_TITLES.test(title))).toEqual([]);
	});
});
