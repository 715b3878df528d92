import { createHash } from 'node:crypto';

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { HOUR_MS } from '../../mail/durations';
import type { Acquire, Renewal } from '../../mail/signIn/token';

/** What is remembered of one sign-in: its token, and the function that gets the next one. */
export interface TokenMemory {
	renewal: Renewal;
	acquire?: Acquire;
}

/** An entry that nobody requested within this time, in ms, is removed. Its token has usually expired by then. */
const FORGET_AFTER_MS = 2 * HOUR_MS;

const memories = new Map<string, TokenMemory & { usedAt: number }>();

/**
 * Shared by all executions of the process. There is one entry for each credential and its content, so that an edited secret, or an
 * expression with another value, takes effect at once.
 */
export function remembered(id: string, fields: ICredentialDataDecryptedObject, now = Date.now()): TokenMemory {
	const key = `${id} ${fingerprint(fields)}`;
	const known = memories.get(key);
	if (known !== undefined) {
		known.usedAt = now;
		return known;
	}
	for (const [name, { usedAt }] of memories) if (usedAt < now - FORGET_AFTER_MS) memories.delete(name);
	const memory = { renewal: {}, usedAt: now };
	memories.set(key, memory);
	return memory;
}

/** Distinguishes contents without storing them, because they include secrets. */
export function fingerprint(content: unknown): string {
	return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

/** Number of sign-ins that are remembered. */
export function rememberedCount(): number {
	return memories.size;
}
