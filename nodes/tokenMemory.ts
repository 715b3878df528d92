import { createHash } from 'node:crypto';

import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import type { Acquire, Renewal } from '../mail/signIn/token';

/** What is remembered of one sign-in: its token, and what gets the next one. */
export interface TokenMemory {
	renewal: Renewal;
	acquire?: Acquire;
}

/** An entry that nobody asked for within this time is forgotten, in ms; no token of Microsoft's lives shorter for long. */
const FORGET_AFTER_MS = 2 * 3_600_000;

const memories = new Map<string, TokenMemory & { usedAt: number }>();

/**
 * Shared by all executions of the process: one entry for a credential and its content, so that an edited secret, or an
 * expression that gives another one, is used at once.
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

/** Tells contents apart without holding them: secrets are among them. */
export function fingerprint(content: unknown): string {
	return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

/** How many sign-ins are remembered. */
export function rememberedCount(): number {
	return memories.size;
}
