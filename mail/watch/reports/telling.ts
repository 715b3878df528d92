import { MailError } from '../../errors';
import type { Complaints } from './complaints';
import type { WatchState } from '../session/keepAlive';

/** Reports about one folder. Each change is one line in the log, and failures that a person has to know about are reported. */
export class Telling {
	/** The last lines about the session and about the processing of emails, without the parts that differ each time. */
	#said = '';
	#grumbled = '';
	/** The name under which complaints about the processing of emails are kept apart from those about the session. */
	readonly #dealing: string;

	constructor(
		readonly wanted: string,
		readonly complaints: Complaints,
		readonly log: (text: string) => void,
		readonly report: (error: MailError) => void,
	) {
		this.#dealing = `emails of ${wanted}`;
	}

	/** Writes each change once. A fault that stays the same is not repeated at each attempt. */
	state(state: WatchState, error?: MailError): void {
		const isUp = state === 'watching' || state === 'polling';
		if (error === undefined) {
			const recovered = isUp && this.complaints.recovered(this.wanted);
			this.#say(`${WORDS[state]}${recovered ? ', recovered after a reported failure' : ''}`);
			return;
		}
		if (error.code === 'stopped') return;
		this.#say(`${isUp ? 'the session continues, but' : `${WORDS[state]}:`} ${error.summary}`);
		if (this.complaints.failed(error, this.wanted)) this.report(error);
	}

	/**
	 * Called when the folder cannot be looked into although the session goes on. A fault is reported if it lasts, not if the next
	 * look succeeds.
	 */
	shut({ message, code, speaker, command, response, said, remedy }: MailError): void {
		const error = new MailError(message, { code, permanent: false, speaker, command, response, said, remedy });
		this.#say(`cannot be checked: ${error.summary}`);
		if (this.complaints.failed(error, this.wanted)) this.report(error);
	}

	/** Called when the folder can be looked into again. */
	opened(): void {
		if (this.complaints.recovered(this.wanted)) this.log('can be checked again, after a reported failure');
		this.#said = '';
	}

	/** Called when emails cannot be processed. */
	complain(error: MailError): void {
		const gist = gistOf(error.summary);
		if (gist !== this.#grumbled) this.log(error.summary);
		this.#grumbled = gist;
		if (this.complaints.failed(error, this.#dealing)) this.report(error);
	}

	/** Called when emails can be processed again. */
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

/**
 * Replaces numbers and IDs, because servers put the time, a trace ID or the milliseconds to wait into an answer that is otherwise the
 * same.
 */
function gistOf(text: string): string {
	return text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/gi, '#');
}

const WORDS: Record<WatchState, string> = {
	connecting: 'connecting',
	watching: 'watching (IDLE)',
	polling: 'watching by polling, because the server does not support IDLE',
	lost: 'session lost, reconnecting',
	failed: 'no session, retrying',
	stopped: 'stopped',
};
