import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import type { INodeProperties } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { EXAMPLES, readExample } from '../../sandbox/examples';
import { NODES, shownNames } from './names';
import { schemaOf, type Schema } from '../support/schema';
import { OTHERS } from './othersNames';

const ROOT = resolve(__dirname, '..', '..');
const PICTURES = join(ROOT, 'docs', 'pictures');

const pictures = (): string[] => (existsSync(PICTURES) ? readdirSync(PICTURES) : []);

/** Every page that people read: path from the root, and text. */
const PAGES: ReadonlyArray<{ path: string; text: string }> = [
	...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
	...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
	...readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).map((name) => `examples/${name}`),
]
	.filter((path) => path.endsWith('.md'))
	.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

/** Pages about the nodes for their users; the others are for developers and name other things. */
const FOR_USERS = PAGES.filter(({ path }) => !/^(?:CONTRIBUTING|SECURITY)|^docs\/(?:architecture|decisions|live|publishing)/.test(path));

const INTO_ITEMS = ['docs/email-items.md'];

/** Where the operations and options of a node are described. */
const PAGES_OF: Readonly<Record<string, readonly string[]>> = {
	office365SmtpSend: ['docs/smtp-send.md', 'docs/sending-pace.md', 'docs/questions.md'],
	imapTrigger: ['docs/imap-trigger.md', ...INTO_ITEMS],
	imapMailbox: ['docs/imap-mailbox.md', 'docs/smtp-send.md', ...INTO_ITEMS],
	popFetch: ['docs/pop-fetch.md', 'docs/pop.md', ...INTO_ITEMS],
	popTrigger: ['docs/pop-trigger.md', 'docs/pop-fetch.md', 'docs/pop.md', ...INTO_ITEMS],
};

/** What a person chooses from: operations, and what Add filter and Add option offer. */
function choicesOf({ name, options = [] }: INodeProperties): string[] {
	if (!['operation', 'options', 'filters'].includes(name)) return [];
	const dependsOn = (option: object): string[] => ('displayOptions' in option ? Object.keys(Object(option.displayOptions).show ?? {}) : []);
	// An option that is shown only where a workflow has it already is the older form of another, and so is what depends on it.
	const older = new Set(options.filter((option) => dependsOn(option).includes(option.name)).map((option) => option.name));
	const offered = options.filter((option) => !dependsOn(option).some((one) => older.has(one)));
	return offered.map((option) => ('displayName' in option ? option.displayName : option.name));
}

/** The words behind a command of npm that are not placeholders such as `<folder>`, `[part]`, `your-name/…` or a number. */
function argumentsIn(given: string): string[] {
	const words = given.replace(/<[^>]*>/g, '').match(/(?<=--)[a-z][\w-]*|(?<=[ [])[a-zA-Z][\w/.-]*/g) ?? [];
	return words.filter(
		(word) =>
			!['part', 'minutes', 'files', 'versions', 'names', 'owner/name', 'other.json'].includes(word) && !/^(?:your-name|.*@)/.test(word),
	);
}

const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, '');

/** Headings become anchors as GitHub makes them. */
function anchors(text: string): Set<string> {
	const found = new Set<string>();
	for (const [, heading = ''] of text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
		const slug = heading
			.replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
			.trim()
			.toLowerCase()
			.replace(/[^\p{L}\p{N}\s_-]/gu, '')
			.replace(/\s/g, '-');
		found.add(found.has(slug) ? `${slug}-1` : slug);
	}
	return found;
}

/** Addresses within the repository that a page leads to. */
function links({ text }: { text: string }): string[] {
	const written = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
		([, one, other]) => one ?? other ?? '',
	);
	return written.filter((link) => !/^(?:https?|mailto):/.test(link));
}

