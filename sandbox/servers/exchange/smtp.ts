import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

import { LineReader, smtpReply } from './lines';
import type { Session } from './session';
import { Submission } from './submission';
import { SIZE_LIMIT } from '../postfix';

/** Exchange Online's list, in its order (jstedfast/MailKit#1770). */
const BEFORE_TLS = [
	'localhost Hello [127.0.0.1]',
	`SIZE ${SIZE_LIMIT}`,
	'PIPELINING',
	'DSN',
	'ENHANCEDSTATUSCODES',
	'STARTTLS',
	'8BITMIME',
	'BINARYMIME',
	'CHUNKING',
	'SMTPUTF8',
];
const AFTER_TLS = BEFORE_TLS.map((line) => (line === 'STARTTLS' ? 'AUTH LOGIN XOAUTH2' : line));

const SMTP_AUTH_OFF =
	'535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.';
const BASIC_OFF = '550 5.7.30 Basic authentication is not supported for Client Submission.';

export async function serveSmtp(session: Session, backendPort: number): Promise<void> {
	if (!(await session.fault('CONNECT'))) session.say('220 localhost Microsoft ESMTP MAIL Service ready');
	let reader = new LineReader(session.client);
	let secure = false;
	for (;;) {
		const line = await reader.line();
		if (line === undefined || !session.open || session.silent) return;
		session.note(`C: ${line}`);
		const [verb = '', ...rest] = line.split(' ');
		const command = verb.toUpperCase();
		if (await session.fault(command)) continue;
		if (command === 'EHLO' || command === 'HELO') {
			sayFeatures(session, secure ? AFTER_TLS : BEFORE_TLS);
		} else if (command === 'STARTTLS' && !secure) {
			session.say('220 2.0.0 SMTP server ready');
			reader.release();
			session.client = await session.exchange.upgrade(session);
			reader = new LineReader(session.client);
			secure = true;
		} else if (command === 'AUTH' && secure) {
			const refusal = await authenticate(session, reader, rest);
			if (refusal === undefined) return await passOn(session, reader, backendPort);
			session.say(refusal);
		} else if (command === 'QUIT') {
			session.say('221 2.0.0 Service closing transmission channel');
			return session.end();
		} else if (command === 'NOOP' || command === 'RSET') {
			session.say('250 2.0.0 OK');
		} else if (command === 'MAIL') {
			session.say('530 5.7.57 Client not authenticated to send mail.');
		} else {
			session.say('500 5.3.3 Unrecognized command');
		}
	}
}

function sayFeatures(session: Session, features: string[]): void {
	for (const [index, feature] of features.entries()) session.say(`250${index === features.length - 1 ? ' ' : '-'}${feature}`);
}

/** The refusal, or undefined where the client is signed in. */
async function authenticate(session: Session, reader: LineReader, [mechanism = '', initial]: string[]): Promise<string | undefined> {
	if (mechanism.toUpperCase() === 'LOGIN') {
		// The client is asked for both, base64 of `Username:` and `Password:`, and then refused.
		for (const prompt of initial === undefined ? ['VXNlcm5hbWU6', 'UGFzc3dvcmQ6'] : ['UGFzc3dvcmQ6']) {
			session.say(`334 ${prompt}`);
			await reader.line();
		}
		return BASIC_OFF;
	}
	if (mechanism.toUpperCase() !== 'XOAUTH2') return '504 5.7.4 Unrecognized authentication type';
	if (initial === undefined) session.say('334 ');
	const result = await session.signIn(initial ?? (await reader.line()) ?? '');
	if (session.exchange.smtpAuthDisabled) return SMTP_AUTH_OFF;
	return result === 'ok' ? undefined : '535 5.7.3 Authentication unsuccessful';
}

/** A signed-in session with the real server: plain, STARTTLS, AUTH. */
async function dialBackend(session: Session, port: number): Promise<{ socket: TLSSocket; reader: LineReader }> {
	const plain = connectPlain(port, '127.0.0.1');
	const before = new LineReader(plain);
	await smtpReply(before);
	plain.write('EHLO proxy\r\n');
	await smtpReply(before);
	plain.write('STARTTLS\r\n');
	await smtpReply(before);
	before.release();
	const socket = connect({ socket: plain, servername: 'localhost', ca: session.exchange.ca });
	await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
	session.adopt(socket);
	const reader = new LineReader(socket);
	socket.write('EHLO proxy\r\n');
	await smtpReply(reader);
	socket.write(`AUTH XOAUTH2 ${await session.exchange.backendResponse(session.mailbox ?? '')}\r\n`);
	const answer = await smtpReply(reader);
	if (!answer.at(-1)?.startsWith('235')) throw new Error(`The server behind refused the sign-in: ${answer.join(' ')}`);
	return { socket, reader };
}

/** Commands go one by one, each with its answer, so that a fault hits just the command it is meant for. */
async function passOn(session: Session, client: LineReader, backendPort: number): Promise<void> {
	const backend = await dialBackend(session, backendPort);
	const { socket, reader } = backend;
	const submission = new Submission(session, client, backend);
	session.say('235 2.7.0 Authentication successful');
	session.exchange.signedIn(session);
	let answering = false;
	session.between = () => !answering;
	for (;;) {
		answering = false;
		if (session.expired) return session.expire();
		const line = await client.line();
		answering = true;
		if (line === undefined || !session.open) return session.end();
		if (session.silent) return;
		session.note(`C: ${line}`);
		const command = line.split(' ', 1)[0]?.toUpperCase() ?? '';
		if (command === 'BDAT') await submission.takeChunk(line);
		if (await session.fault(command)) continue;
		if (command === 'EHLO') {
			sayFeatures(session, AFTER_TLS);
			continue;
		}
		if (command === 'BDAT' || (command === 'DATA' && submission.isOverQuota)) {
			if (!(await (command === 'BDAT' ? submission.passChunks() : submission.refuse()))) return;
			continue;
		}
		const refusal = command === 'MAIL' ? session.exchange.refuseSender(session, line) : undefined;
		if (refusal !== undefined) {
			session.say(refusal);
			continue;
		}
		socket.write(`${submission.forServer(line)}\r\n`);
		const answer = await smtpReply(reader);
		if (answer.length === 0) return session.cut();
		for (const said of answer) session.say(said);
		if (answer[0]?.startsWith('250')) submission.accepted(line);
		if (command === 'DATA' && answer[0]?.startsWith('354') && !(await submission.passData())) return;
		if (command === 'QUIT') return session.end();
	}
}
