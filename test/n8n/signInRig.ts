import { createHash } from 'node:crypto';

import { uses, type Credential } from '../../sandbox/credentials';
import type { Api } from '../../sandbox/n8n';
import { serveRow, webhook } from './row';

export const digest = (token: unknown): string => createHash('sha256').update(String(token)).digest('base64url');

/** A workflow that signs in over POP and says how it went, behind a webhook; active. */
export async function serveSignIn(api: Api, path: string, credential: Credential): Promise<string> {
	const { authentication, credentials } = uses(credential);
	return await serveRow(api, path, [
		webhook(path, 'lastNode'),
		{
			...{ name: 'Mail', type: 'n8n-nodes-office365-mail.popFetch', credentials },
			parameters: { authentication, operation: 'testConnection', options: {} },
		},
	]);
}

/** What one execution of it says. */
export async function signIn(api: Api, path: string): Promise<{ ok: boolean; problem?: string; remedy?: string }> {
	const { body } = await api.webhook(path);
	const [item]: unknown[] = Array.isArray(body) ? body : [body];
	const said = new Map<string, unknown>(Object.entries(Object(item)));
	const text = (name: string): string | undefined => (said.has(name) ? String(said.get(name)) : undefined);
	return { ok: said.get('ok') === true, problem: text('problem') ?? text('message'), remedy: text('remedy') };
}

/** What we say of mail servers that 50 handshakes at once keep busy for longer than our patience; it says nothing of tokens. */
const TOO_BUSY = /^(?:smtp|imap|pop) .*did not answer/;

/** How many of many executions, all begun at once, signed in; what the machine was too busy for is asked for again. */
export async function signInAtOnce(api: Api, path: string, times: number): Promise<{ ok: number; problems: unknown[] }> {
	const once = async (tries = 3): Promise<{ ok: boolean; problem?: string }> => {
		const said = await signIn(api, path);
		return TOO_BUSY.test(said.problem ?? '') && tries > 1 ? await once(tries - 1) : said;
	};
	const said = await Promise.all(Array.from({ length: times }, async () => await once()));
	return { ok: said.filter(({ ok }) => ok).length, problems: said.filter(({ ok }) => !ok) };
}
