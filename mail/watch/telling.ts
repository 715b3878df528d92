import { MailError } from '../errors';
import type { Complaints } from './complaints';
import type { WatchState } from './keepAlive';

/** What is told of one folder: each change is one line of the log, and what a person has to know is reported. */
export class Telling {
	/** The last line about the session, and about what is done with mails, without what differs each time. */
	#said = '';
	#grumbled = '';
	/** Under this name complaints of what is done with mails are kept apart from those of the session. */
	readonly #dealing: string;

	constructor(
		readonly wanted: string,
		readonly complaints: Complaints,
		readonly log: (text: string) => void,
		readonly report: (error: MailError) => void,
	) {
		this.#dealing = `emails of ${wanted}`;
	}

	/** Each change once: a fault that stays the same is not repeated at each attempt. */
	state(state: WatchState, error?: MailError): void {
		const isUp = state === 'watching' || state === 'polling';
		if (error === undefined) {
			const recovered = isUp && this.complaints.recovered(this.wanted);
			this.#say(`${WORDS[state]}${recovered ? ', recovered after a reported failure' : ''}`);
			return;
		}
		if (error.code === 'stopped') return;
		this.#say(`${isUp ? 'the session goes on, but' : `${WORDS[state]}:`} ${error.summary}`);
		if (this.complaints.failed(error, this.wanted)) this.report(error);
	}

	/** The folder cannot be looked into, though the session goes on. What lasts is told, not what is over with the next look. */
	shut({ message, code, speaker, command, response, said, remedy }: MailError): void {
		const error = new MailError(message, { code, permanent: false, speaker, command, response, said, remedy });
		this.#say(`cannot be looked into: ${error.summary}`);
		if (this.complaints.failed(error, this.wanted)) this.report(error);
	}

	/** It can be looked into. */
	opened(): void {
		if (this.complaints.recovered(this.wanted)) this.log('can be looked into again, after a failure that had been reported');
		this.#said = '';
	}

	/** Mails could not be dealt with. */
	complain(error: MailError): void {
		const gist = gistOf(error.summary);
		if (gist !== this.#grumbled) this.log(error.summary);
		this.#grumbled = gist;
		if (this.complaints.failed(error, this.#dealing)) this.report(error);
	}

	/** They are dealt with again. */
	relieved(): void {
		this.#grumbled = '';
		if (this.complaints.recovered(this.#dealing)) this.log('emails are processed again');
	}

	#say(text: string): void {
		const gist = gistOf(text);
		if (gist === this.#said) return;
		this.#said = gist;
		this.log(text);
	}
}

/** A text without numbers and ids: servers put the time, a trace id or the milliseconds to wait into the same answer each time. */
function gistOf(text: string): string {
	return text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/gi, '#');
}

const WORDS: Record<WatchState, string> = {
	connecting: 'connecting',
	watching: 'watching (IDLE)',
	polling: 'watching by polling, since the server has no IDLE',
	lost: 'session lost, reconnecting',
	failed: 'no session, trying again',
	stopped: 'stopped',
};
