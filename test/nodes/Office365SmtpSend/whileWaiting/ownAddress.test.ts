import { createServer, type Server } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { callOwn, OWN_TYPE } from '../../../../nodes/Office365SmtpSend/whileWaiting/ownAddress';

let server: Server;
let link = '';
let answer = { status: 200, type: OWN_TYPE, body: '' };
const { N8N_PORT } = process.env;

beforeAll(async () => {
	server = createServer((request, response) => {
		request.resume().once('end', () => response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body));
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const address = server.address();
	const port = typeof address === 'object' ? address?.port : 0;
	link = `http://127.0.0.1:${port}/webhook-waiting/1`;
	// Nothing listens at n8n's own port, so that each call comes by the link.
	process.env.N8N_PORT = '1';
});

afterAll(() => {
	server.close();
	if (N8N_PORT === undefined) delete process.env.N8N_PORT;
	else process.env.N8N_PORT = N8N_PORT;
});

describe('the call of a waiting question', () => {
	it('gets the answer of the node', async () => {
		answer = { status: 200, type: `${OWN_TYPE}; charset=utf-8`, body: '{"state":"waiting"}' };
		await expect(callOwn(link, { work: 'due' })).resolves.toEqual({ state: 'done', answer: { state: 'waiting' } });
	});

	it.each([
		['has no content', ''],
		['was cut on its way', '{"state":"wai'],
		['is longer than any that the node gives', `{"state":"${'x'.repeat(200_000)}"}`],
		['is no object', 'null'],
	])('has failed, and ends nothing else, if the answer %s', async (_what, body) => {
		answer = { status: 200, type: OWN_TYPE, body };
		await expect(callOwn(link, { work: 'due' })).resolves.toEqual({
			state: 'failed',
			reason: 'n8n answered with status 200, and the answer could not be read',
		});
	});

	it.each([
		[200, 'No action required'],
		[404, 'The execution "1" does not exist.'],
		[409, 'The execution "1" has finished already.'],
	])('learns from status %i with "%s" that the execution has ended', async (status, body) => {
		answer = { status, type: 'text/html', body };
		await expect(callOwn(link, { work: 'due' })).resolves.toEqual({ state: 'gone' });
	});

	it('has failed if n8n is busy with the execution', async () => {
		answer = { status: 409, type: 'application/json', body: '{"message":"The execution is running already"}' };
		await expect(callOwn(link, { work: 'due' })).resolves.toEqual({ state: 'failed', reason: 'n8n answered with status 409' });
	});
});
