import { LineCutter, LineReader } from './lines';
import { wait, type Session } from './session';

/** Exchange Online's list, exactly; the server behind offers more. */
export const IMAP_CAPABILITIES = 'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';

export async function serveImap(session: Session, backendPort: number): Promise<void> {
	session.say('* OK The Microsoft Exchange IMAP4 service is ready.');
	const reader = new LineReader(session.client);
	for (;;) {
		const line = await reader.line();
		if (line === undefined) return;
		const [tag = '*', command = '', ...rest] = line.split(' ');
		session.note(`C: ${line}`);
		const plan = session.plan(command.toUpperCase());
		if (plan?.delayMs !== undefined) await wait(plan.delayMs);
		if (plan?.reply !== undefined) session.say(plan.reply.replace('%t', tag));
		if (plan?.drop === true) return session.cut();
		if (plan?.reply !== undefined) continue;
		switch (command.toUpperCase()) {
			case 'CAPABILITY':
				session.say(`* CAPABILITY ${session.exchange.imapCapabilities}`);
				session.say(`${tag} OK CAPABILITY completed.`);
				break;
			case 'ID':
				session.say('* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")');
				session.say(`${tag} OK ID completed`);
				break;
			case 'NOOP':
				session.say(`${tag} OK NOOP completed.`);
				break;
			case 'LOGOUT':
				session.say('* BYE Microsoft Exchange Server IMAP4 server signing off.');
				session.say(`${tag} OK LOGOUT completed.`);
				return session.end();
			case 'AUTHENTICATE': {
				if (rest[0]?.toUpperCase() !== 'XOAUTH2') {
					session.say(`${tag} NO AUTHENTICATE failed.`);
					break;
				}
				if (rest[1] === undefined) session.say('+');
				const response = rest[1] ?? (await reader.line()) ?? '';
				const result = await session.signIn(response);
				if (result === 'failed') session.say(`${tag} NO AUTHENTICATE failed.`);
				else if (result === 'notConnected') session.say(`${tag} BAD User is authenticated but not connected.`);
				else return await passOn(session, reader.release(), tag, backendPort);
				break;
			}
			default:
				session.say(`${tag} BAD Command received in Invalid state.`);
		}
	}
}

/** Signs in behind and lets both sides talk, shaping what Exchange would not say. */
async function passOn(session: Session, early: Buffer, tag: string, backendPort: number): Promise<void> {
	const backend = await session.dial(backendPort);
	const reader = new LineReader(backend);
	await reader.line();
	backend.write(`p AUTHENTICATE XOAUTH2 ${await session.exchange.backendResponse(session.mailbox ?? '')}\r\n`);
	for (let line = await reader.line(); line === undefined || !line.startsWith('p '); line = await reader.line()) {
		if (line === undefined) return session.cut();
	}
	session.say(`${tag} OK AUTHENTICATE completed.`);
	session.exchange.signedIn(session);

	let exists = '';
	const fromServer = new LineCutter(
		true,
		(line) => {
			const shaped = shape(line);
			const count = /^\* (\d+) EXISTS/.exec(line.subarray(0, 40).toString('latin1'))?.[1];
			if (count !== undefined) exists = count;
			// Exchange may tell EXISTS before it confirms IDLE.
			if (line[0] === 0x2b && line.includes('idling') && exists !== '') send(Buffer.from(`* ${exists} EXISTS\r\n`));
			if (shaped !== undefined) send(shaped);
		},
		send,
	);
	function send(bytes: Buffer): void {
		if (session.exchange.silent.has('imap') || session.client.destroyed) return;
		if (!session.client.write(bytes)) {
			backend.pause();
			session.client.once('drain', () => backend.resume());
		}
	}
	const fromClient = new LineCutter(true, (line) => void queue(line, true), (bytes) => void queue(bytes, false));
	let chain = Promise.resolve();
	function queue(bytes: Buffer, isLine: boolean): void {
		const copy = Buffer.from(bytes);
		chain = chain.then(async () => await forward(copy, isLine));
	}
	async function forward(bytes: Buffer, isLine: boolean): Promise<void> {
		if (!session.open) return;
		if (isLine) {
			const text = bytes.toString('latin1').trimEnd();
			session.note(`C: ${text.slice(0, 300)}`);
			const [lineTag = '', first = '', second = ''] = text.split(' ');
			const name = first.toUpperCase() === 'UID' ? `UID ${second.toUpperCase()}` : first.toUpperCase();
			if (name === 'CAPABILITY') {
				session.say(`* CAPABILITY ${session.exchange.imapCapabilities}`);
				return session.say(`${lineTag} OK CAPABILITY completed.`);
			}
			const plan = session.plan(name);
			if (plan?.delayMs !== undefined) await wait(plan.delayMs);
			if (plan?.reply !== undefined) session.say(plan.reply.replace('%t', lineTag));
			if (plan?.drop === true) return session.cut();
			if (plan?.reply !== undefined) return;
		}
		if (!session.exchange.silent.has('imap')) backend.write(bytes);
	}
	const rest = reader.release();
	if (rest.length > 0) fromServer.push(rest);
	backend.on('data', (chunk: Buffer) => fromServer.push(chunk)).resume();
	if (early.length > 0) fromClient.push(early);
	session.client.on('data', (chunk: Buffer) => fromClient.push(chunk)).resume();
}

/** What Exchange does not have is taken out of the answers. */
function shape(line: Buffer): Buffer | undefined {
	if (line[0] !== 0x2a) return line;
	const text = line.subarray(0, 60).toString('latin1');
	if (/^\* (?:CAPABILITY|ENABLED)\b/.test(text) || /^\* OK \[HIGHESTMODSEQ/.test(text)) return undefined;
	if (text.startsWith('* OK [PERMANENTFLAGS')) return Buffer.from(line.toString('latin1').replace(/ ?\\\*/, ''), 'latin1');
	return line;
}
