import { MAIL, peer, type Cause } from './cause';

/** What the operator's proxy says of a connection to a mail server. A failed sign-in there is not one of the mailbox. */
export const PROXY_CAUSES: readonly Cause[] = [
	{
		id: 'proxy-sign-in',
		speakers: MAIL,
		// In the words of mailProxy.ts, and of the library "socks" (RFC 1928, section 3; RFC 1929).
		words: /the proxy answered HTTP 407|no accepted authentication type|Socks5 Authentication failed/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy does not accept the user name and password, or wants some.`,
		remedy: () =>
			'Whoever operates this n8n puts user name and password before the host in N8N_OFFICE365_MAIL_PROXY, as in ' +
			'http://USER:PASSWORD@proxy.example.com:3128.',
	},
	{
		id: 'proxy-refused',
		speakers: MAIL,
		words: /the proxy answered HTTP \d|Socks5 proxy rejected connection/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: the proxy made no connection to it.`,
		remedy: () =>
			'Check the host and port in the credential. The proxy has to allow connections to it; ' +
			'if it is reached without the proxy, list the host in NO_PROXY.',
	},
];
