import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { expect, it, onTestFinished, vi } from 'vitest';

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

it('of two journals of one trigger, the one that was written to last has the last word', () => {
	const folder = endedAfter(
		'const [one, other] = [journal(), journal()]; one.write({ serial: 1 }); other.write({ serial: 2 }); one.write({ serial: 3 })',
		'process.exit(0)',
	);
	expect(read(folder)).toEqual({ serial: 3 });
});

it('what is on disk already is not written again, since another process may have written since', () => {
	const folder = endedAfter(
		'const one = journal(); one.write({ serial: 1 })',
		"one.flushed().then(() => { require('node:fs').rmSync(one.folder, { recursive: true }); process.exit(0); })",
	);
	expect(existsSync(folder)).toBe(false);
});

it('nothing is written at the end into a folder that everybody may write', () => {
	const folder = endedAfter("require('node:fs').chmodSync(journal().folder, 0o777)", 'journal().write({ serial: 1 })', 'process.exit(0)');
	expect(readdirSync(folder)).toEqual([]);
});

it('two processes that write the same journal at the same time leave a whole one, and neither has an error', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'office365-mail-journal-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const errors: string[] = [];
	const text = 'x'.repeat(1_000_000);
	const processes: Array<JournalFile<unknown>> = [];
	for (let number = 0; number < 4; number += 1) {
		vi.resetModules();
		const fresh = await import('../../mail/journal');
		processes.push(
			new fresh.JournalFile<unknown>(
				folder,
				'key',
				(value) => value,
				(reason) => errors.push(reason),
				`.${number}`,
			),
		);
	}
	for (let times = 0; times < 10; times += 1) {
		for (const journal of processes) journal.write({ text });
		await Promise.all(processes.map(async (journal) => await journal.flushed()));
		expect(read(folder)).toEqual({ text });
	}
	expect(errors).toEqual([]);
	expect(readdirSync(folder)).toHaveLength(1);
});

it.each([
	['is not there', (path: string) => rmSync(path), []],
	['is empty', (path: string) => writeFileSync(path, ''), [undefined]],
	['is cut', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5)), [undefined]],
	[
		'is a folder',
		(path: string) => {
			rmSync(path);
			mkdirSync(path);
		},
		[undefined],
	],
])('a journal that %s is no memory, and it is damaged only if it is there', (_what, change, parsed) => {
	const folder = endedAfter('journal().write({ serial: 1 }); process.exit(0)');
	for (const name of readdirSync(folder)) change(join(folder, name));
	const seen: unknown[] = [];
	const journal = new JournalFile<unknown>(folder, 'key', (value) => {
		seen.push(value);
		return value;
	});
	expect([journal.read(), seen]).toEqual([undefined, parsed]);
});
