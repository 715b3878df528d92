import { MailError } from '../../mail/errors';
import { text } from './parameterValues';

/** Reads a folder, which is text or a value of n8n's resource locator. Blanks before and behind it may belong to its name. */
export function locator(value: unknown, field: string): string {
	return typeof value === 'object' && value !== null && 'value' in value ? text(value.value, field) : text(value, field);
}

/** Reads the parameter Folder. An expression that gives nothing must not mean INBOX. @throws MailError `input` */
export function requireFolder(value: unknown): string {
	const folder = locator(value, 'Folder');
	if (folder.trim() !== '') return folder;
	throw new MailError('Folder is empty.', {
		code: 'input',
		field: 'Folder',
		remedy: 'Choose a folder from the list, or check the expression.',
	});
}
