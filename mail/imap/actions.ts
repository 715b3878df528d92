import { MailError } from '../errors';
import { present, rangeOf } from './fetch';
import type { ImapSession } from './session';

/** What happens to an email on the server once it has been processed. Each action can be repeated without harm. */
export type Action =
	{ kind: 'nothing' } | { kind: 'read' } | { kind: 'flag' } | { kind: 'move'; to: string; markRead?: boolean } | { kind: 'delete' };

/** @throws MailError */
export async function act(session: ImapSession, uids: readonly number[], action: Action): Promise<void> {
	if (action.kind === 'nothing' || uids.length === 0) return;
	// Marked first: after the move the emails have other UIDs.
	if (action.kind === 'move' && action.markRead === true) await act(session, uids, { kind: 'read' });
	const range = rangeOf([...uids].sort((one, other) => one - other));
	const done = await session.run(COMMANDS[action.kind], async (client) => {
		switch (action.kind) {
			case 'read':
				return await client.messageFlagsAdd(range, ['\\Seen'], { uid: true });
			case 'flag':
				return await client.messageFlagsAdd(range, ['\\Flagged'], { uid: true });
			case 'move':
				return await client.messageMove(range, action.to, { uid: true });
			case 'delete':
				return await client.messageDelete(range, { uid: true });
		}
	});
	// `undefined` means that the library has not sent the command.
	const isPartly = typeof done === 'object' && done.uidMap === undefined && session.refusedSome;
	if (done !== false && done !== undefined && !isPartly) return;
	const refusal = session.refusal(COMMANDS[action.kind]);
	if (!refusal.permanent && refusal.code !== 'protocol') throw refusal;
	// A server may refuse all of them if another client has removed one of them (RFC 2180, section 4.2).
	const left = await present(session, uids);
	if (left.length < uids.length) return await act(session, left, action);
	throw new MailError(
		`The server did not ${WORDS[action.kind]} the email${action.kind === 'move' ? ` to "${action.to}"` : ''}: ${refusal.summary}`,
		{
			// Without MOVE, the emails may already have been copied, and each further attempt would copy them again.
			code: action.kind === 'move' && !session.client.capabilities.has('MOVE') ? 'forbidden' : 'rejected',
			speaker: 'imap',
			command: COMMANDS[action.kind],
			remedy:
				action.kind === 'move' ? 'Check that the target folder exists.' : 'Check that the signed-in user or app may change the mailbox.',
		},
	);
}

const COMMANDS = { read: 'UID STORE', flag: 'UID STORE', move: 'UID MOVE', delete: 'UID EXPUNGE' } as const;
const WORDS = { read: 'mark', flag: 'flag', move: 'move', delete: 'delete' } as const;
