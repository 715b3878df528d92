import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(__dirname, '..');

/** Words of other languages and programs, not ours. */
const TABLES = ['mail/item/newText/words.ts', 'mail/mailbox/specialFolders.ts', 'mail/imap/specialFolders.ts'];

/** Names of Microsoft and usual words that hold the bare word. */
const RIGHT = /\bmail (?:servers?|hosts?)\b|\bMicrosoft Mail\b|\bMail\.(?:Send|Read)\b|\bSettings, Mail\b|\bSent Mail\b/g;

const BARE = /(?<![\w.@/:-])mails?(?![\w@/-]|:\S|\.\w)/i;

function sources(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? sources(path) : entry.name.endsWith('.ts') ? [path] : [];
	});
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
});
