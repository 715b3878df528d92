import { describe, expect, it } from 'vitest';

import { collectNew, type Collection } from '../../../mail/collect/collect';
import { Ledger } from '../../../mail/collect/ledger';
import { LocalReservations, Reservations } from '../../../mail/collect/reservations';
import type { Wish } from '../../../mail/collect/wish';
import { collect } from '../../../mail/pop3/session';
import { EVERYTHING } from './everything';
import { LittleServer, type Listed } from './littleServer';

const MINUTE = 60_000;

const email = (uidl: string, subject = uidl, receivedAt = Date.now(), body = ''): Listed => {
	const time = new Date(receivedAt).toUTCString();
	return {
		uidl,
		text: `Received: by mx; ${time}\r\nMessage-ID: <${subject}@x>\r\nDate: ${time}\r\nSubject: ${subject}\r\n\r\n${body}\r\n`,
	};
};

const read = (ledger: Ledger): Ledger => Ledger.read(JSON.parse(JSON.stringify(ledger.write())));

async function look(
	mails: Listed[],
	ledger: Ledger,
	wish: Partial<Wish> = {},
	{ reservations = new Reservations(), now = Date.now(), breaksAt = '' } = {},
): Promise<Collection<string> & { mails: Listed[] }> {
	const { session, server } = await LittleServer.open(mails, breaksAt);
	const collection = await collectNew<string>(
		session,
		ledger,
		reservations,
		{ ...EVERYTHING, ...wish },
		async ({ uidl, content }) => {
			if (content.kind !== 'whole') return `${content.kind} ${uidl}`;
			return /^Subject: (.*)$/m.exec(String(await collect(await content.open())))?.[1]?.trim() ?? '';
		},
		now,
	).finally(() => session.close());
	return { ...collection, mails: server.mails };
}

describe('a mailbox whose listing is in doubt', () => {
	it('is still in doubt if the connection breaks while it is examined, even if what was found so far is stored', async () => {
		const ledger = new Ledger();
		await look([email('1'), email('2')], ledger);
		const stored = read(ledger);
		const now = [email('1'), email('2', 'another one', Date.now(), 'longer')];
		await expect(look(now, stored, {}, { breaksAt: 'TOP 1 0' })).rejects.toThrow();
		expect((await look(now, read(stored))).items).toEqual(['another one']);
	});

	it('is not taken for another one where the only email that was ever read has been deleted: what was there before the start stays unwanted', async () => {
		const start = Date.now() - 60 * MINUTE;
		const old = ['a', 'b', 'c'].map((name) => email(name, name, start - 100 * MINUTE));
		const ledger = new Ledger();
		await look(old, ledger, { start: { kind: 'now' } }, { now: start });
		const one = read(ledger);
		const fetched = await look([...old, email('d', 'd', start + MINUTE)], one, { deleteAfterFetch: true }, { now: start + 5 * MINUTE });
		expect([fetched.items, fetched.mails.length]).toEqual([['d'], 3]);
		const moved = old.map(({ uidl, text }) => ({ uidl: `new ${uidl}`, text }));
		expect((await look(moved, read(one), {}, { now: start + 10 * MINUTE })).items).toEqual([]);
	});

	it('brings no email back that was listed without its unique ID for once', async () => {
		const ledger = new Ledger();
		const [a, b, c] = [email('1'), email('2'), email('3')];
		await look([a, b, c], ledger);
		const one = read(ledger);
		expect((await look([a, { ...b, uidl: '' }, c], one)).items).toEqual([]);
		expect((await look([a, b, c], read(one))).items).toEqual([]);
		// Once all have their IDs, those that have left are forgotten.
		await look([a], one);
		expect(one.size).toBe(1);
	});

	it('keeps an email reserved that is listed without its unique ID while its execution runs', async () => {
		const reservations = new Reservations(new LocalReservations(Infinity));
		const mails = [email('1'), email('2')];
		const ledger = new Ledger();
		expect((await look(mails, ledger, {}, { reservations })).items).toEqual(['1', '2']);
		const handedOver = new Ledger();
		const hidden = mails.map((one) => ({ ...one, uidl: one.uidl === '2' ? '' : '1' }));
		expect((await look(hidden, handedOver, {}, { reservations })).items).toEqual([]);
		expect((await look(mails, handedOver, {}, { reservations })).items).toEqual([]);
	});
});
