import { isIP } from 'node:net';

import type { Cloud, Endpoint, Protocol } from './clouds';
import type { Ending } from './endings';
import { MailError } from './errors';
import type { Listener } from './protocolLog';
import type { TokenSource } from './signIn/token';

/** A mailbox that can be opened: who, where, and where tokens come from. */
export interface Account {
	/** Which credential it was opened with. */
	id: string;
	/**
	 * Whose a live session is; it is never lent to another. Changes when the credential is edited or somebody else signs in,
	 * not when a token is renewed. No secret; the id where it is left out.
	 */
	owner?: string;
	/** The address of the mailbox to open and to send from: the own one or a shared mailbox's. */
	mailbox: string;
	/** The name that the person signs in with, where it is known before there is a token; an app has none. */
	user?: string;
	imap: Endpoint;
	pop: Endpoint;
	smtp: Endpoint;
	token: TokenSource;
	/** How the token came about, for explanations. */
	signIn: 'delegated' | 'appOnly';
	/** What of the credential ends on a day that is known. */
	endings?: Ending[];
	/**
	 * How long a host may take to connect, and again to greet, in ms. Set where a person waits; otherwise each protocol has
	 * its own patience.
	 */
	reachMs?: number;
	/** Hears what is said on its connections. */
	listen?: (protocol: Protocol) => Listener;
}

/** So long somebody who waits is left without an answer from a host that does not answer, in ms. */
export const PERSON_WAITS_MS = 10_000;

export function accountOf(id: string, mailbox: string, cloud: Cloud, token: TokenSource, signIn: Account['signIn']): Account {
	return { id, mailbox, ...cloud.endpoints, token, signIn };
}

/**
 * Whose limits count when mail is sent. Exchange counts connections and mails by who is signed in: for a person that is
 * the person, whichever shared mailbox the mail is from; for an app it is the mailbox.
 */
export function senderOf({ mailbox, user, signIn }: Account): string {
	return (signIn === 'appOnly' ? mailbox : (user ?? mailbox)).toLowerCase();
}

/** The endpoint of a protocol. @throws MailError `input` where a custom cloud leaves the host empty */
export function endpointOf(account: Account, protocol: Protocol): Endpoint {
	const endpoint = account[protocol];
	if (endpoint.host === '') {
		const label = protocol.toUpperCase();
		throw new MailError(`The credential names no ${label} host.`, {
			code: 'input',
			field: `${label} Host`,
			remedy: `Fill in "${label} Host" in the credential (cloud "Custom").`,
		});
	}
	return endpoint;
}

/**
 * TLS options for every connection of this package: verified, TLS 1.2 or newer; a private CA comes through NODE_EXTRA_CA_CERTS.
 * With the host, also where TLS begins on a connection that is there already: an IP address is no server name (RFC 6066,
 * section 3), and without either Node checks the certificate against "localhost".
 */
export function tlsOptions({ host }: Endpoint): { host: string; servername: string; rejectUnauthorized: true; minVersion: 'TLSv1.2' } {
	return { host, servername: isIP(host) === 0 ? host : '', rejectUnauthorized: true, minVersion: 'TLSv1.2' };
}
