import { Duplex } from 'node:stream';

import type { PopSession } from '../../../mail/pop3/session';
import { GREETING, multiline, openOn, signedIn } from '../pop3/pop3Rig';

/** An email as the server has it. */
export interface Listed {
	/** Listed without a unique ID if it is empty. */
	uidl: string;
	text: string;
}

/** A POP server of few lines, whose listings say whatever a test wants. */
export class LittleServer extends Duplex {
	#line = '';
	readonly #deleted = new Set<Listed>();
	#signIn = signedIn();

	/** @param breaksAt the command at which it closes the connection */
	constructor(
		public mails: Listed[],
		private readonly breaksAt = '',
	) {
		super();
		this.push(GREETING);
	}

	static async open(mails: Listed[], breaksAt: string): Promise<{ session: PopSession; server: LittleServer }> {
		const server = new LittleServer(mails, breaksAt);
		return { session: await openOn(server), server };
	}

	override _read(): void {
		// Everything is pushed as it comes.
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
		const lines = (this.#line + chunk.toString('latin1')).split('\r\n');
		this.#line = lines.pop() ?? '';
		for (const line of lines) this.#answer(line);
		done();
	}

	#answer(line: string): void {
		const [, greeting] = this.#signIn.shift() ?? [];
		if (greeting !== undefined) return void this.push(greeting);
		if (line === this.breaksAt) return void this.push(null);
		this.push(this.#reply(line));
		if (line === 'QUIT') this.push(null);
	}

	#reply(line: string): string {
		const [command = '', number = ''] = line.split(' ');
		const mail = this.mails[Number(number) - 1];
		const listed = (text: (mail: Listed) => string): string =>
			multiline(this.mails.map((one, index) => `${index + 1} ${text(one)}`.trim() + '\r\n').join(''));
		if (command === 'UIDL') return listed(({ uidl }) => uidl);
		if (command === 'LIST' && number === '') return listed(({ text }) => `${text.length}`);
		if (command === 'QUIT') {
			this.mails = this.mails.filter((one) => !this.#deleted.has(one));
			return '+OK\r\n';
		}
		if (command === 'STAT') return `+OK ${this.mails.length} 1\r\n`;
		if (mail === undefined) return "-ERR There's no such message.\r\n";
		if (command === 'LIST') return `+OK ${number} ${mail.text.length}\r\n`;
		if (command === 'TOP') return multiline(mail.text.slice(0, mail.text.indexOf('\r\n\r\n') + 4));
		if (command === 'RETR') return multiline(mail.text);
		this.#deleted.add(mail);
		return '+OK\r\n';
	}
}
