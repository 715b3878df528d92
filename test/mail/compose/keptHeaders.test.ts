import { text as allOf } from 'node:stream/consumers';

import { expect, it } from 'vitest';

import { headersToKeep, keptLine, type Renewed } from '../../../mail/compose/keptHeaders';
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

const NOTHING: Renewed = { priority: false, readReceipt: false, headers: [] };

/** The names of those that are kept, in order. */
function kept(names: readonly string[], renewed: Partial<Renewed> = {}): string[] {
	const fields = names.map((name) => ({ key: name.toLowerCase(), name, value: 'x' }));
	return headersToKeep(fields, { ...NOTHING, ...renewed }).map(({ name }) => name);
}

it('leaves out headers that the newer version writes itself', () => {
	const people = ['From', 'To', 'Cc', 'Bcc', 'Reply-To', 'Sender'];
	const threads = ['Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References'];
	const content = ['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding', 'X-MS-Has-Attach', 'X-MS-TNEF-Correlator'];
	expect(kept([...people, ...threads, ...content])).toEqual([]);
});

it('leaves out headers that servers added on the way', () => {
	const way = ['Received', 'X-Received', 'Return-Path', 'Delivered-To', 'Resent-From', 'X-Originating-IP'];
	const proofs = ['DKIM-Signature', 'ARC-Seal', 'Authentication-Results', 'Received-SPF'];
	const microsoft = [
		'X-MS-Exchange-Organization-SCL',
		'X-MS-Office365-Filtering-Correlation-Id',
		'X-Forefront-Antispam-Report',
		'X-Microsoft-Antispam',
		'X-Microsoft-Antispam-Mailbox-Delivery',
	];
	expect(kept([...way, ...proofs, ...microsoft])).toEqual([]);
});

it('keeps headers whose names only contain the name of one that is left out', () => {
	const names = [
		'X-From',
		'From-Team',
		'X-Subject',
		'Subject-Prefix',
		'X-Content-Kind',
		'Contents',
		'X-DKIM-Notes',
		'Received-By',
		'My-X-Received',
	];
	expect(kept(names)).toEqual(names);
});

it('replaces priority, reading confirmation and other headers only if they are set anew', () => {
	const priority = ['Importance', 'Priority', 'X-Priority', 'X-MSMail-Priority'];
	const names = [...priority, 'Disposition-Notification-To', 'X-Case', 'Thread-Index'];
	expect(kept(names)).toEqual(names);
	expect(kept(names, { priority: true })).toEqual(['Disposition-Notification-To', 'X-Case', 'Thread-Index']);
	expect(kept(names, { readReceipt: true })).toEqual([...priority, 'X-Case', 'Thread-Index']);
	expect(kept(names, { headers: ['x-CASE'] })).toEqual([...priority, 'Disposition-Notification-To', 'Thread-Index']);
});

it('leaves the folding of a header in ASCII to nodemailer, which must not encode it again', () => {
	const value = '=?iso-8859-1?Q?Gr=FC=DFe?=';
	expect(keptLine({ name: 'X-Encoded', value })).toEqual({ key: 'X-Encoded', value: { prepared: true, foldLines: true, value } });
	expect(keptLine({ name: 'X-Bytes', value: '\u00fc' })).toEqual({ key: 'X-Bytes', value: 'ü' });
});
