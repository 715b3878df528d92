import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { escapeHtml } from '../../../mail/escapeHtml';
import { bodyOf, page } from './answers';
import { isFailure, type App, type Directory } from './directory';
import type { Grant } from './grants';
import { MAIL_RESOURCES } from './issuer';

/**
 * `/authorize`: a page with one button an account and one to decline; no password is asked for. A chosen account
 * redirects with code and state, as do refusals once the redirect address is known to be the app's.
 */
export async function showSignIn(
	directory: Directory,
	codes: Map<string, Grant>,
	tenant: string,
	url: URL,
	request: IncomingMessage,
	response: ServerResponse,
): Promise<void> {
	const query = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
	const app = directory.find(query.get('client_id'), tenant);
	if (isFailure(app)) return page(response, 400, `<p>AADSTS${app.aadsts}: ${escapeHtml(app.description)}</p>`);
	const redirectUri = query.get('redirect_uri') ?? '';
	if (!URL.canParse(redirectUri) || (app.redirectUris.length > 0 && !app.redirectUris.includes(redirectUri))) {
		return page(
			response,
			400,
			`<p>AADSTS50011: The redirect URI '${escapeHtml(redirectUri)}' specified in the request does not match the redirect URIs configured for the application.</p>`,
		);
	}
	const back = (answer: Record<string, string>): void => {
		const target = new URL(redirectUri);
		for (const [name, value] of Object.entries({ ...answer, state: query.get('state') ?? '' })) target.searchParams.set(name, value);
		response.writeHead(302, { location: target.toString() }).end();
	};
	const refusal = refusalOf(directory, app, query);
	if (refusal !== undefined) return back(refusal);
	const user = query.get('account');
	if (user === null) return page(response, 200, chooser(directory, query));
	const code = `1.${randomBytes(24).toString('base64url')}`;
	codes.set(code, {
		user,
		tenant,
		clientId: app.clientId,
		scope: query.get('scope') ?? '',
		redirectUri,
		codeChallenge: query.get('code_challenge') ?? undefined,
		nonce: query.get('nonce') ?? undefined,
	});
	back({ code });
}

function refusalOf(directory: Directory, app: App, query: URLSearchParams): Record<string, string> | undefined {
	const refuse = (error: string, text: string): Record<string, string> => ({ error, error_description: text });
	if (query.get('decline') !== null) return refuse('access_denied', 'AADSTS65004: User declined to consent to access the app.');
	if (query.get('response_type') !== 'code') return refuse('unsupported_response_type', 'AADSTS700054: response_type must be code.');
	const method = query.get('code_challenge_method');
	if (query.get('code_challenge') !== null && method !== 'S256')
		return refuse('invalid_request', 'AADSTS501491: Invalid size or method of Code_Challenge.');
	const resource = directory.resourceOf((query.get('scope') ?? '').split(' '), app, MAIL_RESOURCES, query.get('resource'));
	if (typeof resource !== 'string') return refuse(resource.error, `AADSTS${resource.aadsts}: ${resource.description}`);
	if (query.get('prompt') === 'none')
		return refuse('login_required', 'AADSTS50058: A silent sign-in request was sent but no user is signed in.');
	return undefined;
}

function chooser(directory: Directory, query: URLSearchParams): string {
	const fields = [...query]
		.map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
		.join('');
	const hint = query.get('login_hint');
	const users = hint === null ? directory.users() : [hint];
	const buttons = users.map((name) => `<button name="account" value="${escapeHtml(name)}">${escapeHtml(name)}</button>`).join('');
	const asked = (query.get('scope') ?? '')
		.split(' ')
		.map((scope) => `<li>${escapeHtml(scope)}</li>`)
		.join('');
	return `<h1>Sign in</h1><p>The app asks for:</p><ul>${asked}</ul><form method="post">${fields}${buttons}<button name="decline" value="yes">Cancel</button></form>`;
}
