import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { PERSON_WAITS_MS } from '../../../mail/account';
import { tryTls } from '../../../mail/connectionTest/reach';
import { MAIL_PROXY } from '../../../mail/mailProxy';
import { withEnvironment } from '../../support/environment';

/** Takes connections as an HTTP proxy does. What is behind it is up to the test, from the first byte of TLS on. */
let proxy: Server;
let port = 0;
let behind: (socket: Socket) => void = () => undefined;

beforeAll(async () => {
	proxy = createServer((socket) => {
		socket.on('error', () => undefined);
		socket.once('data', () => {
			socket.write('HTTP/1.1 200 OK\r\n\r\n');
			socket.once('data', () => behind(socket));
		});
	}).listen(0, '127.0.0.1');
	await once(proxy, 'listening');
	({ port } = Object(proxy.address()));
});
beforeEach(() => {
	withEnvironment({ [MAIL_PROXY]: `http://127.0.0.1:${port}`, NO_PROXY: undefined, no_proxy: undefined });
	vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());
afterAll(() => proxy.close());

describe('the connection test of a server with TLS behind a proxy', () => {
	const endpoint = { host: 'mail.example.com', port: 993, security: 'tls' as const };

	it('ends in time, and ends nothing else, if the server says nothing', async () => {
		behind = () => vi.advanceTimersByTime(PERSON_WAITS_MS);
		await expect(tryTls('imap', endpoint)).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('did not answer') });
	});

	it('ends, and ends nothing else, if the connection breaks', async () => {
		behind = (socket) => socket.resetAndDestroy();
		await expect(tryTls('imap', endpoint)).rejects.toMatchObject({ code: expect.stringMatching(/unreachable|lost/) });
	});
});
