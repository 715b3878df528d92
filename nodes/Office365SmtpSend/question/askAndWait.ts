import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { compose, type ComposedMail } from '../../../mail/compose/message';
import { MailError } from '../../../mail/errors';
import { giveUp } from '../../../mail/questions/waiting';
import { sendingThrough } from '../../../mail/smtp/sendingService';
import { openAccount } from '../../signIn/credentialAccount';
import { failedOutput, nodeError } from '../../nodeError';
import { accountChoice, record } from '../../parameters/parameterValues';
import type { Asked } from './askedQuestion';
import { answersOf } from './givenAnswers';
import { keepAsked, noteEmail, waitTill, writeDown } from './keepingAsked';
import { deliver, refusedOf } from '../execute';
import { readAsking, waitUntil } from './askingSettings';
import { readService } from '../settings/settings';

/**
 * Asks one question for all items, because an execution waits only once. Sends the emails, then lets n8n put the execution into waiting.
 * The returned items are shown while it waits. If nobody answers in time, n8n passes the input items on.
 */
export async function askAndWait(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	try {
		const options = record(context.getNodeParameter('options', 0, {}));
		const until = waitUntil(options, context.getTimezone());
		const account = sendingThrough(
			readService(options),
			await openAccount(context, accountChoice(context.getNodeParameter('authentication', 0, 'oAuth2'), options)),
		);
		const asking = await readAsking(context, account.mailbox, until);
		// All emails are composed before the first one is sent, so that a mistake is reported before anybody has been asked.
		const mails = await Promise.all(asking.mails.map(async (mail) => await compose(mail)));
		await writeDown(context, asking.asked);
		const send = async (mail: ComposedMail, index: number): Promise<IDataObject> => {
			const sent = await deliver(context, 0, account, mail, options);
			await noteEmail(context, asking.asked, sent, index);
			return sent;
		};
		await askOrGiveUp(asking.asked, async () => {
			keepAsked(context, asking.asked, await askEach(mails, send));
			await context.putExecutionToWait(waitTill(asking.asked, until));
		});
		return context.getInputData().map(withoutError);
	} catch (error) {
		const told = nodeError(context.getNode(), error, 0);
		if (!context.continueOnFail()) throw told;
		return [failedOutput(context, told, 0, refusedOf(error))];
	}
}

/** With Retry On Fail, n8n takes a first item with a field "error" for a failure, and would ask again. What it stores keeps the field. */
function withoutError(item: INodeExecutionData): INodeExecutionData {
	const { error: _, ...json } = item.json;
	return { ...item, json };
}

/** If the execution does not come to wait, the files of the question are removed a day later. */
async function askOrGiveUp(asked: Asked, act: () => Promise<void>): Promise<void> {
	let waits = false;
	try {
		await act();
		waits = true;
	} finally {
		if (!waits) await giveUp(answersOf(asked).files).catch(() => undefined);
	}
}

/**
 * Sends the question to one person after the other. If one of them cannot be asked, the question is withdrawn, because with some of the
 * people missing, a rule such as All could never be fulfilled.
 */
async function askEach(
	mails: readonly ComposedMail[],
	send: (mail: ComposedMail, index: number) => Promise<IDataObject>,
): Promise<IDataObject[]> {
	const sent: IDataObject[] = [];
	const reached: string[] = [];
	for (const [index, mail] of mails.entries()) {
		try {
			sent.push(await send(mail, index));
			reached.push(...mail.recipients);
		} catch (error) {
			throw withdrawn(error, mail.recipients, reached);
		}
	}
	return sent;
}

/** Used if somebody already has the question. */
function withdrawn(error: unknown, recipients: readonly string[], reached: readonly string[]): Error {
	if (!(error instanceof MailError)) return error instanceof Error ? error : new Error(String(error));
	if (reached.length === 0) return error;
	const message =
		`The question could not be sent to ${recipients.join(', ')}, so it is withdrawn: ` +
		`the links in the emails to ${reached.join(', ')} no longer work. ${error.summary}`;
	return error.reworded(message);
}
