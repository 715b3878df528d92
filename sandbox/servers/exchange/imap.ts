import { endAfterFailures } from './failures';
import { LineCutter, LineReader } from './lines';
import type { Session } from './session';
import { ToldFolders } from './toldFolders';

/** Exchange Online's list, exactly; the server behind offers more. */
export const IMAP_CAPABILITIES =
	'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+';

export async function serveImap(session: Session, backendPort: number): Promise<void> {
	endAfterFailures(session);
	if (!(await session.fault('CONNECT'))) session.say('* OK The Microsoft Exchange IMAP4 service is ready.');
	const reader = new LineReader(session.client);
	for (;;) {
		const line = await reader.line();
		if (line === undefined || !session.open || session.silent) return;
		session.note(`C: ${line}`);
		const [tag = '*', name = '', ...rest] = line.split(' ');
		const command = name.toUpperCase();
		if (await session.fault(command, tag)) continue;
		if (command === 'AUTHENTICATE') {
			const outcome = await authenticate(session, reader, rest);
			if (outcome === 'ok') return await passOn(session, reader.release(), tag, backendPort);
			session.refuse(`${tag} ${outcome}`);
		} else if (!sayBeforeSignIn(session, command, tag)) {
			session.refuse(`${tag} BAD Command received in Invalid state.`);
		}
	}
}

function sayBeforeSignIn(session: Session, command: string, tag: string): boolean {
	if (command === 'CAPABILITY') {
		session.say(`* CAPABILITY ${session.exchange.imapCapabilities}`);
		session.say(`${tag} OK CAPABILITY completed.`);
	} else if (command === 'ID') {
		session.say('* ID ("name" "Microsoft.Exchange.Imap4.Imap4Server" "version" "15.20")');
		session.say(`${tag} OK ID completed`);
	} else if (command === 'NOOP') {
		session.say(`${tag} OK NOOP completed.`);
	} else if (command === 'LOGIN') {
		// Basic authentication is off in Exchange Online.
		session.say(`${tag} NO LOGIN failed.`);
	} else if (command === 'LOGOUT') {
		session.say('* BYE Microsoft Exchange Server IMAP4 server signing off.');
		session.say(`${tag} OK LOGOUT completed.`);
		session.end();
	} else {
		return false;
	}
	return true;
}

/** What is said after the tag, or `ok`. Exchange refuses without the JSON challenge that other servers send. */
async function authenticate(session: Session, reader: LineReader, [mechanism, initial]: string[]): Promise<string> {
	if (mechanism?.toUpperCase() !== 'XOAUTH2') return 'NO AUTHENTICATE failed.';
	if (initial === undefined) session.say('+ ');
	const result = await session.signIn(initial ?? (await reader.line()) ?? '');
	return result === 'failed'
		? 'NO AUTHENTICATE failed.'
		: result === 'notConnected'
			? 'BAD User is authenticated but not connected.'
			: 'ok';
}

/** Signs in behind and lets both sides talk, shaping what Exchange would not say. */
async function passOn(session: Session, early: Buffer, tag: string, backendPort: number): Promise<void> {
	const backend = await session.dial(backendPort);
	const reader = new LineReader(backend);
	await reader.line();
	backend.write(`p AUTHENTICATE XOAUTH2 ${await session.exchange.backendResponse(session.mailbox ?? '')}\r\n`);
	for (let line = await reader.line(); !line?.startsWith('p OK'); line = await reader.line()) {
		if (line === undefined || line.startsWith('p ')) throw new Error(`The server behind refused the sign-in: ${String(line)}`);
	}
	session.say(`${tag} OK AUTHENTICATE completed.`);
	session.exchange.signedIn(session);

	const told = new ToldFolders();
	const fromServer = new LineCutter(true, answerShaper(session, told), (bytes) => session.pass(bytes));
	session.between = () => fromServer.between;
	// One after the other, so that a delayed command delays those behind it.
	let chain = Promise.resolve();
	/** Whether what comes next belongs to a command that was refused. */
	let isRefused = false;
	const queue = (bytes: Buffer, isLine: boolean): void => {
		chain = chain.then(async () => {
			if (!session.open || session.silent) return;
			if (isRefused) isRefused = !isLine || isFollowedByLiteral(bytes);
			else if (isLine && (await intercept(session, bytes, told))) {
				isRefused = isFollowedByLiteral(bytes);
				if (/\{\d+\}\r\n$/.test(bytes.subarray(-24).toString('latin1'))) fromClient.skipLiteral();
			} else if (session.open) {
				const passed = isLine ? session.exchange.mailFaults.command(session, asExchangeSearches(bytes)) : bytes;
				if (passed !== undefined) backend.write(passed);
			}
		});
	};
	const fromClient = new LineCutter(
		true,
		(line) => queue(line, true),
		(bytes) => queue(bytes, false),
	);
	const rest = reader.release();
	if (rest.length > 0) fromServer.push(rest);
	backend.on('data', (chunk: Buffer) => fromServer.push(chunk)).resume();
	if (early.length > 0) fromClient.push(early);
	session.client.on('data', (chunk: Buffer) => fromClient.push(chunk)).resume();
}

