import { MailError } from '../errors';
import type { Action } from '../imap/actions';
import { chooseFolder, foldersNamed, type Folder } from '../imap/folders';
import type { Rules } from './delivery';

type Targets = Pick<Rules, 'after' | 'onGiveUp'>;

/**
 * The rules with the server's paths of the folders to move to. A watched one is refused: a mail that is moved there is a
 * new mail of that folder, so that executions would follow without end.
 *
 * @param known every folder of the mailbox
 * @param watched as the user wrote them
 * @throws MailError `input` for a watched one, `notFound` for one that is not there
 */
export function locateTargets(known: readonly Folder[], watched: readonly string[], { after, onGiveUp }: Targets): Targets {
	const located = (action: Action, field: string): Action => {
		if (action.kind !== 'move') return action;
		const { path } = chooseFolder(known, action.to, field);
		if (!watched.some((wanted) => foldersNamed(known, wanted).some((folder) => folder.path === path))) return { kind: 'move', to: path };
		throw new MailError(`Mails would be moved to "${path}", which is watched: each would start another execution there, without end.`, {
			code: 'input',
			field,
			remedy: 'Choose a folder that this trigger does not watch, or take it out of Folder and Additional Folders.',
		});
	};
	return { after: located(after, 'Move to Folder'), onGiveUp: located(onGiveUp, 'Failed Emails Folder') };
}
