import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { JournalFile } from '../../mail/journal';

/** In a process that writes its journal and ends at once. @returns the folder of the journal */
function endedAfter(...statements: string[]): string {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-journal-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const script = `
		const { JournalFile } = require(${JSON.stringify(resolve(__dirname, '..', '..', 'mail', 'journal.ts'))});
		const journal = () => new JournalFile(${JSON.stringify(folder)}, 'key', (value) => value);
		${statements.join(';')}`;
	const { status, stderr } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { encoding: 'utf8' });
	expect(status, stderr).toBe(0);
	return folder;
}

const read = (folder: string): unknown => new JournalFile<unknown>(folder, 'key', (value) => value).read();

it('what was written last is on disk when n8n ends its process in the same moment', () => {
	const folder = endedAfter('journal().write({ serial: 1 }); journal().write({ serial: 2 }); process.exit(0)');
	expect(read(folder)).toEqual({ serial: 2 });
	expect(readdirSync(folder)).toHaveLength(1);
});

it('so is what was written while an earlier memory was on its way', () => {
	const folder = endedAfter(
		'const one = journal(); one.write({ serial: 1 })',
		'one.flushed().then(() => { one.write({ serial: 2 }); setImmediate(() => { one.write({ serial: 3 }); process.exit(0); }); })',
	);
	expect(read(folder)).toEqual({ serial: 3 });
});

it('nothing older is written over what another journal of the trigger has written since', () => {
	const folder = endedAfter(
		'const [former, later] = [journal(), journal()]; former.write({ serial: 1 })',
		'former.flushed().then(() => { later.write({ serial: 2 }); return later.flushed(); }).then(() => process.exit(0))',
	);
	expect(read(folder)).toEqual({ serial: 2 });
});

it('nothing is written at the end into a folder that everybody may write', () => {
	const folder = endedAfter("require('node:fs').chmodSync(journal().folder, 0o777)", 'journal().write({ serial: 1 })', 'process.exit(0)');
	expect(readdirSync(folder)).toEqual([]);
});
