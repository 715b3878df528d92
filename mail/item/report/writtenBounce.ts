import { LONGEST_REPORT, type BouncedRecipient, type ReportSource } from './report';

const LONGEST_LINE = 1_000;
const MOST_LINES = 2_000;
const MOST_RECIPIENTS = 50;

/** Whether a mail server wrote it. Only then are its words taken for a report. */
export function isFromMailSystem(source: ReportSource): boolean {
	return isSurelyReport(source) || (isFromPostmaster(source) && !isAutomaticReply(source));
}

/** Signs that only reports have. */
function isSurelyReport(source: ReportSource): boolean {
	if (source.has('x-failed-recipients') || source.has('x-ms-exchange-message-is-ndr')) return true;
	if (/^\s*(?:multipart\/report)\b.{0,400}delivery-status/i.test(source.header('content-type'))) return true;
	return /mailer-daemon|mail delivery (?:sub)?system/.test(fromOf(source)) && !isAutomaticReply(source);
}

/** Who writes reports, and quarantine digests, warnings of full mailboxes and more as well. */
function isFromPostmaster(source: ReportSource): boolean {
	return /postmaster@|microsoftexchange[0-9a-f]{32}@|microsoft outlook <(?:postmaster|microsoftexchange)/.test(fromOf(source));
}

function fromOf(source: ReportSource): string {
	return source.header('from').slice(0, LONGEST_LINE).toLowerCase();
}

/** Reports can have `auto-replied` too, so that the subject decides. */
function isAutomaticReply(source: ReportSource): boolean {
	return (
		/^\s*auto-replied/i.test(source.header('auto-submitted')) &&
		AUTOMATIC_REPLY.test(source.header('subject').slice(0, LONGEST_LINE).trim())
	);
}

const AUTOMATIC_REPLY =
	/^(?:automatic(?:ally)? (?:reply|response)|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|away from|automatische (?:antwort|rückantwort)|abwesen|réponse automatique|absence|respuesta automática|fuera de|risposta automatica|fuori (?:sede|ufficio)|automatisch antwoord|afwezig|resposta automática|autosvar|automatisk s[vu]ar|automaattinen vastaus|automatyczna odpowiedź|automatická odpove[dď]|automatikus válasz|răspuns automat|otomatik yanıt|автоматический ответ|автоматична відповідь|自动答复|自動回覆|自動応答|自動返信|자동 회신)/i;

