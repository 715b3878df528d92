import type { IDataObject } from 'n8n-workflow';

import { textOfHtml } from '../../compose/textFromHtml';
import { decodeDeclared } from '../charset';
import { nameOfPage } from '../outlook/codePage';
import { isMsg, readMsg } from '../outlook/msg';
import { isTnef, readTnef, type UnpackedFile } from '../outlook/tnef';
import type { ReadFile } from '../mailFiles';
import type { ReadMail } from '../reader';

/** A file that lay in another one. */
export interface ExtraFile extends UnpackedFile {
	/** Name of the file that it lay in. */
	from: string;
}

export interface UnpackedOutlook {
	text: string;
	html: string;
	files: ExtraFile[];
	mails: IDataObject[];
}

const MOST_FILES = 500;
/** In characters, of an email's text within its own fields. */
const LONGEST_TEXT = 100_000;

export function isOutlookFile({ name, type }: ReadFile): boolean {
	return isTnef(name, type) || isMsg(name, type);
}

/** What lies in `winmail.dat` and `.msg` files: files, the body, and fields of saved emails. */
export async function unpackOutlook(mail: ReadMail, faults: string[]): Promise<UnpackedOutlook> {
	const unpacked: UnpackedOutlook = { text: '', html: '', files: [], mails: [] };
	for (const file of mail.files.filter(isOutlookFile).slice(0, 50)) {
		const complete = file.size === file.kept.length;
		const found = isTnef(file.name, file.type) ? await takeTnef(file, unpacked) : complete && (await takeMsg(file, unpacked));
		if (found !== 'whole')
			faults.push(
				`The Outlook file "${file.name}" could ${found === 'part' ? 'only partly' : 'not'} be ` +
					`unpacked${complete ? '' : ': it is larger than 25 MB'}.`,
			);
	}
	if (unpacked.files.length > MOST_FILES) faults.push(`Only the first ${MOST_FILES} files of the Outlook files were unpacked.`);
	return { ...unpacked, files: unpacked.files.slice(0, MOST_FILES) };
}

async function takeTnef(file: ReadFile, unpacked: UnpackedOutlook): Promise<'whole' | 'part' | false> {
	const read = await readTnef(file.kept, decodePage);
	if (read === undefined) return false;
	unpacked.html ||= read.html;
	unpacked.text ||= read.text.trim() === '' && read.html !== '' ? ((await textOfHtml(read.html)) ?? '') : read.text;
	unpacked.files.push(...read.files.map((inner) => ({ ...inner, from: file.name })));
	return read.incomplete ? 'part' : 'whole';
}

async function takeMsg(file: ReadFile, unpacked: UnpackedOutlook): Promise<'whole' | 'part' | false> {
	const read = await readMsg(file.kept, decodePage);
	if (read === undefined) return false;
	const { files, incomplete, html, ...fields } = read;
	const text = read.text.trim() === '' && html !== '' ? ((await textOfHtml(html)) ?? '') : read.text;
	const attachments = files.map(({ name, type, bytes }) => ({ fileName: name, mimeType: type, size: bytes.length }));
	unpacked.mails.push({ fileName: file.name, ...fields, text: text.slice(0, LONGEST_TEXT), attachments });
	unpacked.files.push(...files.map((inner) => ({ ...inner, from: file.name })));
	return incomplete ? 'part' : 'whole';
}

function decodePage(bytes: Buffer, page: number): string {
	return decodeDeclared(bytes, nameOfPage(page), []);
}
