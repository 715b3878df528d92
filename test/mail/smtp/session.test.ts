import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { sendMail, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { ADA, outgoing } from './smtpRig';

const GRACE = 'grace@example.test';
const policy = { retryForMs: 20_000, resendUnknown: false };

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => await sandbox.stop());

const send = async (mail: OutgoingMail, way: 'straight' | 'exchange' = 'exchange', change = {}): Promise<Sent> =>
	await sendMail(accountOn(sandbox, ADA, ways(sandbox)[way], change), await compose(mail), policy);

describe.each(['straight', 'exchange'] as const)('sending, %s', (way) => {
	it('delivers what was composed and tells who took it', async () => {
		const sent = await send(
			outgoing({ subject: `plain ${way}`, to: `Grace Höpper <${GRACE}>`, headers: [{ name: 'X-Order-ID', value: '17' }] }),
			way,
		);
		expect(sent).toMatchObject({ accepted: [GRACE], rejected: [], attempts: 1, deliveryUnknown: false });
		const mail = (await sandbox.arrival(GRACE, (text) => text.includes(`Subject: plain ${way}`))).toString();
		expect(mail).toContain(`Message-ID: ${sent.messageId}`);
		expect(mail).toContain('X-Order-ID: 17');
	});

	it('tells apart who was refused, and sends to the others', async () => {
		const sent = await send(outgoing({ subject: `partial ${way}`, to: `${GRACE}, nobody@example.test` }), way);
		expect(sent.accepted).toEqual([GRACE]);
		expect(sent.rejected).toMatchObject([{ recipient: 'nobody@example.test', response: expect.stringMatching(/^550/) }]);
	});
});

describe('faults', () => {
	it.each([
		['three connections', 'crowd', 3, {}],
		['one connection in queue mode, since other workers send too', 'queued', 1, { EXECUTIONS_MODE: 'queue' }],
		['two where the operator says so', 'two', 2, { EXECUTIONS_MODE: 'queue', N8N_OFFICE365_MAIL_SMTP_CONNECTIONS: '2' }],
	])('sends 40 mails at once over %s', async (_name, mailbox, connections, variables) => {
		for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
		try {
			const from = `${mailbox}@example.test`;
			const account = accountOn(sandbox, from, ways(sandbox).exchange);
			let most = 0;
			const count = (): number => (most = Math.max(most, sandbox.exchange.live('smtp').filter(({ mailbox: own }) => own === from).length));
			sandbox.exchange.on('signedIn', count);
			const mails = await Promise.all(
				Array.from({ length: 40 }, async (_, index) => await compose(outgoing({ from, subject: `${mailbox} ${index}` }))),
			);
			const sent = await Promise.all(mails.map(async (mail) => await sendMail(account, mail, policy)));
			sandbox.exchange.off('signedIn', count);
			expect(sent.every(({ attempts }) => attempts === 1)).toBe(true);
			expect(most).toBe(connections);
			await sandbox.arrival(GRACE, (mail) => mail.includes(`Subject: ${mailbox} 39`));
		} finally {
			vi.unstubAllEnvs();
		}
	});

	it("names the operator's variable where it holds no number of connections", async () => {
		vi.stubEnv('N8N_OFFICE365_MAIL_SMTP_CONNECTIONS', '4');
		try {
			// A mailbox of its own, since those of other tests may still have connections.
			const account = accountOn(sandbox, 'four@example.test', ways(sandbox).exchange);
			await expect(sendMail(account, await compose(outgoing({ from: account.mailbox })), policy)).rejects.toMatchObject({
				code: 'configuration',
				message: expect.stringContaining('N8N_OFFICE365_MAIL_SMTP_CONNECTIONS'),
			});
		} finally {
			vi.unstubAllEnvs();
		}
	});

	it('takes one fresh token at 535 5.7.3, and none at 5.7.139', async () => {
		const ended = accountOn(sandbox, 'shared@example.test', ways(sandbox).exchange, { lifetimeSeconds: -60 });
		await expect(sendMail(ended, await compose(outgoing({ from: 'shared@example.test' })), policy)).rejects.toMatchObject({
			code: 'auth',
			response: expect.stringContaining('535 5.7.3'),
		});
		expect(ended.asked).toBe(2);
		sandbox.exchange.smtpAuthDisabled = true;
		const off = accountOn(sandbox, 'off@example.test', ways(sandbox).exchange);
		await expect(sendMail(off, await compose(outgoing({ from: 'off@example.test' })), policy)).rejects.toMatchObject({
			code: 'forbidden',
			remedy: expect.stringContaining('Set-CASMailbox'),
		});
		expect(off.asked).toBe(1);
	});

	it("explains a From that is not the mailbox's, without trying again", async () => {
		const before = sandbox.exchange.sessions.length;
		await expect(send(outgoing({ from: GRACE }))).rejects.toMatchObject({ code: 'forbidden', remedy: expect.stringContaining('SendAs') });
		expect(sandbox.exchange.sessions.length - before).toBeLessThanOrEqual(1);
	});
});

describe('bad input', () => {
	it.each([
		['a line break in the subject', { subject: 'a\r\nBcc: evil@example.test' }, /Subject/],
		['a line break in an address', { to: 'grace@example.test\r\nBcc: evil@example.test' }, /To/],
		['a header name that is none', { headers: [{ name: 'X Y', value: '1' }] }, /header name/],
		['a header that a field makes', { headers: [{ name: 'Bcc', value: 'evil@example.test' }] }, /cannot be set here/],
		['no recipient', { to: '' }, /no recipient/],
		['a bad address among good ones', { to: `${GRACE}, nonsense` }, /"nonsense" is not an email address/],
		['two senders', { from: `${ADA}, ${GRACE}` }, /more than one sender/],
	])('names the field at %s', async (_name, change, message) => {
		await expect(compose(outgoing(change))).rejects.toMatchObject({
			code: 'input',
			message: expect.stringMatching(message),
			remedy: expect.stringMatching(/.{10}/),
		});
	});
});
