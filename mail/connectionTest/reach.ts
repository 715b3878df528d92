import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

import { PERSON_WAITS_MS, tlsOptions } from '../account';
import type { Endpoint, Protocol } from '../clouds';
import { diagnose } from '../diagnosis';
import { MailError } from '../errors';
import { openSocket, peerOf } from '../mailProxy';

/** What is said in plain text before TLS: RFC 3207 for SMTP, RFC 2595 for IMAP and POP. `done` matches the last line of an answer. */
const PREAMBLE: Record<Protocol, Array<{ say?: string; done: RegExp; good: RegExp }>> = {
	smtp: [
		{ done: /^\d{3}(?: |$)/, good: /^220/ },
		{ say: 'EHLO [127.0.0.1]', done: /^\d{3}(?: |$)/, good: /^250/ },
		{ say: 'STARTTLS', done: /^\d{3}(?: |$)/, good: /^220/ },
	],
	imap: [
		{ done: /^\* /, good: /^\* OK/i },
		{ say: 'a STARTTLS', done: /^a /, good: /^a OK/i },
	],
	pop: [
		{ done: /^[+-]/, good: /^\+OK/ },
		{ say: 'STLS', done: /^[+-]/, good: /^\+OK/ },
	],
};

/** Connects, through the operator's proxy if there is one, without saying anything. @throws MailError */
export async function tryConnect(protocol: Protocol, endpoint: Endpoint): Promise<string> {
	return await overTcp(protocol, endpoint, async () => await Promise.resolve(`${peerOf(endpoint)} answers`));
}

/** Connects and sets up verified TLS, by STARTTLS if the endpoint uses it. Returns its version and the certificate. @throws MailError */
export async function tryTls(protocol: Protocol, endpoint: Endpoint): Promise<string> {
	return await overTcp(protocol, endpoint, async (plain) => {
		for (const step of endpoint.security === 'tls' ? [] : PREAMBLE[protocol]) {
			if (step.say !== undefined) plain.write(`${step.say}\r\n`);
			const answer = await lastLine(plain, step.done);
			// Without the tag of IMAP, as the table of causes knows it.
			const command = step.say?.replace(/^a /, '') ?? 'the greeting';
			if (!step.good.test(answer))
				throw diagnose(Object.assign(new Error(`${command}: ${answer}`), { response: answer }), {
					speaker: protocol,
					command,
					peer: peerOf(endpoint),
				});
		}
		const socket = connectTls({ socket: plain, ...tlsOptions(endpoint) });
		await happens(socket, 'secureConnect');
		return seen(socket, endpoint);
	});
}

async function overTcp(protocol: Protocol, endpoint: Endpoint, work: (socket: Socket) => Promise<string>): Promise<string> {
	try {
		const { socket, connected } = await openSocket(endpoint, PERSON_WAITS_MS);
		return await within(protocol, endpoint, socket, async () => {
			if (!connected) await happens(socket, 'connect');
			return await work(socket);
		});
	} catch (error) {
		throw diagnose(error, { speaker: protocol, peer: peerOf(endpoint) });
	}
}

async function within(protocol: Protocol, endpoint: Endpoint, socket: Socket, work: () => Promise<string>): Promise<string> {
	const late = new MailError(`${peerOf(endpoint)} did not answer within ${PERSON_WAITS_MS / 1000} s.`, {
		code: 'timeout',
		speaker: protocol,
		remedy: 'Check host, port and security (TLS or STARTTLS), and check that no firewall blocks the connection.',
	});
	const timer = setTimeout(() => socket.destroy(late), PERSON_WAITS_MS);
	try {
		return await work();
	} catch (error) {
		throw diagnose(error, { speaker: protocol, peer: peerOf(endpoint) });
	} finally {
		clearTimeout(timer);
		socket.on('error', () => undefined).destroy();
	}
}

async function happens(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		socket
			.once(event, () => resolve())
			.once('error', reject)
			.once('close', () => reject(new Error('connection closed')));
	});
}

/** Waits for the last line of an answer. */
async function lastLine(socket: Socket, done: RegExp): Promise<string> {
	return await new Promise<string>((resolve, reject) => {
		let text = '';
		const onData = (chunk: Buffer): void => {
			text += chunk.toString('latin1');
			const lines = text.split(/\r?\n/).slice(0, -1);
			const last = lines.find((line) => done.test(line));
			if (last === undefined && text.length < 16_384) return;
			socket.off('data', onData).pause();
			resolve(last ?? text.slice(0, 100));
		};
		socket
			.on('data', onData)
			.once('error', reject)
			.once('close', () => reject(new Error('connection closed')))
			.resume();
	});
}

function seen(socket: TLSSocket, endpoint: Endpoint): string {
	const { issuer, valid_to: until } = socket.getPeerCertificate();
	const by = issuer?.O ?? issuer?.CN;
	return (
		`${socket.getProtocol() ?? 'TLS'}, certificate of ${endpoint.host} ` +
		`verified${by === undefined ? '' : `, issued by ${String(by)}`}, until ${new Date(until).toISOString().slice(0, 10)}`
	);
}
