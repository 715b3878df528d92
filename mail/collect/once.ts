import { Readable } from 'node:stream';

import { MailError } from '../errors';
import { toItem, type ItemOptions, type MessageItem, type Provenance } from '../item/item';

/**
 * An item from a stream that can be read once only. undefined where the whole mail is needed as well, since not all of it
 * could be read: it has to be fetched once more, with `keepWhole`. @throws MailError where the connection breaks; what `store` throws
 */
export async function toItemOnce<Stored>(
	stream: AsyncIterable<Buffer>,
	from: Provenance,
	options: ItemOptions<Stored>,
): Promise<MessageItem<Stored> | undefined> {
	const readTwice = new MailError('A stream can be read once only.', { code: 'protocol' });
	let opened = false;
	let broken: MailError | undefined;
	async function* watched(): AsyncGenerator<Buffer, void> {
		try {
			yield* stream;
		} catch (error) {
			if (error instanceof MailError) broken = error;
			throw error;
		}
	}
	try {
		return await toItem(
			() => {
				if (opened) throw readTwice;
				opened = true;
				return Readable.from(watched());
			},
			from,
			options,
		);
	} catch (error) {
		if (broken !== undefined) throw broken;
		if (error === readTwice) return undefined;
		throw error;
	}
}
