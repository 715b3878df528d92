import type { ImapSession } from './session';

/** Number of folders of which something is kept. */
const MOST_FOLDERS = 500;

const folders = new Map<string, Set<number>>();

/**
 * UIDs in the selected folder about which the server told nothing although it was asked about each alone, in earlier sessions too. They are
 * asked about after all others, because Exchange ends a session with its third "Server Unavailable".
 */
export function untoldIn({ at, folder, uidValidity }: ImapSession): Set<number> {
	const key = JSON.stringify([at.mailbox, folder, uidValidity]);
	const untold = folders.get(key) ?? new Set();
	folders.delete(key);
	folders.set(key, untold);
	for (const oldest of [...folders.keys()].slice(0, -MOST_FOLDERS)) folders.delete(oldest);
	return untold;
}
