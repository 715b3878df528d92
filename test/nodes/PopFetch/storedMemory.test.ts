import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { IDataObject } from 'n8n-workflow';

import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { executeFunctions, told, type Told } from '../../support/contexts';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());
afterEach(() => void vi.unstubAllEnvs());

const mail = (subject: string): string => `Message-ID: <${subject}@x>\r\nFrom: a@example.test\r\nSubject: ${subject}\r\n\r\nx\r\n`;

type Fetch = (about: Told, execution?: string, node?: string) => Promise<unknown[]>;

/** A process of n8n with a POP Fetch of its own. */
async function freshProcess(mailbox: string): Promise<Fetch> {
	vi.resetModules();
	const { fetchItems } = await import('../../../nodes/PopFetch/execute');
	return async (about, execution, node = 'node') => {
		const context = executeFunctions({ sandbox, mailbox, workflow: mailbox }, about);
		if (execution !== undefined) context.getExecutionId = () => execution;
		const itself = context.getNode();
		context.getNode = () => ({ ...itself, id: node });
		return (await fetchItems(context)).map(({ json }) => json.subject);
	};
}

/** What n8n has stored. */
const stored = (about: Told): IDataObject => JSON.parse(JSON.stringify(about.staticData));

describe('the memory of POP Fetch where n8n gives an execution no static data', () => {
	it('is the one that the process has seen last', async () => {
		const mailbox = 'resumed@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const first = told();
		expect(await (await freshProcess(mailbox))(first)).toEqual(['1']);
		const fetch = await freshProcess(mailbox);
		expect(await fetch(told(stored(first)))).toEqual([]);
		await sandbox.deliver(mailbox, mail('2'));
		const resumed = told();
		expect(await fetch(resumed)).toEqual(['2']);
		// What it stores is complete.
		expect(await (await freshProcess(mailbox))(told(stored(resumed)))).toEqual([]);
	});

	it('is the one that the same execution had before it waited, of each of its nodes', async () => {
		const mailbox = 'waited@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const fetch = await freshProcess(mailbox);
		const waiting = told();
		expect(await fetch(waiting, '7', 'first')).toEqual(['1']);
		await sandbox.deliver(mailbox, mail('2'));
		const resumed = told();
		expect(await fetch(resumed, '7', 'second')).toEqual(['1', '2']);
		// What the second node stores has nothing of the first one, which n8n has had in the place of its static data before.
		expect(Object.keys(stored(resumed))).toEqual(['popFetch second']);
		await vi.waitFor(async () => expect(await (await freshProcess(mailbox))(told(stored(resumed)), '8', 'first')).toEqual(['2']), 60_000);
	});

	it('is the one of the journal in the next process, which lacks the last execution at most', async () => {
		const mailbox = 'noted@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		let fetch = await freshProcess(mailbox);
		const first = told();
		expect(await fetch(first)).toEqual(['1']);
		await sandbox.deliver(mailbox, mail('2'));
		const second = told(stored(first));
		expect(await fetch(second)).toEqual(['2']);
		await vi.waitFor(async () => {
			fetch = await freshProcess(mailbox);
			expect(await fetch(told())).toEqual(['2']);
		}, 60_000);
	});

	it('never has what an execution got that has not ended', async () => {
		const mailbox = 'killed@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const fetch = await freshProcess(mailbox);
		const about = told();
		expect(await fetch(about, '7')).toEqual(['1']);
		await sandbox.deliver(mailbox, mail('2'));
		// The node runs once more in the same execution; then n8n is killed, and had stored nothing.
		expect(await fetch(about, '7')).toEqual(['2']);
		expect(await (await freshProcess(mailbox))(told())).toEqual(['1', '2']);
	});

	it('is that of n8n where the memory of the process is older', async () => {
		const mailbox = 'elsewhere@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const [fetch, other] = [await freshProcess(mailbox), await freshProcess(mailbox)];
		const first = told();
		await fetch(first);
		await fetch(told(stored(first)));
		await sandbox.deliver(mailbox, mail('2'));
		const second = told(stored(first));
		expect(await other(second)).toEqual(['2']);
		expect(await fetch(told(stored(second)))).toEqual([]);
	});

	it('is that of the worker in queue mode, whether it has seen the mailbox itself or reads the journal', async () => {
		vi.stubEnv('EXECUTIONS_MODE', 'queue');
		const mailbox = 'queue-memory@example.test';
		await sandbox.deliver(mailbox, mail('1'));
		const first = told();
		expect(await (await freshProcess(mailbox))(first)).toEqual(['1']);
		const [worker, other] = [await freshProcess(mailbox), await freshProcess(mailbox)];
		await other(told());
		expect(await worker(told(stored(first)))).toEqual([]);
		// A failed execution that a person retries has no static data either.
		expect(await worker(told())).toEqual([]);
		await vi.waitFor(async () => expect(await (await freshProcess(mailbox))(told())).toEqual([]), 60_000);
		// It has taken nothing of the mailbox so far, and the other worker has written the journal meanwhile.
		await sandbox.deliver(mailbox, mail('2'));
		expect(await other(told())).toEqual(['2']);
	});

	it('is not replaced by an older one that n8n gave to a slower execution of another worker in queue mode', async () => {
		vi.stubEnv('EXECUTIONS_MODE', 'queue');
		const mailbox = 'slow-worker@example.test';
		const slow = await freshProcess(mailbox);
		const memories: IDataObject[] = [];
		for (const subject of ['1', '2', '3']) {
			await sandbox.deliver(mailbox, mail(subject));
			const about = told(structuredClone(memories.at(-1)));
			expect(await (await freshProcess(mailbox))(about)).toEqual([subject]);
			memories.push(stored(about));
			// From then on, this worker knows the first email.
			if (subject === '1') expect(await slow(told(stored(about)))).toEqual([]);
		}
		expect(await (await freshProcess(mailbox))(told(structuredClone(memories[2])))).toEqual([]);
		await vi.waitFor(async () => expect(await (await freshProcess(mailbox))(told())).toEqual([]), 60_000);
		expect(await slow(told(structuredClone(memories[1])))).toEqual([]);
		expect(await (await freshProcess(mailbox))(told())).toEqual([]);
	});
});
