import type { Account } from '../account';
import { dialWithToken, isRefusedToken } from './dialWithToken';
import type { AccessToken } from './token';

/** So many accounts are remembered; the oldest are forgotten. */
const REMEMBERED = 1_000;

/** By account: the name that SMTP took after it had refused the usual one. Of the whole process. */
const accepted = new Map<string, string>();

/**
 * Signs in to SMTP under the name that it takes as XOAUTH2 user. With a person's token that is the person's own sign-in
 * name, also for a shared mailbox or a primary address that differs from it: the mailbox stands in MAIL FROM then. (IMAP
 * and POP take the mailbox to open.) With an app's token it is the mailbox. Measured on tenants: frappe/frappe#23079,
 * nextcloud/mail#13668, Foundry376/Mailspring-Sync#116; Microsoft's page tells it otherwise, so a server that refuses the
 * one name is offered the other one once, and what it took is remembered for the next connection.
 *
 * @throws MailError the refusal of the first name, where no name was taken
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
		// Two refusals of one sign-in: the first one names the user who should have been taken.
		if (isRefusedToken(error)) throw refusal;
		throw error;
	}
}

/** The names to try, the likelier first. */
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
