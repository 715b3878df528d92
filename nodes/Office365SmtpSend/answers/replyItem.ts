import type { IDataObject } from 'n8n-workflow';

import { foreignItem, rawText } from '../../../mail/compose/foreignItem';
import { readOriginal } from '../../../mail/compose/original';
import { textOfHtml } from '../../../mail/compose/textFromHtml';
import { toItem } from '../../../mail/item/item';
import { newText } from '../../../mail/item/newText/newText';
import { record } from '../../parameters/parameterValues';
import { openBinary } from '../settings/attachments';
import type { MailContext } from '../settings/context';
import { givenItem } from '../settings/replySettings';

/** An email that may answer a question. */
export interface ReplyItem {
	messageId: string;
	/** Message-IDs of the email that it directly replies to. Some programs write several. */
	parents: string[];
	/** Message-IDs of all earlier emails in the thread. */
	thread: string[];
	/** Addresses in From. An email that a person wrote has one. */
	from: string[];
	subject: string;
	/** The new text, without quoted emails. */
	written: string;
	/** Why it was not written by a person; empty if it may have been. */
	automatic: string;
	/** Whether what was written is encrypted, so that the text is not the person's. */
	isEncrypted: boolean;
	/** What the mailbox's own server says against the sender; empty if it says nothing. */
	forged: string;
}

/** Accepts items of this package's nodes in each format, and those that Reply accepts. @throws MailError `input` if it is not an email */
export async function readReplyItem(context: MailContext, item: number): Promise<ReplyItem> {
	const { json: given, binary, raw } = givenItem(context, item);
	const json = raw === undefined ? given : await takeApart(context, raw);
	const original = await readOriginal(json);
	const { field, header } = await foreignItem(json);
	const text = original.text === '' ? ((await textOfHtml(original.html)) ?? '') : original.text;
	const fresh = field('newText');
	const written = typeof fresh === 'string' ? fresh : newText(text, true);
	const listed: unknown = field('attachments');
	const types = [...(Array.isArray(listed) ? listed : []), ...Object.values(binary)].map((file) => record(file).mimeType);
	const replied = [field('inReplyTo'), header('in-reply-to')].flatMap(idsIn);
	return {
		messageId: original.messageId,
		// Some programs lose In-Reply-To. The last one in References is the direct parent (RFC 5322, section 3.6.4).
		parents: replied.length > 0 ? replied : original.references.slice(-1),
		thread: [...new Set([...replied, ...original.references])],
		from: original.from.map(({ address }) => address),
		subject: original.subject,
		written,
		automatic: automaticBy(field('autoSubmitted'), header),
		isEncrypted: types.includes(PROTECTED) || header('content-class') === 'rpmsg.message' || /^-----BEGIN PGP MESSAGE/m.test(written),
		forged: forgedBy(header('authentication-results')),
	};
}

/** Format raw: the email is parsed here, and its attachments are skipped. */
async function takeApart(context: MailContext, raw: Parameters<typeof openBinary>[1] | string): Promise<IDataObject> {
	const source = typeof raw === 'string' ? rawText(raw) : async () => await openBinary(context, raw);
	const { json } = await toItem(
		source,
		{ size: 0, folder: '', uidl: '' },
		{
			format: 'resolved',
			downloadAttachments: false,
			prefix: '',
			store: async (content) => {
				if (!Buffer.isBuffer(content)) for await (const _chunk of content);
			},
		},
	);
	return json;
}

function idsIn(value: unknown): string[] {
	const text = typeof value === 'string' ? value : Array.isArray(value) ? value.filter((one) => typeof one === 'string').join(' ') : '';
	return text.slice(0, 20_000).match(/<[^<>\s]{1,1000}>/g) ?? [];
}

/** The file with the text of an email that Microsoft 365 protects. The body only says how to open it. */
const PROTECTED = 'application/x-microsoft-rpmsg-message';

/** The beginning of the subject of automatic replies, and of requests to recall an email. Their headers may be lost on the way. */
const AUTOMATIC = new RegExp(
	'^(?:automatic reply|out of office(?: autoreply)?|automatische antwort|abwesenheitsnotiz|réponse automatique|respuesta automática|' +
		'resposta automática|risposta automatica|automatisch antwoord|recall)\\s?[:：]',
	'i',
);

/** Whether the subject is that of an email which a program sends. Replies of people begin with "Re:" or the like. */
export function isAutomaticSubject(subject: string): boolean {
	return AUTOMATIC.test(subject.normalize('NFC').trim());
}

/** Signs of an automatic email (RFC 3834, section 5) in items of other nodes. Ours have `autoSubmitted`. */
const ROBOTS: ReadonlyArray<[string, RegExp]> = [
	['auto-submitted', /^(?!no\b)\S/i],
	['x-autoreply', /\S/],
	['x-autorespond', /\S/],
	['x-autoresponder', /\S/],
	['precedence', /^\s*(?:auto[_-]?reply|bulk|junk|list)/i],
	['return-path', /^\s*<>/],
	['content-type', /^\s*multipart\/report/i],
	['x-auto-response-suppress', /^\s*all/i],
];

function automaticBy(told: unknown, header: (name: string) => string): string {
	if (typeof told === 'string' && told !== '') return told.slice(0, 100);
	const sign = ROBOTS.find(([name, pattern]) => pattern.test(header(name)));
	return sign === undefined ? '' : sign[0];
}

/**
 * Returns what the mailbox's own server says about the sender: the topmost of these headers is its own (RFC 8601, section 5). Exchange
 * Online writes `dmarc=fail` and `compauth=fail`.
 */
function forgedBy(results: string): string {
	return /\b(?:dmarc|compauth)=fail\b/i.exec(results.slice(0, 4_000))?.[0] ?? '';
}
