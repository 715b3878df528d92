import { endpointOf, PERSON_WAITS_MS, type Account } from '../account';
import type { Protocol } from '../clouds';
import { diagnose } from '../diagnosis';
import { SmtpSession } from '../smtp/session';
import { ImapSession } from '../imap/session';
import { PopSession } from '../pop3/session';
import type { AccessToken } from '../signIn/token';
import { tryConnect, tryTls } from './reach';

interface Step {
	protocol: Protocol | 'identity';
	/** In this order: token, claims, connect, tls, signIn, mailbox. */
	step: 'token' | 'claims' | 'connect' | 'tls' | 'signIn' | 'mailbox';
	ok: boolean;
	tookMs: number;
	/** What was found, or what went wrong. */
	detail: string;
	remedy?: string;
	/** The words of the server or the identity platform. */
	said?: string;
}

export interface ConnectionReport {
	ok: boolean;
	mailbox: string;
	/** The name with which the person signed in. An app has none. */
	signedInAs?: string;
	steps: Step[];
}

/** Tests everything from the token to the mailbox, and stops each protocol at its first failure. Never throws, and changes nothing. */
export async function runConnectionTest(account: Account, protocols: readonly Protocol[]): Promise<ConnectionReport> {
	const steps: Step[] = [];
	const attempt = attempts(account, steps);
	let signedInAs = account.user;
	const gotToken = await attempt('identity', 'token', async () => {
		const token = await account.token();
		if (account.signIn === 'delegated') signedInAs = token.claims()?.upn ?? account.user;
		return `a token that is valid for ${Math.round((token.expiresAt - Date.now()) / 60_000)} more minutes`;
	});
	if (gotToken) {
		await attempt('identity', 'claims', async () => describeClaims((await account.token()).claims()));
		// In parallel, so that several hosts that do not answer cost the time of one.
		steps.push(...(await Promise.all(protocols.map(async (protocol) => await testProtocol(account, protocol)))).flat());
	}
	return { ok: steps.every(({ ok }) => ok), mailbox: account.mailbox, ...(signedInAs !== undefined && { signedInAs }), steps };
}

async function testProtocol(given: Account, protocol: Protocol): Promise<Step[]> {
	const account: Account = Object.assign(Object.create(given), { reachMs: PERSON_WAITS_MS });
	const steps: Step[] = [];
	const attempt = attempts(account, steps);
	if (!(await attempt(protocol, 'connect', async () => await tryConnect(protocol, endpointOf(account, protocol))))) return steps;
	if (await attempt(protocol, 'tls', async () => await tryTls(protocol, endpointOf(account, protocol))))
		await signIn(account, protocol, attempt);
	return steps;
}

/** Runs steps and records their results. */
function attempts({ mailbox }: Account, steps: Step[]): Attempt {
	return async (protocol, step, work) => {
		const started = Date.now();
		const entry = { protocol, step };
		try {
			const detail = await work();
			steps.push({ ...entry, ok: true, tookMs: Date.now() - started, detail });
			return true;
		} catch (error) {
			const { message, remedy, said } = diagnose(error, { speaker: protocol, mailbox });
			steps.push({ ...entry, ok: false, tookMs: Date.now() - started, detail: message, remedy, ...(said !== undefined && { said }) });
			return false;
		}
	};
}

type Attempt = (protocol: Step['protocol'], step: Step['step'], work: () => Promise<string>) => Promise<boolean>;

/** Uses the same clients as the nodes. Protocols that open a mailbox have two steps. */
async function signIn(account: Account, protocol: Protocol, attempt: Attempt): Promise<void> {
	if (protocol === 'smtp') {
		await attempt('smtp', 'signIn', async () => {
			const session = await SmtpSession.open(account);
			await session.quit();
			return `signed in as ${session.user}, to send from the mailbox ${account.mailbox}`;
		});
	} else if (protocol === 'imap') {
		let session: ImapSession | undefined;
		const signedIn = await attempt('imap', 'signIn', async () => {
			session = await ImapSession.open(account);
			return signedInTo(account, session.token);
		});
		if (signedIn) {
			await attempt('imap', 'mailbox', async () => {
				await session?.select('INBOX');
				return `INBOX opened, UIDVALIDITY ${session?.uidValidity ?? '?'}`;
			});
		}
		session?.close();
	} else {
		let session: PopSession | undefined;
		const signedIn = await attempt('pop', 'signIn', async () => {
			session = await PopSession.open(account);
			return signedInTo(account, await account.token());
		});
		if (signedIn) {
			await attempt('pop', 'mailbox', async () => {
				const { count, size } = (await session?.stat()) ?? { count: 0, size: 0 };
				return `${count} emails, ${size} bytes`;
			});
		}
		session?.close();
	}
}

/** IMAP and POP get the mailbox as user; the token says who opens it. */
function signedInTo({ mailbox, user, signIn }: Account, token: AccessToken): string {
	const claims = token.claims();
	const who = signIn === 'appOnly' ? `the app ${claims?.appid ?? ''}`.trim() : (claims?.upn ?? user ?? mailbox);
	return `signed in as ${who}, to the mailbox ${mailbox}`;
}

function describeClaims(claims: ReturnType<Awaited<ReturnType<Account['token']>>['claims']>): string {
	if (claims === undefined) return 'the token cannot be read, as is usual for personal accounts';
	const name = claims.scp === undefined ? undefined : claims.upn;
	const who = name ?? (claims.appid === undefined ? 'unknown' : `app ${claims.appid}`);
	return (
		`for ${claims.aud ?? '?'}, permissions: ${claims.scp ?? claims.roles?.join(' ') ?? 'none'}, signed in: ` +
		`${who}${claims.guest ? ', a guest of the tenant' : ''}`
	);
}
