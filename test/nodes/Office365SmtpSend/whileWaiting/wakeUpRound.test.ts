import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, vi } from 'vitest';

import { OnceFiles } from '../../../../mail/questions/onceFiles';
import { WaitingQuestions } from '../../../../mail/questions/waiting';
import { lookSoon } from '../../../../nodes/Office365SmtpSend/whileWaiting/wakeUps';
import { OWN_TYPE } from '../../../../nodes/Office365SmtpSend/whileWaiting/ownAddress';

const DAY = 86_400_000;

/**
 * A folder of questions, and an n8n whose only answer is this one.
 * @param steps gets the link of an execution there, and what was requested so far, as addresses and bodies
 */
async function withN8n(
	answer: { status?: number; type?: string; body: string },
	steps: (place: {
		folder: string;
		questions: WaitingQuestions;
		link: string;
		asked: Array<{ url?: string; body: string }>;
	}) => Promise<void>,
): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'questions-'));
	const asked: Array<{ url?: string; body: string }> = [];
	const server = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk: Buffer) => (body += chunk.toString()));
		request.on('end', () => {
			asked.push({ url: request.url, body });
			response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? OWN_TYPE }).end(answer.body);
		});
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port }: AddressInfo = Object(server.address());
	vi.stubEnv('N8N_MAIL_QUESTIONS_FOLDER', folder);
	// Nothing listens at n8n's own port, so that the call comes by the link.
	vi.stubEnv('N8N_PORT', '1');
	try {
		await steps({ folder, questions: new WaitingQuestions(folder), link: `http://127.0.0.1:${port}/webhook-waiting/9`, asked });
	} finally {
		server.close();
		vi.unstubAllEnvs();
		vi.restoreAllMocks();
		await rm(folder, { recursive: true, force: true });
	}
}

it('wakes a question that is due, whatever is wrong with the stored links and files of others', async () => {
	await withN8n({ body: '{}' }, async ({ folder, questions, link, asked }) => {
		const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
		const add = async (number: number, address: string): Promise<void> =>
			await questions.add(new OnceFiles(join(folder, `${Date.now()}-${String(number).padStart(32, '0')}`)), {
				link: address,
				due: new Map([['reminded', Date.now() - 1_000]]),
				asked: {},
			});
		for (let number = 0; number < 9; number += 1) await add(number, 'not an address');
		// As a power failure leaves it.
		const broken = join(folder, `${Date.now()}-${'e'.repeat(32)}`);
		await mkdir(broken);
		await writeFile(join(broken, 'question.json'), '');
		await add(9, link);
		lookSoon();
		await expect.poll(() => asked.at(-1)?.url, { timeout: 20_000 }).toBe('/webhook-waiting/9');
		await expect
			.poll(() => warned.mock.calls.map(([text]) => String(text)).join())
			.toMatch(/e{32} cannot be read: .*its link cannot be used/s);
	});
});

it('leaves a question alone whose execution has gone on to another one', async () => {
	await withN8n({ body: '{"state":"ended"}' }, async ({ folder, questions, link }) => {
		const files = new OnceFiles(join(folder, `${Date.now()}-${'1'.repeat(32)}`));
		await questions.add(files, { link, due: new Map([['reminded', Date.now() - 1_000]]), asked: {} });
		lookSoon();
		await expect.poll(async () => (await questions.due(Date.now())).due, { timeout: 10_000 }).toEqual([]);
	});
});

it.each<[string, number, string, string, boolean]>([
	['does not exist any more', 404, 'application/json', '{"message":"The execution \\"9\\" does not exist."}', true],
	['was stopped', 409, 'application/json', '{"message":"The execution \\"9\\" has finished with error."}', true],
	['waits for another question', 200, OWN_TYPE, '{"state":"ended"}', true],
	['still waits', 200, OWN_TYPE, '{"state":"waiting"}', false],
	['runs at the moment', 409, 'application/json', '{"message":"The execution \\"9\\" is running already."}', false],
	['cannot be looked up while n8n starts', 503, 'text/plain', 'n8n is starting up', false],
])('asks once a day about a question with nothing due, of which the execution %s', async (_name, status, type, body, isRemoved) => {
	await withN8n({ status, type, body }, async ({ folder, questions, link, asked }) => {
		// Without a deadline. n8n was down for a month.
		const files = new OnceFiles(join(folder, `${Date.now() + 9_000_000_000_000}-${'1'.repeat(32)}`));
		await questions.add(files, { link, due: new Map(), asked: {} });
		const then = new Date(Date.now() - 30 * DAY);
		await utimes(join(files.folder, 'question.json'), then, then);
		lookSoon();
		await expect.poll(() => asked.map((one) => one.body), { timeout: 10_000 }).toEqual(['{"work":"due"}']);
		await expect.poll(async () => (await files.names()).includes('gone')).toBe(isRemoved);
		expect((await questions.due(Date.now())).silent).toEqual([]);
		await questions.removeOld(Date.now() + 2 * DAY);
		expect((await readdir(folder)).filter((name) => name.endsWith('1'.repeat(32)))).toHaveLength(isRemoved ? 0 : 1);
	});
});
