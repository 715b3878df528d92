import { onTestFinished } from 'vitest';

import type { Sandbox } from '../../sandbox/servers';
import type { Session } from '../../sandbox/servers/exchange/session';

/** Ends all SMTP sessions, as at the end of their tokens, at each of so many emails, until the test ends. @returns how many it has ended */
export function endTokensEach(sandbox: Sandbox, emails: number): () => number {
	let [ended, begun] = [0, 0];
	const listen = (session: Session): void => {
		if (session.protocol !== 'smtp') return;
		const note = session.note.bind(session);
		session.note = (line) => {
			note(line);
			if (!line.startsWith('C: MAIL') || (begun += 1) % emails !== 0) return;
			ended += sandbox.exchange.live('smtp').length;
			sandbox.exchange.expireTokens('smtp');
		};
	};
	sandbox.exchange.on('signedIn', listen);
	onTestFinished(() => void sandbox.exchange.off('signedIn', listen));
	return () => ended;
}
