import { describe, expect, it } from 'vitest';
import { createRunExecutionData, NodeHelpers, WorkflowOperationError, type INodeParameters, type IRun } from 'n8n-workflow';

import { ImapTrigger } from '../../../nodes/ImapTrigger/ImapTrigger.node';
import { options } from '../../../nodes/ImapTrigger/optionFields';
import { outcomeOf } from '../../../nodes/executions/executionOutcome';
import { readSettings, type Settings } from '../../../nodes/ImapTrigger/settings';

function read(parameters: Record<string, unknown> = {}): Settings {
	return readSettings({
		getNodeParameter: (name: string, fallback?: unknown) => {
			const value = name in parameters ? parameters[name] : fallback;
			return typeof value === 'string' ||
				typeof value === 'boolean' ||
				typeof value === 'number' ||
				(typeof value === 'object' && value !== null)
				? value
				: '';
		},
	});
}

describe('the parameters of the IMAP Trigger', () => {
	it('mean what they mean in the built-in trigger where nothing is set', () => {
		expect(read()).toMatchObject({
			folders: ['INBOX'],
			format: 'simple',
			downloadAttachments: false,
			prefix: 'attachment_',
			handOver: 'afterSuccess',
			startFrom: { kind: 'now' },
			criteria: [],
			rules: { after: { kind: 'read' }, batchSize: 1 },
		});
	});

	it('take parameters pasted from the built-in trigger', () => {
		const settings = read({
			folder: 'Work/Invoices',
			postProcessAction: 'nothing',
			format: 'resolved',
			dataPropertyAttachmentsPrefixName: 'file_',
			options: { customEmailConfig: '["UNSEEN", ["FROM", "bob"]]', forceReconnect: 60 },
		});
		expect(settings).toMatchObject({
			folders: ['Work/Invoices'],
			downloadAttachments: true,
			prefix: 'file_',
			criteria: [{ seen: false, from: 'bob' }],
			rules: { after: { kind: 'nothing' } },
		});
	});

	it('take a folder as the pick-list gives it, and more of them', () => {
		expect(
			read({ folder: { __rl: true, mode: 'list', value: 'Work' }, options: { additionalFolders: ['Archive', 'Work'] } }).folders,
		).toEqual(['Work', 'Archive']);
		expect(read({ options: { additionalFolders: 'A, B' } }).folders).toEqual(['INBOX', 'A', 'B']);
	});

	it.each([true, 'true', 1])('take a switch that an expression gives as %j', (on) => {
		expect(read({ downloadAttachments: on, filters: { hasAttachment: on, unreadOnly: on } })).toMatchObject({
			downloadAttachments: true,
			rules: { limits: { onlyWithAttachment: true } },
			criteria: [{ seen: false }],
		});
	});

	it.each(['list', 'name', 'path', 'id'])('take a folder whose mode is %s', (mode) => {
		expect(read({ folder: { __rl: true, mode, value: 'Work/Invoices' } }).folders).toEqual(['Work/Invoices']);
	});

	it('take Start From with its days, in the form of today and as older workflows saved it', () => {
		expect(read({ options: { firstEmails: { start: { from: 'lastDays', days: 7 } } } }).startFrom).toEqual({ kind: 'lastDays', days: 7 });
		expect(read({ options: { firstEmails: { start: { from: 'unread' } } } }).startFrom).toEqual({ kind: 'unread' });
		// n8n leaves out what has its default value.
		expect(read({ options: { firstEmails: { start: {} } } }).startFrom).toEqual({ kind: 'now' });
		expect(read({ options: { firstEmails: { start: { from: 'lastDays' } } } }).startFrom).toEqual({ kind: 'lastDays', days: 1 });
		expect(read({ options: { startFrom: 'lastDays', startDays: 7 } }).startFrom).toEqual({ kind: 'lastDays', days: 7 });
	});

	it('take When All Attempts Fail with its folder, in the form of today and as older workflows saved it', () => {
		const folder = { __rl: true, mode: 'path', value: 'INBOX/Failed' };
		const moved = { rules: { onGiveUp: { kind: 'move', to: 'INBOX/Failed' } } };
		expect(read({ options: { afterAllAttempts: { then: { action: 'move', folder } } } })).toMatchObject(moved);
		expect(read({ options: { onGiveUp: 'move', giveUpFolder: 'INBOX/Failed' } })).toMatchObject(moved);
		expect(read({ options: { afterAllAttempts: { then: { action: 'flag' } } } })).toMatchObject({ rules: { onGiveUp: { kind: 'flag' } } });
		expect(() => read({ options: { afterAllAttempts: { then: { action: 'move' } } } })).toThrow('Failed Emails Folder is empty');
	});

	it.each<INodeParameters>([
		{ startFrom: 'lastDays', startDays: 7, onGiveUp: 'move', giveUpFolder: 'Failed' },
		{ startFrom: 'now', onGiveUp: 'nothing' },
		{
			firstEmails: { start: { from: 'lastDays', days: 7 } },
			afterAllAttempts: { then: { action: 'move', folder: { __rl: true, mode: 'path', value: 'Failed' } } },
		},
	])('keep these options when n8n saves them: %j', (chosen) => {
		expect(NodeHelpers.getNodeParameters([options], { options: chosen }, false, false, null, null)).toEqual({ options: chosen });
	});

	it.each<[string, INodeParameters, string[]]>([
		['nothing chosen yet', {}, ['firstEmails', 'afterAllAttempts']],
		['options of an older form', { startFrom: 'lastDays', onGiveUp: 'move' }, ['startFrom', 'startDays', 'onGiveUp', 'giveUpFolder']],
	])('offer one form of each option: %s', (_name, chosen, offered) => {
		const both = ['firstEmails', 'startFrom', 'startDays', 'afterAllAttempts', 'onGiveUp', 'giveUpFolder'];
		const shown = (options.options ?? []).filter(
			(option) => 'type' in option && NodeHelpers.displayParameter(chosen, option, null, null, { options: chosen }),
		);
		expect(shown.map(({ name }) => name).filter((name) => both.includes(name))).toEqual(offered);
	});

	it('take a choice that an expression gives in another case', () => {
		expect(
			read({
				postProcessAction: 'Flag',
				format: 'RAW',
				options: { handOver: 'atonce', startFrom: 'Unread', largeMails: 'headersonly', onGiveUp: 'Read' },
			}),
		).toMatchObject({
			format: 'raw',
			handOver: 'atOnce',
			startFrom: { kind: 'unread' },
			rules: { after: { kind: 'flag' }, onGiveUp: { kind: 'read' }, limits: { large: 'headersOnly' } },
		});
	});

	it.each([
		[{ downloadAttachments: 'perhaps' }, 'Download Attachments'],
		[{ filters: { hasAttachment: 'perhaps' } }, 'Has Attachment'],
		[{ filters: { unreadOnly: 'perhaps' } }, 'Unread Only'],
		[{ postProcessAction: 'burn' }, 'After Success'],
		[{ format: 'short' }, 'Format'],
		[{ folder: '' }, 'Folder'],
		[{ folder: undefined }, 'Folder'],
		[{ folder: '', options: { additionalFolders: ['Invoices'] } }, 'Folder'],
		[{ folder: { __rl: true, mode: 'name', value: ' ' }, options: { additionalFolders: 'Invoices' }, scope: 'subtree' }, 'Folder'],
		[{ folder: { __rl: true, mode: 'path', value: null }, scope: 'subtree' }, 'Folder'],
		[{ filters: { since: '1' } }, 'Received Since'],
		[{ filters: { since: '01.11.2026' } }, 'Received Since'],
		[{ filters: { since: 'Feb 30, 2026' } }, 'Received Since'],
		[{ options: { handOver: 'later' } }, 'Mark as Done'],
		[{ options: { startFrom: 'then' } }, 'Start From'],
		[{ options: { largeMails: 'shred' } }, 'Large Emails'],
		[{ options: { onGiveUp: 'burn' } }, 'When All Attempts Fail'],
	])('%j is refused, naming the field', (parameters, field) => {
		expect(() => read(parameters)).toThrow(expect.objectContaining({ code: 'input', field }));
	});

	it.each([
		[{ postProcessAction: 'move' }, 'Move to Folder is empty'],
		[{ postProcessAction: 'move', moveToFolder: { __rl: true, mode: 'list', value: ' ' } }, 'Move to Folder is empty'],
		[{ options: { onGiveUp: 'move' } }, 'Failed Emails Folder is empty'],
		[{ options: { customEmailConfig: 'UNSEEN' } }, 'Custom Email Rules cannot be used: It is not valid JSON'],
		[{ options: { batchSize: 'many' } }, 'Emails per Execution'],
		[{ options: { maxTries: 0 } }, 'Maximum Attempts'],
		[{ filters: { since: 'soon' } }, 'Received Since cannot be used'],
		[{ options: { additionalFolders: Array.from({ length: 11 }, (_, index) => `F${index}`) } }, 'at most 10 folders'],
	])('%j is refused, naming the field', (parameters, message) => {
		expect(() => read(parameters)).toThrow(message);
	});
});

