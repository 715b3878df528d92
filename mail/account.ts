import { isIP } from 'node:net';

import type { Cloud, Endpoint, Protocol } from './clouds';
import type { Ending } from './endings';
import { MailError } from './errors';
import type { Listener } from './protocolLog';
import type { Refusals } from './refusals';
import type { TokenSource } from './signIn/token';

/** A mailbox that can be opened: its address, its servers, and the source of its tokens. */
export interface Account {
	/** ID of the credential. */
	id: string;
	/**
	 * Identifies the owner of a live session. A session is never lent to another owner. The owner changes when the credential is edited or
	 * another person signs in, but not when a token is renewed. Contains no secret. If it is left out, the ID is used.
	 */
	owner?: string;
	/** Address of the mailbox to open and to send from: the user's own mailbox or a shared one. */
	mailbox: string;
	/** The sign-in name of the person, if it is known before there is a token. An app has none. */
	user?: string;
	imap: Endpoint;
	pop: Endpoint;
	smtp: Endpoint;
	token: TokenSource;
	/** How the token was obtained, for explanations. */
	signIn: 'delegated' | 'appOnly';
	/** Parts of the credential that expire on a known day. */
	endings?: Ending[];
	/**
	 * How long a host may take to connect, and again to send its greeting, in ms. Set while a person waits; otherwise each protocol has its
	 * own limit.
	 */
	reachMs?: number;
	/** What the servers refused in this execution. Left out if each attempt is worth it. */
	refusals?: Refusals;
	/** Receives each line of the connections' protocol. */
	listen?: (protocol: Protocol) => Listener;
}

/** How long a waiting person is kept waiting for a host that does not answer, in ms. */
export const PERSON_WAITS_MS = 10_000;

export function accountOf(id: string, mailbox: string, cloud: Cloud, token: TokenSource, signIn: Account['signIn']): Account {
	return { id, mailbox, ...cloud.endpoints, token, signIn };
}

/**
 * The account whose sending limits apply. Exchange counts connections and messages of the account that signs in: of a person, whichever
 * shared mailbox the email is sent from; of the mailbox, if an app signs in.
 */
export function senderOf({ mailbox, user, signIn }: Account): string {
	return (signIn === 'appOnly' ? mailbox : (user ?? mailbox)).toLowerCase();
}

/** The endpoint of a protocol. @throws MailError `input` if a custom cloud leaves the host empty */
export function endpointOf(account: Account, protocol: Protocol): Endpoint {
	const endpoint = account[protocol];
	if (endpoint.host === '') {
		const label = protocol.toUpperCase();
		throw new MailError(`The credential has no ${label} host.`, {
			code: 'input',
			field: `${label} Host`,
			remedy: `Fill in "${label} Host" in the credential (cloud "Custom").`,
		});
	}
	return endpoint;
}

/**
 * TLS options for every connection of this package: verified, TLS 1.2 or later. A private CA is added with NODE_EXTRA_CA_CERTS.
 * The host is needed even if TLS begins on an existing connection. An IP address is not a server name (RFC 6066, section 3), and without a
 * server name or a host, Node checks the certificate against "localhost".
 */
export function tlsOptions({ host }: Endpoint): { host: string; servername: string; rejectUnauthorized: true; minVersion: 'TLSv1.2' } {
	return { host, servername: isIP(host) === 0 ? host : '', rejectUnauthorized: true, minVersion: 'TLSv1.2' };
}
