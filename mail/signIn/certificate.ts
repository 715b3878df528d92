import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

import { inputError, MailError, reasonOf } from '../errors';
import { CLOCK_SKEW_MS } from './token';

/** What MSAL needs to sign client assertions. Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
export interface ClientCertificate {
	thumbprintSha256: string;
	/** PKCS #8, PEM, decrypted. */
	privateKey: string;
	/** The certificate and its chain, PEM. */
	x5c: string;
}

/** @throws MailError `input` naming the field, without any part of the key */
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
			'Paste the key that was created with this certificate, or upload the certificate of this key to the app registration.',
		);
	}
	if (Date.parse(own.validTo) < now) {
		throw inputError(
			'Certificate',
			`it expired on ${new Date(own.validTo).toISOString().slice(0, 10)}.`,
			'Create a new certificate, upload it to the app registration, and paste both parts here.',
		);
	}
	if (Date.parse(own.validFrom) > now + CLOCK_SKEW_MS) {
		throw inputError(
			'Certificate',
			`it is not valid before ${new Date(own.validFrom).toISOString()}.`,
			'Wait until then or create another one, and check the clock of this machine.',
		);
	}
	return {
		thumbprintSha256: own.fingerprint256.replaceAll(':', ''),
		privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
		x5c: [own, ...chain.filter((certificate) => certificate !== own)].map(String).join(''),
	};
}

/**
 * Returns when the certificate of this key expires, in epoch ms. If the key cannot be read, the first certificate counts; if there is none,
 * returns undefined.
 */
export function certificateEnd(fields: { privateKey: string; certificate: string; passphrase?: string }): number | undefined {
	try {
		const chain = readChain(restorePem(fields.certificate));
		return Date.parse((ownOf(chain, fields) ?? chain[0])?.validTo ?? '') || undefined;
	} catch (error) {
		// If it cannot be read, the sign-in that needs it reports that.
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

/** The body has no five hyphens in a row, so a text with many beginnings and no end is read only once. */
const PEM = /(-----BEGIN [A-Z0-9 ]{1,60}-----)([^-]*(?:-{1,4}[^-]+)*)(-----END [A-Z0-9 ]{1,60}-----)/g;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Restores PEM from a single-line field, in which line breaks are lost, became spaces, or are written as
 * `\n`. The text may contain a key, a certificate and other words.
 */
export function restorePem(text: string): string {
	return text.replace(/\\r\\n|\\n/g, '\n').replace(PEM, (_whole, begin: string, body: string, end: string) => {
		const { headers, base64 } = splitHeaders(body);
		const lines = base64.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
		return ['', begin, ...headers, ...lines, end, ''].join('\n');
	});
}

/** The old encrypted form has header lines (RFC 1421). The cipher determines the length of its initialization vector in hex digits. */
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

/** Says why a key cannot be read. With a wrong passphrase, one key in 256 seems to be damaged. */
function keyFault(error: unknown, pem: string, passphrase: string | undefined): MailError {
	if (!/ENCRYPTED/.test(pem)) {
		return inputError(
			'Private Key',
			'it cannot be read.',
			'Paste it in PEM form, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----, with its line breaks.',
		);
	}
	if (!passphrase) return inputError('Passphrase', 'it is empty, and the private key is encrypted.', 'Enter the passphrase of the key.');
	// OpenSSL tells this last or, if text follows the key, among the errors before.
	if (/digital envelope routines::unsupported/.test(`${reasonOf(error)} ${String(Reflect.get(Object(error), 'opensslErrorStack'))}`)) {
		return inputError(
			'Private Key',
			'it is encrypted with a cipher that is too old.',
			'Convert it with: openssl pkcs8 -topk8 -v2 aes256 -provider legacy -provider default -in OLD.pem -out NEW.pem',
		);
	}
	return inputError(
		'Passphrase',
		'it does not decrypt the private key.',
		'Enter the correct passphrase of the key. If it is correct, the key is incomplete: paste all of it, from ' +
			'-----BEGIN ENCRYPTED PRIVATE KEY----- to -----END ENCRYPTED PRIVATE KEY-----.',
	);
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
	let key: KeyObject;
	try {
		key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase ? { passphrase } : {}) });
	} catch (error) {
		throw keyFault(error, pem, passphrase);
	}
	if (key.asymmetricKeyType === 'rsa') return key;
	throw inputError(
		'Private Key',
		`its type is ${key.asymmetricKeyType ?? 'unknown'}.`,
		'Microsoft Entra accepts only RSA keys. Create a certificate with an RSA key of 2048 bits or more.',
	);
}
