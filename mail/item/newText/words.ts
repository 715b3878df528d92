/**
 * What mail programs write around a quoted mail, in the languages they speak. Everything is lower case; what is compared with
 * it is put in lower case first.
 */

/** "… wrote:". A language whose verb is not here is still known by a date and an address in brackets before a colon. */
export const WROTE = [
	...['wrote', 'writes', 'schrieb', 'geschrieben', 'a écrit', 'écrit', 'escribió', 'escribio', 'ha scritto', 'scritto', 'scrive'],
	...['schreef', 'heeft geschreven', 'het volgende geschreven', 'escreveu', 'napisał', 'napisała', 'pisze', 'skrev', 'skriver', 'kirjoitti'],
	...['написал', 'написала', 'пишет', 'пише', 'написав', '写道', '寫道', 'のメッセージ', 'が書きました', 'さんは書きました', '작성', '썼습니다', '님이 작성'],
	...['yazdı', 'yazmış', 'έγραψε', 'napsal', 'napsala', 'napísal', 'ezt írta', 'írta', 'a scris', 'napisao', 'je napisal', 'va escriure', 'skrifaði'],
	...['đã viết', 'menulis', 'كتب', 'כתב', 'เขียน'],
];

/** How the line above a quotation begins. */
export const ATTRIBUTION_START = [
	...['on ', 'am ', 'le ', 'el ', 'il ', 'in data ', 'op ', 'em ', 'no dia ', 'a ', 'dnia ', 'w dniu ', 'den ', 'på ', 'pe ', 'la data ', 'în '],
	...['dne ', 'в ', '在', '于', '於', 'στις ', 'vào ', 'pada ', 'begin ', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
];

/** Kinds of lines of the header block that Outlook and others put above the mail that is answered. */
export type Label = 'from' | 'date' | 'to' | 'cc' | 'subject';

const LABELS: Record<Label, string[]> = {
	from: [
		...['from', 'von', 'de', 'da', 'van', 'od', 'från', 'fra', 'lähettäjä', 'от', 'від', '发件人', '發件人', '寄件者', '寄件人', '差出人', '送信者', '보낸 사람', '보낸사람'],
		...['gönderen', 'kimden', 'feladó', 'de la', 'από', 'mittente', 'remitente', 'expéditeur', 'afzender', 'avsändare', 'afsender', 'nadawca', 'odesílatel', 'frá', 'từ', 'dari', 'מאת', 'من'],
	],
	date: [
		...['sent', 'date', 'gesendet', 'gesendet am', 'datum', 'envoyé', 'envoyé le', 'date d\'envoi', 'enviado', 'enviado el', 'enviada em', 'enviado em', 'fecha', 'data', 'inviato', 'verzonden'],
		...['wysłano', 'data wysłania', 'skickat', 'dato', 'sendt', 'lähetetty', 'päivämäärä', 'pvm', 'отправлено', 'дата', 'надіслано', '发送时间', '發送時間', '发送日期', '日期', '寄件日期'],
		...['傳送時間', '送信日時', '日時', '日付', '보낸 날짜', '날짜', 'gönderildi', 'gönderme tarihi', 'tarih', 'elküldve', 'dátum', 'trimis', 'ημερομηνία', 'στάλθηκε', 'odesláno', 'odoslané'],
		...['ngày', 'tanggal', 'dikirim', 'נשלח', 'תאריך', 'التاريخ', 'sendt den', 'inviato il', 'verzonden op', 'received'],
	],
	to: [
		...['to', 'an', 'à', 'a', 'para', 'per', 'aan', 'do', 'till', 'til', 'vastaanottaja', 'кому', '收件人', '收件者', '宛先', '받는 사람', '받는사람', 'kime', 'alıcı', 'címzett', 'către', 'προς'],
		...['komu', 'destinatario', 'destinataire', 'destinatário', 'đến', 'kepada', 'אל', 'إلى'],
	],
	cc: ['cc', 'kopie', 'kopi', 'kopia', 'dw', 'copia', 'copie', 'копия', 'копія', '抄送', '副本', '참조', 'bilgi', 'másolatot kap', 'κοιν.', 'kopio', 'bcc', 'udw'],
	subject: [
		...['subject', 'betreff', 'objet', 'asunto', 'oggetto', 'onderwerp', 'assunto', 'temat', 'ämne', 'emne', 'aihe', 'тема', '主题', '主題', '主旨', '件名', '제목', 'konu', 'tárgy', 'subiect'],
		...['předmět', 'predmet', 'θέμα', 'efni', 'chủ đề', 'perihal', 'subjek', 'נושא', 'الموضوع', 'assumpte'],
	],
};

/** "an", "a" and "de" are labels in one language and words in another: a block of several labels decides. */
export const LABEL_KINDS: ReadonlyMap<string, Label> = new Map(
	(['from', 'date', 'to', 'cc', 'subject'] satisfies Label[]).flatMap((kind) => LABELS[kind].map((label): [string, Label] => [label, kind])),
);

/** What stands between dashes, or before a colon, above a mail that is answered or forwarded. */
export const SEPARATORS = new Set([
	...['original message', 'original email', 'original e-mail', 'originalnachricht', 'original-nachricht', 'ursprüngliche nachricht', 'ursprungliche nachricht', 'originalmeddelande', 'ursprungligt meddelande'],
	...['message d\'origine', 'message original', 'message initial', 'mensaje original', 'mensagem original', 'messaggio originale', 'oorspronkelijk bericht', 'origineel bericht'],
	...['oryginalna wiadomość', 'wiadomość oryginalna', 'wiadomość', 'oprindelig besked', 'oprindelig meddelelse', 'opprinnelig melding', 'alkuperäinen viesti', 'исходное сообщение', 'оригинальное сообщение', 'пересылаемое сообщение'],
	...['原始邮件', '原始郵件', '原始信件', '邮件原件', '元のメッセージ', '元のメール', '원본 메시지', '원본 메일', '전달된 메시지', 'orijinal mesaj', 'eredeti üzenet', 'mesaj original', 'původní zpráva', 'pôvodná správa', 'αρχικό μήνυμα'],
	...['forwarded message', 'begin forwarded message', 'forwarded mail', 'weitergeleitete nachricht', 'anfang der weitergeleiteten nachricht', 'anfang der weitergeleiteten e-mail', 'message transféré', 'message transmis', 'début du message transféré', 'début du message réexpédié'],
	...['mensaje reenviado', 'inicio del mensaje reenviado', 'mensagem encaminhada', 'mensagem reencaminhada', 'início da mensagem encaminhada', 'início da mensagem reencaminhada'],
	...['messaggio inoltrato', 'inizio messaggio inoltrato', 'doorgestuurd bericht', 'begin doorgestuurd bericht', 'przekazana wiadomość', 'wiadomość przekazana dalej', 'początek przekazywanej wiadomości'],
	...['vidarebefordrat meddelande', 'vidarebefordrat brev', 'vidarebefordrat mejl', 'videresendt besked', 'videresendt meddelelse', 'start på videresendt besked', 'videresendt melding', 'välitetty viesti', 'пересланное сообщение'],
	...['转发邮件', '转发的邮件', '转发邮件信息', '轉寄郵件', '轉寄的郵件', '已轉寄郵件', '開始轉寄郵件', '转发的信息', '転送メッセージ', '転送されたメッセージ', '원본 메시지 전달', 'iletilmiş mesaj', 'yönlendirilen mesaj', 'továbbított üzenet', 'přeposlaná zpráva'],
]);

/** Lines that telephones and mail programs add below. Beginnings; what follows is a device, an app or a link. */
export const DEVICE_LINES = [
	...['sent from my ', 'sent from outlook', 'sent from mail for', 'sent from yahoo', 'sent from proton', 'sent from samsung', 'sent from gmail mobile', 'sent from my', 'sent with proton', 'sent with spark', 'sent via '],
	...['get outlook for', 'download outlook for', 'von meinem ', 'gesendet von ', 'gesendet mit ', 'gesendet über ', 'outlook für ', 'holen sie sich outlook für', 'diese nachricht wurde von meinem'],
	...['envoyé de mon ', 'envoyé depuis ', 'envoyé à partir de', 'envoyé avec ', 'télécharger outlook pour', 'obtenir outlook pour', 'obtenez outlook pour'],
	...['enviado desde ', 'enviado con ', 'obtener outlook para', 'obtenga outlook para', 'inviato da ', 'inviato dal ', 'inviato con ', 'ottieni outlook per', 'scarica outlook per'],
	...['verzonden vanaf ', 'verstuurd vanaf ', 'verzonden met ', 'verstuurd met ', 'outlook voor ', 'download outlook voor', 'outlook downloaden voor', 'enviado do ', 'enviado pelo ', 'enviado a partir do ', 'enviado por meu ', 'obter outlook para', 'obter o outlook para', 'baixar o outlook para'],
	...['wysłane z ', 'wysłano z ', 'pobierz outlook', 'pobierz program outlook', 'uzyskaj outlook', 'skickat från ', 'hämta outlook för', 'skaffa outlook för', 'sendt fra ', 'hent outlook til', 'få outlook for', 'lähetetty ', 'hanki outlook', 'отправлено с ', 'отправлено из ', 'скачать outlook'],
	...['从我的', '发自我的', '發自我的', '從我的', '传送自', '傳送自', '获取outlook', '获取 outlook', '取得 outlook', '下载 outlook', 'iphoneから送信', 'ipadから送信', 'outlook for ios を入手', 'outlook for android を入手', 'android版outlook', 'ios版outlook'],
	...['나의 iphone', '내 iphone', 'iphone에서', 'ipad에서', 'galaxy에서', 'outlook 다운로드', '나의 ipad', 'iphone\'umdan', 'ipad\'imden', 'odesláno z ', 'odoslané z ', 'küldve', 'trimis de pe ', 'στάλθηκε από'],
];

/** How letters end. Compared with a whole short line without its last comma or full stop. */
export const CLOSINGS = new Set([
	...['regards', 'best regards', 'kind regards', 'kindest regards', 'warm regards', 'warmest regards', 'many thanks', 'thanks', 'thank you', 'best', 'best wishes', 'cheers', 'sincerely', 'yours sincerely', 'yours faithfully', 'yours truly', 'all the best', 'br', 'kr', 'rgds', 'thanks and regards', 'thanks & regards', 'thanks and best regards', 'with best regards', 'with kind regards'],
	...['mit freundlichen grüßen', 'mit freundlichem gruß', 'mit freundlichem gruss', 'mit freundlichen grüssen', 'freundliche grüße', 'freundliche grüsse', 'freundlicher gruß', 'viele grüße', 'viele grüsse', 'beste grüße', 'beste grüsse', 'liebe grüße', 'liebe grüsse', 'schöne grüße', 'herzliche grüße', 'herzliche grüsse', 'herzlichst', 'grüße', 'gruß', 'gruss', 'lg', 'vg', 'mfg', 'besten dank und freundliche grüße', 'hochachtungsvoll'],
	...['cordialement', 'bien cordialement', 'très cordialement', 'bien à vous', 'salutations', 'sincères salutations', 'meilleures salutations', 'cdlt', 'amicalement', 'à bientôt', 'bonne journée'],
	...['saludos', 'un saludo', 'saludos cordiales', 'un cordial saludo', 'cordialmente', 'atentamente', 'atte', 'cordiali saluti', 'distinti saluti', 'saluti', 'un saluto', 'buona giornata', 'grazie e saluti'],
	...['met vriendelijke groet', 'met vriendelijke groeten', 'vriendelijke groet', 'vriendelijke groeten', 'groet', 'groeten', 'mvg', 'hartelijke groet', 'atenciosamente', 'att', 'abraços', 'abraço', 'cumprimentos', 'com os melhores cumprimentos', 'melhores cumprimentos'],
	...['pozdrawiam', 'z poważaniem', 'serdecznie pozdrawiam', 'pozdrowienia', 'med vänliga hälsningar', 'med vänlig hälsning', 'vänliga hälsningar', 'hälsningar', 'mvh', 'med venlig hilsen', 'venlig hilsen', 'de bedste hilsner', 'bedste hilsner', 'med vennlig hilsen', 'vennlig hilsen', 'hilsen', 'ystävällisin terveisin', 'terveisin'],
	...['с уважением', 'с наилучшими пожеланиями', 'з повагою', '此致', '敬礼', '祝好', '谢谢', '謝謝', 'よろしくお願いします', 'よろしくお願いいたします', '宜しくお願い致します', '以上', '감사합니다', 'saygılarımla', 'iyi çalışmalar', 'üdvözlettel', 'cu stimă', 's pozdravem', 's pozdravom', 'με εκτίμηση'],
]);
