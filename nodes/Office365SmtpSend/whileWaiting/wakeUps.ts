import { reasonOf } from '../../../mail/errors';
import { DAY_MS } from '../../../mail/durations';
import { giveUp, noteCheck, WaitingQuestions, type DueQuestion, type SilentQuestion } from '../../../mail/questions/waiting';
import { questionsFolder } from '../../journalFolder';
import { callOwn, type OwnAnswer } from './ownAddress';

/** Maximum time between two checks of the folder, in ms, because other processes write into it too. */
const OFTEN = 60_000;
/** If n8n cannot be called for this time, in ms (a week), the work is dropped. */
const GIVE_UP_AFTER = 7 * DAY_MS;
/** Timers of Node may fire a little early. */
const LATER = 5;
/** Number of questions with nothing due that n8n is called about in one check, so that those with due work do not wait for long. */
const MOST_SILENT = 20;

let timer: NodeJS.Timeout | undefined;
let looking: Promise<void> | undefined;
let again = false;
/** Problems that were already logged, so that a question that cannot be reached is not logged each minute. */
const told = new Set<string>();

/**
 * Does the due work of waiting questions: reminders, escalations, the end of their time. A waiting execution does not run, so somebody has
 * to wake its node: this class calls n8n at the link of the question. Due work is recorded in files, so a restart of n8n loses nothing. n8n
 * loads this node at start if an active workflow uses it.
 */
export function keepLooking(): void {
	if (timer === undefined && looking === undefined) lookSoon();
}

/** Checks at once, for example because there is new work. */
export function lookSoon(): void {
	if (looking !== undefined) {
		again = true;
		return;
	}
	looking = look()
		.catch((error: unknown) => {
			tell('folder', `The folder of questions cannot be read: ${reasonOf(error)}`);
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
	// The timer must not keep n8n running.
	timer.unref();
}

/** @returns when the next work is due */
async function look(): Promise<number> {
	const { due, silent, next, unreadable } = await new WaitingQuestions(questionsFolder()).due(Date.now());
	for (const { folder, error } of unreadable) tell(folder, `A waiting question in ${folder} cannot be read: ${reasonOf(error)}`);
	for (const one of due) {
		// Whatever is wrong with one question, the others are looked after.
		const reason = await wake(one).catch(reasonOf);
		if (reason !== undefined) tell(one.question.link, `The reminders and the end of a waiting question cannot be handled: ${reason}`);
	}
	await clearUp(silent.slice(0, MOST_SILENT)).catch((error: unknown) =>
		tell('silent', `Whether waiting questions have ended cannot be checked: ${reasonOf(error)}`),
	);
	return next;
}

/** Finds questions whose execution was stopped or removed. Whatever else n8n answers, and if it does not, the question still waits. */
async function clearUp(silent: readonly SilentQuestion[]): Promise<void> {
	for (const { files, question } of silent) {
		await noteCheck(files);
		const answer = await callOwn(question.link, { work: 'due' });
		if (isOver(answer)) await giveUp(files);
		// n8n cannot be called at the moment, or not about this question. The others are checked next time.
		if (answer.state === 'failed') break;
	}
}

/** Whether n8n no longer has the execution, or the execution waits for the answer to another question by now. */
function isOver(answer: OwnAnswer): boolean {
	return answer.state === 'gone' || (answer.state === 'done' && answer.answer.state === 'ended');
}

/** @returns why the question could not be reached. @throws if its folder cannot be written */
async function wake({ files, question: { link }, since }: DueQuestion): Promise<string | undefined> {
	const answer = await callOwn(link, { work: 'due' });
	const isOld = since < Date.now() - GIVE_UP_AFTER;
	if (isOver(answer) || (answer.state === 'failed' && isOld)) await giveUp(files);
	return answer.state === 'failed' ? answer.reason : undefined;
}

/** n8n's log can be written to only while a node runs. */
function tell(key: string, message: string): void {
	if (told.has(key)) return;
	told.add(key);
	process.emitWarning(message, 'Office365MailWarning');
}
