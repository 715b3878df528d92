import { burn } from '@kenjiuno/msgreader/lib/Burner';

const align = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function number(value: number, bytes: 2 | 4): Buffer {
	const buffer = Buffer.alloc(bytes);
	buffer.writeUIntLE(value, 0, bytes);
	return buffer;
}

/** One variable MAPI property as TNEF holds it. */
export function mapi(id: number, value: string | Buffer, type = typeof value === 'string' ? 0x1f : 0x102): Buffer {
	const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`, 'utf16le') : value;
	return Buffer.concat([number(type, 2), number(id, 2), number(1, 4), number(bytes.length, 4), align(bytes)]);
}

export function properties(...values: Buffer[]): Buffer {
	return Buffer.concat([number(values.length, 4), ...values]);
}

export function attribute(id: number, bytes: Buffer): Buffer {
	return Buffer.concat([Buffer.from([id === 0x00069002 ? 2 : 1]), number(id, 4), number(bytes.length, 4), bytes, number(0, 2)]);
}

export function tnef(...attributes: Buffer[]): Buffer {
	return Buffer.concat([number(0x223e9f78, 4), number(1, 2), ...attributes]);
}

export function tnefFile(title: string, data: Buffer, ...values: Buffer[]): Buffer[] {
	return [
		attribute(0x00069002, Buffer.alloc(14)),
		attribute(0x00018010, Buffer.from(`${title}\0`, 'latin1')),
		attribute(0x0006800f, data),
		...(values.length > 0 ? [attribute(0x00069005, properties(...values))] : []),
	];
}

/** RTF in the uncompressed form of MS-OXRTFCP. */
export function rtf(text: string): Buffer {
	const bytes = Buffer.from(text, 'latin1');
	return Buffer.concat([number(bytes.length + 12, 4), number(bytes.length, 4), Buffer.from('MELA'), number(0, 4), bytes]);
}

interface Storage {
	name: string;
	streams: Record<string, Buffer>;
	storages?: Storage[];
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** A `.msg` file with a mail and its files. @param values of fixed size, such as the code page */
export function msg(
	subject: string,
	body: string | Buffer,
	files: ReadonlyArray<{ name: string; bytes: Buffer }>,
	values: Buffer = Buffer.alloc(32),
): Buffer {
	return compound({
		name: 'Root Entry',
		streams: {
			'__properties_version1.0': values,
			'__substg1.0_0037001F': utf16(subject),
			...(typeof body === 'string' ? { '__substg1.0_1000001F': utf16(body) } : { '__substg1.0_1000001E': body }),
			'__substg1.0_0C1A001F': utf16('Ada'),
			'__substg1.0_5D01001F': utf16('ada@example.com'),
		},
		storages: [
			{
				name: '__recip_version1.0_#00000000',
				streams: {
					'__properties_version1.0': Buffer.alloc(8),
					'__substg1.0_3001001F': utf16('Bob'),
					'__substg1.0_39FE001F': utf16('bob@example.com'),
				},
			},
			...files.map(({ name, bytes }, at) => ({
				name: `__attach_version1.0_#0000000${at}`,
				streams: { '__properties_version1.0': Buffer.alloc(8), '__substg1.0_3707001F': utf16(name), '__substg1.0_37010102': bytes },
			})),
		],
	});
}

function compound(root: Storage): Buffer {
	const entries: Array<{ name: string; type: number; length: number; binaryProvider?: () => Uint8Array; children?: number[] }> = [];
	const add = (storage: Storage, type: number): number => {
		const children: number[] = [];
		const at = entries.push({ name: storage.name, type, length: 0, children }) - 1;
		for (const [name, bytes] of Object.entries(storage.streams))
			children.push(entries.push({ name, type: 2, length: bytes.length, binaryProvider: () => new Uint8Array(bytes) }) - 1);
		for (const inner of storage.storages ?? []) children.push(add(inner, 1));
		return at;
	};
	add(root, 5);
	return Buffer.from(burn(entries));
}
