import type { Account } from '../account';
import { dialWithToken, isRefusedToken } from './dialWithToken';
import type { AccessToken } from './token';

/** Maximum number of accounts that are remembered. The oldest are forgotten. */
const REMEMBERED = 1_000;

/** For each account, the name that SMTP accepted after it had refused the usual one. Shared by the whole process. */
const accepted = new Map<string, string>();

/**
 * Signs in to SMTP with the name that it accepts as XOAUTH2 user. With a person's token this is the person's own sign-in name, even for a
 * shared mailbox or a primary address that differs from it; the mailbox is then in MAIL FROM. (IMAP and POP get the mailbox to open.) With
 * an app's token it is the mailbox.
 *
 * Measured on tenants: frappe/frappe#23079, nextcloud/mail#13668, Foundry376/Mailspring-Sync#116. Microsoft's page says something else, so
 * if a server refuses one name, the other one is tried once, and the accepted name is remembered for the next connection.
 *
 * @throws MailError the refusal of the first name, if no name was accepted
 */
export async function dialSmtp<Session>(account: Account, dial: (token: AccessToken, user: string) => Promise<Session>): Promise<Session> {
	const key = `${account.owner ?? account.id} ${account.mailbox.toLowerCase()} ${account.smtp.host}:${account.smtp.port}`;
	let names: string[] = [];
	try {
		return await dialWithToken(account.token, async (token) => {
			names = namesFor(account, token, accepted.get(key));
			return await dial(token, names[0] ?? account.mailbox);
		});
	} catch (error) {
		const [, other] = names;
		if (!isRefusedToken(error) || other === undefined) throw error;
		return await dialAs(other, key, error, async (token) => await dial(token, other), account);
	}
}

async function dialAs<Session>(
	name: string,
	key: string,
	refusal: unknown,
	dial: (token: AccessToken) => Promise<Session>,
	account: Account,
): Promise<Session> {
	try {
		const session = await dial(await account.token());
		remember(key, name);
		return session;
	} catch (error) {
		// Both names were refused. The first refusal names the user who should have been accepted.
		if (isRefusedToken(error)) throw refusal;
		throw error;
	}
}

/** Returns the names to try, the more likely one first. */
function namesFor(account: Account, token: AccessToken, known: string | undefined): string[] {
	const own = account.signIn === 'appOnly' ? undefined : (token.claims()?.upn ?? account.user);
	const names = [...(own === undefined ? [] : [own]), account.mailbox];
	if (known !== undefined) names.sort((one, other) => Number(same(other, known)) - Number(same(one, known)));
	return names.filter((name, index) => names.findIndex((other) => same(other, name)) === index);
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function remember(key: string, name: string): void {
	accepted.delete(key);
	accepted.set(key, name);
	const [oldest] = accepted.keys();
	if (accepted.size > REMEMBERED && oldest !== undefined) accepted.delete(oldest);
}
