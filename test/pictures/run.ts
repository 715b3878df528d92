import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import sharp from 'sharp';

import { startN8n } from '../../sandbox/n8n';
import { startSandbox, trust } from '../../sandbox/servers';
import { StartScene } from '../../sandbox/startScene';
import { Editor } from '../n8n/browser';
import { buildPackage } from '../../sandbox/build';
import { SHOTS, type Studio } from './shots';

/**
 * `npm run pictures [-- names …]`: makes the pictures of README and docs anew, from n8n with the nodes in a headless browser, in light
 * and dark. Without names it also removes pictures that are no longer made.
 */
const FOLDER = resolve(__dirname, '..', '..', 'docs', 'pictures');

async function main(): Promise<void> {
	const names = process.argv.slice(2);
	const unknown = names.filter((name) => !(name in SHOTS));
	if (unknown.length > 0) throw new Error(`There is no picture ${unknown.join(', ')}. Pictures: ${Object.keys(SHOTS).join(', ')}.`);
	buildPackage();
	mkdirSync(FOLDER, { recursive: true });
	const sandbox = await startSandbox();
	const scene = new StartScene(sandbox);
	try {
		trust(sandbox.caFile);
		await scene.start();
		const n8n = await startN8n({ caFile: sandbox.caFile });
		try {
			await scene.fill(n8n.instance, n8n.login);
			for (const theme of ['light', 'dark'] as const) await takeAll(names, { sandbox, n8n, theme });
		} finally {
			await n8n.stop();
		}
	} finally {
		await scene.stop();
		await sandbox.stop();
	}
	if (names.length === 0) removeOthers();
	const bytes = readdirSync(FOLDER).reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0);
	console.log(`${readdirSync(FOLDER).length} pictures, ${Math.round(bytes / 1000)} KB, in docs/pictures`);
}

async function takeAll(names: string[], studio: Omit<Studio, 'editor'>): Promise<void> {
	const editor = await Editor.open(studio.n8n, { colorScheme: studio.theme });
	try {
		for (const [name, shot] of Object.entries(SHOTS)) {
			if (names.length > 0 && !names.includes(name)) continue;
			try {
				const picture = await editor.keepingSight(name, async () => await shot({ ...studio, editor }));
				writeFileSync(join(FOLDER, `${name}-${studio.theme}.png`), await small(picture));
				console.log(`${name}, ${studio.theme}`);
			} catch (error) {
				// The others are still of use.
				process.exitCode = 1;
				console.error(error instanceof Error ? error.message : error);
			}
		}
	} finally {
		await editor.close();
	}
}

/** Forms and canvases have few colours: 64 do, without dithering, which would double the size. */
async function small(picture: Buffer): Promise<Buffer> {
	return await sharp(picture).png({ palette: true, colours: 64, dither: 0, effort: 10, compressionLevel: 9 }).toBuffer();
}

function removeOthers(): void {
	const made = new Set(Object.keys(SHOTS).flatMap((name) => [`${name}-light.png`, `${name}-dark.png`]));
	for (const name of readdirSync(FOLDER)) if (!made.has(name)) rmSync(join(FOLDER, name));
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
});
