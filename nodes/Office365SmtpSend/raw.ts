import { Readable } from 'node:stream';

import { inputError, readMailboxes } from '../../mail/compose/addresses';
import type { ComposedMail } from '../../mail/compose/message';
import { composeRaw } from '../../mail/compose/raw';
import { choice, record, text } from '../parameterValues';
import { fileOf, property } from './attachments';
import type { MailContext } from './context';
import { readHeaders } from './settings';

/** A finished mail from a binary property or a text. @throws MailError `input` naming the field */
export async function readRaw(context: MailContext, item: number): Promise<ComposedMail> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	const { deliveryReports } = readHeaders(record(context.getNodeParameter('options', item, {})));
	return await composeRaw({
		...(choice(parameter('rawSource'), 'Message Source', ['binary', 'text'], 'binary') === 'text' ? textSource(text(parameter('rawMessage'), 'Message')) : await binarySource(context, item, text(parameter('binaryPropertyName'), 'Input Binary Field'))),
		from: (await readMailboxes('From Email', parameter('fromEmail'))).slice(0, 1),
		to: await readMailboxes('To Email', parameter('toEmail')),
		deliveryReports,
	});
}

function textSource(content: string): { open: () => Promise<Readable>; size: number } {
	if (content.trim() === '') throw inputError('Message', 'there is none.', 'Give a whole mail: headers, an empty line, the body.');
	const bytes = Buffer.from(content);
	return { open: async () => Readable.from([bytes]), size: bytes.length };
}

async function binarySource(context: MailContext, item: number, name: string): Promise<{ open: () => Promise<Readable>; size: number }> {
	const { open, size } = await fileOf(context, name, property(context.getInputData()[item]?.binary ?? {}, name, 'Input Binary Field'));
	return { open, size };
}
