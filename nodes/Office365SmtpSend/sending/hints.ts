import type { IExecuteFunctions } from 'n8n-workflow';

import { describeRejections, type Rejection } from '../../../mail/smtp/recipients';

/** Hints of an execution in addition to its items, because an email that some recipients did not get otherwise looks like a success. */
export class Hints {
	readonly #rejected: Rejection[] = [];
	readonly #unanswered = new Set<string>();
	readonly #cids = new Set<string>();
	readonly #keys = new Set<string>();
	#alreadySent = 0;
	#recipients = 0;
	#unknown = 0;

	sent({ accepted, rejected, unknown }: { accepted: string[]; rejected: Rejection[]; unknown: string[] }): void {
		this.#recipients += accepted.length + rejected.length + unknown.length;
		this.#rejected.push(...rejected);
		this.#unknown += unknown.length;
	}

	/** Images that nobody will see. */
	unknownCids(names: string[]): void {
		for (const name of names.slice(0, 20)) this.#cids.add(name);
	}

	/** An email that is not sent, because one with its key was sent before. */
	alreadySent(key: string): void {
		this.#alreadySent += 1;
		this.#keys.add(key.slice(0, 100));
	}

	notMarked(reason: string): void {
		this.#unanswered.add(reason);
	}

	tell(context: IExecuteFunctions): void {
		for (const message of this.#messages()) {
			context.logger.warn(message);
			// n8n takes what is between angle brackets for HTML.
			context.addExecutionHints?.({ message: message.replace(/[<>]/g, ''), location: 'outputPane', type: 'warning' });
		}
	}

	#messages(): string[] {
		const [refused, unknown] = [this.#rejected.length, this.#unknown];
		const all = `${this.#recipients} recipient${this.#recipients === 1 ? '' : 's'}`;
		return [
			...(refused > 0 ? [`${refused} of ${all} ${refused === 1 ? 'was' : 'were'} refused: ${describeRejections(this.#rejected)}`] : []),
			...(unknown > 0 ? [`${unknown} of ${all} may not have the email, because the connection broke before the server answered.`] : []),
			...(this.#alreadySent > 0
				? [
						`${this.#alreadySent === 1 ? '1 email was' : `${this.#alreadySent} emails were`} not sent, because an email with the same ` +
							`Idempotency Key was sent before: ${[...this.#keys].slice(0, 5).join(', ')}. Each email needs a key of its own.`,
					]
				: []),
			...(this.#cids.size > 0
				? [
						`The HTML shows cid:${[...this.#cids].slice(0, 5).join(', cid:')}, but Attachments (Inline) has no file with that ` +
							'name, so the image is broken. Enter the name of the binary property there.',
					]
				: []),
			...[...this.#unanswered]
				.slice(0, 5)
				.map((reason) => `The reply was sent, but the original could not be marked as answered: ${reason}`),
		];
	}
}
