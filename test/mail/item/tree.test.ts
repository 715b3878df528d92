import fc from 'fast-check';
import { expect, it } from 'vitest';

import { readOne } from '../../../mail/item/task';

/** A part as this test writes it. */
type Tree =
	| { kind: 'file'; bytes: Uint8Array; encoding: 'base64' | 'quoted-printable' | '8bit'; name: string }
	| { kind: 'multipart'; subtype: string; children: Tree[] };

const file = fc.record({
	kind: fc.constant('file' as const),
	bytes: fc.uint8Array({ maxLength: 300 }),
	encoding: fc.constantFrom('base64' as const, 'quoted-printable' as const, '8bit' as const),
	name: fc.stringMatching(/^[a-zA-Z0-9äöü€ _-]{1,30}$/).map((name) => `f${name.trim()}.bin`),
});
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
	tree: fc.oneof(
		{ maxDepth: 5, withCrossShrink: true },
		file,
		fc.record({
			kind: fc.constant('multipart' as const),
			subtype: fc.constantFrom('mixed', 'related', 'parallel', 'x-unknown'),
			children: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
		}),
	),
}));

let boundaries = 0;

function write(part: Tree): Buffer {
	if (part.kind === 'multipart') {
		// Each boundary is the beginning of others, as some mail programs make them.
		const boundary = `b${(boundaries += 1)}`;
		const children = part.children.flatMap((child) => [Buffer.from(`--${boundary}\r\n`), write(child), Buffer.from('\r\n')]);
		return Buffer.concat([
			Buffer.from(`Content-Type: multipart/${part.subtype}; boundary="${boundary}"\r\n\r\npreamble\r\n`),
			...children,
			Buffer.from(`--${boundary}--\r\nepilogue\r\n`),
		]);
	}
	const head = `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=utf-8''${encodeURIComponent(part.name)}\r\nContent-Transfer-Encoding: ${part.encoding}\r\n\r\n`;
	return Buffer.concat([Buffer.from(head), encoded(part.bytes, part.encoding)]);
}

function encoded(bytes: Uint8Array, encoding: string): Buffer {
	const whole = Buffer.from(bytes);
	if (encoding === 'base64') return Buffer.from(whole.toString('base64').replace(/(.{76})/g, '$1\r\n'));
	if (encoding === '8bit') return whole;
	return Buffer.from(
		[...whole]
			.map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
			.join('')
			.replace(/((?:=..){25})/g, '$1=\r\n'),
	);
}

/** The files in order, as [name, content]. */
function filesOf(part: Tree): Array<[string, string]> {
	return part.kind === 'file' ? [[part.name, Buffer.from(part.bytes).toString('hex')]] : part.children.flatMap(filesOf);
}

async function read(mail: Buffer): Promise<{ files: Array<[string, string]>; damage: readonly string[] }> {
	const wanted = { format: 'simple', files: true, headersOnly: false, more: [], memory: 2000 } as const;
	const result = await readOne(new Uint8Array(mail), wanted);
	if (result === 'large' || 'refusal' in result) throw new Error(JSON.stringify(result));
	const files: Array<[string, string]> = [];
	for (const one of result.news) {
		if (one.kind === 'begin') files.push([one.name, '']);
		const last = files.at(-1);
		if (one.kind === 'data' && last !== undefined) last[1] += Buffer.from(one.bytes).toString('hex');
	}
	return { files, damage: result.damage };
}

it('gives every file of any tree of parts back, byte by byte and in order', async () => {
	await fc.assert(
		fc.asyncProperty(tree, async (part) => {
			const mail = Buffer.concat([Buffer.from('From: a@example.test\r\nSubject: tree\r\nMIME-Version: 1.0\r\n'), write(part)]);
			expect(await read(mail)).toEqual({ files: filesOf(part), damage: [] });
		}),
		{ numRuns: 300 },
	);
});
