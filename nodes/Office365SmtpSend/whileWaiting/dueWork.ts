import type { INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { MailError, reasonOf } from '../../../mail/errors';
import { RecipientsRefused } from '../../../mail/smtp/recipients';
import { inputItems } from './inputItems';
import { isPast, type Asked, type Person } from '../question/askedQuestion';
import { endWithout, goOn } from '../question/counting';
import { answersOf, decision, givenAnswers, isDecided, silent } from '../question/givenAnswers';
import { questionHtml, sendLater, type LaterEmail } from '../question/questionEmail';

/** If a process has taken a piece of work and told nothing of it for this time, in ms, it was ended in the middle, or failed. */
const LOST_AFTER = 300_000;
/**
 * Of the time since the first attempt, this part passes before the next one. So the pauses grow, because Exchange blocks mailboxes whose
 * emails it refuses again and again.
 */
const PAUSE = 0.25;

/** For the log. */
const EMAILS = { escalated: 'The escalation', reminded: 'The reminder' };

/**
 * Does the due work of a waiting question, each piece once.
 * @returns what the execution goes on with, if its time is over, or if it was decided and did not go on
 */
export async function doDue(context: IWebhookFunctions, asked: Asked): Promise<INodeExecutionData[] | undefined> {
	if (isDecided(asked)) return await goOn(asked);
	if (isPast(asked.until) && asked.people.length + asked.escalation.length > 0) return await endNow(context, asked);
	await once(context, asked, 'escalated', asked.escalateAt, async (claimed) => await escalate(context, asked, claimed));
	// The answer that decided while the emails were sent lets the execution go on. If it does not, the next check does.
	if (isDecided(asked)) return undefined;
	await once(context, asked, 'reminded', asked.remindAt, async (claimed) => await remind(context, asked, claimed));
	return undefined;
}

async function endNow(context: IWebhookFunctions, asked: Asked): Promise<INodeExecutionData[] | undefined> {
	const items = inputItems(context);
	// If somebody answers at this moment, only one of the two lets the execution go on, and the answer is too late.
	if (!(await answersOf(asked).claimDecision())) return undefined;
	return await endWithout(asked, items);
}

/** If it fails, it is tried again after a pause. */
async function once(
	context: IWebhookFunctions,
	asked: Asked,
	work: 'escalated' | 'reminded',
	at: string,
	act: (claimed: string) => Promise<void>,
): Promise<void> {
	const { files } = answersOf(asked);
	if (!isPast(at) || (await files.age(work)) !== undefined) return;
	const begun = `${work}-begun`;
	const claimed = await files.claim(begun, Math.max(LOST_AFTER, ((await files.age(begun)) ?? 0) * PAUSE));
	if (claimed === undefined) return;
	try {
		// For example because n8n was down at the time. Nobody could answer any more.
		if (isPast(asked.linksUntil)) context.logger.warn(`${EMAILS[work]} of a question was not sent, because its links have expired.`);
		else await act(claimed);
		await files.make(work, {});
	} catch (error) {
		context.logger.error(`A question could not be ${work}. It is retried.`, {
			reason: reasonOf(error),
		});
	}
}

async function remind(context: IWebhookFunctions, asked: Asked, claimed: string): Promise<void> {
	const subject = `Reminder: ${asked.question.subject}`;
	const note = 'Your answer is still missing.';
	if (asked.people.length === 0) {
		const { to } = asked.sending;
		const bcc = to.length === 0 ? asked.recipients : [];
		await sendUnlessRefused(context, asked, { kind: 'reminder', to, bcc, subject, html: htmlFor(context, asked, '', note) });
		return;
	}
	await mailEach(context, asked, silent(asked, givenAnswers(asked)), { kind: 'reminder', subject, note, claimed });
}

async function escalate(context: IWebhookFunctions, asked: Asked, claimed: string): Promise<void> {
	// The copies of a shared link may be blind ones.
	const silentOnes = asked.people.length === 0 ? asked.sending.to : silent(asked, givenAnswers(asked)).map(({ address }) => address);
	const who = silentOnes.length === 0 ? '' : ` Still without an answer: ${silentOnes.join(', ')}.`;
	const note = `You are asked because there is no decision yet. Your answer decides.${who}`;
	await mailEach(context, asked, asked.escalation, { kind: 'escalation', subject: asked.question.subject, note, claimed });
}

/**
 * Reminds each person who can still answer once, even if an earlier attempt ended in the middle.
 * @param claimed the file that says that this process does it
 */
async function mailEach(
	context: IWebhookFunctions,
	asked: Asked,
	people: readonly Person[],
	{ kind, subject, note, claimed }: { kind: 'reminder' | 'escalation'; subject: string; note: string; claimed: string },
): Promise<void> {
	const { files } = answersOf(asked);
	let failure: Error | undefined;
	for (const { id, address } of people) {
		const given = givenAnswers(asked);
		if (decision(asked, given) !== undefined) break;
		if (given.some(({ person }) => person?.id === id) || (await files.age(`${kind}-${id}`)) !== undefined) continue;
		try {
			await sendUnlessRefused(context, asked, { kind, to: [address], subject, html: htmlFor(context, asked, id, note) });
			await files.make(`${kind}-${id}`, {});
		} catch (error) {
			failure ??= error instanceof Error ? error : new Error(String(error));
			// The next person's email would be refused too.
			if (error instanceof MailError && error.lasting) break;
		}
		await files.renew(claimed);
	}
	if (failure !== undefined) throw failure;
}

/** An email whose recipients the server refuses permanently is told in the log and not sent again. @throws whatever may be better later */
async function sendUnlessRefused(context: IWebhookFunctions, asked: Asked, email: LaterEmail): Promise<void> {
	await sendLater(context, asked, email).catch((error: unknown) => {
		if (!(error instanceof RecipientsRefused) || error.code !== 'rejected' || error.lasting) throw error;
		context.logger.error(`The ${email.kind} of a question could not be sent. It is not retried.`, {
			to: [...email.to, ...(email.bcc ?? [])],
			reason: reasonOf(error),
		});
	});
}

function htmlFor(context: IWebhookFunctions, asked: Asked, who: string, note: string): string {
	return questionHtml(asked, (approved, more) => context.getSignedResumeUrl({ approved: String(approved), ...more }), who, note);
}
