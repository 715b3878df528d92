import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { text as collect } from 'node:stream/consumers';

import type { SMTPServer as Server, SMTPServerAuthentication, SMTPServerOptions, SMTPServerSession } from 'smtp-server';

import type { KeyPair } from './certificates';
import { deliver } from './mailbox';
import { freePorts } from './ports';
import { MAIL_DOMAIN, SIZE_LIMIT, type Postfix } from './postfix';

/** Checks what a client signs in with. */
export interface SignIn {
	/** Of every mailbox. */
	password: string;
	/** @throws where the token is not valid @returns whose it is */
	verify: (token: string) => Promise<string | undefined>;
}

/**
 * The submission server of an ordinary user, since Postfix has to be started by root: nodemailer's own server library,
 * with Postfix's rules. It offers STARTTLS and a sign-in, and delivers by LMTP.
 */
export async function startSubmission(tls: KeyPair, lmtp: number, signIn: SignIn): Promise<Postfix> {
	const [submission = 0] = await freePorts(1);
	const server = new EmbeddedServer(submission, { ...options(lmtp, signIn), key: tls.key, cert: tls.cert });
	await server.start();
	return { embedded: true, ports: { submission, held: 0, heldPlain: 0 }, holdFolder: '', process: server, logText: () => '' };
}

class EmbeddedServer {
	readonly pid = process.pid;
	#server: Server | undefined;

	constructor(
		private readonly port: number,
		private readonly options: SMTPServerOptions,
	) {}

	async start(): Promise<void> {
		// Loaded where it is used: root has Postfix.
		const { SMTPServer } = await import('smtp-server');
		const server = new SMTPServer(this.options);
		// A client that breaks off is no failure of the server.
		server.on('error', () => undefined);
		await once(server.listen(this.port, '127.0.0.1'), 'listening');
		this.#server = server;
	}

	async kill(): Promise<void> {
		const server = this.#server;
		this.#server = undefined;
		if (server === undefined) return;
		for (const connection of server.connections) connection.close();
		await new Promise<void>((resolve) => server.close(() => resolve()));
	}

	async stop(): Promise<void> {
		await this.kill();
	}
}

function options(lmtp: number, signIn: SignIn): SMTPServerOptions {
	return {
		authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'],
		size: SIZE_LIMIT,
		hideDSN: false,
		disableReverseLookup: true,
		onAuth: (auth, _session, done) =>
			void authenticate(auth, signIn).then((user) =>
				user === undefined ? done(new Error('Authentication failed')) : done(null, { user }),
			),
		onRcptTo: ({ address }, _session, done) => done(refusal(address)),
		onData: (stream, session, done) => {
			const envelope = readEnvelope(session);
			const received = `Received: from [127.0.0.1] by localhost with ESMTPSA;\r\n\t${new Date().toUTCString().replace('GMT', '+0000')}\r\n`;
			const take = async (): Promise<void> => {
				const mail = Buffer.concat([Buffer.from(received), Buffer.from(await collect(stream.setEncoding('latin1')), 'latin1')]);
				if (stream.sizeExceeded) throw answer(552, '5.3.4 Message size exceeds fixed limit');
				for (const { address } of envelope.recipients) await deliver(lmtp, address, [mail], envelope.sender);
				const reported = envelope.recipients.filter(({ notify }) => notify.includes('SUCCESS'));
				if (reported.length > 0) await deliver(lmtp, envelope.sender, [deliveryReport(envelope, reported, mail)], '');
			};
			take().then(
				() => done(null, '2.0.0 Ok: delivered'),
				(error: Error) => done(error),
			);
		},
	};
}

interface Envelope {
	sender: string;
	/** What the sender calls it (ENVID). */
	id: string;
	/** With the reports that the sender asked for. */
	recipients: Array<{ address: string; notify: string[] }>;
}

/** The types of smtp-server do not know yet what it reads of delivery reports (RFC 3461). */
function readEnvelope(session: SMTPServerSession): Envelope {
	const { mailFrom, dsn }: { mailFrom: false | { address: string }; dsn?: { envid?: string | null } } = session.envelope;
	const recipients: Array<{ address: string; dsn?: { notify?: string[] } }> = session.envelope.rcptTo;
	return {
		sender: mailFrom === false ? '' : mailFrom.address,
		id: dsn?.envid ?? '',
		recipients: recipients.map((recipient) => ({ address: recipient.address, notify: recipient.dsn?.notify ?? [] })),
	};
}

/** That an email was delivered, as Postfix reports it (RFC 3464). */
function deliveryReport({ sender, id }: Envelope, recipients: Envelope['recipients'], mail: Buffer): Buffer {
	const boundary = `report-${randomUUID()}`;
	const headers = mail.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
	const rows = recipients.flatMap(({ address }) => ['', `Final-Recipient: rfc822; ${address}`, 'Action: delivered', 'Status: 2.0.0']);
	const lines = [
		`From: MAILER-DAEMON@${MAIL_DOMAIN}`,
		`To: ${sender}`,
		'Subject: Successful Mail Delivery Report',
		'MIME-Version: 1.0',
		`Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
		'',
		`--${boundary}`,
		'',
		'Your email was delivered.',
		`--${boundary}`,
		'Content-Type: message/delivery-status',
		'',
		'Reporting-MTA: dns; localhost',
		...(id === '' ? [] : [`Original-Envelope-Id: ${id}`]),
		...rows,
		`--${boundary}`,
		'Content-Type: text/rfc822-headers',
		'',
		headers,
		`--${boundary}--`,
		'',
	];
	return Buffer.from(lines.join('\r\n'), 'latin1');
}

async function authenticate(auth: SMTPServerAuthentication, { password, verify }: SignIn): Promise<string | undefined> {
	if (auth.method !== 'XOAUTH2') return auth.password === password ? auth.username : undefined;
	return await verify(auth.accessToken ?? '').catch(() => undefined);
}

/** As Postfix answers here. */
function refusal(address: string): Error | null {
	const [user = '', domain = ''] = address.split('@');
	if (domain.toLowerCase() !== MAIL_DOMAIN) return answer(554, `5.7.1 this server delivers to ${MAIL_DOMAIN} only`);
	return /^(nobody|unknown)/.test(user) ? answer(550, '5.1.1 User unknown in virtual mailbox table') : null;
}

function answer(responseCode: number, message: string): Error {
	return Object.assign(new Error(message), { responseCode });
}
