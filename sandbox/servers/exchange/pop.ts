import { LineCutter, LineReader } from './lines';
import { wait, type Session } from './session';

const CAPABILITIES = ['TOP', 'UIDL', 'SASL PLAIN XOAUTH2', 'USER'];

export async function servePop(session: Session, backendPort: number): Promise<void> {
	session.say('+OK The Microsoft Exchange POP3 service is ready.');
	const reader = new LineReader(session.client);
	for (;;) {
		const line = await reader.line();
		if (line === undefined) return;
		session.note(`C: ${line}`);
		const [command = '', ...rest] = line.split(' ');
		const plan = session.plan(command.toUpperCase());
		if (plan?.delayMs !== undefined) await wait(plan.delayMs);
		if (plan?.reply !== undefined) session.say(plan.reply);
		if (plan?.drop === true) return session.cut();
		if (plan?.reply !== undefined) continue;
		switch (command.toUpperCase()) {
			case 'CAPA':
				sayCapabilities(session);
				break;
			case 'QUIT':
				session.say('+OK Microsoft Exchange Server POP3 server signing off.');
				return session.end();
			case 'AUTH': {
				if (rest.length !== 1 || rest[0]?.toUpperCase() !== 'XOAUTH2') {
					session.say('-ERR Protocol error. Connection is closed. 10');
					return session.end();
				}
				session.say('+ ');
				const result = await session.signIn((await reader.line()) ?? '');
				if (result === 'ok') return await passOn(session, reader.release(), backendPort);
				session.say(result === 'failed' ? '-ERR Authentication failure: unknown user name or bad password.' : '-ERR User is authenticated but not connected.');
				break;
			}
			default:
				session.say('-ERR Command is not valid in this state.');
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
	/** Bytes that may still pass to the client before the line is cut. */
	let allowance = Infinity;
	backend.on('data', (chunk: Buffer) => {
		if (session.exchange.silent.has('pop') || session.client.destroyed) return;
		const part = chunk.subarray(0, Math.min(chunk.length, allowance));
		allowance -= part.length;
		const drained = session.client.write(part);
		if (allowance <= 0) return session.client.end(() => session.cut());
		if (!drained) {
			backend.pause();
			session.client.once('drain', () => backend.resume());
		}
	});
	backend.resume();
	let chain = Promise.resolve();
	const cutter = new LineCutter(false, (line) => {
		const text = line.toString('latin1').trimEnd();
		chain = chain.then(async () => await forward(text));
	}, () => undefined);
	async function forward(text: string): Promise<void> {
		if (!session.open) return;
		session.note(`C: ${text}`);
		const command = text.split(' ', 1)[0]?.toUpperCase() ?? '';
		if (command === 'CAPA') return sayCapabilities(session);
		const plan = session.plan(command);
		if (plan?.delayMs !== undefined) await wait(plan.delayMs);
		if (plan?.reply !== undefined) session.say(plan.reply);
		if (plan?.afterBytes !== undefined) allowance = plan.afterBytes;
		else if (plan?.drop === true) return session.cut();
		if (plan?.reply !== undefined) return;
		if (!session.exchange.silent.has('pop')) backend.write(`${text}\r\n`);
	}
	if (early.length > 0) cutter.push(early);
	session.client.on('data', (chunk: Buffer) => cutter.push(chunk)).resume();
}
