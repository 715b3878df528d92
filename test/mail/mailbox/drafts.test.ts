import { describe, expect, it } from 'vitest';

import { sendDraft, type SendMemory, type SendWish, type SentDraft } from '../../../mail/mailbox/drafts';
import { locate } from '../../../mail/mailbox/locate';
import { readReferences } from '../../../mail/mailbox/references';
import { commandsOf, mail, makeScenes, type Scene } from './mailboxRig';

const scene = makeScenes('drafts');

/** n8n's store as it outlives the process, and the process that dies at a step. */
class Memory implements SendMemory {
	readonly notes = new Map<string, 'begun' | 'sent'>();
	dieAt: 'before the note' | 'after the note' | 'before it is noted as sent' | 'after it is noted as sent' | undefined;

	async begin(key: string): Promise<'first' | 'begun' | 'sent'> {
		this.#die('before the note');
		const known = this.notes.get(key);
		if (known === undefined) this.notes.set(key, 'begun');
		this.#die('after the note');
		return await Promise.resolve(known ?? 'first');
	}

	async sent(key: string): Promise<void> {
		this.#die('before it is noted as sent');
		this.notes.set(key, 'sent');
		this.#die('after it is noted as sent');
		await Promise.resolve();
	}

	async forget(key: string): Promise<void> {
		this.notes.delete(key);
		await Promise.resolve();
	}

	#die(step: Memory['dieAt']): void {
		if (this.dieAt !== step) return;
		this.dieAt = undefined;
		throw new Error('killed');
	}
}

/** A draft to somebody of its own, and what came of it. */
async function drafted(id: string): Promise<
	Scene & {
		to: string;
		memory: Memory;
		send: (more?: Partial<SendWish>) => Promise<SentDraft>;
		came: () => Promise<number>;
		left: () => Promise<number>;
	}
> {
	const own = scene('exchange');
	const to = `to-${own.mailbox}`;
	await own.makeFolder('Drafts', 'Sent Items', 'Deleted Items');
	await own.sandbox.fill(own.mailbox, [mail('draft', { id, from: own.mailbox, to, extra: `Bcc: secret-${own.mailbox}\r\n` })], 'Drafts');
	const memory = new Memory();
	return {
		...own,
		to,
		memory,
		send: async (more = {}) =>
			await own.use(async (connection, folders) => {
				const [fate] = await locate(connection, folders, readReferences(1), 'Drafts');
				if (fate?.kind !== 'there') throw new Error('no draft');
				return await sendDraft(connection, folders, fate, {
					memory,
					persistence: { retryForMs: 0, resendUnknown: false },
					sentCopy: 'byServer',
					...more,
				});
			}),
		came: async () => (await own.sandbox.messages(to)).length,
		left: async () => (await own.sandbox.messages(own.mailbox, 'Drafts')).length,
	};
}

/** What Exchange does by itself with what it has sent. */
async function saveCopy({ sandbox, mailbox, to }: Scene & { to: string }): Promise<void> {
	const sent = await sandbox.arrival(to, () => true);
	await sandbox.fill(mailbox, [sent.toString()], 'Sent Items');
}

