import { rm } from 'node:fs/promises';

import type { IBinaryKeyData, IDataObject, IWebhookFunctions } from 'n8n-workflow';

import { reasonOf } from '../../../mail/errors';
import { judge, type Judged, type PostedFile } from '../../../mail/questions/formAnswer';
import { binaryName, type FormField } from '../../../mail/questions/form';
import { record } from '../../parameters/parameterValues';
import { fieldsOf, type Question } from '../question/question';
import type { Returned } from './questionPage';

/**
 * Checks what was posted. n8n separates fields and files of a multipart body. Any other body has no files, whatever its JSON says, because
 * the visitor would have chosen the path of the file.
 */
export function readPosted(context: IWebhookFunctions, fields: readonly FormField[]): Judged {
	return judge(fields, new Map(Object.entries(postedFields(context))), filesOf(context));
}

/** What was posted besides files. */
export function postedFields(context: IWebhookFunctions): IDataObject {
	const body = record(context.getBodyData());
	return isMultipart(context) ? record(body.data) : body;
}

/** What was written so far, if a new code was requested. The page that offers the first code has no fields. */
export function writtenSoFar(context: IWebhookFunctions, question: Question): Pick<Returned, 'judged' | 'text'> {
	const { text } = postedFields(context);
	if (question.responseType === 'freeText') return typeof text === 'string' ? { text } : {};
	if (question.responseType !== 'customForm' || !isMultipart(context)) return {};
	return { judged: { ...readPosted(context, fieldsOf(question)), problems: new Map() } };
}

/** Whether n8n separated fields and files. */
function isMultipart(context: IWebhookFunctions): boolean {
	const { contentType }: { contentType?: unknown } = context.getRequestObject();
	return contentType === 'multipart/form-data';
}

function filesOf(context: IWebhookFunctions): Map<string, PostedFile[]> {
	const files = new Map<string, PostedFile[]>();
	if (!isMultipart(context)) return files;
	for (const [name, given] of Object.entries(record(record(context.getBodyData()).files))) {
		const list: unknown[] = Array.isArray(given) ? given : [given];
		files.set(name, list.flatMap(fileOf));
	}
	return files;
}

function fileOf(given: unknown): PostedFile[] {
	// An object of a class may have its fields in its prototype.
	if (typeof given !== 'object' || given === null || !('filepath' in given) || !('size' in given)) return [];
	const { filepath, size } = given;
	if (typeof filepath !== 'string' || typeof size !== 'number') return [];
	const name = 'originalFilename' in given && typeof given.originalFilename === 'string' ? given.originalFilename : '';
	const mimeType = 'mimetype' in given && typeof given.mimetype === 'string' ? given.mimetype : '';
	return [
		{ path: filepath, size, name: fileName(name), mimeType: /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? mimeType : 'application/octet-stream' },
	];
}

/** Removes the folder and characters that no file name has. Some old browsers send the whole path. */
function fileName(given: string): string {
	const name = (given.split(/[/\\]/).at(-1) ?? '')
		.replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '')
		.slice(0, 200)
		.trim();
	return name === '' || /^\.+$/.test(name) ? 'file' : name;
}

/** The answer as it is in the output. n8n copies each file as a stream to its binary data. */
export async function keepFiles(
	context: IWebhookFunctions,
	fields: readonly FormField[],
	{ values, files }: Judged,
): Promise<{ answer: IDataObject; binary?: IBinaryKeyData }> {
	const answer: IDataObject = {};
	const binary: IBinaryKeyData = {};
	const whole = new Set(fields.filter(({ type }) => type === 'file').map(({ name }) => binaryName(name)));
	for (const field of fields) {
		if (field.type !== 'file') {
			answer[field.name] = values.get(field.name) ?? null;
			continue;
		}
		const given = files.get(field.name) ?? [];
		for (const [index, { path, name, mimeType }] of given.entries()) {
			let property = binaryName(field.name);
			if (given.length > 1) {
				property += `_${index}`;
				// Another field may be called like that.
				while (whole.has(property) || property in binary) property += '_';
			}
			binary[property] = await context.nodeHelpers.copyBinaryFile(path, name, mimeType);
		}
		const told = given.map(({ name, mimeType, size }) => ({ filename: name, mimetype: mimeType, size }));
		answer[field.name] = given.length > 1 ? told : (told[0] ?? null);
	}
	return { answer, ...(Object.keys(binary).length > 0 && { binary }) };
}

/** n8n leaves the files of a form in a temporary folder. Later versions remove them themselves. */
export async function removeFiles(context: IWebhookFunctions): Promise<void> {
	for (const { path } of [...filesOf(context).values()].flat()) {
		await rm(path, { force: true }).catch((error: unknown) =>
			context.logger.warn('A file of a form could not be removed.', {
				path,
				reason: reasonOf(error),
			}),
		);
	}
}
