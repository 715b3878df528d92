import { DAY_MS } from '../../mail/durations';
import { giveUp, WaitingQuestions } from '../../mail/questions/waiting';
import { questionsFolder } from '../journalFolder';
import { callOwn } from './ownAddress';

/** At least this often the folder is looked at, since other processes write into it too, in ms. */
const OFTEN = 60_000;
/** What n8n could not be called for in a week is given up, in ms. */
const GIVE_UP_AFTER = 7 * DAY_MS;
/** Timers of Node may come a little early. */
const LATER = 5;

let timer: NodeJS.Timeout | undefined;
let looking: Promise<void> | undefined;
let again = false;
/** What was told already, so that a question that cannot be reached is not told each minute. */
const told = new Set<string>();

/**
 * Does what is due of the questions that wait: reminders, escalations, the end of their time. An execution that waits is not running,
 * so somebody has to wake its node: this calls n8n at the link of the question. What is due stands in files, so that a restart of n8n
 * loses nothing; n8n loads this node at its start where an active workflow has it.
 */
export function keepLooking(): void {
	if (timer === undefined && looking === undefined) lookSoon();
}

/** Looks at once, for example since something new is due. */
export function lookSoon(): void {
	if (looking !== undefined) {
		again = true;
		return;
	}
	looking = look()
		.catch((error: unknown) => {
			tell('folder', `The folder of questions cannot be read: ${error instanceof Error ? error.message : String(error)}`);
			return Infinity;
		})
		.then((next) => {
			looking = undefined;
			plan(again ? 0 : Math.min(OFTEN, next - Date.now() + LATER));
			again = false;
		});
}

function plan(ms: number): void {
	clearTimeout(timer);
	timer = setTimeout(lookSoon, Math.max(ms, 0));
	// n8n may end although questions wait.
	timer.unref();
}

/** @returns when something is due next */
async function look(): Promise<number> {
	const { due, next } = await new WaitingQuestions(questionsFolder()).due(Date.now());
	for (const { files, question } of due) {
		const answer = await callOwn(question.link, { work: 'due' });
		const isOld = Math.min(...question.due.values()) < Date.now() - GIVE_UP_AFTER;
		if (answer.state === 'gone' || (answer.state === 'failed' && isOld)) await giveUp(files);
		if (answer.state === 'failed') tell(question.link, `A question that waits cannot be reminded of or ended: ${answer.reason}`);
	}
	return next;
}

/** n8n's log can be written to only while a node is run. */
function tell(key: string, message: string): void {
	if (told.has(key)) return;
	told.add(key);
	process.emitWarning(message, 'Office365MailWarning');
}
