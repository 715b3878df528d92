import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { Ledger } from '../../mail/collect/ledger';
import { LocalReservations, localReservationsOf, Reservations } from '../../mail/collect/reservations';
import { mailboxName } from '../popMail';
import { sharedReservationsOf } from './sharedReservations';

/**
 * What this node has fetched, by mailbox, in n8n's static data: n8n stores that together with the end of a production
 * execution, so a mail counts as fetched only when its execution got it. In that of the workflow, since that of the node is
 * kept under its name and lost when the node is renamed. One object an execution.
 */
export class Memory {
	readonly #staticData: IDataObject;
	readonly #name: string;
	readonly #place: string;
	readonly #ledgers = new Map<string, { ledger: Ledger; before: string }>();
	readonly #reservations = new Map<string, Reservations>();
	readonly #taken: Array<{ reservations: Reservations; keys: string[] }> = [];

	constructor(private readonly context: IExecuteFunctions) {
		this.#staticData = context.getWorkflowStaticData('global');
		this.#place = `popFetch ${context.getNode().id}`;
		this.#name = `${context.getWorkflow().id ?? ''}:${context.getNode().id}`;
	}

	ledger(account: Account): Ledger {
		const mailbox = mailboxName(account);
		const known = this.#ledgers.get(mailbox);
		if (known !== undefined) return known.ledger;
		const ledger = Ledger.read(ledgersOf(this.#staticData[this.#place])[mailbox]);
		this.#ledgers.set(mailbox, { ledger, before: content(ledger) });
		return ledger;
	}

	/** A run in the editor is stored by nobody, so it reserves nothing that other executions could see. */
	reservations(account: Account): Reservations {
		const mailbox = mailboxName(account);
		const known = this.#reservations.get(mailbox);
		if (known !== undefined) return known;
		const local = this.context.getMode() === 'manual' ? new LocalReservations() : localReservationsOf(`${this.#name}:${mailbox}`);
		const reservations = new Reservations(local, sharedReservationsOf(this.context, mailbox));
		this.#reservations.set(mailbox, reservations);
		return reservations;
	}

	/** Remembers what to release where the execution comes to nothing. */
	took(account: Account, keys: string[]): void {
		this.#taken.push({ reservations: this.reservations(account), keys });
	}

	/** The items are n8n's now. */
	save(): void {
		const changed = [...this.#ledgers].filter(([, { ledger, before }]) => content(ledger) !== before);
		if (changed.length === 0) return;
		// Assigned as a whole: n8n notices changes of the first level only.
		this.#staticData[this.#place] = {
			...ledgersOf(this.#staticData[this.#place]),
			...Object.fromEntries(changed.map(([mailbox, { ledger }]) => [mailbox, { ...ledger.write() }])),
		};
	}

	async discard(): Promise<void> {
		for (const { reservations, keys } of this.#taken) await reservations.release(keys);
	}
}

/** When the server was asked is no reason to store everything. */
function content(ledger: Ledger): string {
	return JSON.stringify({ ...ledger.write(), checkedAt: ledger.checkedAt === 0 });
}

function ledgersOf(value: unknown): IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
