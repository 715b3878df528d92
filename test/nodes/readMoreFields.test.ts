import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ImapMailbox } from '../../nodes/ImapMailbox/ImapMailbox.node';
import { ImapTrigger } from '../../nodes/ImapTrigger/ImapTrigger.node';
import { readSettings } from '../../nodes/ImapTrigger/settings';
import { PopFetch } from '../../nodes/PopFetch/PopFetch.node';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { PopTrigger } from '../../nodes/PopTrigger/PopTrigger.node';
import { readMoreOf, readMoreOption } from '../../nodes/readMoreFields';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { executeFunctions, told } from '../support/contexts';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

describe('Read More From Emails', () => {
	it('is the same option in every node that gives emails', () => {
		for (const node of [new ImapTrigger(), new PopFetch(), new PopTrigger(), new ImapMailbox()]) {
			const collections = node.description.properties.filter(({ name }) => name === 'options');
			expect(
				collections.some(({ options }) => options?.includes(readMoreOption) === true),
				node.description.name,
			).toBe(true);
		}
	});

	it('takes a list, text with commas, or nothing', () => {
		expect(readMoreOf(['calendar', 'markdown'])).toEqual(['calendar', 'markdown']);
		expect(readMoreOf('bounces, nestedMails')).toEqual(['bounces', 'nestedMails']);
		expect([readMoreOf(undefined), readMoreOf('')]).toEqual([[], []]);
		expect(() => readMoreOf(['everything'])).toThrow('Read More From Emails has a value that does not exist: "everything".');
	});

	it('reaches the item through POP Fetch', async () => {
		const mailbox = 'more@example.test';
		const boundary =
			'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<h1>Hello</h1>\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nText\r\n--x--\r\n';
		await sandbox.deliver(mailbox, `From: a@example.test\r\nSubject: Outer\r\nMIME-Version: 1.0\r\n${boundary}`);
		const scene = {
			mailbox,
			workflow: mailbox,
			sandbox,
			parameters: { onlyNew: false, options: { readMore: ['markdown', 'nestedMails'] } },
		};
		const [item] = await fetchItems(executeFunctions(scene, told()));
		expect(item?.json).toMatchObject({ markdown: '# Hello', newText: 'Hello', nestedMails: [{ fileName: 'Inner.eml', subject: 'Inner' }] });
	});

	it('is read by the IMAP Trigger at its start', () => {
		const given = new Map<string, object>([['options', { readMore: ['calendar'] }]]);
		expect(
			readSettings({
				getNodeParameter: (name: string, fallback?: unknown) =>
					given.get(name) ?? (typeof fallback === 'string' || typeof fallback === 'boolean' ? fallback : {}),
			}).readMore,
		).toEqual(['calendar']);
	});
});