describe('a draft', () => {
	it('is sent once, without its BCC and with the day on which it is sent, and leaves Drafts', async () => {
		const own = await drafted('plain@example.test');
		expect(await own.send()).toMatchObject({
			alreadySent: false,
			messageId: '<plain@example.test>',
			sent: { accepted: [own.to, `secret-${own.mailbox}`] },
		});
		const arrived = (await own.sandbox.arrival(own.to, () => true)).toString();
		expect(arrived).toContain('Message-ID: <plain@example.test>');
		expect(arrived).not.toMatch(/^Bcc:/im);
		expect(arrived).not.toContain('13 Nov 2026');
		expect(arrived.match(/^Date: /gm)).toHaveLength(1);
		await own.sandbox.arrival(`secret-${own.mailbox}`, () => true);
		expect(await own.left()).toBe(0);
	});

	it('of which a process died before it noted anything is sent the next time', async () => {
		const own = await drafted('died1@example.test');
		own.memory.dieAt = 'before the note';
		await expect(own.send()).rejects.toThrow('killed');
		expect(await own.send()).toMatchObject({ alreadySent: false });
		await own.sandbox.arrival(own.to, () => true);
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
	});

	it('of which a process died once it had begun is not sent again without being asked', async () => {
		const own = await drafted('died2@example.test');
		own.memory.dieAt = 'after the note';
		await expect(own.send()).rejects.toThrow('killed');
		await expect(own.send()).rejects.toMatchObject({
			permanent: true,
			message: expect.stringContaining('It is unknown whether the draft was sent'),
		});
		expect([await own.came(), await own.left()]).toEqual([0, 1]);
		expect(await own.send({ persistence: { retryForMs: 0, resendUnknown: true } })).toMatchObject({ alreadySent: false });
		await own.sandbox.arrival(own.to, () => true);
		expect(await own.left()).toBe(0);
	});

	it('of which nobody knows whether it was sent stays unknown although the server refuses it when it is sent again', async () => {
		const own = await drafted('still-unknown@example.test');
		own.memory.dieAt = 'after the note';
		await expect(own.send()).rejects.toThrow('killed');
		own.sandbox.exchange.plan('smtp', 'MAIL', { reply: '550 5.7.60 SMTP; Client does not have permissions to send as this sender' });
		await expect(own.send({ persistence: { retryForMs: 0, resendUnknown: true } })).rejects.toMatchObject({ code: 'forbidden' });
		await expect(own.send()).rejects.toThrow('It is unknown whether the draft was sent');
		expect([await own.came(), await own.left()]).toEqual([0, 1]);
	});

	it('that the server had taken when the process died is found in Sent Items and taken out of Drafts', async () => {
		const own = await drafted('died3@example.test');
		own.memory.dieAt = 'before it is noted as sent';
		await expect(own.send()).rejects.toThrow('killed');
		await saveCopy(own);
		expect(await own.send()).toMatchObject({ alreadySent: true });
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
	});

	it('that the server had taken, of which no copy can be found, is told and not sent again', async () => {
		const own = await drafted('died4@example.test');
		own.memory.dieAt = 'before it is noted as sent';
		await expect(own.send()).rejects.toThrow('killed');
		await own.sandbox.arrival(own.to, () => true);
		await expect(own.send()).rejects.toThrow('It is unknown whether the draft was sent');
		expect([await own.came(), await own.left()]).toEqual([1, 1]);
	});

	it('that was noted as sent when the process died is only moved to Deleted Items, because it may be another one with that Message-ID', async () => {
		const own = await drafted('died5@example.test');
		own.memory.dieAt = 'after it is noted as sent';
		await expect(own.send()).rejects.toThrow('killed');
		await own.sandbox.arrival(own.to, () => true);
		expect(await own.send()).toMatchObject({ alreadySent: true });
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
		expect(await own.sandbox.messages(own.mailbox, 'Deleted Items')).toHaveLength(1);
	});

	it('that cannot be taken out of Drafts is told as sent, and goes the next time', async () => {
		const own = await drafted('stays@example.test');
		own.sandbox.exchange.plan('imap', 'UID EXPUNGE', { reply: '%t NO Access denied.' });
		expect(await own.send()).toMatchObject({ alreadySent: false, draftLeft: { message: expect.stringContaining('Access denied') } });
		expect(await own.left()).toBe(1);
		expect(await own.send()).toMatchObject({ alreadySent: true });
		await own.sandbox.arrival(own.to, () => true);
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
	});

	it('that the server refuses may be sent again', async () => {
		const own = await drafted('refused@example.test');
		own.sandbox.exchange.plan('smtp', 'MAIL', { reply: '550 5.7.60 SMTP; Client does not have permissions to send as this sender' });
		await expect(own.send()).rejects.toMatchObject({ code: 'forbidden' });
		expect(own.memory.notes.size).toBe(0);
		expect(await own.left()).toBe(1);
		expect(await own.send()).toMatchObject({ alreadySent: false });
	});

	it('whose answer was lost stays and is told, unless its copy is in Sent Items', async () => {
		const own = await drafted('lost@example.test');
		own.sandbox.exchange.plan('smtp', 'END', { drop: true });
		expect(await own.send()).toMatchObject({ alreadySent: false, sent: { deliveryUnknown: true, accepted: [] } });
		expect(await own.left()).toBe(1);
		await saveCopy(own);
		expect(await own.send()).toMatchObject({ alreadySent: true });
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
	});

	it('that two send at the same time goes out once', async () => {
		const own = await drafted('twice@example.test');
		const both = await Promise.allSettled([own.send(), own.send()]);
		expect(both.map(({ status }) => status)).toContain('fulfilled');
		await own.sandbox.arrival(own.to, () => true);
		expect([await own.came(), await own.left()]).toEqual([1, 0]);
	});

	it('that two send at the same time is begun by the second one when the first one is done', async () => {
		const own = await drafted('in-turns@example.test');
		const steps: string[] = [];
		let go = (): void => undefined;
		const released = new Promise<void>((resolve) => (go = resolve));
		const watched = (name: string): SendMemory => ({
			begin: async (key) => {
				steps.push(`${name} begins`);
				if (name === 'first') await released;
				return await own.memory.begin(key);
			},
			sent: async (key) => {
				await own.memory.sent(key);
				steps.push(`${name} is done`);
			},
			forget: async (key) => await own.memory.forget(key),
		});
		const first = own.send({ memory: watched('first') });
		await expect.poll(() => steps).toEqual(['first begins']);
		const second = own.send({ memory: watched('second') });
		// The second one has read the draft, so that only the first one keeps it from going on.
		const drafts = (): number => commandsOf(own).filter((command) => command.startsWith('UID FETCH') && command.includes('BODY')).length;
		await expect.poll(drafts).toBe(2);
		go();
		await Promise.all([first, second]);
		expect(steps).toEqual(['first begins', 'first is done', 'second begins', 'second is done']);
	});

	it('that is the only copy of the sent email is moved by the next attempt, not deleted', async () => {
		const own = await drafted('only-copy@example.test');
		own.sandbox.exchange.plan('imap', 'UID MOVE', { reply: '%t NO Access denied.' });
		expect(await own.send({ sentCopy: 'move' })).toMatchObject({ alreadySent: false, draftLeft: { code: 'rejected' } });
		expect(await own.send({ sentCopy: 'move' })).toMatchObject({ alreadySent: true });
		expect([await own.left(), (await own.sandbox.messages(own.mailbox, 'Sent Items')).length]).toEqual([0, 1]);
	});

	it('of which Sent Items could not be searched counts as not begun', async () => {
		const own = await drafted('not-begun@example.test');
		own.sandbox.exchange.plan('imap', 'SELECT', {});
		own.sandbox.exchange.plan('imap', 'SELECT', { reply: '%t NO Access denied.' });
		await expect(own.send()).rejects.toThrow('Access denied');
		expect(await own.send()).toMatchObject({ alreadySent: false });
	});

	it('of which the server returns only a note is neither sent nor deleted', async () => {
		const own = await drafted('note@example.test');
		own.sandbox.exchange.mailFaults.add({ kind: 'placeholder', mailbox: own.mailbox, uid: 1 });
		await expect(own.send()).rejects.toThrow('only a note that it cannot');
		expect([await own.came(), await own.left()]).toEqual([0, 1]);
	});

	it('without a Message-ID gets one that a second try finds again', async () => {
		const own = scene('exchange');
		await own.makeFolder('Drafts', 'Sent Items', 'Deleted Items');
		await own.sandbox.fill(own.mailbox, [`From: ${own.mailbox}\r\nTo: to-${own.mailbox}\r\nSubject: nameless\r\n\r\nx\r\n`], 'Drafts');
		const memory = new Memory();
		memory.dieAt = 'before it is noted as sent';
		const send = async (): Promise<SentDraft> =>
			await own.use(async (connection, folders) => {
				const [fate] = await locate(connection, folders, readReferences(1), 'Drafts');
				if (fate?.kind !== 'there') throw new Error('no draft');
				return await sendDraft(connection, folders, fate, {
					memory,
					persistence: { retryForMs: 0, resendUnknown: false },
					sentCopy: 'byServer',
				});
			});
		await expect(send()).rejects.toThrow('killed');
		await saveCopy({ ...own, to: `to-${own.mailbox}` });
		expect(await send()).toMatchObject({ alreadySent: true, messageId: expect.stringMatching(/^<draft\.[0-9a-f]{32}@example\.test>$/) });
	});
});
