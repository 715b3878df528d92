import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { Account } from '../../mail/account';
import type { Protocol } from '../../mail/clouds';
import { compose } from '../../mail/compose/message';
import { runConnectionTest, type ConnectionReport } from '../../mail/connectionTest/connectionTest';
import { MailError } from '../../mail/errors';
import { ImapSession } from '../../mail/imap/session';
import { PopSession } from '../../mail/pop3/session';
import { ProtocolLog } from '../../mail/protocolLog';
import { sendMail } from '../../mail/smtp/send';
import type { Way } from './settings';

/** One thing that was tried. */
interface Trial {
	name: string;
	ok: boolean;
	detail: string;
}

export interface WayReport {
	name: string;
	connection: ConnectionReport;
	trials: Trial[];
	transcripts: Partial<Record<Protocol, string[]>>;
}

/** How long an email may take to arrive, in ms. */
const ARRIVAL_MS = 120_000;
const LOOK_EVERY_MS = 2_000;

/** From the sign-in to an email that is sent, found, read and deleted again. Nothing else in the mailbox is touched. */
export async function tryWay({ name, account: given, protocols, recipient }: Way): Promise<WayReport> {
	const log = new ProtocolLog();
	const account: Account = Object.assign(Object.create(given), { listen: (protocol: Protocol) => log.listen(protocol) });
	const connection = await runConnectionTest(account, protocols);
	const usable = protocols.filter(
		(protocol) => !connection.steps.some((step) => !step.ok && (step.protocol === protocol || step.step === 'token')),
	);
	const trials: Trial[] = [];
	const attempt = async (what: string, work: () => Promise<string>): Promise<boolean> => {
		try {
			trials.push({ name: what, ok: true, detail: await work() });
			return true;
		} catch (error) {
			const told = error instanceof MailError ? [error.message, error.details] : [error instanceof Error ? error.message : String(error)];
			trials.push({ name: what, ok: false, detail: told.filter((part) => part !== undefined).join(' ') });
			return false;
		}
	};
	const mark = `n8n-nodes-office365-mail live test ${randomUUID()}`;
	const sent = usable.includes('smtp') && (await attempt('send an email', async () => await send(account, recipient, mark)));
	if (usable.includes('imap')) {
		if (sent && recipient.toLowerCase() === account.mailbox.toLowerCase())
			await attempt('find the email over IMAP', async () => await find(account, mark));
		await attempt(
			'list capabilities of IMAP',
			async () => await withImap(account, async (session) => await Promise.resolve([...session.client.capabilities.keys()].join(' '))),
		);
	}
	if (usable.includes('pop')) await attempt('list the mailbox over POP', async () => await listPop(account));
	if (sent && usable.includes('imap')) await attempt('delete the test email again', async () => await cleanUp(account, mark));
	return { name, connection, trials, transcripts: log.toJSON() };
}

async function send(account: Account, recipient: string, mark: string): Promise<string> {
	const mail = await compose({
		from: account.mailbox,
		to: recipient,
		cc: '',
		bcc: '',
		replyTo: '',
		subject: mark,
		text: 'A test by npm run live. It deletes itself.',
		files: [],
		inReplyTo: '',
		references: '',
		priority: 'normal',
		headers: [],
	});
	const { response, submittedMessageId } = await sendMail(account, mail, { retryForMs: 60_000, resendUnknown: false });
	return `${response}${submittedMessageId === undefined ? '' : '; the server gave the email another Message-ID'}`;
}

async function find(account: Account, mark: string): Promise<string> {
	const since = Date.now();
	return await withImap(account, async (session) => {
		for (;;) {
			await session.select('INBOX');
			const found = await session.run('UID SEARCH', async (client) => await client.search({ subject: mark }, { uid: true }));
			if (Array.isArray(found) && found.length > 0) return `found after ${Math.round((Date.now() - since) / 1000)} s`;
			if (Date.now() - since > ARRIVAL_MS) throw new Error('The email did not arrive in the Inbox in time.');
			await pause(LOOK_EVERY_MS);
		}
	});
}

async function listPop(account: Account): Promise<string> {
	const session = await PopSession.open(account);
	try {
		const { count, size } = await session.stat();
		const ids = await session.uidl();
		return `${count} emails, ${size} bytes, ${ids.size} unique ids; capabilities: ${[...session.capabilities.keys()].join(' ')}`;
	} finally {
		await session.quit();
	}
}

/** The copies of this run's email in the folders that may hold one. */
async function cleanUp(account: Account, mark: string): Promise<string> {
	return await withImap(account, async (session) => {
		const folders = await session.run('LIST', async (client) => await client.list());
		const names = folders
			.filter(({ path, specialUse }) => path === 'INBOX' || specialUse === '\\Sent' || /^sent/i.test(path))
			.map(({ path }) => path);
		let deleted = 0;
		for (const name of names) {
			await session.select(name);
			const found = await session.run('UID SEARCH', async (client) => await client.search({ subject: mark }, { uid: true }));
			if (!Array.isArray(found) || found.length === 0) continue;
			await session.run('UID STORE', async (client) => await client.messageDelete(found, { uid: true }));
			deleted += found.length;
		}
		if (deleted === 0) throw new Error(`No copy was found in ${names.length} folders. Look for an email with "${mark}" in its subject.`);
		return `${deleted} deleted in ${names.length} folders`;
	});
}

async function withImap<T>(account: Account, use: (session: ImapSession) => Promise<T>): Promise<T> {
	const session = await ImapSession.open(account);
	try {
		return await use(session);
	} finally {
		session.close();
	}
}
