import type { INode } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { MailError, type MailErrorCode } from '../../mail/errors';
import { nodeError } from '../../nodes/nodeError';

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
});
