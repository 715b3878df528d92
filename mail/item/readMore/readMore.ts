import type { IDataObject } from 'n8n-workflow';

import { readCalendar } from '../calendar/calendar';
import { withWholeCharacters } from '../calendar/calendarText';
import { decodeBody } from '../charset';
import { markdownOf } from '../markdown/markdown';
import { newText } from '../newText/newText';
import { decodedFirst, firstOf } from '../headerBlock';
import type { ReadFile } from '../mailFiles';
import type { ReadMail } from '../reader';
import { nestedMails, isNestedMail } from './nested';
import { unpackOutlook, isOutlookFile, type ExtraFile } from './outlookFiles';
import { reports, isReportPart } from './reports';

/** What the option Read More From Emails offers. */
export type More = 'calendar' | 'bounces' | 'outlookFiles' | 'nestedMails' | 'markdown';

/** In bytes: of larger files this much is looked at. */
const CALENDAR = 10_000_000;
const REPORT = 512 * 1024;
const NESTED = 10_000_000;
const OUTLOOK = 25_000_000;
/** Of all files of an email together. */
const ALL = 50_000_000;
/** The lines of a calendar that cannot be read are named, up to so many. */
const MOST_LINES = 5;
/** Markdown of an email without HTML is its text, up to so many characters. */
const LONGEST_TEXT = 40_000;

/** How much of each file has to be kept for what is to be read; of all together not more than 50 MB. */
export function keeping(more: readonly More[]): (file: ReadFile) => number {
	let left = ALL;
	let current: { file: ReadFile; wanted: number } | undefined;
	return (file) => {
		if (current?.file === file) return current.wanted;
		// Files come one after the other: the one before has its size now.
		if (current !== undefined) left -= Math.min(current.file.size, current.wanted);
		current = { file, wanted: Math.min(left, wantedOf(file, more)) };
		return current.wanted;
	};
}

function wantedOf(file: ReadFile, more: readonly More[]): number {
	return Math.max(
		more.includes('calendar') && isCalendar(file) ? CALENDAR : 0,
		more.includes('bounces') && isReportPart(file) ? REPORT : 0,
		more.includes('nestedMails') && isNestedMail(file) ? NESTED : 0,
		more.includes('outlookFiles') && isOutlookFile(file) ? OUTLOOK : 0,
	);
}

function isCalendar({ type, name }: ReadFile): boolean {
	return ['text/calendar', 'application/ics', 'text/x-vcalendar'].includes(type) || /\.(?:ics|vcs)$/i.test(name);
}

/** Fields for the item and files beside those of the email. What cannot be read is told in `readMoreError`. */
export async function readMore(mail: ReadMail, more: readonly More[]): Promise<{ json: IDataObject; files: ExtraFile[] }> {
	const json: IDataObject = {};
	const files: ExtraFile[] = [];
	const faults: string[] = [];
	let { text, html } = mail;
	if (more.includes('calendar')) await addCalendar(mail, json, faults);
	if (more.includes('bounces')) Object.assign(json, reports(mail));
	const nested = more.includes('nestedMails') ? await nestedMails(mail.files, faults) : [];
	if (more.includes('outlookFiles')) {
		const unpacked = await unpackOutlook(mail, faults);
		files.push(...unpacked.files);
		nested.push(...unpacked.mails);
		if (text.trim() === '' && html === '' && (unpacked.text !== '' || unpacked.html !== '')) {
			({ text, html } = unpacked);
			Object.assign(json, { text, html, newText: newText(text, isAnswer(mail)) });
		}
	}
	if (more.includes('nestedMails') || nested.length > 0) json.nestedMails = nested;
	if (more.includes('markdown')) json.markdown = (html === '' ? '' : await markdownOf(html)) || shortened(text);
	if (faults.length > 0) json.readMoreError = faults.slice(0, 20).join(' ');
	return { json, files };
}

async function addCalendar(mail: ReadMail, json: IDataObject, faults: string[]): Promise<void> {
	for (const file of mail.files.filter(isCalendar).slice(0, 5)) {
		try {
			const text = decodeBody(withWholeCharacters(file.kept), file.parameters.get('charset'), mail.charsets);
			const unread: string[] = [];
			const calendar = await readCalendar(text, file.parameters.get('method'), unread);
			if (calendar === undefined) continue;
			json.calendar = { ...calendar };
			if (unread.length > 0) faults.push(partlyRead(file.name, unread));
			if (file.size > file.kept.length)
				faults.push(`The calendar "${file.name}" is large. Only its first ${Math.round(file.kept.length / 1e6)} MB were read.`);
			return;
		} catch (error) {
			faults.push(
				`The calendar "${file.name}" could not be read: ` +
					`${error instanceof Error ? error.message.slice(0, 200) : 'its content makes no sense'}.`,
			);
		}
	}
}

function partlyRead(name: string, unread: readonly string[]): string {
	const lines = unread.slice(0, MOST_LINES).map((line) => `"${line}"`);
	const more = unread.length > lines.length ? ` and ${unread.length - lines.length} more` : '';
	return `The calendar "${name}" could only partly be read, without these lines: ${lines.join(', ')}${more}.`;
}

/** What the sender wrote this time. */
export function newTextOf(mail: ReadMail): string {
	return newText(mail.text, isAnswer(mail));
}

/** "Re:", "AW:", "WG:" … as email programs write before the subject of what is answered or forwarded. */
const ANSWER =
	/^\s{0,20}(?:re|res|aw|antw|antwort|sv|vs|r|rif|ref|odp|ynt|回复|答复|回覆|fwd?|wg|tr|rv|enc|i|vl|vb|pd|doorst|转发|转寄|轉寄|返信|転送|답장|전달|отв|ответ|пересл|відп|השב|הועבר|رد|إعادة توجيه|پاسخ|ارجاع|vá|ilt)\s{0,5}(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,5}[:：]/i;

function isAnswer(mail: ReadMail): boolean {
	if (firstOf(mail.fields, 'in-reply-to') !== '' || firstOf(mail.fields, 'references') !== '') return true;
	return ANSWER.test(decodedFirst(mail.fields, 'subject', mail.charsets).slice(0, 200));
}

function shortened(text: string): string {
	return text.length <= LONGEST_TEXT
		? text
		: `${text.slice(0, LONGEST_TEXT)}\n\n[The email is longer. It was cut here after ${LONGEST_TEXT.toLocaleString('en-US')} characters.]`;
}
