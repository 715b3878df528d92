import { inTurns } from '../mail/inTurns';

/** What the nodes import at their first use takes 40 to 90 ms to load. Each part here takes a fraction of that. */
const SIGN_IN = [async () => await import('../mail/diagnosis.js'), async () => await import('./credentialAccount.js')];
const READING = [async () => await import('../mail/item/item.js')];
const READING_POP = [...READING, async () => await import('./popMail.js'), async () => await import('../mail/collect/collect.js')];
const WRITING = [
	async () => await import('../mail/compose/addresses.js'),
	async () => await import('../mail/compose/keptHeaders.js'),
	async () => await import('../mail/compose/message.js'),
	async () => await import('../mail/smtp/send.js'),
];
const STEPS = async (): Promise<unknown> => await import('../mail/connectionTest/connectionTest.js');
const TEST_CONNECTION = async (): Promise<typeof import('./testConnection')> => await import('./testConnection.js');
const TEST = [STEPS, TEST_CONNECTION];

/** The Test button of a service account. */
export const testing = inTurns(TEST_CONNECTION, [...SIGN_IN, STEPS]);

const WATCHING = [
	...SIGN_IN,
	...READING,
	async () => await import('../mail/watch/handover/aftercare.js'),
	async () => await import('../mail/watch/folders/folder.js'),
];

export const watching = inTurns(
	async () => await import('./ImapTrigger/start.js'),
	[...WATCHING, async () => await import('../mail/watch/folders/mailbox.js')],
);

/** The test run of the IMAP Trigger. */
export const sampling = inTurns(async () => await import('./ImapTrigger/manual.js'), WATCHING);

export const working = inTurns(
	async () => await import('./ImapMailbox/execute.js'),
	[
		...SIGN_IN,
		...READING,
		...WRITING,
		...TEST,
		async () => await import('./ImapMailbox/messageOperations.js'),
		async () => await import('./Office365SmtpSend/settings/replySettings.js'),
		async () => await import('./ImapMailbox/draftOperations.js'),
	],
);

export const fetching = inTurns(async () => await import('./PopFetch/execute.js'), [...SIGN_IN, ...READING_POP, ...TEST]);

export const polling = inTurns(async () => await import('./PopTrigger/poll.js'), [...SIGN_IN, ...READING_POP]);

/** The test run of the POP Trigger. */
export const samplingPop = inTurns(async () => await import('./PopTrigger/sample.js'), [...SIGN_IN, ...READING_POP]);

const SENDING = [
	...SIGN_IN,
	...WRITING,
	...TEST,
	async () => await import('./Office365SmtpSend/settings/replySettings.js'),
	async () => await import('../mail/questions/verdict.js'),
	async () => await import('./Office365SmtpSend/answers/replyAnswer.js'),
	async () => await import('../mail/mailbox/mailboxFolders.js'),
];

export const sending = inTurns(async () => await import('./Office365SmtpSend/execute.js'), SENDING);
export const asking = inTurns(async () => await import('./Office365SmtpSend/question/askAndWait.js'), SENDING);
/** Somebody visits an answer page. */
export const answering = inTurns(async () => await import('./Office365SmtpSend/answers/takeAnswer.js'), SENDING);
