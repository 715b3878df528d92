import type { IDataObject, IExecuteFunctions, INode, INodeExecutionData } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { MailError, type MailErrorCode } from '../../mail/errors';
import { failedOutput, nodeError } from '../../nodes/nodeError';

const node: INode = { id: 'node', name: 'Node', type: 'test', typeVersion: 1, position: [0, 0], parameters: {} };

describe('an error', () => {
	it.each<[string, MailErrorCode]>([
		['There is no folder "Preexisting conditions".', 'notFound'],
		['"ada@beekeepermail.example.test" is not a mailbox address.', 'input'],
		['The file /run/token cannot be read (ENOENT).', 'configuration'],
	])('keeps its words, which n8n replaces where the code of a system error is in them: %s', (message, code) => {
		const told = nodeError(node, new MailError(message, { code, remedy: 'Do this.' }), 3);
		expect([told.message, told.description, told.context.itemIndex]).toEqual([message, 'Do this.', 3]);
	});

	it('tells an AI agent, which gets nothing but the message, what to do as well', () => {
		const error = new MailError('To Email: "nobody" is not an email address.', { code: 'input', field: 'To Email', remedy: 'Enter one.' });
		const told = nodeError({ ...node, type: 'n8n-nodes-office365-mail.office365SmtpSendTool' }, error);
		expect(told.message).toBe('To Email: "nobody" is not an email address. Enter one.');
		expect(nodeError(node, error).message).toBe('To Email: "nobody" is not an email address.');
	});

	it.each<MailErrorCode>(['input', 'rejected'])('has no angle brackets, between which n8n hides what a user entered: %s', (code) => {
		const told = nodeError(node, new MailError('"Grace <grace@>" is wrong in "A > B".', { code, remedy: 'It has: <a>, <b>.' }));
		expect([told.message, told.description]).toEqual(['"Grace (grace@)" is wrong in "A > B".', 'It has: (a), (b).']);
	});
});

/** What n8n passes to the error output (handleNodeErrorOutput, normalizeNodeErrors); nothing if it takes the item for a good one. */
function passedOn(item: INodeExecutionData, input: INodeExecutionData, version: 'since 2.36' | 'before 2.36'): IDataObject | undefined {
	const names = Object.keys(item.json);
	const isAlone = names.length === 1 || (names.length === 2 && names.includes('message'));
	const isFailed = version === 'before 2.36' ? isAlone : names.every((name) => ['error', 'message', 'details'].includes(name));
	if (item.error === undefined && !isFailed) return undefined;
	if (version === 'before 2.36') item.error = undefined;
	const copy = { ...item, json: { ...input.json, ...item.json } };
	return copy.error === undefined ? copy.json : { error: copy.error.message };
}

describe('an item that failed', () => {
	it.each(['since 2.36', 'before 2.36'] as const)(
		'goes to the error output with its own fields, what happened and what to do, in n8n %s',
		(version) => {
			const input: INodeExecutionData = { json: { name: 'Ada', message: 'hello' } };
			const context: IExecuteFunctions = Object({
				getNode: () => ({ ...node, onError: 'continueErrorOutput' }),
				getInputData: () => [input],
			});
			const told = nodeError(node, new MailError('Refused.', { code: 'rejected', remedy: 'Do this.' }), 0);
			expect(passedOn(failedOutput(context, told, 0, { rejected: ['ada@example.test'] }), input, version)).toEqual({
				...{ name: 'Ada', message: 'hello', error: 'Refused.' },
				details: { description: 'Do this.', rejected: ['ada@example.test'] },
			});
		},
	);
});
