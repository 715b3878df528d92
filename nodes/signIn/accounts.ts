import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { Refusals } from '../../mail/refusals';
import { contentFor, openAccount, type AccountChoice } from './credentialAccount';

/**
 * The mailboxes of one execution, each opened once. Expressions in the fields of a credential can give each item another mailbox. n8n
 * takes a millisecond or more to read a credential, about as long as to send an email, so it is read for each item only if it depends on
 * the item.
 */
export class Accounts {
	readonly #opened = new Map<string, Promise<Account>>();
	readonly #perItem = new Map<string, Promise<boolean>>();

	constructor(private readonly context: IExecuteFunctions) {}

	/** @throws MailError */
	async of(choice: AccountChoice, item: number): Promise<Account> {
		return (await this.find(choice, item)).account;
	}

	/** @returns the key is the same for all items of the same mailbox. @throws MailError */
	async find(choice: AccountChoice, item: number): Promise<{ key: string; account: Account }> {
		const content = (await this.#isPerItem(choice)) ? await contentFor(this.context, choice, item) : '';
		const key = [choice.authentication, content, choice.mailboxAddress.trim().toLowerCase()].join(' ');
		let account = this.#opened.get(key);
		if (account === undefined) {
			account = this.#open(choice, item);
			this.#opened.set(key, account);
			// The next item tries again.
			account.catch(() => this.#opened.delete(key));
		}
		return { key, account: await account };
	}

	async #open(choice: AccountChoice, item: number): Promise<Account> {
		return { ...(await openAccount(this.context, choice, item)), refusals: new Refusals() };
	}

	async #isPerItem(choice: AccountChoice): Promise<boolean> {
		const known = this.#perItem.get(choice.authentication) ?? this.#dependsOnItem(choice);
		this.#perItem.set(choice.authentication, known);
		return await known;
	}

	/**
	 * Compares the first items, one of each shape, the last one, and one that does not exist, for which an expression with `$json` has no
	 * values.
	 */
	async #dependsOnItem(choice: AccountChoice): Promise<boolean> {
		const items = this.context.getInputData();
		if (items.length === 1) return false;
		const samples = new Set([0, 1, 2, ...firstOfEachShape(items), items.length - 1, items.length]);
		try {
			const contents = await Promise.all([...samples].map(async (item) => await contentFor(this.context, choice, item)));
			return new Set(contents).size > 1;
		} catch {
			// n8n could not evaluate an expression without an item.
			return true;
		}
	}
}

/** How many shapes of items are compared, and how deep an item is looked into. */
const [MOST_SHAPES, DEEPEST] = [20, 3];

/** An expression such as `{{ $json.sender || 'office@example.com' }}` gives another value where an item has a field that others lack. */
function firstOfEachShape(items: readonly INodeExecutionData[]): Iterable<number> {
	const first = new Map<string, number>();
	for (const [index, { json }] of items.entries()) {
		if (first.size >= MOST_SHAPES) break;
		const shape = shapeOf(json, DEEPEST);
		if (!first.has(shape)) first.set(shape, index);
	}
	return first.values();
}

/** The names of the fields that are not empty. */
function shapeOf(json: unknown, depth: number): string {
	if (typeof json !== 'object' || json === null) return json ? '1' : '0';
	if (depth === 0 || Array.isArray(json)) return '1';
	const fields = Object.entries(json).map(([name, value]) => `${name}:${shapeOf(value, depth - 1)}`);
	return `{${fields.sort().join()}}`;
}
