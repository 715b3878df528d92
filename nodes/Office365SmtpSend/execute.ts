import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Account } from '../../mail/account';
import { compose, type ComposedMail } from '../../mail/compose/message';
import { MailError, reasonOf } from '../../mail/errors';
import { MAILS_AT_A_TIME } from '../../mail/smtp/pool';
import { describeRejections, RecipientsRefused, type Standing } from '../../mail/smtp/recipients';
import { sendMail, type Departure, type Sent } from '../../mail/smtp/send';
import { sendingThrough } from '../../mail/smtp/sendingService';
import { Accounts } from '../signIn/accounts';
import { beginTest } from '../signIn/credentialAccount';
import { failedOutput, nodeError } from '../nodeError';
import { accountChoice, record, text } from '../parameters/parameterValues';
import { testConnection } from '../signIn/testConnection';
import { markAnswered } from './sending/answered';
import { EarlierTries } from './sending/earlierTries';
import { Parameters, type MailContext } from './settings/context';
import { Hints } from './sending/hints';
import { readInvitation } from './settings/invitationSettings';
import { Progress } from './sending/progress';
import { readRaw } from './settings/rawSettings';
import { readReply } from './settings/replySettings';
import { takeReplyAnswer } from './answers/replyAnswer';
import { SentRecord } from './sending/sentRecord';
import { readDelivery, readMail, readService } from './settings/settings';

const ANSWERS = new Set<unknown>(['reply', 'forward']);
const CUSTOM_API_CALL = '__CUSTOM_API_CALL__';

/**
 * Processes all items. As many are in progress at a time as keep the connections busy. Each output item is at the place of its input item.
 * Without continue-on-fail, the first failure ends the run after the emails in progress. A stop of the execution does so in any case.
 */
export async function sendItems(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const count = context.getInputData().length;
	const results = new Array<INodeExecutionData>(count);
	let next = 0;
	let failure: Error | undefined;
	const accounts = new Accounts(context);
	const parameters = new Parameters(context);
	const hints = new Hints();
	const tries = EarlierTries.of(context);
	const progress = new Progress(count, (line) => context.logger.info(`${context.getNode().name}: ${line}`));
	const worker = async (): Promise<void> => {
		while (next < count && failure === undefined) {
			const item = next;
			next += 1;
			try {
				const result = await runItem(context, parameters.ofOneItem(), item, { accounts, hints, tries });
				results[item] = { ...result, pairedItem: { item } };
				progress.done(result.json);
			} catch (error) {
				const told = nodeError(context.getNode(), error, item);
				const isStopped = error instanceof MailError && error.code === 'stopped';
				if (isStopped || !context.continueOnFail()) {
					failure ??= told;
					return;
				}
				results[item] = failedOutput(context, told, item, refusedOf(error));
				progress.failed();
			}
		}
	};
	await Promise.all(Array.from({ length: Math.min(MAILS_AT_A_TIME, count) }, worker)).finally(() => {
		progress.end();
		tries.end();
	});
	hints.tell(context);
	if (failure !== undefined) throw failure;
	return results;
}

/** Who has the email and who does not, if the server refused recipients. */
export function refusedOf(error: unknown): IDataObject {
	return error instanceof RecipientsRefused ? standingOf(error.standing) : {};
}

async function runItem(
	context: IExecuteFunctions,
	own: MailContext,
	item: number,
	{ accounts, hints, tries }: { accounts: Accounts; hints: Hints; tries: EarlierTries },
): Promise<INodeExecutionData> {
	if (own.getNodeParameter('operation', item, 'send') === 'takeAnswer') return { json: await takeReplyAnswer(own, item) };
	const options = record(own.getNodeParameter('options', item, {}));
	const choice = accountChoice(own.getNodeParameter('authentication', item, 'oAuth2'), options);
	const account = sendingThrough(readService(options), await accounts.of(choice, item));
	if (own.getNodeParameter('operation', item, 'send') === 'testConnection') {
		await beginTest(context, choice, item);
		return { json: { ...(await testConnection(account, 'smtp', options)) } };
	}
	const { composed, facts, answers } = await makeMail(own, item, account.mailbox);
	// If a quotation needs a file that the item does not have, that is not the user's mistake.
	if (composed.unknownCids !== undefined && !ANSWERS.has(own.getNodeParameter('operation', item, 'send')))
		hints.unknownCids(composed.unknownCids);
	const send = async (departure?: Departure): Promise<IDataObject> =>
		await deliver(context, item, account, composed, options, hints, departure);
	const told = await tries.once(item, composed, async () => await onceOnly(context, composed, options, hints, send));
	const marked = answers === undefined ? undefined : await markAnswered(account, answers, context.getExecutionCancelSignal?.());
	if (marked?.originalAnsweredError !== undefined) hints.notMarked(marked.originalAnsweredError);
	return { json: { ...told, ...facts, ...marked } };
}

/** Returns the email that the operation makes, and its fields in the output. @throws MailError `input` naming the field */
async function makeMail(
	context: MailContext,
	item: number,
	mailbox: string,
): Promise<{ composed: ComposedMail; facts?: IDataObject; answers?: IDataObject }> {
	switch (context.getNodeParameter('operation', item, 'send')) {
		// n8n offers it at every node with a credential that its HTTP Request node knows.
		case CUSTOM_API_CALL:
			throw new MailError('This node has no custom API calls. Choose another operation.', { code: 'input' });
		case 'forward':
		case 'reply': {
			const reply = await readReply(context, item, mailbox);
			return { composed: await compose(reply), answers: reply.answers };
		}
		case 'sendInvitation': {
			const { mail, facts } = await readInvitation(context, item, mailbox);
			return { composed: await compose(mail), facts };
		}
		case 'sendRaw':
			return { composed: await readRaw(context, item) };
		default:
			return { composed: await compose(await readMail(context, item, mailbox)) };
	}
}

