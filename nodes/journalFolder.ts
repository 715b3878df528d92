import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder in which n8n stores what has to survive a restart. */
export function journalFolder(): string {
	return join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'office365-mail');
}

/** The folder for the answers of some people while others still have to answer. */
export function questionsFolder(): string {
	return process.env.N8N_MAIL_QUESTIONS_FOLDER || join(journalFolder(), 'questions');
}
