import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder in n8n's user folder where the nodes keep what has to survive a restart, and the lock files of workers. */
export function journalFolder(): string {
	return join(process.env.N8N_USER_FOLDER ?? homedir(), '.n8n', 'office365-mail');
}

/** The folder for questions whose executions wait: the answers so far and the codes. An operator can set another one. */
export function questionsFolder(): string {
	return process.env.N8N_MAIL_QUESTIONS_FOLDER || join(journalFolder(), 'questions');
}
