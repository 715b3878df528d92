import { text as allOf } from 'node:stream/consumers';

import { expect, it } from 'vitest';

import { headersToKeep } from '../../../mail/compose/keptHeaders';
import { compose } from '../../../mail/compose/message';
import { fieldsAtBeginning } from '../../../mail/item/headerBlock';
import { outgoing } from '../smtp/smtpRig';

it('writes kept headers as they stood, and encodes or removes what a header must not have', async () => {
	const head = Buffer.from(
		'X-Folded: one\r\n two\r\nX-Encoded: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nX-Bytes: Grüße\r\nX-Return: a\rBcc: eve@example.test\r\nX-Empty:\r\n\r\n',
	);
	const kept = headersToKeep(fieldsAtBeginning(head), { priority: false, readReceipt: false, headers: [] });
	const mail = await allOf(await (await compose(outgoing({ kept }), 'draft')).open());
	expect(mail.split('\r\n').filter((line) => line.startsWith('X-'))).toEqual([
		'X-Folded: one two',
		'X-Encoded: =?iso-8859-1?Q?Gr=FC=DFe?=',
		'X-Bytes: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
		'X-Return: a Bcc: eve@example.test',
	]);
});