/** Whether a literal follows that does not wait for the server (LITERAL+, RFC 7888). It is on its way even if the command is refused. */
function isFollowedByLiteral(line: Buffer): boolean {
	return /\{\d+\+\}\r\n$/.test(line.subarray(-24).toString('latin1'));
}

/**
 * Exchange compares FROM, TO, CC and BCC with the names of people only, and not with their addresses (realpine/alpine#30,
 * jakartaee/mail-api#425, lefcha/imapfilter#50). What looks like an address or a domain therefore finds nothing here. HEADER FROM does.
 * To HEADER, it answers with the emails that have the header, and the text in any of their headers (Imap4RequestSearch of Exchange Server
 * 2013). Here, the text may be in the body as well.
 */
function asExchangeSearches(line: Buffer): Buffer {
	const text = line.toString('latin1');
	if (!/^\S+ (?:UID )?SEARCH /i.test(text)) return line;
	const address = /(?<!HEADER) (FROM|TO|CC|BCC) (?:"[^"]*[@.][^"]*"|[^\s()"]*[@.][^\s()"]*)/gi;
	const header = / HEADER (?!MESSAGE-ID |SUBJECT )(\S+) ("(?:[^"\\]|\\.)+"|[^\s()"]+)/gi;
	return Buffer.from(text.replace(address, ' $1 "addresses are not compared"').replace(header, ' (HEADER $1 "" TEXT $2)'), 'latin1');
}

/** True where the server behind is not to see the command. */
async function intercept(session: Session, line: Buffer, told: ToldFolders): Promise<boolean> {
	const text = line.toString('latin1').trimEnd();
	session.note(`C: ${text.slice(0, 300)}`);
	const [tag = '', first = '', second = ''] = text.split(' ', 3);
	const command = first.toUpperCase() === 'UID' ? `UID ${second.toUpperCase()}` : first.toUpperCase();
	if (command === '') return false;
	if (await session.fault(command, tag)) return true;
	// Exchange searches for ASCII only (RFC 3501, section 6.4.4).
	if (/^\S+ (?:UID )?SEARCH (?:RETURN \([^)]*\) )?CHARSET (?!"?US-ASCII)/i.test(text)) {
		session.say(`${tag} NO [BADCHARSET (US-ASCII)] The specified charset is not supported.`);
		return true;
	}
	// It knows one keyword, and no other is valid.
	const isUnknown = / (?:UN)?KEYWORD (?!\$MDNSent)/i.test(text) && command.endsWith('SEARCH');
	if (isUnknown || told.refuses(text)) {
		session.refuse(`${tag} BAD Command Argument Error. 11`);
		return true;
	}
	if (command !== 'CAPABILITY' && command !== 'ID') return false;
	return sayBeforeSignIn(session, command, tag);
}

/** Takes out of the server's lines what Exchange does not have, and puts EXISTS before `+ idling`, as Exchange may. */
function answerShaper(session: Session, folders: ToldFolders): (line: Buffer) => void {
	let exists: number | undefined;
	return (told) => {
		const line = asExchangeTells(session.exchange.mailFaults.answer(session, told));
		const text = line.subarray(0, 60).toString('latin1');
		if (text.startsWith('* LIST ')) folders.hear(line.toString('latin1'));
		const counted = /^\* (\d+) (EXISTS|EXPUNGE)/.exec(text);
		if (counted?.[2] === 'EXISTS') exists = Number(counted[1]);
		if (counted?.[2] === 'EXPUNGE' && exists !== undefined) exists -= 1;
		if (text.startsWith('+ idling') && exists !== undefined) session.pass(Buffer.from(`* ${exists} EXISTS\r\n`));
		if (/^\* (?:CAPABILITY|ENABLED)\b/.test(text) || text.startsWith('* OK [HIGHESTMODSEQ')) return;
		// No custom keywords.
		if (text.startsWith('* OK [PERMANENTFLAGS')) session.pass(Buffer.from(line.toString('latin1').replace(/ ?\\\*/, ''), 'latin1'));
		// A server without UIDPLUS does not tell the new UIDs (RFC 4315, section 3).
		else if (!hasUidPlus(session) && /^\S+ OK \[(?:APPENDUID|COPYUID) /.test(text))
			session.pass(Buffer.from(line.toString('latin1').replace(/\[(?:APPENDUID|COPYUID) [^\]]*\] /, ''), 'latin1'));
		else session.pass(line);
		if (/^[^*+]\S* BAD /.test(text)) session.afterReply(text);
	};
}

/** In ENVELOPE, a host that is missing has another name than at Dovecot (Imap4Message of Exchange Server 2013). */
function asExchangeTells(line: Buffer): Buffer {
	if (!line.includes('"MISSING_DOMAIN"')) return line;
	return Buffer.from(line.toString('latin1').replaceAll('"MISSING_DOMAIN"', '".MISSING-HOST-NAME."'), 'latin1');
}

function hasUidPlus({ exchange }: Session): boolean {
	return exchange.imapCapabilities.split(' ').includes('UIDPLUS');
}
