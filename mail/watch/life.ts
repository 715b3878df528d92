/**
 * Where a mail is in its life, from the moment that it is first handed over until nothing is left to be done. The
 * cursor makes each change; a mail that it has no state of has never been handed over, or is settled.
 *
 * | state | stored as | meaning | leads in | leads out |
 * | --- | --- | --- | --- | --- |
 * | `handed` | tries (1 …) | So many executions have had it; the last runs or failed. | `take` | `succeed`, `forgive`, `settle` |
 * | `waiting` | -1 | No execution has had it: n8n started none, or the server withholds it. | `forgive`, `withhold` | `take`, `settle` |
 * | `actionDue` | 0 | Its execution succeeded; the action on the server is still to be done. | `succeed` | `settle` |
 *
 * `forgive` and `withhold` take one try back, so that `handed` with two tries becomes `handed` with one.
 * `settle` follows when the action is done or none is wanted, when the mail was given up, and when it has left the folder.
 * After a restart, `handed` and `waiting` mails are handed over again, and `actionDue` mails get their action.
 *
 * The numbers are how every version of this package stores the states, so that older ones can read what newer ones write.
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
