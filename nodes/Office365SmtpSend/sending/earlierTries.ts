import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { ComposedMail } from '../../../mail/compose/message';
import { RecipientsRefused } from '../../../mail/smtp/recipients';
import { endTry, Tries, type Run } from '../../executions/tries';

/** What became of an email that somebody has, or may have. */
type Result = { told: IDataObject } | { refusal: RecipientsRefused };

/** By email. */
type Results = Map<string, Result>;

const tries = new Tries<Results>(() => new Map());

/** What earlier tries of the same run have sent. Without this memory, the emails of the other items would be sent once for each try. */
export class EarlierTries {
	private constructor(private readonly run: Run<Results> | undefined) {}

	static of(context: IExecuteFunctions): EarlierTries {
		return new EarlierTries(tries.begin(context));
	}

	/** Call this when the try has ended. */
	end(): void {
		endTry(this.run);
	}

	/** Sends the email of an item, unless an earlier try has done so. @returns the output. @throws what `send` throws */
	async once(item: number, { from, recipients }: ComposedMail, send: () => Promise<IDataObject>): Promise<IDataObject> {
		if (this.run === undefined) return await send();
		const { kept } = this.run;
		const name = JSON.stringify([item, from, recipients]);
		const earlier = kept.get(name);
		if (earlier !== undefined && 'refusal' in earlier) throw earlier.refusal;
		if (earlier !== undefined) return earlier.told;
		const sending = send();
		const [outcome] = await Promise.allSettled([sending]);
		if (outcome.status === 'fulfilled') kept.set(name, { told: outcome.value });
		else if (outcome.reason instanceof RecipientsRefused && hasReached(outcome.reason)) kept.set(name, { refusal: outcome.reason });
		return await sending;
	}
}

function hasReached({ standing }: RecipientsRefused): boolean {
	return standing.accepted.length + standing.unknown.length > 0;
}
