import type { IWebhookFunctions } from 'n8n-workflow';

import type { Mailbox } from '../../../mail/compose/addresses';
import { compose, type OutgoingMail } from '../../../mail/compose/message';
import { WaitingQuestions, type QuestionEmail } from '../../../mail/questions/waiting';
import { sendMail } from '../../../mail/smtp/send';
import { sendingThrough } from '../../../mail/smtp/sendingService';
import { openAccount } from '../../signIn/credentialAccount';
import { questionsFolder } from '../../journalFolder';
import { mailWithButtons } from '../answerPages/answerPage';
import type { MakeLink } from './approvalLinks';
import type { Asked } from './askedQuestion';
import { answersOf } from './givenAnswers';
import type { Question } from './question';

/** How long a busy or unreachable server is retried while a person waits at a page, in ms. */
const PATIENCE_MS = 15_000;

/** Composes the message with its buttons, whose links n8n signs. `who` is empty if everybody has the same link. */
export function questionHtml({ id, question }: Pick<Asked, 'id' | 'question'>, link: MakeLink, who: string, note = ''): string {
	const more = { ask: id, ...(who !== '' && { who }) };
	return mailWithButtons(
		note === '' ? question.message : `${note}\n\n${question.message}`,
		buttonsOf(question, link, more),
		question.accent,
	);
}

function buttonsOf(
	{ approve, decline, mailButton, responseType }: Question,
	link: MakeLink,
	more: Record<string, string>,
): Array<{ label: string; url: string; primary: boolean }> {
	if (responseType !== 'approval') return [{ label: mailButton, url: link(true, more), primary: true }];
	return [{ ...approve, url: link(true, more) }, ...(decline === undefined ? [] : [{ ...decline, url: link(false, more) }])];
}

/** An email that is sent while the execution waits. */
export interface LaterEmail {
	kind: QuestionEmail['kind'];
	to: string[];
	bcc?: string[];
	subject: string;
	html: string;
}

/**
 * Sends the email like the first one, in the same thread, and records it with the question.
 * @throws MailError if it cannot be sent
 */
export async function sendLater(context: IWebhookFunctions, asked: Asked, email: LaterEmail): Promise<void> {
	const { sending, messageIds } = asked;
	const { bcc = [] } = email;
	const recipients = [...email.to, ...bcc];
	const account = sendingThrough(sending.service, await openAccount(context, sending));
	const [first = ''] = messageIds;
	const mail: OutgoingMail = {
		from: sending.from,
		...(sending.sender !== '' && { sender: sending.sender }),
		to: email.to.map(mailbox),
		cc: [],
		bcc: bcc.map(mailbox),
		replyTo: sending.replyTo,
		subject: email.subject,
		html: email.html,
		files: [],
		inReplyTo: first,
		references: first,
		priority: 'normal',
		// Suppresses automatic replies to a code (RFC 3834, section 5).
		headers: email.kind === 'code' ? [{ name: 'Auto-Submitted', value: 'auto-generated' }] : [],
	};
	const sent = await sendMail(account, await compose(mail), { retryForMs: PATIENCE_MS, resendUnknown: false });
	context.logger.info(`${account.mailbox}: sent the ${email.kind} of a question to ${recipients.join(', ')}`);
	const noted: QuestionEmail = { kind: email.kind, to: recipients, sentAt: new Date().toISOString(), messageId: sent.messageId };
	const others = sent.submittedMessageId === undefined ? [] : [sent.submittedMessageId];
	await new WaitingQuestions(questionsFolder()).addEmail(answersOf(asked).files, noted, others);
}

function mailbox(address: string): Mailbox {
	return { name: '', address };
}
