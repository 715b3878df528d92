import { MAIL, peer, type Cause } from './cause';

/** Texts of the library "socks" for a refused sign-in at the proxy (RFC 1928, section 3; RFC 1929). */
export const SOCKS_SIGN_IN = /no accepted authentication type|Socks5 Authentication failed/;

/** Errors of the operator's proxy at a connection to a mail server. A failed sign-in at the proxy is not one at the mailbox. */
export const PROXY_CAUSES: readonly Cause[] = [
	{
		id: 'proxy-sign-in',
		speakers: MAIL,
		// The first words are those of mailProxy.ts.
		words: new RegExp(`the proxy answered HTTP 407|${SOCKS_SIGN_IN.source}`),
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy requires a user name and password, or did not accept them.`,
		remedy: () =>
			'Ask the operator of this n8n to put the user name and password before the host in N8N_OFFICE365_MAIL_PROXY, for example ' +
			'http://USER:PASSWORD@proxy.example.com:3128.',
	},
	{
		id: 'proxy-refused',
		speakers: MAIL,
		words: /the proxy answered HTTP \d|Socks5 proxy rejected connection/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy could not connect to it.`,
		remedy: () =>
			'Check the host and port in the credential, and allow connections to them at the proxy. ' +
			'If n8n can reach the host without the proxy, add it to NO_PROXY.',
	},
];
