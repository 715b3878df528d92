import { expect, it } from 'vitest';

import type { Folder } from '../../../../mail/imap/folders';
import { locateTargets } from '../../../../mail/watch/handover/aftercare';

const GERMAN = ['INBOX', 'Archiv', 'Kunden', 'Kunden/Archive'].map((path): Folder => ({
	path,
	name: path.split('/').at(-1) ?? path,
	delimiter: '/',
}));
const archiv = { kind: 'move', to: 'Archiv' } as const;
const ofClients = { kind: 'move', to: 'Kunden/Archive' } as const;

it("folders to move to are the mailbox's own special folders in any language, and so are the watched ones", () => {
	const targets = { after: { kind: 'move', to: 'Archive' }, onGiveUp: ofClients } as const;
	expect(locateTargets(GERMAN, ['INBOX'], targets)).toEqual({ after: archiv, onGiveUp: ofClients });
	expect(() => locateTargets(GERMAN, ['Archive'], targets)).toThrow('Emails would be moved to "Archiv", which is watched');
	expect(locateTargets(GERMAN, ['Archive'], { after: ofClients, onGiveUp: ofClients })).toEqual({ after: ofClients, onGiveUp: ofClients });
});
