import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { compose } from '../../../mail/compose/message';
import { sendMail, type Sent } from '../../../mail/smtp/send';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { ADA, outgoing } from './smtpRig';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterEach(() => sandbox.exchange.reset());
afterAll(async () => await sandbox.stop());

async function answered(reply: (submitted: string) => string): Promise<Sent & { submitted: string }> {
	const mail = await compose(outgoing({ subject: 'named anew' }));
	sandbox.exchange.plan('smtp', 'END', { reply: reply(mail.messageId) });
	return {
		...(await sendMail(accountOn(sandbox, ADA, ways(sandbox).exchange), mail, { retryForMs: 0, resendUnknown: false })),
		submitted: mail.messageId,
	};
}

describe('the answer to a mail', () => {
	it.each([
		['250 2.0.0 OK <X1@AM0PR01.prod.outlook.test> [Hostname=AM0PR01.prod.outlook.test]', '<X1@AM0PR01.prod.outlook.test>'],
		[
			'250 2.0.0 OK <VI1PR0502MB3855@VI1PR0502MB3855.eurprd05.prod.outlook.com>',
			'<VI1PR0502MB3855@VI1PR0502MB3855.eurprd05.prod.outlook.com>',
		],
		[
			'250 2.0.0 OK <a+b=c@LO2P1.GBRP265.PROD.OUTLOOK.COM> [Hostname=LO2P1.GBRP265.PROD.OUTLOOK.COM]',
			'<a+b=c@LO2P1.GBRP265.PROD.OUTLOOK.COM>',
		],
		[
			'250 2.6.0 <1@AM0PR01.eurprd01.prod.exchangelabs.com> [InternalId=1, Hostname=AM0PR01.prod.outlook.com] Queued mail for delivery',
			'<1@AM0PR01.eurprd01.prod.exchangelabs.com>',
		],
		['250 2.0.0 OK <1@SH0PR01.CHNPR01.prod.partner.outlook.cn> [Hostname=x]', '<1@SH0PR01.CHNPR01.prod.partner.outlook.cn>'],
		['250 2.0.0 OK <1@SA1P110MB.NAMP110.PROD.OUTLOOK.office365.us> [Hostname=x]', '<1@SA1P110MB.NAMP110.PROD.OUTLOOK.office365.us>'],
	])('names the mail anew: %s', async (reply, id) => {
		const sent = await answered(() => reply);
		expect(sent).toMatchObject({ messageId: id, submittedMessageId: sent.submitted });
	});

	it.each([
		'250 2.0.0 Ok: queued as 4XyZ',
		'250 2.0.0 OK <queue.1234@mx.example.com> [Hostname=mx.example.com]',
		'250 2.0.0 OK <ada@example.test> accepted',
		'250 2.0.0 OK <x@prod.outlook.com.example.test> [Hostname=x]',
		'250 2.0.0 OK message <X1@AM0PR01.prod.outlook.com> queued for <ada@example.test>',
		'250 2.1.5 OK <X1@AM0PR01.prod.outlook.com>',
		`250 2.0.0 OK <${'a'.repeat(600)}@AM0PR01.prod.outlook.com>`,
		'250 OK <X1@AM0PR01.prod.outlook.com>',
	])('names no other one: %s', async (reply) => {
		const sent = await answered(() => reply);
		expect(sent.messageId).toBe(sent.submitted);
		expect(sent).not.toHaveProperty('submittedMessageId');
	});

	it('that repeats our own Message-ID names no other one', async () => {
		const sent = await answered((submitted) => `250 2.0.0 OK ${submitted} [Hostname=AM0PR01.prod.outlook.com]`);
		expect(sent.messageId).toBe(sent.submitted);
		expect(sent).not.toHaveProperty('submittedMessageId');
	});
});
