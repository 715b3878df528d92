import type { IDataObject } from 'n8n-workflow';

import { firstOf } from '../headerBlock';
import type { ReadFile } from '../mailFiles';
import type { ReadMail } from '../reader';
import { readBounce } from '../report/bounce';
import { readReceipt } from '../report/receipt';
import { decodeHeader } from '../encodedWords';

const STATUS = new Set(['message/delivery-status', 'message/global-delivery-status']);
const DISPOSITION = new Set(['message/disposition-notification', 'message/global-disposition-notification']);
const ORIGINAL = new Set(['message/rfc822', 'message/global', 'text/rfc822-headers', 'message/rfc822-headers', 'message/global-headers']);

export function isReportPart({ type }: ReadFile): boolean {
	return STATUS.has(type) || DISPOSITION.has(type) || ORIGINAL.has(type);
}

/** `bounce` or `receipt`, where the email is one. */
export function reports(mail: ReadMail): IDataObject {
	const part = (types: ReadonlySet<string>): string | undefined => mail.files.find(({ type }) => types.has(type))?.kept.toString('latin1');
	// What was text already may hold letters beyond Latin 1.
	const decode = (value: string): string => (/[^\u0000-\u00ff]/.test(value) ? value : decodeHeader(value, mail.charsets));
	const source = {
		header: (name: string): string => decodeHeader(firstOf(mail.fields, name), mail.charsets),
		has: (name: string): boolean => mail.fields.some(({ key }) => key === name),
		text: mail.text,
		deliveryStatus: part(STATUS),
		disposition: part(DISPOSITION),
		original: part(ORIGINAL),
		decode,
	};
	const receipt = readReceipt(source);
	const bounce = receipt === undefined ? readBounce(source) : undefined;
	return { ...(receipt !== undefined && { receipt: { ...receipt } }), ...(bounce !== undefined && { bounce: { ...bounce } }) };
}
