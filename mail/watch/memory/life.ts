/**
 * The state of an email from the moment when it is first handed over until nothing is left to be done. The cursor makes each change.
 * An email without a state has never been handed over, or is settled.
 *
 * | state | stored as | meaning | entered by | left by |
 * | --- | --- | --- | --- | --- |
 * | `handed` | tries (1 …) | This many executions have had it; the last runs or has failed. | `take` | `succeed`, `forgive`, `settle` |
 * | `waiting` | -1 | No execution has had it: n8n started none, or the server withholds it. | `forgive`, `withhold` | `take`, `settle` |
 * | `actionDue` | 0 | Its execution succeeded; the action on the server is still to be done. | `succeed` | `settle` |
 *
 * `forgive` and `withhold` take one try back, so that `handed` with two tries becomes `handed` with one.
 * `settle` follows when the action is done or none is wanted, when the email is no longer retried, and when it has left the folder.
 * After a restart, `handed` and `waiting` emails are handed over again, and `actionDue` emails get their action.
 *
 * Every version of this package stores the states as these numbers, so that older versions can read what newer ones write.
 */
export type MailLife = { state: 'handed'; tries: number } | { state: 'waiting' } | { state: 'actionDue' };

const STORED_WAITING = -1;
const STORED_ACTION_DUE = 0;

export function readLife(stored: number): MailLife {
	if (stored === STORED_ACTION_DUE) return { state: 'actionDue' };
	return stored < 0 ? { state: 'waiting' } : { state: 'handed', tries: stored };
}

export function writeLife(life: MailLife): number {
	if (life.state === 'handed') return life.tries;
	return life.state === 'waiting' ? STORED_WAITING : STORED_ACTION_DUE;
}
