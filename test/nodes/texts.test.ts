import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { MicrosoftMailOAuth2Api } from '../../credentials/MicrosoftMailOAuth2Api.credentials';
import { MicrosoftMailServiceAccountApi } from '../../credentials/MicrosoftMailServiceAccountApi.credentials';
import { ImapMailbox } from '../../nodes/ImapMailbox/ImapMailbox.node';
import { ImapTrigger } from '../../nodes/ImapTrigger/ImapTrigger.node';
import { Office365SmtpSend } from '../../nodes/Office365SmtpSend/Office365SmtpSend.node';
import { PopFetch } from '../../nodes/PopFetch/PopFetch.node';
import { PopTrigger } from '../../nodes/PopTrigger/PopTrigger.node';

const NODES = [new ImapMailbox(), new ImapTrigger(), new Office365SmtpSend(), new PopFetch(), new PopTrigger()].map(
	({ description }) => description,
);
const FORMS = [...NODES, new MicrosoftMailOAuth2Api(), new MicrosoftMailServiceAccountApi()];

type Entry = INodeProperties | INodePropertyCollection | INodePropertyOptions;

/** Everything that a person reads of a field and of what is in it, each with the field's name. */
function texts(entry: Entry): Array<[where: string, text: string]> {
	if (!('displayName' in entry)) return said(entry.name, entry.name, entry.description, entry.action);
	if (!('type' in entry)) return [...said(entry.name, entry.displayName), ...entry.values.flatMap(texts)];
	if (entry.type === 'hidden') return [];
	return [...said(entry.name, entry.displayName, entry.description, entry.hint), ...(entry.options ?? []).flatMap(texts)];
}

const said = (where: string, ...given: Array<string | undefined>): Array<[string, string]> =>
	given.flatMap((text): Array<[string, string]> => (text === undefined ? [] : [[where, text]]));

const everything = FORMS.flatMap(({ name, displayName, properties }) =>
	[...said(name, displayName), ...properties.flatMap(texts)].map(([where, text]): [string, string] => [`${name}: ${where}`, text]),
);
const hints = NODES.flatMap(({ name, description, hints: given = [] }) => [
	...said(name, description),
	...given.map(({ message }): [string, string] => [name, message]),
]);

describe('what people read in the editor', () => {
	it('has no angle brackets, which n8n takes for HTML, but for links and lists', () => {
		expect(everything.length).toBeGreaterThan(300);
		const wrong = [...everything, ...hints].filter(([, text]) => /[<>]/.test(text.replace(/<\/?(?:a|ul|li)(?: [^>]*)?>/g, '')));
		expect(wrong).toEqual([]);
	});

	it('says "email", as n8n does', () => {
		const wrong = [...everything, ...hints].filter(([, text]) =>
			/\b(?:mails?)\b/i.test(text.replace(/Microsoft Mail|winmail|Gmail|MAIL_ALLOW|mail server|mail host/g, '')),
		);
		expect(wrong).toEqual([]);
	});

	it('has none of the words that newcomers tripped over', () => {
		const names = everything.map(([, text]) => text);
		for (const word of [
			'Tries',
			'Hand Over',
			'Executions at the Same Time',
			'Mails per Look',
			'Failed Mails',
			'Send Raw',
			'Custom API Call',
		])
			expect(names).not.toContain(word);
	});

	it('leads from each node to its pages, and to no category that turns off the fields before the first run', () => {
		for (const { name } of NODES) {
			const folder = name[0]?.toUpperCase() + name.slice(1);
			const codex: { categories: string[]; alias: string[]; resources: Record<string, Array<{ url: string }>> } = JSON.parse(
				readFileSync(resolve(__dirname, '..', '..', 'nodes', folder, `${folder}.node.json`), 'utf8'),
			);
			expect(codex.categories).not.toContain('Core Nodes');
			for (const kind of ['primaryDocumentation', 'credentialDocumentation'])
				expect(codex.resources[kind]?.[0]?.url).toMatch(/^https:\/\/github\.com\/.*\/blob\/main\/docs\/[\w-]+\.md$/);
			for (const word of ['Outlook', 'Office 365', 'Shared Mailbox']) expect(codex.alias).toContain(word);
		}
	});

	it('names each operation in so few words that the canvas shows them in two lines at most', () => {
		const actions = NODES.flatMap(({ name, properties }) =>
			properties
				.filter((property) => property.name === 'operation')
				.flatMap(({ options = [] }) => options.flatMap((option) => ('action' in option ? [{ name, action: option.action ?? '' }] : []))),
		);
		expect(actions.length).toBeGreaterThan(30);
		expect(actions.filter(({ action }) => action.length > 30)).toEqual([]);
	});

	it('names for tools an expression that the field takes: a unique ID over POP, else an item', () => {
		const notices = NODES.flatMap(({ name, properties }) =>
			properties.filter((property) => property.name === 'whichEmailNotice').map(({ displayName }) => ({ name, displayName })),
		);
		expect(notices.length).toBeGreaterThan(3);
		for (const { name, displayName } of notices)
			expect(displayName).toContain(
				name === 'popFetch' ? "name one email: {{ $('POP Trigger').item.json.uidl }}" : "name one email: {{ $('IMAP Trigger').item.json }}",
			);
	});

	it('warns where people go wrong', () => {
		const conditions = NODES.flatMap(({ hints: given = [] }) => given.map(({ displayCondition = '' }) => displayCondition)).join('\n');
		for (const field of ['fromEmail', 'hasAttachment', 'deleteAfterFetch', 'postProcessAction']) expect(conditions).toContain(field);
	});
});
