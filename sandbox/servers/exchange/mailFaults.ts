import type { Session } from './session';

/** What Exchange does to a single email, seen on tenants; see the sources at each kind. */
export type MailFault = { mailbox: string; uid: number; times?: number } & (
	| {
			/** FETCH of these sections (`` for BODY.PEEK[], HEADER, TEXT, BODY[] for the one without PEEK) is a bare OK, though SEARCH finds the email (OfflineIMAP/offlineimap#62). */
			kind: 'withheld';
			sections: readonly string[];
	  }
	/** A note in place of the email, in the same folder under the same UID. */
	| { kind: 'placeholder' }
	/** BODYSTRUCTURE is NIL, torn apart, or left out of the answer (MailKit#919, #1393). */
	| { kind: 'structure'; as: 'NIL' | 'broken' | 'missing' }
	/** A partial FETCH from `at` or beyond gives so few bytes, perhaps none (jodd#280). */
	| { kind: 'short'; at: number; bytes: number }
	/** RFC822.SIZE is that of the store, where texts take two bytes a character (MS-STANXIMAP, section 2.2.25; stalwartlabs/vandelay#12). */
	| { kind: 'size'; factor: number }
	/** Neither SEARCH nor FETCH know it yet, though an email with a higher UID is there. */
	| { kind: 'late' }
);

const NOTE = (uid: number): string =>
	[
		'From: Microsoft Exchange Server <>',
		`Subject: Retrieval using the IMAP4 protocol failed for the following message: ${uid}`,
		'MIME-Version: 1.0',
		'Content-Type: text/plain; charset="utf-8"',
		'',
		"The server couldn't retrieve the following message. The message hasn't been deleted.",
		'',
	].join('\r\n');

/** The faults that are planned for single emails. */
export class MailFaults {
	#faults: MailFault[] = [];

	/** Holds until {@link clear}, or for so many `times`. */
	add(fault: MailFault): void {
		this.#faults.push({ ...fault });
	}

	/** The emails fare as they should from now on; of one kind or all. */
	clear(kind?: MailFault['kind']): void {
		this.#faults = kind === undefined ? [] : this.#faults.filter((fault) => fault.kind !== kind);
	}

	/**
	 * A command on its way to the server behind.
	 * @returns the command to pass on, or nothing where it has been answered
	 */
	command(session: Session, line: Buffer): Buffer | undefined {
		const [, tag = '', set = '', items = ''] = /^(\S+) UID FETCH (\S+) (.*)\r\n$/i.exec(line.toString('latin1')) ?? [];
		if (set === '' || this.#faults.length === 0) return line;
		const asked: Asked = { uids: new Set(uidsOf(set)), items, say: (text) => session.say(text) };
		const before = asked.uids.size;
		for (const fault of this.#of(session)) if (asked.uids.has(fault.uid)) this.#fetch(fault, asked);
		if (asked.uids.size === 0 && before > 0) {
			session.say(`${tag} OK FETCH completed.`);
			return undefined;
		}
		if (asked.uids.size === before && asked.items === items) return line;
		return Buffer.from(`${tag} UID FETCH ${[...asked.uids].join(',')} ${asked.items}\r\n`, 'latin1');
	}

	#fetch(fault: MailFault, asked: Asked): void {
		const [, section] = /BODY(?:\.PEEK)?\[([A-Z]*)\]/.exec(asked.items) ?? [];
		const [, part, start, length] = /BODY(?:\.PEEK)?\[([^\]]*)\]<(\d+)\.(\d+)>/.exec(asked.items) ?? [];
		const name = asked.items.includes('BODY[]') ? 'BODY[]' : section;
		if (fault.kind === 'late') asked.uids.delete(fault.uid);
		else if (fault.kind === 'withheld' && name !== undefined && fault.sections.includes(name)) {
			if (this.#use(fault)) asked.uids.delete(fault.uid);
		} else if (fault.kind === 'placeholder' && section !== undefined && this.#use(fault)) {
			asked.uids.delete(fault.uid);
			const note = NOTE(fault.uid);
			asked.say(`* ${fault.uid} FETCH (UID ${fault.uid} BODY[${section}] {${note.length}}\r\n${note})`);
		} else if (fault.kind === 'short' && start !== undefined && Number(start) >= fault.at && this.#use(fault)) {
			if (fault.bytes > 0) asked.items = asked.items.replace(`<${start}.${String(length)}>`, `<${start}.${fault.bytes}>`);
			else {
				asked.uids.delete(fault.uid);
				asked.say(`* ${fault.uid} FETCH (UID ${fault.uid} BODY[${String(part)}]<${start}> "")`);
			}
		}
	}

	/** A line of an answer on its way to the client. */
	answer(session: Session, line: Buffer): Buffer {
		if (this.#faults.length === 0) return line;
		let text = line.toString('latin1');
		for (const fault of this.#of(session)) {
			if (fault.kind === 'late' && text.startsWith('* SEARCH')) text = text.replace(new RegExp(` ${fault.uid}(?=[ \r])`), '');
			if (fault.kind === 'size' && isAnswerAbout(text, fault.uid))
				text = text.replace(/ RFC822\.SIZE (\d+)/, (_all, size) => ` RFC822.SIZE ${Math.round(Number(size) * fault.factor)}`);
			if (fault.kind === 'structure' && isAnswerAbout(text, fault.uid) && text.includes('BODYSTRUCTURE ('))
				text = misshapen(text, fault.as);
		}
		return Buffer.from(text, 'latin1');
	}

	#of({ mailbox }: Session): MailFault[] {
		return this.#faults.filter((fault) => fault.mailbox === mailbox);
	}

	/** Uses a fault up once. */
	#use(fault: MailFault): boolean {
		if (fault.times === undefined) return true;
		fault.times -= 1;
		if (fault.times <= 0) this.#faults = this.#faults.filter((one) => one !== fault);
		return true;
	}
}

function isAnswerAbout(line: string, uid: number): boolean {
	return new RegExp(`^\\* \\d+ FETCH \\(UID ${uid} `).test(line);
}

interface Asked {
	uids: Set<number>;
	items: string;
	say: (text: string) => void;
}

function misshapen(line: string, as: 'NIL' | 'broken' | 'missing'): string {
	const start = line.indexOf('BODYSTRUCTURE (');
	const end = closing(line, start + 'BODYSTRUCTURE '.length);
	if (as === 'NIL') return `${line.slice(0, start)}BODYSTRUCTURE NIL${line.slice(end)}`;
	if (as === 'missing') return `${line.slice(0, start)}${line.slice(end).trimStart()}`;
	// Exchange forgets a blank, a bracket or a whole field.
	return `${line.slice(0, start)}BODYSTRUCTURE ("text" "plain" ("charset" NIL NIL "7bit"${line.slice(end)}`;
}

/** Behind the bracket that closes the one at `open`; quoted strings may hold brackets. */
function closing(line: string, open: number): number {
	let depth = 0;
	let quoted = false;
	for (let index = open; index < line.length; index++) {
		const letter = line[index];
		if (letter === '\\' && quoted) index += 1;
		else if (letter === '"') quoted = !quoted;
		else if (!quoted && letter === '(') depth += 1;
		else if (!quoted && letter === ')') {
			depth -= 1;
			if (depth === 0) return index + 1;
		}
	}
	return line.length;
}

function uidsOf(set: string): number[] {
	return set.split(',').flatMap((part) => {
		const [first = 0, last = first] = part.split(':').map(Number);
		return Array.from({ length: last - first + 1 }, (_, index) => first + index);
	});
}
