import { inTurns } from '../../mail/inTurns';

/** What all operations import takes 50 ms to load. */
const PARTS = [
	async () => await import('../../mail/compose/message.js'),
	async () => await import('../../mail/smtp/send.js'),
	async () => await import('../testConnection.js'),
	async () => await import('./settings/replySettings.js'),
	async () => await import('./answers/replyAnswer.js'),
];

export const sending = inTurns(async () => await import('./execute.js'), PARTS);
export const asking = inTurns(async () => await import('./question/askAndWait.js'), PARTS);
