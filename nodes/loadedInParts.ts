import { loadInParts } from '../mail/loadInParts';

/** What the nodes import at their first use takes 40 to 90 ms to load. Each part here takes a fraction of that. */
const SIGN_IN = [async () => await import('../mail/diagnosis.js'), async () => await import('./signIn/credentialAccount.js')];
const READING = [async () => await import('../mail/item/item.js')];
const READING_POP = [...READING, async () => await import('./popMail.js'), async () => await import('../mail/collect/collect.js')];
const WRITING = [
	async () => await import('../mail/compose/addresses.js'),
	async () => await import('../mail/compose/keptHeaders.js'),
	async () => await import('../mail/compose/message.js'),
	async () => await import('../mail/smtp/send.js'),
];
const STEPS = async (): Promise<unknown> => await import('../mail/connectionTest/connectionTest.js');
const TEST_CONNECTION = async (): Promise<typeof import('./signIn/testConnection')> => await import('./signIn/testConnection.js');
const TEST = [STEPS, TEST_CONNECTION];

/** The Test button of a service account. */
export const loadCredentialTest = loadInParts(TEST_CONNECTION, [...SIGN_IN, STEPS]);

/** The editor's lists of folders. */
export const loadFolderLists = loadInParts(async () => await import('./parameters/serverFolders.js'), SIGN_IN);

const WATCHING = [
	...SIGN_IN,
	...READING,
	async () => await import('../mail/watch/handover/aftercare.js'),
	async () => await import('../mail/watch/folders/folderWatch.js'),
];

/** The IMAP Trigger of a published workflow. */
export const loadImapTrigger = loadInParts(
	async () => await import('./ImapTrigger/start.js'),
	[...WATCHING, async () => await import('../mail/watch/folders/mailboxWatch.js')],
);

/** The test run of the IMAP Trigger. */
export const loadImapSample = loadInParts(async () => await import('./ImapTrigger/manual.js'), WATCHING);

export const loadImapMailbox = loadInParts(
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

export const loadPopFetch = loadInParts(async () => await import('./PopFetch/execute.js'), [...SIGN_IN, ...READING_POP, ...TEST]);

export const loadPopTrigger = loadInParts(async () => await import('./PopTrigger/poll.js'), [...SIGN_IN, ...READING_POP]);

/** The test run of the POP Trigger. */
export const loadPopSample = loadInParts(async () => await import('./PopTrigger/sample.js'), [...SIGN_IN, ...READING_POP]);

const SENDING = [
	...SIGN_IN,
	...WRITING,
	...TEST,
	async () => await import('./Office365SmtpSend/settings/replySettings.js'),
	async () => await import('../mail/questions/reply/verdict.js'),
	async () => await import('./Office365SmtpSend/answers/replyAnswer.js'),
	async () => await import('../mail/mailbox/mailboxFolders.js'),
];

export const loadSending = loadInParts(async () => await import('./Office365SmtpSend/execute.js'), SENDING);
export const loadAsking = loadInParts(async () => await import('./Office365SmtpSend/question/askAndWait.js'), SENDING);
/** What a visit to an answer page needs. */
export const loadAnswering = loadInParts(async () => await import('./Office365SmtpSend/answers/takeAnswer.js'), SENDING);
