import type { Readable } from 'node:stream';

import { inputError, MailError } from '../../../mail/errors';
import type { ComposedMail } from '../../../mail/compose/message';
import { inShares } from '../../../mail/compose/outgoingFile';
import { composeRaw, emptyBeginning } from '../../../mail/compose/raw';
import { rawText } from '../../../mail/compose/foreignItem';
import { choice, record, text } from '../../parameters/parameterValues';
import { fileOf, property } from './attachments';
import type { MailContext } from './context';
import { readHeaders, readPeople } from './settings';

interface RawSource {
	open: () => Promise<Readable>;
	/** Bytes. */
	size: number;
	/** The display name of the parameter that it came from. */
	field: 'Message' | 'Input Binary Field';
}

/** A finished email from a binary property or a text. @throws MailError `input` naming the field */
export async function readRaw(context: MailContext, item: number): Promise<ComposedMail> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	const { deliveryReports } = readHeaders(record(context.getNodeParameter('options', item, {})));
	const { open, size, field } = await readRawSource(context, item);
	const [from, to] = [
		(await readPeople(context, 'From Email', parameter('fromEmail'))).slice(0, 1),
		await readPeople(context, 'To Email', parameter('toEmail')),
	];
	return await composeRaw({ open, size, from, to, deliveryReports }).catch((error: unknown) => {
		throw inField(field, error);
	});
}

/** An error about the finished email names the field that it came from. */
export function inField(field: RawSource['field'], error: unknown): unknown {
	if (!(error instanceof MailError)) return error;
	const named = (text = ''): string => text.replace(/^Message\b/, field);
	return new MailError(named(error.message), { ...error, field: named(error.field), cause: error });
}

/** Returns the bytes of a finished email. @throws MailError `input` naming the field */
export async function readRawSource(context: MailContext, item: number): Promise<RawSource> {
	const parameter = (name: string): unknown => context.getNodeParameter(name, item, '');
	if (choice(parameter('rawSource'), 'Message Source', ['binary', 'text'], 'binary') === 'text')
		return textSource(text(parameter('rawMessage'), 'Message'));
	return await binarySource(context, item, text(parameter('binaryPropertyName'), 'Input Binary Field'));
}

/** Also in base64, in which Gmail's API returns an email. */
function textSource(content: string): RawSource {
	if (content.trim() === '') throw inputError('Message', 'it is empty.', 'Enter a whole email: headers, an empty line, and the body.');
	const decoded = rawText(content);
	const bytes = beginsWithHeader(decoded) ? decoded : Buffer.from(content);
	return { open: async () => await Promise.resolve(inShares(bytes)), size: bytes.length, field: 'Message' };
}

function beginsWithHeader(mail: Buffer): boolean {
	const head = mail.toString('latin1', 0, 20_000);
	return /^[!-9;-~]{1,76}:/.test(head.slice(emptyBeginning(head)));
}

async function binarySource(context: MailContext, item: number, name: string): Promise<RawSource> {
	const { open, size } = await fileOf(context, name, property(context.getInputData()[item]?.binary ?? {}, name, 'Input Binary Field'));
	return { open, size, field: 'Input Binary Field' };
}
