import { expect, it, vi } from 'vitest';

import { toItem } from '../../../mail/item/item';
import { Unreadable } from '../../../mail/item/workerPool';

vi.mock('../../../mail/item/smallMails', async (original) => {
	const real = await original<typeof import('../../../mail/item/smallMails')>();
	const readSmall: typeof real.readSmall = async (mail, wanted) => {
		if (mail.includes('X-Hostile') || mail.length > 20_000) throw new Unreadable('It is hostile.');
		return await real.readSmall(mail, wanted);
	};
	return { ...real, readSmall };
});

it('gives the main headers of an email where another one cannot be read', async () => {
	const mail = Buffer.from(`X-Hostile: a\r\nSubject: ${'s'.repeat(50_000)}\r\nFrom: Ada <ada@example.test>\r\n\r\nHello`);
	const from = { uid: 1, uidValidity: '1', size: mail.length, folder: 'INBOX' };
	const { json } = await toItem(mail, from, {
		...{ format: 'simple', downloadAttachments: true, prefix: 'attachment_' },
		store: async () => await Promise.resolve(1),
	});
	expect([json.from, json.subject]).toEqual(['"Ada" <ada@example.test>', 's'.repeat(10 * 1024)]);
	expect(json.parseError).toContain('It is hostile.');
});
