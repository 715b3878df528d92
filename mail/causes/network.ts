import { ALL, peer, type Cause, type Circumstances } from './cause';

/** Errors of the machine's own network, before any server has answered. */
export const NETWORK_CAUSES: readonly Cause[] = [
	{
		// nodemailer uses ETLS here too, but the certificate is not the reason.
		id: 'lost-in-handshake',
		speakers: ALL,
		words: /closed unexpectedly|before secure TLS connection|ECONNRESET/i,
		code: 'lost',
		sentence: (at) => `The connection to ${peer(at)} broke.`,
		remedy: () => 'It is retried automatically if that is safe.',
	},
	{
		id: 'tls',
		speakers: ALL,
		words: /CERT_|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|DEPTH_ZERO|certificate|\bEPROTO\b|wrong version number|ssl3|tlsv1|ETLS/i,
		code: 'tls',
		permanent: true,
		sentence: (at) => `The TLS certificate of ${peer(at)} cannot be verified, or TLS failed.`,
		remedy: () =>
			'Check host, port and security (TLS or STARTTLS). To trust a private CA, start n8n with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.',
	},
	{
		id: 'host-unknown',
		speakers: ALL,
		words: /ENOTFOUND|EAI_AGAIN|EDNS|getaddrinfo/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}: its host name cannot be found.`,
		remedy: whatToCheck,
	},
	{
		id: 'refused',
		speakers: ALL,
		// "bad port": the error of fetch for a port that it refuses to use.
		words: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EACCES|EPERM|bad port|Failed to setup proxy connection/,
		code: 'unreachable',
		sentence: (at) => `n8n could not reach ${peer(at)}.`,
		remedy: whatToCheck,
	},
	{
		id: 'timeout',
		speakers: ALL,
		words: /ETIMEDOUT|ESOCKETTIMEDOUT|timed? ?out|timeout/i,
		code: 'timeout',
		sentence: (at) => `n8n could not reach ${peer(at)}: it did not answer in time.`,
		remedy: whatToCheck,
	},
	{
		id: 'lost',
		speakers: ALL,
		words: /ECONNRESET|EPIPE|ECONNECTION|ECONNABORTED|NoConnection|EConnectionClosed|closed|socket hang up|Unexpected socket close/i,
		code: 'lost',
		sentence: (at) => `The connection to ${peer(at)} broke.`,
		remedy: () => 'It is retried automatically if that is safe.',
	},
];

function whatToCheck(at: Circumstances): string {
	const address = at.speaker === 'identity' ? '"Authority URL"' : 'host and port in the credential';
	return `Check ${address}, and the DNS, proxy and firewall of this machine.`;
}
