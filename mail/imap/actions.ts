import { MailError } from '../errors';
import { requireNoOthers } from './othersMarked';
import { request } from './request';
import type { ImapSession } from './session';

/** What happens to an email on the server once it has been processed. Each action can be repeated without harm. */
export type Action =
	| { kind: 'nothing' }
	| { kind: 'read' }
	| { kind: 'flag' }
	| { kind: 'move'; to: string; markRead?: boolean }
	| { kind: 'delete' };

/**
 * @param toBeDeleted further emails of the folder that are to be deleted. An earlier attempt may have marked them as deleted.
 * @throws MailError `rejected` if the server may accept the action for fewer emails, `forbidden` if not, `throttled`, `lost` …
 */
export async function act(
	session: ImapSession,
	uids: readonly number[],
	action: Action,
	toBeDeleted: readonly number[] = [],
): Promise<void> {
	if (uids.length === 0) return;
	const rising = [...uids].sort((one, other) => one - other);
	switch (action.kind) {
		case 'nothing':
			return;
		case 'read':
			return await mark(session, rising, '\\Seen', 'mark');
		case 'flag':
			return await mark(session, rising, '\\Flagged', 'flag');
		case 'delete':
			await requireNoOthers(session, [...uids, ...toBeDeleted], {
				code: 'forbidden',
				remedy: 'Then delete the emails of this trigger by hand. They are not handed over again.',
			});
			return throwIfRefused(await remove(session, rising), 'UID EXPUNGE', 'delete the email');
		case 'move':
			return await move(session, rising, action, toBeDeleted);
	}
}

async function mark(session: ImapSession, uids: readonly number[], flag: string, verb: string): Promise<void> {
	const { refusal } = await request(
		session,
		uids,
		'UID STORE',
		async (client, range) => await client.messageFlagsAdd(range, [flag], { uid: true }),
	);
	throwIfRefused(refusal, 'UID STORE', `${verb} the email`);
}

async function remove(session: ImapSession, uids: readonly number[]): Promise<MailError | undefined> {
	const work = async (client: ImapSession['client'], range: string): Promise<unknown> => await client.messageDelete(range, { uid: true });
	return (await request(session, uids, 'UID EXPUNGE', work)).refusal;
}

async function move(
	session: ImapSession,
	uids: readonly number[],
	{ to, markRead }: Extract<Action, { kind: 'move' }>,
	toBeDeleted: readonly number[],
): Promise<void> {
	const hasMove = session.client.capabilities.has('MOVE');
	if (!hasMove)
		await requireNoOthers(session, [...uids, ...toBeDeleted], {
			code: 'forbidden',
			remedy: `Then move the emails of this trigger to "${to}" by hand. They are not handed over again.`,
		});
	// Marked first: after the move the emails have other UIDs.
	if (markRead === true) await mark(session, uids, '\\Seen', 'mark');
	const what = `move the email to "${to}"`;
	const remedy = 'Check that the target folder exists.';
	if (hasMove) {
		const moved = await request(session, uids, 'UID MOVE', async (client, range) => await client.messageMove(range, to, { uid: true }));
		return throwIfRefused(moved.refusal, 'UID MOVE', what, { remedy });
	}
	const { asked, refusal } = await request(
		session,
		uids,
		'UID COPY',
		async (client, range) => await client.messageCopy(range, to, { uid: true }),
	);
	// Fewer emails are not tried: if the server has copied some although it must not (RFC 3501, section 6.4.7), it would copy them again.
	throwIfRefused(refusal, 'UID COPY', what, { code: 'forbidden', remedy });
	// Only what was certainly copied is deleted.
	throwIfRefused(await remove(session, asked), 'UID EXPUNGE', `delete the email, which was copied to "${to}" and is now in both folders`, {
		code: 'forbidden',
		warning: 'Delete one of the two. Moving it again would copy it once more.',
	});
}

function throwIfRefused(
	refusal: MailError | undefined,
	command: string,
	what: string,
	{ code = 'rejected', warning, remedy = 'Check that the signed-in user or app may change the mailbox.' }: Partial<Facts> = {},
): void {
	if (refusal === undefined) return;
	// Only of a known cause, such as a full mailbox, is the remedy better than ours.
	const advice = refusal.code === 'rejected' ? refusal.remedy : warning === undefined ? remedy : undefined;
	const told = [warning, advice].filter((one) => one !== undefined).join(' ');
	throw new MailError(`The server did not ${what}: ${refusal.summary}`, { code, speaker: 'imap', command, remedy: told });
}

interface Facts {
	code: 'rejected' | 'forbidden';
	remedy: string;
	/** What has to be known whatever the reason is. */
	warning: string;
}
