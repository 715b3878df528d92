import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cloudOf } from '../../mail/clouds';
import { appTokens, type ServiceAccount } from '../../mail/signIn/serviceAccount';
import { selfSigned, trust } from '../../sandbox/servers/certificates';
import { figuresOf } from './figures';

const MB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'attack-identity-'));
let server: Server;
let authority: string;
/** Answers to each request for a token. */
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
	const pair = selfSigned(folder, 'identity', ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
	trust(pair.certFile);
	server = createServer({ key: pair.key, cert: pair.cert }, (_request, response) => answer(response));
	await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
	const address: AddressInfo | string | null = server.address();
	authority = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true });
});

const SECRET = 'hunter2hunter2';
/** A secret that was pasted into the wrong field, shaped as those of Microsoft Entra. */
const MISPLACED = 'a1B8Q~xYzAbCdEfGhIjKlMnOpQrStUvWxYz12345';

async function token(proof?: (common: Common) => ServiceAccount): Promise<unknown> {
	const common = { cloud: cloudOf({ cloud: 'custom', authorityUrl: authority }), tenantId: 'contoso.example', clientId: 'app' };
	return await appTokens((proof ?? withSecret)(common))(false);
}

type Common = Pick<Extract<ServiceAccount, { authentication: 'clientSecret' }>, 'cloud' | 'tenantId' | 'clientId'>;
const withSecret = (common: Common): ServiceAccount => ({ ...common, authentication: 'clientSecret', clientSecret: SECRET });

/** Writes on and on, and counts what went out. */
function pour(response: ServerResponse, head: string, piece: string, sent: { bytes: number }): void {
	const block = Buffer.alloc(64 * 1024, piece);
	const go = (): void => {
		while (!response.destroyed) {
			sent.bytes += block.length;
			if (!response.write(block)) return;
		}
	};
	response.on('drain', go).on('error', () => undefined);
	response.write(head);
	go();
}

describe('an identity platform whose answer has no end', () => {
	it.each([
		['a token', 200, 'application/json', '{"token_type":"Bearer","expires_in":3600,"access_token":"', 'a'],
		['a refusal', 400, 'application/json', '{"error":"invalid_client","error_description":"', 'a-'],
		['a web page', 502, 'text/html', '<html>', '<div>'],
	])('is read no further than some hundred kilobytes: %s', async (name, status, type, head, piece) => {
		const sent = { bytes: 0 };
		answer = (response) => {
			response.writeHead(status, { 'content-type': type });
			pour(response, head, piece, sent);
		};
		const figures = await figuresOf(`identity platform: ${name} without end`, async () => {
			const failed: unknown = await token().catch((error: unknown) => error);
			expect(failed).toMatchObject({ name: 'MailError' });
			expect(inspect(failed, { depth: 9 }).length).toBeLessThan(20_000);
			expect(inspect(failed, { depth: 9 })).not.toContain(SECRET);
		});
		// What the machine's own buffers hold has gone out as well.
		expect(sent.bytes).toBeLessThan(32 * MB);
		expect(figures.tookMs).toBeLessThan(60_000);
		expect(figures.memoryMb).toBeLessThan(150);
	});
});

describe('an identity platform that repeats in its refusal what it was sent', () => {
	it.each<[string, (common: Common) => ServiceAccount, string]>([
		['the client secret', withSecret, SECRET],
		['the password', (common) => ({ ...common, authentication: 'usernamePassword', username: 'ada', password: SECRET }), SECRET],
		['a secret in the field of the client ID', (common) => withSecret({ ...common, clientId: MISPLACED }), MISPLACED],
	])('is not repeated in the error: %s', async (_what, account, secret) => {
		answer = (response) => {
			response.writeHead(401, { 'content-type': 'application/json' });
			const said = `AADSTS7000215: Invalid client secret provided: '${secret}', or ${encodeURIComponent(secret)}.`;
			response.end(JSON.stringify({ error: 'invalid_client', error_codes: [7_000_215], error_description: said }));
		};
		const failed: unknown = await token(account).catch((error: unknown) => error);
		expect(failed).toMatchObject({ name: 'MailError' });
		const told = inspect(failed, { depth: 9 });
		expect(told).toContain('AADSTS7000215');
		expect(told).not.toContain(secret);
	});
});
