import { mkdtemp, open, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { OnceFiles } from '../../../mail/questions/onceFiles';

let folder: string;
let files: OnceFiles;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'once-'));
	files = new OnceFiles(join(folder, 'question'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

describe('a file of a question', () => {
	it('is made once, keeps what the first wrote, and leaves no draft behind', async () => {
		expect([await files.make('ada', { first: true }), await files.make('ada', { first: false })]).toEqual([true, false]);
		expect([files.read('ada'), await files.names(), await readdir(files.folder)]).toEqual([{ first: true }, ['ada'], ['ada.json']]);
	});

	it('is there for nobody before it is made and after it was removed, and to remove it twice is no fault', async () => {
		expect([files.read('ada'), await files.age('ada'), await files.names()]).toEqual([undefined, undefined, []]);
		await files.make('ada', {});
		expect(await files.age('ada')).toBeTypeOf('number');
		for (const _ of [1, 2]) await files.remove('ada');
		expect([files.read('ada'), await files.age('ada'), await files.names()]).toEqual([undefined, undefined, []]);
	});

	it('says so where it cannot be written: nobody takes that for a file that was there before', async () => {
		await files.make('ada', {});
		await expect(files.make('no folder/ada', {})).rejects.toMatchObject({ code: 'ENOENT' });
		expect(await readdir(files.folder)).toEqual(['ada.json']);
	});

	it('says so where it or the folder cannot be read: nobody takes that for an answer that was not given', async () => {
		await writeFile(files.folder, 'no folder');
		expect(() => files.read('ada')).toThrow(/ENOTDIR/);
		await expect(files.age('ada')).rejects.toMatchObject({ code: 'ENOTDIR' });
		await expect(files.names()).rejects.toMatchObject({ code: 'ENOTDIR' });
		await expect(files.make('ada', {})).rejects.toMatchObject({ code: 'EEXIST' });
		await expect(files.claim('work', 1_000)).rejects.toMatchObject({ code: 'ENOTDIR' });
	});

	it('is one of the names, and what other programs leave in the folder is none', async () => {
		await files.make('ada', {});
		await writeFile(join(files.folder, '.DS_Store'), '');
		expect(await files.names()).toEqual(['ada']);
	});

	it('is refused if it is too large to be read again', async () => {
		await expect(files.make('ada', { file: 'x'.repeat(64 * 1024 * 1024) })).rejects.toThrow('too large');
		expect(await readdir(files.folder)).toEqual([]);
	});

	it('is on the disk before it appears, so that a power failure leaves no empty one', async () => {
		const handle = await open(join(folder, 'any'), 'w');
		const seen: string[][] = [];
		const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync').mockImplementation(async () => void seen.push(await files.names()));
		await files.make('ada', {});
		sync.mockRestore();
		await handle.close();
		// Until then it is no file of the question, even if the process is ended in the middle.
		expect(seen).toEqual([[]]);
	});

	it('says so where it is damaged', async () => {
		await files.make('ada', {});
		await writeFile(join(files.folder, 'ada.json'), '{"approved":');
		expect(() => files.read('ada')).toThrow(SyntaxError);
	});
});

describe('a piece of work', () => {
	const grow = async (name: string, ms: number): Promise<void> => {
		const then = new Date(Date.now() - ms);
		await utimes(join(files.folder, `${name}.json`), then, then);
	};

	it('is taken by one, by another once the first must have been lost, and so on', async () => {
		expect([await files.claim('work', 60_000), await files.claim('work', 60_000)]).toEqual(['work', undefined]);
		await grow('work', 61_000);
		expect([await files.claim('work', 60_000), await files.claim('work', 60_000)]).toEqual(['work.2', undefined]);
		await grow('work.2', 61_000);
		expect(await files.claim('work', 60_000)).toBe('work.3');
	});

	it('is free at once for the next where it failed', async () => {
		const claimed = await files.claim('work', 60_000);
		await files.remove(claimed ?? '');
		expect(await files.claim('work', 60_000)).toBe('work');
	});
});
