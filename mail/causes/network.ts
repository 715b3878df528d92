import { ALL, peer, type Cause } from './cause';

/** What the machine's own network says, before any server had a word. */
export const NETWORK_CAUSES: readonly Cause[] = [
	{
		// nodemailer calls it ETLS too, but the certificate is not at fault.
		id: 'lost-in-handshake',
		speakers: ALL,
		words: /closed unexpectedly|before secure TLS connection|ECONNRESET/i,
		code: 'lost',
		sentence: (at) => `The connection to ${peer(at)} broke.`,
		remedy: () => 'It is tried again where that is safe.',
	},
	{
		id: 'tls',
		speakers: ALL,
		words: /CERT_|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|DEPTH_ZERO|certificate|EPROTO|wrong version number|ssl3|tlsv1|ETLS/i,
		code: 'tls',
		permanent: true,
		sentence: (at) => `The certificate or TLS of ${peer(at)} cannot be trusted.`,
		remedy: () => 'Check host, port and security (tls or starttls); a private CA is trusted by starting n8n with NODE_EXTRA_CA_CERTS=/path/to/ca.pem.',
	},
	{
		id: 'host-unknown',
		speakers: ALL,
		words: /ENOTFOUND|EAI_AGAIN|EDNS|getaddrinfo/,
		code: 'unreachable',
		sentence: (at) => `The host name of ${peer(at)} cannot be found.`,
		remedy: () => 'Check "Cloud" or the host in the credential, and this machine\'s DNS.',
	},
	{
		id: 'refused',
		speakers: ALL,
		words: /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EACCES|EPERM/,
		code: 'unreachable',
		sentence: (at) => `No connection to ${peer(at)}.`,
		remedy: () => 'Check host and port in the credential, and that no firewall stands between.',
	},
	{
		id: 'timeout',
		speakers: ALL,
		words: /ETIMEDOUT|ESOCKETTIMEDOUT|timed? ?out|timeout/i,
		code: 'timeout',
		sentence: (at) => `${peer(at)} did not answer in time.`,
		remedy: () => 'It is tried again where that is safe; check the network if it lasts.',
	},
	{
		id: 'lost',
		speakers: ALL,
		words: /ECONNRESET|EPIPE|ECONNECTION|ECONNABORTED|NoConnection|EConnectionClosed|closed|socket hang up|Unexpected socket close/i,
		code: 'lost',
		sentence: (at) => `The connection to ${peer(at)} broke.`,
		remedy: () => 'It is tried again where that is safe.',
	},
];
