import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { endOf, untold } from '../../nodes/executions/executionEnd';
import { runMailbox } from '../../nodes/ImapMailbox/execute';
import { sendItems } from '../../nodes/Office365SmtpSend/execute';
import { fetchItems } from '../../nodes/PopFetch/execute';
import { pollOnce } from '../../nodes/PopTrigger/poll';
import { startSandbox, trust, type Sandbox } from '../../sandbox/servers';
import { executeFunctions, pollFunctions, told } from '../support/contexts';
import { withEnvironment } from '../support/environment';

/** What came with later versions, and the nodes use where it is there. The tests of each node show what they do with it. */
const NEWER = ['addExecutionHints', 'getExecutionCancelSignal', 'getPollBudgetMs', 'getWorkflowSettings', 'saveFailedExecution'];

let sandbox: Sandbox;
const folder = mkdtempSync(join(tmpdir(), 'office365-mail-older-'));
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => {
	await sandbox.stop();
	rmSync(folder, { recursive: true, force: true });
});

const mail = (subject: string): string =>
	`Message-ID: <${subject}@x>\r\nDate: ${new Date().toUTCString()}\r\nFrom: a@example.test\r\nSubject: ${subject}\r\n\r\nx\r\n`;

describe('an n8n that lacks what later ones have', () => {
	it('sends', async () => {
		const parameters = { operation: 'send', toEmail: 'grace@example.test', subject: 'x', emailFormat: 'text', text: 'hello', options: {} };
		const [item] = await sendItems(
			executeFunctions({ sandbox, mailbox: 'older@example.test', workflow: 'older send', parameters, lacks: NEWER }, told()),
		);
		expect(item?.json.accepted).toEqual(['grace@example.test']);
	});

	it('fetches, and an execution that gets no mail has no hint', async () => {
		const scene = { sandbox, mailbox: 'older-fetch@example.test', workflow: 'older fetch', lacks: NEWER };
		await sandbox.deliver(scene.mailbox, mail('one'));
		const [first, second] = [told(), told()];
		expect((await fetchItems(executeFunctions(scene, first))).map(({ json }) => json.subject)).toEqual(['one']);
		expect(await fetchItems(executeFunctions(scene, second))).toEqual([]);
		expect(second.hints).toEqual([]);
		// The other answer.
		const newer = told();
		await fetchItems(executeFunctions({ ...scene, lacks: [] }, newer));
		expect(newer.hints).toHaveLength(1);
	});

	it('lists emails, and says without a hint that there are more', async () => {
		const parameters = {
			resource: 'message',
			operation: 'getMany',
			folder: { mode: 'name', value: 'INBOX' },
			format: 'fields',
			returnAll: false,
			limit: 1,
			options: {},
		};
		const scene = { sandbox, mailbox: 'older-list@example.test', workflow: 'older list', parameters, lacks: NEWER };
		await sandbox.deliver(scene.mailbox, mail('one'), mail('two'));
		const [older, newer] = [told(), told()];
		expect(await runMailbox(executeFunctions(scene, older))).toHaveLength(1);
		expect(await runMailbox(executeFunctions({ ...scene, lacks: [] }, newer))).toHaveLength(1);
		expect([older.hints.length, newer.hints.length]).toEqual([0, 1]);
	});

	it('polls without a limit of time', async () => {
		const scene = {
			sandbox,
			mailbox: 'older-poll@example.test',
			workflow: 'older poll',
			parameters: { options: { startFrom: 'all' } },
			lacks: NEWER,
		};
		await sandbox.deliver(scene.mailbox, mail('one'));
		withEnvironment({ N8N_USER_FOLDER: folder });
		const about = told();
		expect(await pollOnce(pollFunctions(scene, about))).toBeNull();
		expect(about.executions.flatMap(({ items }) => items.map(({ json }) => json.subject))).toEqual(['one']);
		about.executions[0]?.end();
	});

	it("says nothing of the workflow's timeout, so the end of an execution is waited for a day", async () => {
		vi.useFakeTimers();
		// Other timers of this process may run out before.
		const ended = vi.fn();
		void endOf(Object({}), new Promise(() => undefined)).then(ended);
		await vi.advanceTimersByTimeAsync(86_399_999);
		expect(ended).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(1);
		expect(ended).toHaveBeenCalledExactlyOnceWith(untold);
		vi.useRealTimers();
	});
});
