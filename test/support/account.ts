import type { Account } from '../../mail/account';
import { AccessToken } from '../../mail/signIn/token';
import type { Address, Sandbox } from '../../sandbox/servers';

/** An account on the sandbox, with tokens from its identity server. `asked` counts the requests for tokens. */
export function accountOn(
	sandbox: Sandbox,
	mailbox: string,
	servers: { imap: Address; pop: Address; smtp: Address },
	claims: { scp?: string; lifetimeSeconds?: number; user?: string } = {},
): Account & { asked: number } {
	const account = {
		id: `test ${mailbox}`,
		mailbox,
		imap: servers.imap,
		pop: servers.pop,
		smtp: servers.smtp,
		user: claims.user ?? mailbox,
		signIn: 'delegated' as const,
		asked: 0,
		token: async () => {
			account.asked += 1;
			const seconds = claims.lifetimeSeconds ?? 3600;
			return new AccessToken(
				await sandbox.identity.accessToken({ mailbox: claims.user ?? mailbox, scp: claims.scp, lifetimeSeconds: seconds }),
				Date.now() + seconds * 1000,
			);
		},
	};
	return account;
}

/** The two ways to the servers: straight to them, and through the proxy that behaves like Exchange Online. */
export function ways(sandbox: Sandbox): Record<'straight' | 'exchange', { imap: Address; pop: Address; smtp: Address }> {
	return { straight: sandbox.straight, exchange: { imap: sandbox.exchange.imap, pop: sandbox.exchange.pop, smtp: sandbox.exchange.smtp } };
}
