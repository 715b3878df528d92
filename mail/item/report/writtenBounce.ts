import { LONGEST_REPORT, type BouncedRecipient, type ReportSource } from './report';

const LONGEST_LINE = 1_000;
const MOST_LINES = 2_000;
const MOST_RECIPIENTS = 50;

/** Whether a mail server wrote it. Only then are its words taken for a report. */
export function isFromMailSystem(source: ReportSource): boolean {
	if (source.has('x-failed-recipients') || source.has('x-ms-exchange-message-is-ndr')) return true;
	const from = source.header('from').slice(0, LONGEST_LINE).toLowerCase();
	if (
		/mailer-daemon|postmaster@|mail delivery (?:sub)?system|microsoftexchange[0-9a-f]{32}@|microsoft outlook <(?:postmaster|microsoftexchange)/.test(
			from,
		)
	)
		return true;
	return /^\s*(?:multipart\/report)\b.{0,400}delivery-status/i.test(source.header('content-type'));
}

/** Above the email that came back: Exim, qmail, Exchange, Postfix, Lotus, Gmail, GMX, T-Online. */
const COPY_BEGINS =
	/^[-| ]{0,40}(?:this is a copy of (?:the|your) message|below this line is a copy|original message (?:headers|follows|----)|the following is a copy|ursprüngliche nachrichtenkopfzeilen|ursprüngliche nachrichtenköpfe|kopfzeilen der ursprünglichen nachricht|en-têtes de message d'origine|en-têtes du message d’origine|encabezados de mensajes originales|encabezados originales del mensaje|intestazioni originali del messaggio|originele berichtkoppen|oorspronkelijke berichtkoppen|message header follows|message text follows|the headers? of the original message|undelivered message follows|returned message|unsent message below|original message\b)/;
const DELAYED =
	/\bdelayed\b|has not yet been delivered|will be retried|will keep trying|keep trying|no action is required|still being retried|verzögert|zustellung verzögert|retardé|différé|retrasad|in ritardo|vertraagd|warning: (?:message|could not send)/;
/** It begins where a word begins: an attempt at each letter of a long word would cost 64 steps each. */
const ADDRESS =
	/(?<![\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-])[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const ENHANCED = /(?:^|[^\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])/;
const REPLY = /(?:^|[^\d.])([45]\d\d)[ -]/;
/** A name without a dot only before an address, as Postfix writes it: "Remote host said" names none. */
const HOST = /\bhost:? ((?:[\w-]{1,63}\.){1,8}[\w-]{1,63}|[\w-]{1,63}(?= ?\[))/;
const NO_RECIPIENT = /^(?:mailer-daemon|postmaster|microsoftexchange[0-9a-f]{32})@/i;

interface Written {
	recipients: BouncedRecipient[];
	/** The email that came back, where it stands below. */
	original?: string;
}

/** Recipients and reasons that a mail server tells in words. */
export function readWrittenBounce(source: ReportSource): Written {
	const lines = source.text
		.slice(0, LONGEST_REPORT)
		.split(/\r\n|\n|\r/)
		.slice(0, MOST_LINES)
		.map((line) => line.slice(0, LONGEST_LINE));
	const end = lines.findIndex((line) => COPY_BEGINS.test(line.trim().toLowerCase()));
	const told = end === -1 ? lines : lines.slice(0, end);
	const original = end === -1 ? undefined : afterBlank(lines.slice(end + 1));
	const delayed =
		DELAYED.test(source.header('subject').slice(0, LONGEST_LINE).toLowerCase()) || told.some((line) => DELAYED.test(line.toLowerCase()));
	const found = new Map<string, string[]>();
	for (const listed of source.header('x-failed-recipients').slice(0, 20_000).split(','))
		if (listed.includes('@')) found.set(listed.trim().toLowerCase(), []);
	const fixed = found.size > 0;
	let current: string[] | undefined;
	for (const line of told) {
		for (const [address] of line.matchAll(ADDRESS)) {
			const key = address.toLowerCase();
			const known = found.get(key);
			if (known !== undefined) current = known;
			else if (!fixed && found.size < MOST_RECIPIENTS && isRecipient(line, address, source)) found.set(key, (current = []));
		}
		if (line.trim() !== '') current?.push(line.trim());
	}
	const hasReason = [...found.values()].some((reason) => ENHANCED.test(reason.join(' ')) || REPLY.test(reason.join(' ')));
	const everything = hasReason ? [] : told;
	const recipients = [...found].map(([address, reason]) => recipientOf(address, reason.length > 0 ? reason : everything, delayed));
	return { recipients, ...(original !== undefined && { original }) };
}

/** An address that begins its line, or that the email was not delivered to; never the one that the report is sent to. */
function isRecipient(line: string, address: string, source: ReportSource): boolean {
	if (NO_RECIPIENT.test(address) || source.header('to').toLowerCase().includes(address.toLowerCase())) return false;
	const before = line.slice(0, line.indexOf(address)).trim().toLowerCase();
	return (
		before === '' ||
		/^[<"'*(\[]{1,3}$/.test(before) ||
		/(?:delivered to|deliver to|delivery to|rcpt to:? ?<?|recipient:?|empfänger:?|for|an|à|a|to:?|mailto:)[ <"'*(]{0,4}$/.test(
			before.slice(-60),
		)
	);
}

function recipientOf(address: string, reason: readonly string[], delayed: boolean): BouncedRecipient {
	const text = reason.slice(0, 40).join(' ');
	const code = ENHANCED.exec(text)?.[1];
	const reply = REPLY.exec(text)?.[1];
	const said =
		reason.find((line) => ENHANCED.test(line) || REPLY.test(line)) ?? reason.find((line) => !line.toLowerCase().includes(address)) ?? '';
	return {
		address,
		action: delayed ? 'delayed' : 'failed',
		status: code ?? (reply === undefined ? '' : `${reply[0] ?? '5'}.0.0`),
		reason: said.slice(0, 1_000),
		remoteServer: HOST.exec(text)?.[1] ?? '',
	};
}

/** The headers that come back begin behind the blank lines. */
function afterBlank(lines: readonly string[]): string {
	const first = lines.findIndex((line) => /^[\w-]{1,100}:/.test(line));
	return first === -1 ? '' : lines.slice(first, first + 400).join('\n');
}
