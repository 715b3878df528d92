import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ImapMailbox } from '../../../nodes/ImapMailbox/ImapMailbox.node';
import { runMailbox } from '../../../nodes/ImapMailbox/execute';
import { ImapTrigger } from '../../../nodes/ImapTrigger/ImapTrigger.node';
import { readSettings } from '../../../nodes/ImapTrigger/settings';
import { PopFetch } from '../../../nodes/PopFetch/PopFetch.node';
import { fetchItems } from '../../../nodes/PopFetch/execute';
import { PopTrigger } from '../../../nodes/PopTrigger/PopTrigger.node';
import { pollOnce } from '../../../nodes/PopTrigger/poll';
import { readMoreOf, readMoreOption } from '../../../nodes/parameters/readMoreFields';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, pollFunctions, told } from '../../support/contexts';
import { TriggerRig } from '../triggerRig';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const MORE = ['calendar', 'bounces', 'nestedMails', 'markdown'];
const PARTS = [
	['text/html', '<h1>Hello</h1>'],
	[
		'text/calendar; method=REQUEST',
		'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@example.test\r\nSUMMARY:Budget\r\nDTSTART:20261103T090000Z\r\nDTEND:20261103T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR',
	],
	['message/rfc822', 'Message-ID: <lost@example.test>\r\nSubject: Inner\r\n\r\nText'],
	[
		'message/delivery-status',
		'Reporting-MTA: dns; mx.example.test\r\n\r\nFinal-Recipient: rfc822; bob@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user',
	],
].map(([type = '', content = '']) => `--x\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`);
/** What the four choices add. */
const READ = {
	subject: 'Outer',
	newText: 'Hello',
	markdown: '# Hello',
	calendar: { kind: 'invitation', summary: 'Budget', start: '2026-11-03T09:00:00.000Z' },
	bounce: { kind: 'failed', recipients: [{ address: 'bob@example.test', status: '5.1.1' }], originalMessageId: '<lost@example.test>' },
	nestedMails: [{ fileName: 'Inner.eml', subject: 'Inner' }],
};

/** An email that has something for each of them. */
async function withEmail(mailbox: string): Promise<string> {
	const head =
		'From: MAILER-DAEMON@example.test\r\nSubject: Outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n';
	await sandbox.deliver(mailbox, `${head}${PARTS.join('')}--x--\r\n`);
	return mailbox;
}

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
		const mailbox = await withEmail('more-pop@example.test');
		const scene = { mailbox, workflow: mailbox, sandbox, parameters: { onlyNew: false, options: { readMore: MORE } } };
		const [item] = await fetchItems(executeFunctions(scene, told()));
		expect(item?.json).toMatchObject(READ);
	});

	it('reaches the item through the POP Trigger', async () => {
		const mailbox = 'more-poll@example.test';
		const scene = { mailbox, workflow: mailbox, sandbox, parameters: { options: { readMore: MORE } } };
		const about = told();
		await pollOnce(pollFunctions(scene, about));
		await withEmail(mailbox);
		await pollOnce(pollFunctions(scene, about));
		expect(about.executions.flatMap(({ items }) => items.map(({ json }) => json))).toMatchObject([READ]);
	});

	it('reaches the item through the IMAP Trigger', async () => {
		const mailbox = 'more-imap@example.test';
		const rig = new TriggerRig(sandbox, { mailbox, parameters: { format: 'resolved', options: { readMore: MORE } } });
		const { closeFunction } = await new ImapTrigger().trigger.call(rig.context());
		try {
			await rig.until('watching', () => rig.logs.some((line) => line.includes('watching (IDLE)')));
			await withEmail(mailbox);
			await rig.until('the email', () => rig.emitted.length > 0);
			expect(rig.emitted[0]?.items[0]?.json).toMatchObject(READ);
		} finally {
			await closeFunction?.();
		}
	});

	it('reaches the item through Get and Get Many of IMAP Mailbox', async () => {
		const mailbox = await withEmail('more-mailbox@example.test');
		const run = async (parameters: object): Promise<unknown> => {
			const all = { resource: 'message', format: 'simple', options: { readMore: MORE }, ...parameters };
			return (await runMailbox(executeFunctions({ sandbox, mailbox, workflow: 'w', parameters: all }, told()))).map(({ json }) => json);
		};
		expect(await run({ operation: 'get', uid: '1' })).toMatchObject([READ]);
		expect(await run({ operation: 'getMany' })).toMatchObject([READ]);
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