/** Above the email that came back: Exim, qmail, Exchange, Postfix, Lotus, Gmail, GMX, T-Online. */
const COPY_BEGINS =
	/^[-| ]{0,40}(?:this is a copy of (?:the|your) message|below this line is a copy|original message (?:headers|follows|----)|the following is a copy|ursprüngliche nachrichtenkopfzeilen|ursprüngliche nachrichtenköpfe|kopfzeilen der ursprünglichen nachricht|en-têtes de message d'origine|en-têtes du message d’origine|encabezados de mensajes originales|encabezados originales del mensaje|intestazioni originali del messaggio|originele berichtkoppen|oorspronkelijke berichtkoppen|message (?:headers?|text|contents) follows?\b|the headers? of the original message|undelivered message follows|returned message|unsent message below|original message\b)/;
const DELAYED =
	/\bdelayed\b|has not yet been delivered|will be retried|will keep trying|keep trying|no action is required|still being retried|verzögert|zustellung verzögert|retardé|différé|retrasad|in ritardo|vertraagd|warning: (?:message|could not send)/;
/** In the words of Exchange, by language, and of other servers. */
const UNDELIVERED =
	/undeliver|(?:could|can|was|were|has|have|had|is|be)(?: ?not|n['’]t) (?:be |been )?deliver|not delivered|(?:unable|failed|wasn['’]t able|not able) to deliver|failed to be delivered|deliver(?:y|ies)(?: status notification \(fail| to .{0,200} (?:has )?fail| ha[sv]e? fail|(?: attempt)?s? fail|-? ?fail| problem| error)|returned (?:mail|to sender|message)|failure notice|unzustellbar|nicht (?:zugestellt|zustellbar|übermittelt)|zustell(?:ung)?s?fehler|fehler bei der nachrichtenzustellung|zustellung .{0,60}fehlgeschlagen|(?:non|pas|pas pu|pas pu être|pas été) (?:remis|distribu|délivr|livr)|échec de (?:la )?(?:remise|distribution)|no (?:se )?(?:puede|pueden|pudo|pudieron|ha podido|ha sido)(?: ser)? entreg|no (?:se )?entregad|error (?:de|en la) entrega|não (?:entregue|foi entregue)|não (?:é|foi) possível entregar|(?:falha|erro) na entrega|non (?:recapitabil|recapitat|consegnat)|impossibile (?:recapitare|consegnare)|mancat[oa] (?:recapito|consegna)|onbestelbaar|niet (?:worden |is )?(?:afgeleverd|bezorgd|besteld)|bezorging .{0,60}mislukt|inte (?:att )?levere|olevererbar|ikke (?:leveres|leveret|levert|kunne leveres|bli levert)|ei (?:voi(?:da|tu)|voitu) toimittaa|toimitus epäonnistui|niedostarcz|nie (?:można|udało się|może) .{0,30}dostarcz|nedoručit|nepodařilo doručit|nepodarilo doručiť|kézbesíthetetlen|nem (?:kézbesíthető|sikerült kézbesíteni)|nelivrabil|nu a (?:putut|fost) .{0,20}livrat|недоставлен|не (?:удалось|удается|удаётся) доставить|не (?:был[оа]? )?доставлен|не вдалося доставити|teslim edile(?:me|mi)|配信不能|配信できません|配信に失敗|未传递|无法(?:传递|投递|送达)|退信|無法(?:傳遞|投遞)|배달되지 않|배달할 수 없|전송되지 않/;
/** A delay is one of a delivery where the words come from a postmaster. */
const DELIVERY = /deliver|zustell|remis|entreg|consegn|recapit|bezorg|levering|leverans/;
/** As in {@link ENHANCED}, but no version of a program. */
const CODE = /(?<!(?:version|release) |[\w.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])/;
/** A reply of a server, and no quantity such as "500 MB of 512 MB". */
const REFUSAL =
	/(?:^\s{0,20}|['"’”:;>(]\s?|\b(?:said|returned|error|code|reply|smtp)[:;]? )[45]\d\d(?:-|:? )(?!\s?(?:[kmgt]i?b|%|bytes|e?-?mails?|messages?|items?)\b)/;
/** Lists of emails that were held back have their subjects. */
const DIGEST = /quarant|cuarentena|digest|spam report|spam-report|spambericht/;

/** It begins where a word begins: an attempt at each letter of a long word would cost 64 steps each. */
const ADDRESS =
	/(?<![\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-])[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const ENHANCED = /(?:^|[^\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])/;
const REPLY = /(?:^|[^\d.])([45]\d\d)(?:[ -]|: )/;
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
	const subject = source.header('subject').slice(0, LONGEST_LINE).toLowerCase();
	if (!isSurelyReport(source) && !tellsOfDelivery(subject) && (DIGEST.test(subject) || !told.some(tellsOfDelivery)))
		return { recipients: [] };
	const delayed = DELAYED.test(subject) || told.some((line) => DELAYED.test(line.toLowerCase()));
	const found = new Map<string, string[]>();
	for (const listed of source.header('x-failed-recipients').slice(0, 20_000).split(','))
		if (listed.includes('@')) found.set(listed.trim().toLowerCase(), []);
	const fixed = found.size > 0;
	let current: string[] | undefined;
	for (const line of told) {
		for (const [match] of line.matchAll(ADDRESS)) {
			// "Failed to deliver to 'bob@example.org'".
			const address = match.replace(/^'/, '');
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

/** Whether the words are about an email that was not delivered. */
function tellsOfDelivery(line: string): boolean {
	const lower = line.toLowerCase();
	return UNDELIVERED.test(lower) || CODE.test(lower) || REFUSAL.test(lower) || (DELAYED.test(lower) && DELIVERY.test(lower));
}

/** An address that begins its line, or that the email was not delivered to; never the one that the report is sent to. */
function isRecipient(line: string, address: string, source: ReportSource): boolean {
	if (NO_RECIPIENT.test(address) || source.header('to').toLowerCase().includes(address.toLowerCase())) return false;
	const before = line.slice(0, line.indexOf(address)).trim().toLowerCase();
	return (
		before === '' ||
		/^[<"'*(\[]{1,3}$/.test(before) ||
		/(?:delivered to|deliver to|delivery to|rcpt to:? ?<?|recipient:?|empfänger:?|for|an|à|a|to:?|mailto:|\[smtp:)[ <"'*(]{0,4}$/.test(
			before.slice(-60),
		)
	);
}

function recipientOf(address: string, reason: readonly string[], delayed: boolean): BouncedRecipient {
	const text = reason.slice(0, 40).join(' ');
	const code = ENHANCED.exec(text)?.[1];
	const reply = REPLY.exec(text)?.[1];
	const isTold = (line: string): boolean => !line.trim().endsWith(':') && /\p{L}{2}/u.test(line.replace(ADDRESS, ''));
	const said =
		reason.find((line) => ENHANCED.test(line) || REPLY.test(line)) ??
		// Domino names the address in the reason too, after a line "because:".
		reason.find((line, at) => isTold(line) && (at > 0 || !line.toLowerCase().includes(address))) ??
		reason.find(isTold) ??
		'';
	return {
		address,
		action: delayed ? 'delayed' : 'failed',
		status: code ?? (reply === undefined ? '' : `${reply[0] ?? '5'}.0.0`),
		reason: said.trim().slice(0, 1_000),
		remoteServer: HOST.exec(text)?.[1] ?? '',
	};
}

/** The headers that come back begin behind the blank lines. */
function afterBlank(lines: readonly string[]): string {
	const first = lines.findIndex((line) => /^[\w-]{1,100}:/.test(line));
	return first === -1 ? '' : lines.slice(first, first + 400).join('\n');
}