describe('pages', () => {
	it('have links that lead somewhere, to the heading too', () => {
		const broken = PAGES.flatMap((page) =>
			links(page)
				.filter((link) => {
					const [file = '', anchor] = link.split('#');
					const target = file === '' ? join(ROOT, page.path) : join(ROOT, dirname(page.path), decodeURIComponent(file));
					if (!existsSync(target)) return true;
					return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).has(anchor);
				})
				.map((link) => `${page.path}: ${link}`),
		);
		expect(broken).toEqual([]);
	});

	it('show pictures in light and dark that exist, and every picture that exists', () => {
		const shown = new Set(
			PAGES.flatMap((page) => links(page).map((link) => relative(PICTURES, resolve(ROOT, dirname(page.path), link)))).filter(
				(path) => path.endsWith('.png') && !path.startsWith('..'),
			),
		);
		expect([...shown].sort()).toEqual(pictures().sort());
		for (const name of shown)
			expect([...shown]).toContain(name.replace(/-(light|dark)\.png$/, (_, theme) => `-${theme === 'light' ? 'dark' : 'light'}.png`));
	});

	it('have pictures of less than 2 MB in all', () => {
		expect(pictures().reduce((sum, name) => sum + statSync(join(PICTURES, name)).size, 0)).toBeLessThan(2_000_000);
	});

	it('name commands that exist', () => {
		const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
		const unknown = PAGES.flatMap(({ path, text }) =>
			[...text.matchAll(/npm run ([\w:-]+)/g)]
				.filter(([, name = '']) => !(name in manifest.scripts))
				.map(([command]) => `${path}: ${command}`),
		);
		expect(unknown).toEqual([]);
	});

	it('call nodes, fields, options and choices as they are called in n8n', () => {
		const known = new Set(
			[...shownNames(), ...OTHERS, ...EXAMPLES.flatMap((name) => readExample(name).nodes.map((node) => node.name))].map(plain),
		);
		const unknown = FOR_USERS.flatMap(({ path, text }) =>
			emphasised(text)
				.filter((name) => !known.has(plain(name)))
				.map((name) => `${path}: ${name}`),
		);
		expect(unknown).toEqual([]);
	});

	it('give those commands options and parts that they know, and paths that exist', () => {
		// A task's options may be read by a file beside it.
		const source = (task: string): string | undefined => {
			const [, path] = new RegExp(`\\b${task}: '([^']+)'`).exec(readFileSync(join(ROOT, 'sandbox', 'begin.mjs'), 'utf8')) ?? [];
			if (path === undefined) return undefined;
			const folder = join(ROOT, dirname(path));
			return readdirSync(folder, { withFileTypes: true })
				.map((entry) => (entry.name.endsWith('.ts') ? readFileSync(join(folder, entry.name), 'utf8') : ''))
				.join('\n');
		};
		const knows = (task: string, word: string): boolean =>
			word.includes('/') ? existsSync(join(ROOT, word)) : new RegExp(`\\b${word}`).test(source(task) ?? word);
		const wrong = PAGES.flatMap(({ path, text }) =>
			[...text.matchAll(/`npm (?:run )?(\w+)((?: [^`|]+)?)`/g)].flatMap(([command, task = '', given = '']) =>
				argumentsIn(given)
					.filter((word) => !knows(task, word))
					.map((word) => `${path}: ${word} of ${command}`),
			),
		);
		expect(wrong).toEqual([]);
	});

	it.each(Object.entries(PAGES_OF))('name each operation, filter and option of %s', (name, paths) => {
		const node = NODES.find(({ description }) => description.name === name);
		const text = plain(PAGES.flatMap((page) => (paths.includes(page.path) ? [page.text] : [])).join('\n')).replace(/\s+/g, ' ');
		const names = (node?.description.properties ?? []).flatMap(choicesOf);
		expect(names.length).toBeGreaterThan(5);
		expect([...new Set(names)].filter((one) => !text.toLowerCase().includes(plain(one).toLowerCase()))).toEqual([]);
	});

	it('say "publish" and "turn on", as n8n 2 does, and "activate" only of a node or where they name n8n 1', () => {
		const notes = EXAMPLES.map((name) => ({
			path: `examples/${name}/workflow.json`,
			text: readExample(name)
				.nodes.map(({ parameters: { content } }) => (typeof content === 'string' ? content : ''))
				.join('\n'),
		}));
		const older = [...FOR_USERS, ...notes].flatMap(({ path, text }) =>
			withoutCode(text)
				.split('\n')
				.filter((line) => !line.includes('n8n 1'))
				.flatMap(
					(line) =>
						line.match(/\b(?:activat\w*|(?:in)?active workflow|(?:not|stays?) active|switch(?:ed|es)? (?:\w+ )?o(?:n|ff))\b/gi) ?? [],
				)
				.map((words) => `${path}: ${words}`),
		);
		expect(older).toEqual([]);
	});

	it('have a sample of an email with the fields that the nodes give', () => {
		const page = PAGES.find(({ path }) => path === 'docs/email-items.md')?.text ?? '';
		const [, sample = '[]'] = /## A sample[\s\S]*?```json\n([\s\S]*?)```/.exec(page) ?? [];
		const [email]: object[] = JSON.parse(sample);
		const file = join(ROOT, 'nodes', 'ImapMailbox', '__schema__', 'v1.0.0', 'message', 'getMany.json');
		const schema: Schema = JSON.parse(readFileSync(file, 'utf8'));
		// The trigger knows no other mailbox, and each email has other headers.
		const { mailbox: _mailbox, metadata: _metadata, ...fields } = schema.properties ?? {};
		expect({ ...schemaOf(email).properties, metadata: undefined }).toMatchObject(fields);
		expect(Object.keys(email ?? {}).filter((name) => name !== 'metadata')).toEqual(Object.keys(fields));
	});

	it('explain errors in the words that the nodes use', () => {
		const sources = ['mail', 'nodes'].flatMap((folder) =>
			readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
				.filter((name) => name.endsWith('.ts'))
				.map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
		);
		const readme = PAGES.find(({ path }) => path === 'README.md')?.text ?? '';
		const [, table = ''] = readme.split('## When something does not work');
		const errors = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(([, error = '']) => error);
		expect(errors.length).toBeGreaterThan(10);
		expect(errors.filter((error) => !sources.some((source) => source.includes(error)))).toEqual([]);
	});
});

/** What stands in bold or italics, but for a whole sentence and a phrase that opens a paragraph or an entry of a list. */
function emphasised(page: string): string[] {
	const text = withoutCode(page);
	return [...text.matchAll(/\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/g)]
		.filter(
			({ index, 1: bold }) =>
				bold === undefined || !/^ *(?:[->] |\d+\. |> )?$/.test(text.slice(text.lastIndexOf('\n', index - 1) + 1, index)),
		)
		.map(([, bold, italics]) => (bold ?? italics ?? '').replace(/\s+/g, ' ').trim())
		.filter((term) => !/[.?!…]$/.test(term))
		.flatMap((term) => term.split(/ → |: (?=[A-Z])/));
}

/** Units and hints in brackets are left out in running text. */
const plain = (name: string): string => name.replace(/ \([^)]*\)$/, '').replace(/ …$/, '');
