import { Transform } from 'node:stream';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { compose } from '../../../mail/compose/message';
import { sendMail } from '../../../mail/smtp/send';
import { fileOf } from '../../../nodes/Office365SmtpSend/settings/attachments';
import { startSandbox, trust, type Sandbox } from '../../../sandbox/servers';
import { accountOn, ways } from '../../support/account';
import { executeFunctions, told } from '../../support/contexts';
import { ADA, outgoing } from './smtpRig';

let sandbox: Sandbox;
beforeAll(async () => {
	sandbox = await startSandbox();
	trust(sandbox.caFile);
});
afterAll(async () => await sandbox.stop());

const MEGABYTE = 1024 * 1024;

it('others have their turn while an email with an attachment of 20 MB goes over TLS', async () => {
	const { smtp } = sandbox.straight;
	const account = accountOn(sandbox, ADA, { ...ways(sandbox).straight, smtp: { ...smtp, port: sandbox.postfix.ports.held } });
	const context = executeFunctions({ sandbox, mailbox: ADA, workflow: 'w' }, told());
	const file = await fileOf({ ...context, helpers: context.helpers, getNodeParameter: () => '' }, 'scan', {
		data: Buffer.alloc(20 * MEGABYTE, 'x').toString('base64'),
		mimeType: 'application/pdf',
	});
	const mail = await compose(outgoing({ to: 'grace@example.test', files: [file] }));

	/** Bytes of the email that went to the connection, for each turn of the event loop. */
	const turns: number[] = [];
	let [inThisTurn, over] = [0, false];
	const turn = (): void => {
		turns.push(inThisTurn);
		inThisTurn = 0;
		if (!over) setImmediate(turn);
	};
	setImmediate(turn);
	const counted = async (): Promise<Transform> =>
		(await mail.open()).pipe(
			new Transform({
				transform: (chunk: Buffer, _encoding, done) => {
					inThisTurn += chunk.length;
					done(null, chunk);
				},
			}),
		);
	await sendMail(account, { ...mail, open: counted }, { retryForMs: 0, resendUnknown: false });
	over = true;
	expect(turns.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(27 * MEGABYTE);
	expect(Math.max(...turns)).toBeLessThan(MEGABYTE / 2);
});
