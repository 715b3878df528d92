import { execFileSync } from 'node:child_process';
import { createPrivateKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';

import { noteSecret } from '../secrets/registry';

/** A key and its certificate, in PEM, with the files they lie in. */
export interface KeyPair {
	keyFile: string;
	certFile: string;
	key: string;
	cert: string;
}

export interface Authority {
	caFile: string;
	/** For localhost and 127.0.0.1, signed by the CA. */
	server: KeyPair;
	/** For localhost, signed by nobody that is trusted. */
	untrusted: KeyPair;
}

/** Elliptic keys are made in no time. */
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/** A throw-away CA and server certificates, made at run time by openssl. */
export function makeAuthority(folder: string): Authority {
	mkdirSync(folder, { recursive: true });
	const ca = selfSigned(folder, 'ca', [
		...CURVE,
		'-subj',
		'/CN=Sandbox CA',
		'-addext',
		'basicConstraints=critical,CA:TRUE',
		'-addext',
		'keyUsage=critical,keyCertSign,cRLSign',
	]);
	const server = paths(folder, 'server');
	const request = join(folder, 'server.csr');
	const extensions = join(folder, 'server.ext');
	openssl(['req', ...CURVE, '-nodes', '-keyout', server.keyFile, '-out', request, '-subj', '/CN=localhost']);
	writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n');
	openssl([
		'x509',
		'-req',
		'-in',
		request,
		'-CA',
		ca.certFile,
		'-CAkey',
		ca.keyFile,
		'-set_serial',
		`0x${randomBytes(8).toString('hex')}`,
		'-days',
		'30',
		'-sha256',
		'-extfile',
		extensions,
		'-out',
		server.certFile,
	]);
	const untrusted = selfSigned(folder, 'untrusted', [
		...CURVE,
		'-subj',
		'/CN=localhost',
		'-addext',
		'subjectAltName=DNS:localhost,IP:127.0.0.1',
	]);
	return { caFile: ca.certFile, server: read(server), untrusted };
}

/** A self-signed certificate (RSA unless the options say otherwise), for example for an app registration. `days` below 0 makes one that has ended. */
export function selfSigned(folder: string, name: string, options: string[], days = 365): KeyPair {
	mkdirSync(folder, { recursive: true });
	const files = paths(folder, name);
	const newKey = options.includes('-newkey') ? [] : ['-newkey', 'rsa:2048'];
	openssl([
		'req',
		'-x509',
		...newKey,
		'-nodes',
		'-sha256',
		'-keyout',
		files.keyFile,
		'-out',
		files.certFile,
		'-days',
		String(Math.max(1, days)),
		...options,
	]);
	// Only this command makes one that ended, and a day ago at most.
	if (days < 0) openssl(['x509', '-in', files.certFile, '-signkey', files.keyFile, '-days', '-1', '-out', files.certFile]);
	return read(files);
}

const trusted = new Set<string>();

/**
 * Makes this process trust a CA as NODE_EXTRA_CA_CERTS would have, which Node reads only when it starts: every
 * connection that brings no CA of its own gets this one on top of Node's.
 */
export function trust(caFile: string): void {
	const create = tls.createSecureContext;
	if (trusted.has(caFile)) return;
	trusted.add(caFile);
	const ca = readFileSync(caFile, 'utf8');
	tls.createSecureContext = (options) => {
		const context = create(options);
		const native: { addCACert?: (pem: string) => void } = context.context;
		if (options?.ca === undefined) native.addCACert?.(ca);
		return context;
	};
}

/** The private key again, locked with a passphrase. */
export function encrypted(key: string, passphrase: string): string {
	const object: KeyObject = createPrivateKey(key);
	noteSecret('passphrase', passphrase);
	return noteSecret('encrypted private key', object.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString());
}

/** SHA-256 of the certificate, base64url, as `x5t#S256` in a client assertion has it (RFC 7515, section 4.1.8). */
export function thumbprint(cert: string): string {
	return Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
}

/** SHA-1 of the certificate, base64url, as `x5t` in a client assertion has it (RFC 7515, section 4.1.7). */
export function thumbprintSha1(cert: string): string {
	return Buffer.from(new X509Certificate(cert).fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}

function paths(folder: string, name: string): { keyFile: string; certFile: string } {
	return { keyFile: join(folder, `${name}.key`), certFile: join(folder, `${name}.pem`) };
}

function read(files: { keyFile: string; certFile: string }): KeyPair {
	return { ...files, key: noteSecret('private key', readFileSync(files.keyFile, 'utf8')), cert: readFileSync(files.certFile, 'utf8') };
}

function openssl(args: string[]): void {
	execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
