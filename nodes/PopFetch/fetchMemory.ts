import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { Ledger } from '../../mail/collect/ledger';
import { LocalReservations, localReservationsOf, Reservations } from '../../mail/collect/reservations';
import { mailboxName } from '../popMail';
import { sharedReservationsOf } from './sharedReservations';
import { newestMemory, noteChange, writeStored, type Place, type StoredMemory } from './storedMemory';

/**
 * The emails that this node has fetched, by mailbox, in n8n's static data. n8n stores it at the end of a production execution, so an email
 * counts as fetched only if its execution got it. It is the static data of the workflow, because that of the node is stored under the
 * node's name and lost when the node is renamed. There is one object for each execution.
 */
export class Memory {
	readonly #staticData: IDataObject;
	readonly #place: Place;
	readonly #stored: StoredMemory;
	readonly #ledgers = new Map<string, { ledger: Ledger; before: string }>();
	readonly #reservations = new Map<string, Reservations>();
	readonly #taken: Array<{ reservations: Reservations; keys: string[] }> = [];

	constructor(private readonly context: IExecuteFunctions) {
		this.#staticData = context.getWorkflowStaticData('global');
		const { id } = context.getNode();
		this.#place = { name: `${context.getWorkflow().id ?? ''}:${id}`, field: `popFetch ${id}` };
		this.#stored = newestMemory(context, this.#place);
	}

	ledger(account: Account): Ledger {
		const mailbox = mailboxName(account);
		const known = this.#ledgers.get(mailbox);
		if (known !== undefined) return known.ledger;
		const ledger = Ledger.read(this.#stored.ledgers[mailbox], this.#stored.execution !== this.context.getExecutionId());
		this.#ledgers.set(mailbox, { ledger, before: content(ledger) });
		return ledger;
	}

	/** A run in the editor is not stored, so it reserves nothing that other executions could see. */
	reservations(account: Account): Reservations {
		const mailbox = mailboxName(account);
		const known = this.#reservations.get(mailbox);
		if (known !== undefined) return known;
		const local = this.context.getMode() === 'manual' ? new LocalReservations() : localReservationsOf(`${this.#place.name}:${mailbox}`);
		const reservations = new Reservations(local, sharedReservationsOf(this.context, mailbox));
		this.#reservations.set(mailbox, reservations);
		return reservations;
	}

	/** Remembers what to release if the execution fails. */
	took(account: Account, keys: string[]): void {
		this.#taken.push({ reservations: this.reservations(account), keys });
	}

	/** n8n has the items now. */
	save(): void {
		const changed = [...this.#ledgers].filter(([, { ledger, before }]) => content(ledger) !== before);
		if (changed.length === 0) return;
		const memory: StoredMemory = {
			revision: this.#stored.revision + 1,
			execution: this.context.getExecutionId(),
			ledgers: {
				...this.#stored.ledgers,
				...Object.fromEntries(changed.map(([mailbox, { ledger }]) => [mailbox, { ...ledger.write() }])),
			},
		};
		// Assigned as a whole, because n8n notices changes only at the first level.
		this.#staticData[this.#place.field] = writeStored(memory);
		noteChange(this.context, this.#place, memory);
	}

	async discard(): Promise<void> {
		for (const { reservations, keys } of this.#taken) await reservations.release(keys);
	}
}

/** The time of the last check alone is no reason to store everything. */
function content(ledger: Ledger): string {
	return JSON.stringify({ ...ledger.write(), checkedAt: ledger.checkedAt === 0 });
}
