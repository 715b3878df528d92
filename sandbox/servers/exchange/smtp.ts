import { connect as connectPlain } from 'node:net';
import { connect, TLSSocket } from 'node:tls';

import { LineReader } from './lines';
import { wait, type Plan, type Session } from './session';
import { SIZE_LIMIT } from '../postfix';

const BEFORE_TLS = ['localhost Hello [127.0.0.1]', `SIZE ${SIZE_LIMIT}`, 'PIPELINING', 'DSN', 'ENHANCEDSTATUSCODES', 'STARTTLS', '8BITMIME', 'SMTPUTF8'];
const AFTER_TLS = BEFORE_TLS.map((line) => (line === 'STARTTLS' ? 'AUTH LOGIN XOAUTH2' : line));

export async function serveSmtp(session: Session, backendPort: number): Promise<void> {
	session.say('220 localhost Microsoft ESMTP MAIL Service ready');
	let reader = new LineReader(session.client);
	let secure = false;
	for (;;) {
		const line = await reader.line();
		if (line === undefined) return;
		session.note(`C: ${line}`);
		const [verb = '', ...rest] = line.split(' ');
		const command = verb.toUpperCase();
		const plan = session.plan(command);
		if (plan !== undefined && (await carryOut(session, plan))) {
			if (!session.open) return;
			continue;
		}
		if (command === 'EHLO' || command === 'HELO') {
			sayFeatures(session, secure ? AFTER_TLS : BEFORE_TLS);
		} else if (command === 'STARTTLS' && !secure) {
			session.say('220 2.0.0 SMTP server ready');
			reader.release();
			session.client = await session.exchange.upgrade(session);
			reader = new LineReader(session.client);
			secure = true;
		} else if (command === 'AUTH' && secure && rest[0]?.toUpperCase() === 'XOAUTH2') {
			if (rest[1] === undefined) session.say('334 ');
			const result = await session.signIn(rest[1] ?? (await reader.line()) ?? '');
			if (session.exchange.smtpAuthDisabled) {
				session.say('535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.');
			} else if (result !== 'ok') {
				session.say('535 5.7.3 Authentication unsuccessful');
			} else {
				return await passOn(session, reader, backendPort);
			}
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

/** True where the plan answered in the server's place or ended the session. */
async function carryOut(session: Session, plan: Plan): Promise<boolean> {
	if (plan.delayMs !== undefined) await wait(plan.delayMs);
	if (plan.reply !== undefined) session.say(plan.reply);
	if (plan.drop === true) session.cut();
	return plan.reply !== undefined || plan.drop === true;
}

/** A signed-in session with the real server: plain, STARTTLS, AUTH. */
async function dialBackend(session: Session, port: number): Promise<{ socket: TLSSocket; reader: LineReader }> {
	const plain = connectPlain(port, '127.0.0.1');
	const before = new LineReader(plain);
	await reply(before);
	plain.write('EHLO proxy\r\n');
	await reply(before);
	plain.write('STARTTLS\r\n');
	await reply(before);
	before.release();
	const socket = connect({ socket: plain, servername: 'localhost', ca: session.exchange.ca });
	await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
	session.adopt(socket);
	const reader = new LineReader(socket);
	socket.write('EHLO proxy\r\n');
	await reply(reader);
	socket.write(`AUTH XOAUTH2 ${await session.exchange.backendResponse(session.mailbox ?? '')}\r\n`);
	const answer = await reply(reader);
	if (!answer.at(-1)?.startsWith('235')) throw new Error(`the server behind refused the sign-in: ${answer.join(' ')}`);
	return { socket, reader };
}

/** One reply, all its lines (RFC 5321, section 4.2.1). */
async function reply(reader: LineReader): Promise<string[]> {
	const lines: string[] = [];
	for (;;) {
		const line = await reader.line();
		if (line === undefined) return lines;
		lines.push(line);
		if (line[3] !== '-') return lines;
	}
}

/** Commands go one by one, each with its answer, so that a fault hits just the command it is meant for. */
async function passOn(session: Session, client: LineReader, backendPort: number): Promise<void> {
	const { socket, reader } = await dialBackend(session, backendPort);
	session.say('235 2.7.0 Authentication successful');
	session.exchange.signedIn(session);
	for (;;) {
		const line = await client.line();
		if (line === undefined) return session.end();
		session.note(`C: ${line}`);
		const command = line.split(' ', 1)[0]?.toUpperCase() ?? '';
		const plan = session.plan(command);
		if (plan !== undefined && (await carryOut(session, plan))) {
			if (!session.open) return;
			continue;
		}
		if (command === 'EHLO') {
			sayFeatures(session, AFTER_TLS);
			continue;
		}
		const refusal = command === 'MAIL' ? await session.exchange.refuseSender(session, line) : undefined;
		if (refusal !== undefined) {
			session.say(refusal.reply);
			if (refusal.drop) return session.end();
			continue;
		}
		socket.write(`${line}\r\n`);
		const answer = await reply(reader);
		if (answer.length === 0) return session.cut();
		for (const said of answer) session.say(said);
		if (command === 'DATA' && answer[0]?.startsWith('354') && !(await passData(session, client, socket, reader))) return;
		if (command === 'QUIT') return session.end();
	}
}

/** The mail itself, up to the final dot and its answer. False where the session ended. */
async function passData(session: Session, client: LineReader, socket: TLSSocket, reader: LineReader): Promise<boolean> {
	const body = session.plan('BODY');
	let passed = 0;
	for (;;) {
		const line = await client.line();
		if (line === undefined) {
			session.cut();
			return false;
		}
		passed += line.length + 2;
		if (body !== undefined && passed > (body.afterBytes ?? 0)) {
			session.cut();
			return false;
		}
		if (!socket.write(`${line}\r\n`, 'latin1')) await new Promise((resolve) => socket.once('drain', resolve));
		if (line === '.') break;
	}
	const answer = await reply(reader);
	const end = session.plan('END');
	if (end?.delayMs !== undefined) await wait(end.delayMs);
	if (end?.drop === true) {
		session.cut();
		return false;
	}
	await session.exchange.pace(session);
	for (const said of end?.reply === undefined ? answer : [end.reply]) session.say(said);
	return true;
}
