import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, vi } from 'vitest';

import { OnceFiles } from '../../../../mail/questions/onceFiles';
import { WaitingQuestions } from '../../../../mail/questions/waiting';
import { lookSoon } from '../../../../nodes/Office365SmtpSend/whileWaiting/wakeUps';
import { OWN_TYPE } from '../../../../nodes/Office365SmtpSend/whileWaiting/ownAddress';

const DAY = 86_400_000;

it('wakes a question that is due, whatever is wrong with the stored links and files of others', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'questions-'));
	let woken: string | undefined;
	const server = createServer((request, response) => {
		woken = request.url;
		response.writeHead(200, { 'content-type': OWN_TYPE }).end('{}');
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const address = server.address();
	const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
	vi.stubEnv('N8N_MAIL_QUESTIONS_FOLDER', folder);
	// Nothing listens at n8n's own port, so that the call comes by the link.
	vi.stubEnv('N8N_PORT', '1');
	try {
		const questions = new WaitingQuestions(folder);
		const add = async (number: number, link: string): Promise<void> =>
			await questions.add(new OnceFiles(join(folder, `${Date.now()}-${String(number).padStart(32, '0')}`)), {
				link,
				due: new Map([['reminded', Date.now() - 1_000]]),
				asked: {},
			});
		for (let number = 0; number < 9; number += 1) await add(number, 'not an address');
		// As a power failure leaves it.
		const broken = join(folder, `${Date.now()}-${'e'.repeat(32)}`);
		await mkdir(broken);
		await writeFile(join(broken, 'question.json'), '');
		await add(9, `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhook-waiting/9`);
		lookSoon();
		await expect.poll(() => woken, { timeout: 20_000 }).toBe('/webhook-waiting/9');
		await expect
			.poll(() => warned.mock.calls.map(([text]) => String(text)).join())
			.toMatch(/e{32} cannot be read: .*its link cannot be used/s);
	} finally {
		server.close();
		vi.unstubAllEnvs();
		vi.restoreAllMocks();
		await rm(folder, { recursive: true, force: true });
	}
});

it('leaves a question alone whose execution has gone on to another one', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'questions-'));
	const server = createServer((_request, response) => {
		response.writeHead(200, { 'content-type': OWN_TYPE }).end('{"state":"ended"}');
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const address = server.address();
	vi.stubEnv('N8N_MAIL_QUESTIONS_FOLDER', folder);
	vi.stubEnv('N8N_PORT', '1');
	try {
		const questions = new WaitingQuestions(folder);
		const link = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhook-waiting/9`;
		const files = new OnceFiles(join(folder, `${Date.now()}-${'1'.repeat(32)}`));
		await questions.add(files, { link, due: new Map([['reminded', Date.now() - 1_000]]), asked: {} });
		lookSoon();
		await expect.poll(async () => (await questions.due(Date.now())).due, { timeout: 10_000 }).toEqual([]);
	} finally {
		server.close();
		vi.unstubAllEnvs();
		await rm(folder, { recursive: true, force: true });
	}
});

it.each<[string, number, string, string, boolean]>([
	['does not exist any more', 404, 'application/json', '{"message":"The execution \\"9\\" does not exist."}', true],
	['was stopped', 409, 'application/json', '{"message":"The execution \\"9\\" has finished with error."}', true],
	['waits for another question', 200, OWN_TYPE, '{"state":"ended"}', true],
	['still waits', 200, OWN_TYPE, '{"state":"waiting"}', false],
	['runs at the moment', 409, 'application/json', '{"message":"The execution \\"9\\" is running already."}', false],
	['cannot be looked up while n8n starts', 503, 'text/plain', 'n8n is starting up', false],
])('asks once a day about a question with nothing due, of which the execution %s', async (_name, status, type, body, isRemoved) => {
	const folder = await mkdtemp(join(tmpdir(), 'questions-'));
	const asked: string[] = [];
	const server = createServer((request, response) => {
		request.on('data', (chunk: Buffer) => asked.push(chunk.toString()));
		request.on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const address = server.address();
	vi.stubEnv('N8N_MAIL_QUESTIONS_FOLDER', folder);
	vi.stubEnv('N8N_PORT', '1');
	try {
		const questions = new WaitingQuestions(folder);
		const link = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/webhook-waiting/9`;
		// Without a deadline. n8n was down for a month.
		const files = new OnceFiles(join(folder, `${Date.now() + 9_000_000_000_000}-${'1'.repeat(32)}`));
		await questions.add(files, { link, due: new Map(), asked: {} });
		const then = new Date(Date.now() - 30 * DAY);
		await utimes(join(files.folder, 'question.json'), then, then);
		lookSoon();
		await expect.poll(() => asked, { timeout: 10_000 }).toEqual(['{"work":"due"}']);
		await expect.poll(async () => (await files.names()).includes('gone')).toBe(isRemoved);
		expect((await questions.due(Date.now())).silent).toEqual([]);
		await questions.removeOld(Date.now() + 2 * DAY);
		expect((await readdir(folder)).filter((name) => name.endsWith('1'.repeat(32)))).toHaveLength(isRemoved ? 0 : 1);
	} finally {
		server.close();
		vi.unstubAllEnvs();
		await rm(folder, { recursive: true, force: true });
	}
});