/** Sends the email, unless an item with the same key was sent before, or may have been. */
async function onceOnly(
	context: IExecuteFunctions,
	composed: ComposedMail,
	options: IDataObject,
	hints: Hints,
	send: (departure?: Departure) => Promise<IDataObject>,
): Promise<IDataObject> {
	const key = text(options.idempotencyKey, 'Idempotency Key').trim();
	if (key === '' || context.getMode() === 'manual') return await send();
	const { resendUnknown } = readDelivery(options);
	const sentBefore = SentRecord.of(context);
	const earlier = await sentBefore.reserve(key, context.getExecutionCancelSignal?.());
	if (earlier === 'sent') {
		hints.alreadySent(key);
		return { accepted: [], rejected: [], alreadySent: true, idempotencyKey: key };
	}
	if (earlier === 'unknown' && !resendUnknown) {
		sentBefore.unsure(key);
		hints.sent({ accepted: [], rejected: [], unknown: composed.recipients });
		return {
			accepted: [],
			rejected: [],
			deliveryUnknown: true,
			deliveryUnknownFor: composed.recipients,
			idempotencyKey: key,
			response:
				'An earlier execution began to send this email and did not finish. ' +
				'Check Sent Items. To send the email again, turn on "Resend if Unsure".',
		};
	}
	// If an earlier execution left the result open, it stays open until somebody certainly has the email.
	const open = earlier === 'unknown';
	const departure = { begin: async () => await sentBefore.begun(key), takeBack: async () => await sentBefore.takeBack(key) };
	const sending = send(open ? undefined : departure);
	const [outcome] = await Promise.allSettled([sending]);
	try {
		await recordResult(sentBefore, key, outcome, open);
	} catch (error) {
		// The email was sent, or was not, all the same. A later execution takes its result for unknown.
		context.logger.warn(`${context.getNode().name}: the result of the email with the key ${key} could not be recorded: ${reasonOf(error)}`);
	}
	return { ...(await sending), idempotencyKey: key };
}

/** @param open an earlier execution left the result open */
async function recordResult(record: SentRecord, key: string, outcome: PromiseSettledResult<IDataObject>, open: boolean): Promise<void> {
	// If refused recipients fail the item, the others have the email nevertheless, or may have it.
	const refused: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
	const standing = refused instanceof RecipientsRefused ? standingOf(refused.standing) : {};
	const { accepted, deliveryUnknown } = outcome.status === 'fulfilled' ? outcome.value : standing;
	if (Array.isArray(accepted) && accepted.length > 0) await record.sent(key);
	else if (open || deliveryUnknown === true) record.unsure(key);
	else await record.failed(key);
}

/** Sends the email and reports the result. */
export async function deliver(
	context: IExecuteFunctions,
	item: number,
	account: Account,
	composed: ComposedMail,
	options: IDataObject,
	hints?: Hints,
	departure?: Departure,
): Promise<IDataObject> {
	const { retryForMs, messagesPerMinute, resendUnknown, failOnRejected } = readDelivery(options);
	const sent = await sendMail(account, composed, {
		retryForMs,
		unreachableForMs: account.reachMs ?? retryForMs,
		messagesPerMinute,
		resendUnknown,
		departure,
		signal: context.getExecutionCancelSignal?.(),
		onRetry: (reason, attempt, pause) =>
			context.logger.info(`${account.mailbox}: attempt ${attempt} at item ${item} failed (${reason.code}), again in ${pause} ms`),
		onGiveUp: (reason) =>
			context.logger.info(
				`${account.mailbox}: item ${item} is not sent again to those who do not have it: ` +
					`${reason instanceof MailError ? reason.summary : reason.message}`,
			),
	});
	hints?.sent(sent);
	if (failOnRejected && sent.rejected.length > 0) {
		throw new RecipientsRefused(
			`The server refused ${describeRejections(sent.rejected)}; ` +
				`the other recipients have the email${sent.deliveryUnknown ? ', or may have it' : ''}.`,
			{ code: 'rejected', speaker: 'smtp', mailbox: account.mailbox, remedy: 'Check the refused addresses.' },
			sent,
		);
	}
	return outcome(composed, sent);
}

/** nodemailer's names, and ours. */
function outcome(composed: ComposedMail, sent: Sent): IDataObject {
	return {
		...standingOf(sent),
		messageId: sent.messageId,
		...(sent.submittedMessageId !== undefined && { submittedMessageId: sent.submittedMessageId }),
		response: sent.response,
		envelope: { from: composed.from, to: composed.recipients },
		messageSize: sent.size,
		attempts: sent.attempts,
		tookMs: sent.tookMs,
		queuedMs: sent.queuedMs,
	};
}

function standingOf({ accepted, rejected, unknown }: Standing): IDataObject {
	return {
		accepted,
		rejected: rejected.map(({ recipient }) => recipient),
		...(rejected.length > 0 && { rejectedErrors: rejected }),
		...(unknown.length > 0 && { deliveryUnknown: true, deliveryUnknownFor: unknown }),
	};
}
