import type { IDataObject } from 'n8n-workflow';

import { sameAddress } from '../../../mail/compose/addresses';
import { MailError, reasonOf } from '../../../mail/errors';
import type { OnceFiles } from '../../../mail/questions/onceFiles';
import { readVerdict } from '../../../mail/questions/reply/verdict';
import { giveUp, WaitingQuestions } from '../../../mail/questions/waiting';
import { questionsFolder } from '../../journalFolder';
import { answerers, endOfAnswers, type Asked } from '../question/askedQuestion';
import { standingOfReply } from '../question/givenAnswers';
import type { MailContext } from '../settings/context';
import { parseAsked } from '../question/keptQuestion';
import { callOwn } from '../whileWaiting/ownAddress';
import { isAutomaticSubject, readReplyItem, type ReplyItem } from './replyItem';

/** The result of a reply. The names are in the output. */
const OUTCOMES = {
	noQuestion: 'The email does not reply to a waiting question.',
	otherEmail: 'The email replies to another email in the thread of a question, not to the question.',
	automatic: 'The email was not written by a person.',
	otherSender: 'The email does not come from an address that was asked.',
	forged: 'The mail server doubts the address of the sender.',
	needsCode: 'The question has to be confirmed with a code, so it can only be answered on its page.',
	needsForm: 'The question is a form, so it can only be answered on its page.',
	unclear: 'The reply is not a clear answer.',
	again: 'This person has answered before, and the first answer counts.',
	decided: 'The question is decided already.',
	over: 'The time to answer is over.',
	ended: 'The execution that asked has ended.',
} as const;
type Outcome = keyof typeof OUTCOMES;

/** Operation Take Answer: a reply by email answers the waiting question. @throws MailError if n8n cannot be reached */
export async function takeReplyAnswer(context: MailContext, item: number): Promise<IDataObject> {
	const reply = await readReplyItem(context, item);
	const questions = new WaitingQuestions(questionsFolder());
	const found = questions.find(reply.parents);
	const thread = found ?? questions.find(reply.thread);
	if (thread === undefined) return left(reply, 'noQuestion');
	const asked = parseAsked(thread.question.asked);
	const sender = senderOf(asked, reply);
	if ('outcome' in sender) return left(reply, sender.outcome, sender.detail, asked);
	if (found === undefined || !mayContinue(found.writtenBy, reply)) return left(reply, 'otherEmail', '', asked);
	await noteReply(context, questions, found.files, reply);
	const judged = judge(asked, reply, sender.who);
	if ('outcome' in judged) return left(reply, judged.outcome, judged.detail, asked);
	const called = await callOwn(found.question.link, { work: 'answer', replyMessageId: reply.messageId, ...judged });
	const known = called.state === 'done' ? undefined : standing(asked, sender.who, reply);
	if (called.state === 'failed' && known === undefined)
		throw new MailError(`The answer could not be passed to the waiting execution: ${called.reason}.`, {
			code: 'unreachable',
			remedy: 'Retry this node later. n8n may still be asking the other people. It has to be able to reach its own address (WEBHOOK_URL).',
		});
	// The files are not needed any more. The wake-ups would find out too, a day later.
	if (called.state === 'gone') await giveUp(found.files).catch(() => undefined);
	// The reply that let the execution go on may be given once more, for example because a later node has failed.
	const goneState = known === 'taken' ? known : 'ended';
	const state = called.state === 'done' ? called.answer.state : called.state === 'gone' ? goneState : known;
	if (state === 'taken') {
		const { approved, text } = judged;
		return { ...facts(reply, asked), answerTaken: true, ...(asked.question.responseType === 'approval' ? { approved } : { text }) };
	}
	const outcome = (['again', 'decided', 'over', 'ended'] as const).find((one) => one === state);
	return left(reply, outcome ?? 'ended', '', asked);
}

/**
 * What the stored answers say, if n8n passes nothing on: it does not while the execution runs, or waits at a form of n8n.
 * @returns undefined if the reply can still become an answer
 */
