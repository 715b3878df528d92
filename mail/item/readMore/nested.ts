import type { IDataObject } from 'n8n-workflow';

import { dateOf } from '../date';
import { decodedFirst } from '../headerBlock';
import { messageId } from '../json';
import { readPeople, textOfPeople } from '../people';
import type { ReadFile } from '../mailFiles';
import { MailReader } from '../reader';

/** Emails within emails within emails. */
const DEEPEST = 3;
const MOST_MAILS = 50;
/** In characters, of each. */
const LONGEST_TEXT = 100_000;
const MOST_FILES = 200;
const KEPT = 10_000_000;

export function isNestedMail({ type, name }: ReadFile): boolean {
	return type === 'message/rfc822' || type === 'message/global' || name.toLowerCase().endsWith('.eml');
}

/** The fields of emails that are attached, in order. */
export async function nestedMails(
	files: readonly ReadFile[],
	faults: string[],
	depth = 1,
	budget = { left: MOST_MAILS },
): Promise<IDataObject[]> {
	const mails: IDataObject[] = [];
	for (const file of files.filter(isNestedMail)) {
		if (budget.left <= 0) {
			faults.push(`Only the first ${MOST_MAILS} attached emails were read.`);
			break;
		}
		budget.left -= 1;
		if (file.size > file.kept.length)
			faults.push(`The attached email "${file.name}" is large. Only its first ${Math.round(file.kept.length / 1e6)} MB were read.`);
		try {
			mails.push(await nestedMail(file, faults, depth, budget));
		} catch (error) {
			faults.push(
				`The attached email "${file.name}" could not be read: ` +
					`${error instanceof Error ? error.message.slice(0, 200) : 'its content makes no sense'}`,
			);
		}
	}
	return mails;
}

async function nestedMail(file: ReadFile, faults: string[], depth: number, budget: { left: number }): Promise<IDataObject> {
	const ignore = (): void => undefined;
	const reader = new MailReader({
		files: { begin: ignore, data: ignore, end: ignore },
		keep: (inner) => (depth < DEEPEST && isNestedMail(inner) ? KEPT : 0),
	});
	reader.push(file.kept);
	const mail = await reader.end();
	const people = (key: string): string =>
		textOfPeople(
			readPeople(
				mail.fields.filter((field) => field.key === key).map(({ value }) => value),
				mail.charsets,
			),
		);
	const date = dateOf(mail.fields, mail.charsets);
	const inner = depth < DEEPEST ? await nestedMails(mail.files, faults, depth + 1, budget) : [];
	return {
		fileName: file.name,
		messageId: messageId(mail),
		subject: decodedFirst(mail.fields, 'subject', mail.charsets),
		date: date === undefined ? '' : new Date(date).toISOString(),
		from: people('from'),
		to: people('to'),
		cc: people('cc'),
		text: mail.text.slice(0, LONGEST_TEXT),
		attachments: mail.files.slice(0, MOST_FILES).map(({ name, type, size }) => ({ fileName: name, mimeType: type, size })),
		...(inner.length > 0 && { nestedMails: inner }),
	};
}
