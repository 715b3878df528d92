import { inputError } from '../errors';
import { describeMailbox, sameAddress, unique, withoutControl, type Mailbox } from './addresses';
import { escapeHtml } from '../escapeHtml';
import { htmlLines } from './lineEnds';
import type { OutgoingMail } from './message';
import { requireBody, type Original, type OriginalFile } from './original';
import { textOfHtml } from './textFromHtml';
import { quotableHtml } from './quotableHtml';
import { continued } from './threadIndex';

export interface Answer {
	kind: 'reply' | 'replyAll' | 'forward';
	/** The sender's own addresses, which a reply to all leaves out. */
	own: string[];
	/** Shows the original below the new text. */
	quote: boolean;
	/** IANA name, for the date above the quotation. */
	timeZone: string;
	/** The new text. If one is undefined, it stays undefined. */
	text?: string;
	html?: string;
}

export type Answered = Pick<OutgoingMail, 'to' | 'cc' | 'subject' | 'headers' | 'inReplyTo' | 'references' | 'text' | 'html'> & {
	to: Mailbox[];
	cc: Mailbox[];
};

/** Maximum number of References. The first and the last ones are kept, as in RFC 5537, section 3.4.4. */
const MOST_REFERENCES = 20;

/** Returns recipients, subject, thread and bodies of an answer. A forwarded email has no recipients yet. @throws MailError `input` */
export async function answer(original: Original, wish: Answer): Promise<Answered> {
	const references = [...original.references, original.messageId].filter((id) => id !== '');
	const kept = references.length > MOST_REFERENCES ? [...references.slice(0, 1), ...references.slice(1 - MOST_REFERENCES)] : references;
	const people = wish.kind === 'forward' ? { to: [], cc: [] } : recipients(original, wish);
	if (wish.quote) requireBody(original);
	return {
		...people,
		subject: wish.kind === 'forward' ? prefixed('Fwd', FORWARDED, original.subject) : prefixed('Re', ANSWERED, original.subject),
		inReplyTo: wish.kind === 'forward' ? '' : original.messageId,
		references: kept.join(' '),
		headers: threadHeaders(original),
		// If the body of the original is missing, an empty quotation would suggest that it was empty.
		...(wish.quote && !original.headersOnly ? await quoted(original, wish) : { text: wish.text, html: wish.html }),
	};
}

/** For Outlook's conversation view, if the conversation began there. */
function threadHeaders({ threadIndex, threadTopic, subject }: Original): OutgoingMail['headers'] {
	const index = continued(threadIndex);
	if (index === '') return [];
	const topic = withoutControl(threadTopic) || withoutPrefixes(subject);
	return [{ name: 'Thread-Index', value: index }, ...(topic === '' ? [] : [{ name: 'Thread-Topic', value: topic }])];
}

function withoutPrefixes(subject: string): string {
	let rest = subject;
	for (let found = prefixOf(rest); found !== ''; found = prefixOf(rest)) rest = rest.slice(found.length).trim();
	return rest;
}

function prefixOf(subject: string): string {
	return (ANSWERED.exec(subject) ?? FORWARDED.exec(subject))?.[0] ?? '';
}

/** Re: and Fwd: as email programs of other languages write them. They are replaced and not repeated. */
const ANSWERED = prefixIn(
	're|res|aw|sv|vs|antw|antwort|odp|ynt|rif|r|回复|答复|回覆|返信',
	'vá|bls|απ|ответ|отв|на|trả lời|답장|회신|תשובה|השב|رد',
);
const FORWARDED = prefixIn('fwd?|wg|tr|vb|vl|doorst|pd|rv|enc|转发|转寄|轉寄', '[iİ]lt|továbbítás|σχετ|пересл|전달|הועבר');

/** @param abbreviated words that may have a full stop behind them */
function prefixIn(words: string, abbreviated: string): RegExp {
	return new RegExp(`^(?:${words}|(?:${abbreviated})\\.?)\\s*(?:(?:\\[\\d+\\]|\\(\\d+\\))\\s*)?[:：]`, 'iu');
}

function prefixed(prefix: string, there: RegExp, subject: string): string {
	return there.test(subject) ? subject : `${prefix}: ${subject}`.trim();
}