function standing(asked: Asked, who: string, { messageId }: ReplyItem): 'taken' | 'again' | 'decided' | 'over' | undefined {
	const person = answerers(asked).find(({ id }) => id === who);
	return standingOfReply(asked, person, messageId) ?? (endOfAnswers(asked) === undefined ? undefined : 'over');
}

interface Refusal {
	outcome: Outcome;
	detail?: string;
}

/** Whose answer the reply would be, or why it is nobody's. */
function senderOf(asked: Asked, reply: ReplyItem): { who: string } | Refusal {
	if (reply.automatic !== '') return { outcome: 'automatic', detail: reply.automatic };
	// The question itself may have such a subject.
	if (isAutomaticSubject(reply.subject) && !isAutomaticSubject(asked.question.subject))
		return { outcome: 'automatic', detail: `the subject is "${reply.subject.slice(0, 100)}"` };
	const who = whoOf(asked, reply.from);
	if (who === undefined) return { outcome: 'otherSender', detail: reply.from.join(', ') };
	return reply.forged === '' ? { who } : { outcome: 'forged', detail: reply.forged };
}

/** Whoever replies to their own earlier reply corrects or completes it. Whoever replies to that of another person means that one. */
function mayContinue(writtenBy: string | undefined, { from: [address = ''] }: ReplyItem): boolean {
	return writtenBy === undefined || sameAddress(writtenBy, address);
}

/** Records the reply, so that the same person can reply to it. The answer counts even if this is not possible. */
async function noteReply(
	context: MailContext,
	questions: WaitingQuestions,
	files: OnceFiles,
	{ messageId, from: [address = ''] }: ReplyItem,
): Promise<void> {
	if (messageId === '') return;
	try {
		await questions.addReply(files, messageId, address);
	} catch (error) {
		context.note?.(`A reply to a question cannot be stored, so a correction of it will not be recognized: ${reasonOf(error)}`);
	}
}

/** What is passed to the execution, or why nothing is. */
function judge(asked: Asked, reply: ReplyItem, who: string): { who: string; approved: boolean; text: string } | Refusal {
	if (asked.confirm) return { outcome: 'needsCode' };
	const { approve, decline, responseType } = asked.question;
	if (responseType === 'customForm') return { outcome: 'needsForm' };
	if (reply.isEncrypted) return { outcome: 'unclear', detail: 'the reply is encrypted' };
	if (responseType === 'freeText') {
		const text = reply.written.trim();
		return text === '' ? { outcome: 'unclear', detail: 'the reply has no new text' } : { who, approved: true, text };
	}
	const verdict = readVerdict(reply.written, { approve: approve.label, ...(decline !== undefined && { decline: decline.label }) });
	return 'unclear' in verdict ? { outcome: 'unclear', detail: verdict.unclear } : { who, approved: verdict.approved, text: '' };
}

/** The ID of a person, or the address of somebody who was asked with others by one link. */
function whoOf(asked: Asked, from: readonly string[]): string | undefined {
	const { people, recipients } = asked;
	const [address] = from;
	if (address === undefined || from.length > 1) return undefined;
	const person = answerers(asked).find((one) => sameAddress(one.address, address));
	if (person !== undefined) return person.id;
	return people.length === 0 ? recipients.find((one) => sameAddress(one, address)) : undefined;
}

function left(reply: ReplyItem, outcome: Outcome, detail = '', asked?: Asked): IDataObject {
	const reason = detail === '' ? OUTCOMES[outcome] : `${OUTCOMES[outcome].slice(0, -1)}: ${detail}.`;
	return { ...facts(reply, asked), answerTaken: false, outcome, reason };
}

function facts({ messageId, from, subject }: ReplyItem, asked: Asked | undefined): IDataObject {
	return { email: from[0] ?? '', subject, messageId, ...(asked !== undefined && { question: asked.question.subject }) };
}
