import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

import { inputError, MailError } from '../errors';
import { CLOCK_SKEW_MS } from './token';

/** What MSAL signs client assertions with. Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
export interface ClientCertificate {
	thumbprintSha256: string;
	/** PKCS #8, PEM, unlocked. */
	privateKey: string;
	/** The certificate and its chain, PEM. */
	x5c: string;
}

/** @throws MailError `input` naming the field, never with a part of the key */
export function clientCertificate(
	fields: { privateKey: string; certificate: string; passphrase?: string },
	now = Date.now(),
): ClientCertificate {
	const key = readKey(restorePem(fields.privateKey), fields.passphrase);
	const chain = readChain(restorePem(fields.certificate));
	const own = chain.find((certificate) => certificate.checkPrivateKey(key));
	if (own === undefined) {
		throw inputError(
			'Private Key',
			'it does not belong to the certificate.',
			'Paste the key that was made with this certificate, or upload the certificate of this key to the app registration.',
		);
	}
	if (Date.parse(own.validTo) < now) {
		throw inputError(
			'Certificate',
			`it ended on ${new Date(own.validTo).toISOString().slice(0, 10)}.`,
			'Make a new certificate, upload it to the app registration and paste both parts here.',
		);
	}
	if (Date.parse(own.validFrom) > now + CLOCK_SKEW_MS) {
		throw inputError(
			'Certificate',
			`it begins at ${new Date(own.validFrom).toISOString()}.`,
			'Wait until then or make another one, and check the clock of this machine.',
		);
	}
	return {
		thumbprintSha256: own.fingerprint256.replaceAll(':', ''),
		privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
		x5c: [own, ...chain.filter((certificate) => certificate !== own)].map(String).join(''),
	};
}

/** When the certificate of this key ends, in epoch ms; the first one where the key cannot be read, and nothing where there is none. */
export function certificateEnd(fields: { privateKey: string; certificate: string; passphrase?: string }): number | undefined {
	try {
		const chain = readChain(restorePem(fields.certificate));
		return Date.parse((ownOf(chain, fields) ?? chain[0])?.validTo ?? '') || undefined;
	} catch (error) {
		// What cannot be read is told by the sign-in that needs it.
		if (error instanceof MailError) return undefined;
		throw error;
	}
}

function ownOf(chain: X509Certificate[], fields: { privateKey: string; passphrase?: string }): X509Certificate | undefined {
	try {
		const key = readKey(restorePem(fields.privateKey), fields.passphrase);
		return chain.find((certificate) => certificate.checkPrivateKey(key));
	} catch (error) {
		if (error instanceof MailError) return undefined;
		throw error;
	}
}

/** What stands between has no five hyphens in a row, so that a text of beginnings without ends is read once only. */
const PEM = /(-----BEGIN [A-Z0-9 ]{1,60}-----)([^-]*(?:-{1,4}[^-]+)*)(-----END [A-Z0-9 ]{1,60}-----)/g;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Restores PEM from one-line fields, where line breaks are lost, turned into spaces, or written as `\n`. The text may hold
 * a key, a certificate and other words.
 */
export function restorePem(text: string): string {
	return text.replace(/\\r\\n|\\n/g, '\n').replace(PEM, (_whole, begin: string, body: string, end: string) => {
		const { headers, base64 } = splitHeaders(body);
		const lines = base64.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
		return ['', begin, ...headers, ...lines, end, ''].join('\n');
	});
}

/** The old encrypted form has header lines of its own (RFC 1421); the cipher tells how long its initial vector is, in hex digits. */
function splitHeaders(body: string): { headers: string[]; base64: string } {
	const [, cipher, rest = ''] = /^\s*Proc-Type: ?4,ENCRYPTED\s*DEK-Info: ?([A-Z0-9-]+),([\s\S]*)$/.exec(body) ?? [];
	if (cipher === undefined) return { headers: [], base64: body };
	const length = cipher.startsWith('DES') ? 16 : 32;
	return { headers: ['Proc-Type: 4,ENCRYPTED', `DEK-Info: ${cipher},${rest.slice(0, length)}`, ''], base64: rest.slice(length) };
}

function readChain(pem: string): X509Certificate[] {
	try {
		const blocks = pem.match(CERTIFICATE) ?? [pem];
		return blocks.map((block) => new X509Certificate(block));
	} catch {
		throw inputError(
			'Certificate',
			'it cannot be read.',
			'Paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, with its line breaks.',
		);
	}
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
	let key: KeyObject;
	try {
		key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase ? { passphrase } : {}) });
	} catch {
		if (!/ENCRYPTED/.test(pem)) {
			throw inputError(
				'Private Key',
				'it cannot be read.',
				'Paste it in PEM form, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----, with its line breaks.',
			);
		}
		throw passphrase
			? inputError('Passphrase', 'it does not open the private key.', 'Enter the right passphrase of the key.')
			: inputError('Passphrase', 'it is empty, and the private key is encrypted.', 'Enter the passphrase of the key.');
	}
	if (key.asymmetricKeyType === 'rsa') return key;
	throw inputError(
		'Private Key',
		`it is of the kind ${key.asymmetricKeyType ?? 'unknown'}.`,
		'Microsoft Entra takes RSA keys. Make a certificate with an RSA key of 2048 bits or more.',
	);
}
