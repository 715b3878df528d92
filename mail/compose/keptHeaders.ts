import type { Field } from '../item/headerBlock';
import { decodeHeader } from '../item/encodedWords';
import { withoutControl } from './addresses';
import { foldable, withFewBlanks } from './headers';

/** A header of an older version of an email. */
export interface KeptHeader {
	name: string;
	/** Unfolded, as it stands in the email: encoded words stay encoded. */
	value: string;
}

/** Headers that are written anew from the fields of the email, or that describe its parts. `X-MS-Has-Attach` counts the attachments. */
const OF_CONTENT =
	/^(?:from|to|cc|bcc|reply-to|sender|subject|date|message-id|in-reply-to|references|mime-version|content-.+|x-ms-has-attach|x-ms-tnef-correlator)$/;
/**
 * What servers add on the way. Exchange writes its own (`X-MS-Exchange-…`) again when it stores and sends an email, and removes those that
 * others wrote (header firewall: https://learn.microsoft.com/exchange/mail-flow/mail-routing/header-firewall).
 */
const OF_TRANSPORT =
	/^(?:received|x-received|return-path|delivered-to|resent-.+|dkim-.+|arc-.+|authentication-results|received-spf|x-ms-exchange-.+|x-ms-office365-.+|x-forefront-.+|x-microsoft-antispam.*|x-originating-ip)$/;
const OF_PRIORITY = ['importance', 'priority', 'x-priority', 'x-msmail-priority'];
const OF_RECEIPT = 'disposition-notification-to';

/** What the user sets anew. */
export interface Renewed {
	priority: boolean;
	readReceipt: boolean;
	/** Names of other headers. */
	headers: readonly string[];
}

/**
 * Returns the headers that the newer version of an email keeps: priority, thread and reading confirmation as Outlook writes them
 * (MS-OXCMAIL, section 2.1.3.2), and those that the user gave it. Left out are those of its content and its transport, and those that
 * are set anew.
 */
export function headersToKeep(fields: readonly Field[], renewed: Renewed): KeptHeader[] {
	const replaced = new Set([
		...(renewed.priority ? OF_PRIORITY : []),
		...(renewed.readReceipt ? [OF_RECEIPT] : []),
		...renewed.headers.map((name) => name.toLowerCase()),
	]);
	return fields
		.filter(({ key }) => !OF_CONTENT.test(key) && !OF_TRANSPORT.test(key) && !replaced.has(key))
		.map(({ name, value }) => ({ name, value }));
}

/** In nodemailer's form. Bytes above 127, which a header must not have without encoding, are read and encoded. */
export function keptLine({ name, value }: KeptHeader): {
	key: string;
	value: string | { prepared: boolean; foldLines: boolean; value: string };
} {
	const isAscii = /^[\u0000-\u007f]*$/.test(value);
	return {
		key: name,
		value: isAscii
			? { prepared: true, foldLines: true, value: withFewBlanks(withoutControl(value)) }
			: foldable(withoutControl(decodeHeader(value))),
	};
}
