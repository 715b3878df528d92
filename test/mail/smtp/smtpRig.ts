import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Account } from '../../../mail/account';
import { MailError } from '../../../mail/errors';
import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { MAILS_AT_A_TIME } from '../../../mail/smtp/pool';
import { sendMail, type Persistence, type Sent } from '../../../mail/smtp/send';
import type { Sandbox } from '../../../sandbox/servers';

export const ADA = 'ada@example.test';

/** A small email from Ada to Grace, with what a test changes. */
export const outgoing = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
	from: ADA,
	to: 'grace@example.test',
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

/** What became of a run of mails, by reading the mailbox. */
export interface Tally {
	/** Mails that are there, however often. */
	delivered: number;
	lost: number;
	/** Mails that are there more than once. */
	doubled: number;
	/** All that is there, every copy counted. */
	copies: number;
	/** Told as sent, as unknown, as failed. */
	sent: number;
	unknown: number;
	failed: number;
	/** Mails told as sent that are not there, and mails told as failed that are. */
	lies: number;
	attempts: number;
	errors: MailError[];
	retries: string[];
}

/** Sends `count` mails as the node does, to a mailbox of their own, and counts what arrives. */
export async function run(
	sandbox: Sandbox,
	account: Account,
	count: number,
	policy: Partial<Persistence> = {},
	change: Partial<OutgoingMail> = {},
): Promise<Tally> {
	const mailbox = `run-${crypto.randomUUID()}@example.test`;
	const retries: string[] = [];
	const persistence: Persistence = {
		retryForMs: 30_000,
		resendUnknown: false,
		onRetry: (reason) => void retries.push(reason.code),
		...policy,
	};
	const mails = await Promise.all(
		Array.from(
			{ length: count },
			async (_, index) => await compose(outgoing({ from: account.mailbox, to: mailbox, subject: `mail ${index}`, ...change })),
		),
	);
	const outcomes = new Map<string, Sent | MailError>();
	const left = [...mails];
	const worker = async (): Promise<void> => {
		for (let mail = left.shift(); mail !== undefined; mail = left.shift()) {
			outcomes.set(mail.messageId, await outcomeOf(sendMail(account, mail, persistence)));
		}
	};
	await Promise.all(Array.from({ length: MAILS_AT_A_TIME }, worker));
	return { ...(await tally(sandbox, mailbox, outcomes)), retries };
}

async function outcomeOf(sending: Promise<Sent>): Promise<Sent | MailError> {
	try {
		return await sending;
	} catch (error) {
		if (error instanceof MailError) return error;
		throw error;
	}
}

async function tally(sandbox: Sandbox, mailbox: string, outcomes: Map<string, Sent | MailError>): Promise<Omit<Tally, 'retries'>> {
	await settled(sandbox);
	const copies = new Map<string, number>();
	for (const mail of await sandbox.messages(mailbox)) {
		const id = /^Message-ID: (\S+)/im.exec(mail.toString('latin1'))?.[1] ?? '';
		copies.set(id, (copies.get(id) ?? 0) + 1);
	}
	const results = [...outcomes];
	const there = (id: string): boolean => copies.has(id);
	const sent = results.filter(([, outcome]) => !(outcome instanceof MailError) && !outcome.deliveryUnknown);
	const failed = results.filter(([, outcome]) => outcome instanceof MailError);
	return {
		delivered: results.filter(([id]) => there(id)).length,
		lost: results.filter(([id]) => !there(id)).length,
		doubled: [...copies.values()].filter((number) => number > 1).length,
		copies: [...copies.values()].reduce((sum, number) => sum + number, 0),
		sent: sent.length,
		unknown: results.length - sent.length - failed.length,
		failed: failed.length,
		lies: sent.filter(([id]) => !there(id)).length + failed.filter(([id]) => there(id)).length,
		attempts: results.reduce((sum, [, outcome]) => sum + (outcome instanceof MailError ? 0 : outcome.attempts), 0),
		errors: results.flatMap(([, outcome]) => (outcome instanceof MailError ? [outcome] : [])),
	};
}

/** Nothing is under way any more. */
export async function settled(sandbox: Sandbox): Promise<void> {
	await expect.poll(() => queued(sandbox), { interval: 50 }).toBe(0);
}

/** Mails that Postfix has taken and Dovecot has not got yet. An ordinary user's submission server delivers before it answers. */
function queued(sandbox: Sandbox): number {
	const queue = join(sandbox.folder, 'postfix', 'queue');
	if (!existsSync(queue)) return 0;
	return ['incoming', 'active', 'deferred'].reduce((sum, name) => sum + readdirSync(join(queue, name)).length, 0);
}