describe('the end of an execution', () => {
	const run = (status: IRun['status'], message?: string): IRun => ({
		status,
		mode: 'trigger',
		startedAt: new Date(),
		storedAt: 'db',
		data: createRunExecutionData({
			resultData: { runData: {}, ...(message !== undefined && { error: new WorkflowOperationError(message) }) },
		}),
	});

	it('counts as done where it succeeded or waits', () => {
		expect(outcomeOf(run('success'))).toEqual({ kind: 'done' });
		expect(outcomeOf(run('waiting'))).toEqual({ kind: 'done' });
	});

	// n8n up to 1.123.16 and from 2.0.3 to 2.4.8 overwrites the status of each run.
	it.each<[string, Partial<IRun>]>([
		['finished', { finished: true }],
		['waits, as n8n says beside the data', { waitTill: new Date() }],
		['waits, as n8n says in the data', { data: { ...run('running').data, waitTill: new Date() } }],
	])('has taken the mail where an older n8n calls a run "running" that %s', (_name, facts) => {
		expect(outcomeOf({ ...run('running'), ...facts })).toEqual({ kind: 'done' });
	});

	it('has not taken it where an older n8n calls a run "running" that failed or did not finish', () => {
		expect(outcomeOf({ ...run('running', 'no such field') })).toEqual({ kind: 'failed', reason: 'no such field' });
		expect(outcomeOf({ ...run('running', 'no such field'), finished: true })).toEqual({ kind: 'failed', reason: 'no such field' });
		expect(outcomeOf({ ...run('running'), finished: false })).toEqual({ kind: 'failed', reason: 'the execution ended as "running"' });
		expect(outcomeOf({ ...run('canceled'), finished: true })).toMatchObject({ kind: 'failed' });
	});

	it('counts as failed otherwise, with the reason', () => {
		expect(outcomeOf(run('error', 'no such field'))).toEqual({ kind: 'failed', reason: 'no such field' });
		expect(outcomeOf(run('canceled'))).toEqual({ kind: 'failed', reason: 'the execution ended as "canceled"' });
		expect(outcomeOf(run('crashed'))).toMatchObject({ kind: 'failed' });
	});

	it.each([
		'This execution failed to be processed too many times and will no longer retry. To allow this execution to complete, please …',
		'job stalled more than maxStalledCount',
		'job stalled more than allowable limit',
	])('says that the worker ended, where n8n or its queue says: %s', (reason) => {
		expect(outcomeOf(run('error', reason))).toEqual({ kind: 'failed', reason, crashed: true });
	});

	it('is unknown where n8n had the execution before', () => {
		expect(outcomeOf(undefined)).toEqual({ kind: 'already' });
	});
});

describe('the description', () => {
	it('has the fixed names', () => {
		const { description } = new ImapTrigger();
		expect(description).toMatchObject({ name: 'imapTrigger', displayName: 'IMAP Trigger', group: ['trigger'] });
		const names = description.properties.map(({ name }) => name);
		for (const name of [
			'authentication',
			'folder',
			'postProcessAction',
			'moveToFolder',
			'moveMarkRead',
			'format',
			'downloadAttachments',
			'dataPropertyAttachmentsPrefixName',
			'options',
		])
			expect(names).toContain(name);
	});
});
