import { vi } from 'vitest';

import type * as Backoff from '../../../mail/backoff';

/** How much shorter pauses are than for users. */
const SHORTER = 20;

/**
 * `mail/backoff` for tests of what follows a pause, so that they need not last as long as the pauses do. How long those are is proven
 * in policy.test.ts. What a server asks for is honoured as always.
 */
export async function withShortPauses(): Promise<typeof Backoff> {
	const real = await vi.importActual<typeof Backoff>('../../../mail/backoff');
	return {
		...real,
		pause: (failures, hintMs = 0, random) =>
			Math.max(real.pause(failures, 0, random) / SHORTER, Math.min(hintMs, real.pause(failures, hintMs, random))),
		askAgainIn: (times, firstMs) => real.askAgainIn(times, firstMs) / SHORTER,
	};
}
