import { describe, expect, it } from 'vitest';

import { askFor, keyOf, newMemory, readMemory, takenUp } from '../../../../mail/watch/memory/memory';
import type { Sandbox } from '../../../../sandbox/servers';
import { mail, makeRigs } from '../watchRig';

/** Folders whose names every JavaScript object has already. */
let sandbox: Sandbox;
const rig = makeRigs('names', (started) => (sandbox = started));
const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe('a folder named like what every object has', () => {
	it.each(NAMES)('%s: is watched, and goes on after a restart with what it stored', async (name) => {
		const before = rig({ folders: [name] });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', before.mailbox, name);
		expect(await before.watch.start()).toEqual([]);
		await sandbox.fill(before.mailbox, [mail('one')], name);
		await before.until('the first', () => before.subjects.length === 1 && before.watch.idle);
		before.watch.stop();
		const memory = readMemory(JSON.parse(JSON.stringify(before.stored)));
		await sandbox.fill(before.mailbox, [mail('two')], name);
		const after = rig({ mailbox: before.mailbox, folders: [name], memory });
		await after.watch.start();
		await after.until('the second', () => after.subjects.includes('two') && after.watch.idle);
		expect([...before.subjects, ...after.subjects]).toEqual(['one', 'two']);
		expect(Reflect.get({}, 'uidValidity')).toBeUndefined();
	});

	it('shows nothing of its name in the log that turns the direction of writing round', async () => {
		const name = 'In\u202ebox';
		const one = rig({ folders: [name] });
		await sandbox.dovecot.doveadm('mailbox', 'create', '-u', one.mailbox, name);
		expect(await one.watch.start()).toEqual([]);
		await one.until('watching', () => one.logs.includes('watching (IDLE)'));
		expect(one.abouts.map(({ folder }) => folder)).toContain('In box');
		for (const text of [...one.logs, ...one.abouts.map(({ folder }) => folder)])
			expect(text).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e]/);
	});

	it('is asked for at an instant that is remembered', () => {
		for (const name of [...NAMES, 'INBOX']) {
			const memory = newMemory('id', 5);
			expect(askFor(memory, name, 7)).toBe(5);
			const read = readMemory(JSON.parse(JSON.stringify(takenUp(memory))));
			expect(read?.asked[keyOf(name)]).toBe(5);
		}
		expect(keyOf('INBOX')).toBe('INBOX');
	});
});
