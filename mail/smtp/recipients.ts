import { MailError, type MailErrorFacts } from '../errors';

/** A recipient, and the server's answer to it. */
export type Rejection = { recipient: string; response: string };

/** Who has the email, whom the server refused, and who may have the email because the answer to it was lost. */
export interface Standing {
	accepted: string[];
	rejected: Rejection[];
	unknown: string[];
}

/** What an attempt says about the recipients to whom the email was offered. */
interface Failure {
	reason: MailError;
	/** The recipients who were not refused may have the email. */
	deliveryUnknown: boolean;
	rejected: Rejection[];
}

/** The recipients of one email over all attempts. */
export class Recipients {
	readonly #accepted = new Set<string>();
	readonly #unknown = new Set<string>();
	/** The server's last answer for each recipient. */
	readonly #answers = new Map<string, string>();

	/** @param resendUnknown whether the email is offered again to recipients who may have it */
	constructor(
		private readonly all: string[],
		private readonly resendUnknown: boolean,
	) {}

	/** The recipients to whom the email is offered next. Nobody who has it or was refused permanently is among them. */
	get open(): string[] {
		return this.all.filter(
			(one) => !this.#accepted.has(one) && (this.resendUnknown || !this.#unknown.has(one)) && isTransient(this.#answers.get(one) ?? '4'),
		);
	}

	/** Whether anybody has the email, or may have it. */
	get reached(): boolean {
		return this.#accepted.size + this.#unknown.size > 0;
	}

	get standing(): Standing {
		const here = (one: string): boolean => !this.#accepted.has(one) && !this.#unknown.has(one);
		return {
			accepted: [...this.#accepted],
			rejected: this.all
				.filter(here)
				.flatMap((recipient) => (this.#answers.has(recipient) ? [{ recipient, response: this.#answers.get(recipient) ?? '' }] : [])),
			unknown: [...this.#unknown],
		};
	}

	took({ accepted, rejected }: Omit<Standing, 'unknown'>): void {
		for (const one of accepted) {
			this.#accepted.add(one);
			this.#unknown.delete(one);
		}
		this.#note(rejected);
	}

	failed(offered: string[], { rejected, deliveryUnknown, reason }: Failure): void {
		this.#note(rejected);
		const refused = new Set(rejected.map(({ recipient }) => recipient));
		for (const one of offered.filter((recipient) => !refused.has(recipient))) {
			if (deliveryUnknown) this.#unknown.add(one);
			// If others have the email, an answer to the whole email applies to the remaining recipients.
			else if (this.reached && reason.response) this.#answers.set(one, reason.response);
		}
	}

	/** The error for an email that nobody has. It names the refused recipients, if the server refused each of them. */
	refusal(reason: MailError): MailError {
		const { standing } = this;
		if (standing.rejected.length === 0) return reason;
		const message =
			standing.rejected.length < this.all.length
				? reason.message
				: `The server accepted none of the recipients: ${describeRejections(standing.rejected)}.`;
		return new RecipientsRefused(message, reason, standing);
	}

	#note(rejected: Rejection[]): void {
		for (const { recipient, response } of rejected) this.#answers.set(recipient, response);
	}
}

/** Whether the server may accept the same later (RFC 5321, section 4.2.1). */
export function isTransient(answer: string): boolean {
	return answer.startsWith('4');
}

/** The server refused some or all recipients. */
export class RecipientsRefused extends MailError {
	constructor(
		message: string,
		facts: MailErrorFacts,
		readonly standing: Standing,
	) {
		super(message, facts);
	}
}

const NAMED = 5;

/** `ada@example.com (550 5.1.1 …), grace@example.com (…) and 3 more`. */
export function describeRejections(rejected: Rejection[]): string {
	const more = rejected.length - NAMED;
	return `${rejected
		.slice(0, NAMED)
		.map(({ recipient, response }) => `${recipient} (${response.slice(0, 200)})`)
		.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
