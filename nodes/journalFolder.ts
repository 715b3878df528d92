import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where n8n keeps what has to survive a restart. */
export function journalFolder(): string {
	return join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'office365-mail');
}

/** Where the answers of several people are while others are still to answer. */
export function questionsFolder(): string {
	return process.env.N8N_MAIL_QUESTIONS_FOLDER || join(journalFolder(), 'questions');
}
