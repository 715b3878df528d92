import { endAfterFailures } from './failures';
import { LineCutter, LineReader } from './lines';
import type { Session } from './session';

/** Exchange Online's, exactly: no PIPELINING, no RESP-CODES. */
const CAPABILITIES = ['TOP', 'UIDL', 'SASL PLAIN XOAUTH2', 'USER'];

export async function servePop(session: Session, backendPort: number): Promise<void> {
	endAfterFailures(session);
	if (!(await session.fault('CONNECT'))) session.say('+OK The Microsoft Exchange POP3 service is ready.');
	const reader = new LineReader(session.client);
	for (;;) {
		const line = await reader.line();
		if (line === undefined || !session.open || session.silent) return;
		session.note(`C: ${line}`);
		const [name = '', ...rest] = line.split(' ');
		const command = name.toUpperCase();
		if (await session.fault(command)) continue;
		if (command === 'CAPA') {
			sayCapabilities(session);
		} else if (command === 'QUIT') {
			session.say('+OK Microsoft Exchange Server POP3 server signing off.');
			return session.end();
		} else if (command === 'AUTH' && rest.length === 1 && rest[0]?.toUpperCase() === 'XOAUTH2') {
			session.say('+ ');
			const result = await session.signIn((await reader.line()) ?? '');
			if (result === 'ok') return await passOn(session, reader.release(), backendPort);
			session.say(
				result === 'failed'
					? '-ERR Authentication failure: unknown user name or bad password.'
					: '-ERR User is authenticated but not connected.',
			);
		} else if (command === 'AUTH') {
			// The initial response on the same line is what Exchange does not take.
			session.say('-ERR Protocol error. Connection is closed. 10');
			return session.end();
		} else if (command === 'USER') {
			session.say('+OK');
		} else if (command === 'PASS') {
			session.say('-ERR Logon failure: unknown user name or bad password.');
		} else {
			session.refuse('-ERR Command is not valid in this state.');
		}
	}
}

function sayCapabilities(session: Session): void {
	for (const line of ['+OK', ...CAPABILITIES, '.']) session.say(line);
}

async function passOn(session: Session, early: Buffer, backendPort: number): Promise<void> {
	const backend = await session.dial(backendPort);
	const reader = new LineReader(backend);
	await reader.line();
	backend.write(`AUTH XOAUTH2 ${await session.exchange.backendResponse(session.mailbox ?? '')}\r\n`);
	const answer = await reader.line();
	if (answer === undefined || !answer.startsWith('+OK')) {
		session.say(answer ?? '-ERR Server Unavailable. 21');
		return session.end();
	}
	session.say('+OK User successfully logged on.');
	session.exchange.signedIn(session);
	const rest = reader.release();
	if (rest.length > 0) session.pass(rest);
	backend.on('data', (chunk: Buffer) => session.pass(chunk)).resume();
	let chain = Promise.resolve();
	const fromClient = new LineCutter(
		false,
		(line) => {
			const text = line.toString('latin1').trimEnd();
			chain = chain.then(async () => await forward(text));
		},
		() => undefined,
	);
	async function forward(text: string): Promise<void> {
		if (!session.open || session.silent) return;
		session.note(`C: ${text}`);
		const command = text.split(' ', 1)[0]?.toUpperCase() ?? '';
		if (text !== command && (await session.fault(text))) return;
		if ((await session.fault(command)) || !session.open) return;
		if (command === 'CAPA') sayCapabilities(session);
		else backend.write(`${text}\r\n`);
	}
	if (early.length > 0) fromClient.push(early);
	session.client.on('data', (chunk: Buffer) => fromClient.push(chunk)).resume();
}
