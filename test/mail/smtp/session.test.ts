import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { sendMail, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';

const ADA = 'ada@example.test';
const GRACE = 'grace@example.test';
const outgoing = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
	from: ADA,
	to: GRACE,
	cc: '',
	bcc: '',
	replyTo: '',
	subject: 'x',
	text: 'hello',
	files: [],
	inReplyTo: '',
	references: '',
	priority: 'normal',
	headers: [],
	...change,
});
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
	it('sends 40 mails at once over no more than three connections', async () => {
		const account = accountOn(sandbox, ADA, ways(sandbox).exchange);
		let most = 0;
		sandbox.exchange.on('signedIn', () => (most = Math.max(most, sandbox.exchange.live('smtp').length)));
		const mails = await Promise.all(Array.from({ length: 40 }, async (_, index) => await compose(outgoing({ subject: `crowd ${index}` }))));
		const sent = await Promise.all(mails.map(async (mail) => await sendMail(account, mail, policy)));
		expect(sent.every(({ attempts }) => attempts === 1)).toBe(true);
		expect(most).toBeLessThanOrEqual(3);
		await sandbox.arrival(GRACE, (mail) => mail.includes('Subject: crowd 39'));
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