function recipients(original: Original, { kind, own }: Answer): { to: Mailbox[]; cc: Mailbox[] } {
	const isOwn = ({ address }: Mailbox): boolean => own.some((mine) => sameAddress(mine, address));
	const author = original.replyTo.length > 0 ? original.replyTo : original.from;
	// A reply to one's own email goes to its recipients.
	const answered = unique(
		author.length > 0 && original.from.every(isOwn) && original.to.length > 0 && original.replyTo.every(isOwn) ? original.to : author,
	);
	if (answered.length === 0)
		throw inputError('Original Message', 'the email has no sender to reply to.', 'Use Send or Forward, and enter a recipient.');
	const to = answered.filter((one) => !isOwn(one));
	const copies =
		kind === 'reply'
			? []
			: unique(
					[...original.to, ...original.cc].filter((one) => !isOwn(one) && !to.some(({ address }) => sameAddress(address, one.address))),
				);
	if (to.length > 0) return { to, cc: copies };
	return copies.length > 0 ? { to: copies, cc: [] } : { to: answered, cc: [] };
}

/** Puts the new text above the original, in both bodies if both are wanted. An empty one is made from the other. */
async function quoted(original: Original, wish: Answer): Promise<Pick<OutgoingMail, 'text' | 'html'>> {
	const plain = original.text.trim() === '' && original.html !== '' ? ((await textOfHtml(original.html)) ?? '') : original.text;
	const rich = (await quotableHtml(original.html)) ?? htmlLines(plain);
	const intro =
		wish.kind === 'forward'
			? forwardedIntro(original, wish.timeZone)
			: [`${when(original, wish.timeZone)}${original.from.map(describeMailbox).join(', ') || 'Somebody'} wrote:`];
	const text =
		wish.kind === 'forward'
			? plain
			: plain
					.trimEnd()
					.split(/\r\n?|\n/)
					.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`))
					.join('\n');
	const html =
		wish.kind === 'forward'
			? rich
			: `<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">${rich}</blockquote>`;
	const separator = wish.kind === 'forward' ? '\n\n' : '\n';
	const newText = wish.text === '' && wish.html !== undefined && wish.html !== '' ? await textOfHtml(wish.html) : wish.text;
	const newHtml = wish.html === '' ? htmlLines(wish.text ?? '') : wish.html;
	return {
		text: newText === undefined ? undefined : `${newText}\n\n${intro.join('\n')}${separator}${text}`,
		html: newHtml === undefined ? undefined : append(newHtml, `<br><br><div>${intro.map(escapeHtml).join('<br>')}</div><br>${html}`),
	};
}

function when(original: Original, timeZone: string): string {
	const date = dateText(original.date, timeZone);
	return date === '' ? '' : `On ${date}, `;
}

function forwardedIntro(original: Original, timeZone: string): string[] {
	const line = (label: string, value: string): string[] => (value === '' ? [] : [`${label}: ${value}`]);
	return [
		'---------- Forwarded message ----------',
		...line('From', original.from.map(describeMailbox).join(', ')),
		...line('Date', dateText(original.date, timeZone)),
		...line('Subject', original.subject),
		...line('To', original.to.map(describeMailbox).join(', ')),
		...line('Cc', original.cc.map(describeMailbox).join(', ')),
	];
}

function dateText(iso: string, timeZone: string): string {
	const date = new Date(iso);
	if (iso === '' || Number.isNaN(date.getTime())) return '';
	return new Intl.DateTimeFormat('en-GB', {
		weekday: 'short',
		day: 'numeric',
		month: 'short',
		year: 'numeric',
		hour: '2-digit',
		minute: '2-digit',
		timeZone,
		timeZoneName: 'short',
	}).format(date);
}

/** Inside the body, if the new HTML is a whole document. */
function append(html: string, addition: string): string {
	let end = -1;
	for (const { index } of html.matchAll(/<\/body\b/gi)) end = index;
	return end < 0 ? `${html}${addition}` : `${html.slice(0, end)}${addition}${html.slice(end)}`;
}

/** The files that the quotation or the forwarded email shows by cid (RFC 2392). The others are left to the caller. */
export function shownInline({ html }: Original): (file: OriginalFile) => boolean {
	const shown = new Set([...html.matchAll(/\bcid:([^\s"'<>)]+)/gi)].map(([, id]) => decoded(id ?? '')));
	return ({ contentId }) => contentId !== undefined && shown.has(contentId);
}

function decoded(id: string): string {
	try {
		return decodeURIComponent(id.replaceAll('&amp;', '&'));
	} catch {
		return id;
	}
}
