/**
 * The words with which people answer a question by email, in the languages of the buttons, all in lower case. A word that means something
 * else in another of these languages is left out: "tak" means yes in Polish and thanks in Danish, "ne" means no in Czech and yes in Greek,
 * "ya" means yes in Indonesian and already in Spanish.
 */
export const IN_FAVOUR = new Set([
	...['yes', 'yep', 'yeah', 'ok', 'okay', 'approved', 'approve', 'i approve', 'agreed', 'i agree', 'accepted', 'i accept', 'go ahead'],
	...['confirmed', 'i confirm', 'granted', '👍', '✅', '+1'],
	...['ja', 'genehmigt', 'freigegeben', 'einverstanden', 'zugestimmt', 'ich stimme zu', 'ich genehmige', 'bestätigt', 'in ordnung'],
	...['oui', 'approuvé', 'approuvée', "j'approuve", "d'accord", 'accepté', 'acceptée', 'validé', 'validée', "c'est d'accord"],
	...['sí', 'si', 'aprobado', 'aprobada', 'apruebo', 'de acuerdo', 'aceptado', 'aceptada', 'autorizado', 'autorizada', 'lo apruebo'],
	...['sì', 'approvato', 'approvata', 'approvo', "d'accordo", 'accettato', 'confermo', 'va bene', 'autorizzato'],
	...['sim', 'aprovado', 'aprovada', 'aprovo', 'de acordo', 'concordo', 'aceito', 'aceite'],
	...['akkoord', 'ga akkoord', 'goedgekeurd', 'ik ga akkoord', 'mee eens'],
	...['godkänt', 'godkänd', 'jag godkänner', 'godkendt', 'jeg godkender', 'godkjent', 'jeg godkjenner'],
	...['kyllä', 'joo', 'hyväksytty', 'hyväksyn'],
	...['zatwierdzam', 'zatwierdzone', 'zgoda', 'zgadzam się', 'akceptuję', 'zaakceptowano'],
	...['ano', 'áno', 'schvaluji', 'schváleno', 'souhlasím', 'schvaľujem', 'schválené', 'súhlasím'],
	...['igen', 'jóváhagyom', 'jóváhagyva', 'rendben', 'da', 'aprob', 'aprobat', 'de acord', 'odobravam', 'odobreno', 'slažem se'],
	...['evet', 'onaylıyorum', 'onaylandı', 'onay', 'kabul', 'ναι', 'εγκρίνω', 'εγκρίνεται', 'σύμφωνοι', 'potrjujem', 'potrjeno'],
	...['да', 'одобряю', 'одобрено', 'согласен', 'согласна', 'согласовано', 'так', 'погоджую', 'затверджую', 'схвалено', 'одобрявам'],
	...[
		'はい',
		'承認',
		'承認します',
		'承認しました',
		'承認いたします',
		'是',
		'同意',
		'批准',
		'已批准',
		'核准',
		'네',
		'예',
		'승인',
		'승인합니다',
	],
	...['نعم', 'موافق', 'أوافق', 'כן', 'מאשר', 'מאשרת', 'מאושר', 'đồng ý', 'chấp thuận', 'setuju', 'disetujui'],
]);

/** Of these, the words that may only say that somebody has read the email. */
export const ACKNOWLEDGING = new Set([
	...['ok', 'okay', 'yeah', 'yep', '👍', 'ja', 'in ordnung', "d'accord", 'si', 'sí', 'sì', 'va bene', 'joo', 'da', 'rendben', 'да', 'так'],
]);

/** Further words that people also write when they have only read the email. */
export const ASSENTING = new Set([
	...['yes', 'oui', 'sim', 'kyllä', 'ano', 'áno', 'igen', 'evet', 'ναι', 'نعم', 'כן', 'akkoord', 'mee eens'],
]);

/** After these words, somebody has only received the email or has yet to decide. */
export const PONDERING = new Set([
	...['think', 'thinking', 'decide', 'deciding', 'consider', 'considering', 'look', 'looking', 'see', 'checking', 'minute', 'minutes'],
	...['moment', 'second', 'got', 'received', 'read', 'reading', 'seen', 'noted', 'back', 'soon', 'asap', 'ask'],
	...['überlege', 'überlegen', 'überleg', 'schaue', 'schau', 'schauen', 'anschauen', 'ansehen', 'sehe', 'melde', 'bekommen', 'erhalten'],
	...['gelesen', 'gesehen', 'angekommen', 'denke', 'entscheide', 'sekunde', 'minuten', 'gleich', 'bald', 'frage'],
	...['regarde', 'regarder', 'reçu', 'lu', 'réfléchis', 'réfléchir', 'bientôt', 'vais', 'momento', 'minuto', 'miro', 'mirar', 'voy'],
	...['recibido', 'leído', 'pienso', 'pensar', 'guardo', 'vedo', 'ricevuto', 'letto', 'penso', 'recebi', 'recebido', 'vou', 'verei'],
	...['bekijk', 'bekijken', 'kijk', 'ontvangen', 'gelezen', 'denk', 'посмотрю', 'подумаю', 'получил', 'получила', 'минуту', 'подивлюся'],
]);

/** Words with which people go on after a mere "OK" if they agree. */
export const AGREEING = new Set([
	...['fine', 'good', 'great', 'perfect', 'fine by me', 'fine with me', 'do it', 'please do', 'let us do it', "let's do it", 'sounds good'],
	...[
		'looks good',
		'looks good to me',
		'lgtm',
		'all good',
		'no objections',
		'passt',
		'passt so',
		'das passt',
		'machen',
		'mach das',
		'gerne',
	],
	...['perfekt', 'gut', 'sehr gut', 'parfait', 'très bien', 'perfecto', 'muy bien', 'perfetto', 'bene', 'perfeito', 'prima', 'mooi', 'bra'],
]);

export const AGAINST = new Set([
	...[
		'no',
		'nope',
		'declined',
		'decline',
		'i decline',
		'rejected',
		'reject',
		'i reject',
		'not approved',
		'denied',
		'refused',
		'disapproved',
	],
	...['do not approve', "don't approve", 'i do not approve', "i don't approve", '👎', '❌', '-1'],
	...['nein', 'abgelehnt', 'ich lehne ab', 'nicht genehmigt', 'nicht freigegeben', 'nicht einverstanden'],
	...['non', 'refusé', 'refusée', 'je refuse', 'rejeté', 'rejetée', "pas d'accord", 'non approuvé'],
	...['rechazado', 'rechazada', 'rechazo', 'lo rechazo', 'denegado', 'denegada', 'no aprobado', 'no aprobada'],
	...['rifiutato', 'rifiutata', 'rifiuto', 'respinto', 'respinta', 'non approvato', 'non approvata'],
	...['não', 'nao', 'rejeitado', 'rejeitada', 'recusado', 'recusada', 'recuso', 'reprovado', 'não aprovado', 'não aprovada'],
	...['nee', 'neen', 'afgewezen', 'afgekeurd', 'niet akkoord', 'niet goedgekeurd'],
	...['nej', 'nei', 'avslag', 'avslås', 'avvisas', 'avvist', 'afvist', 'ej godkänt', 'ikke godkendt', 'ikke godkjent'],
	...['ei', 'hylätty', 'en hyväksy', 'nie', 'odrzucam', 'odrzucone', 'nie zgadzam się', 'zamítám', 'zamítnuto', 'nesouhlasím', 'zamietam'],
	...['nem', 'elutasítom', 'elutasítva', 'nu', 'resping', 'respins', 'hayır', 'reddedildi', 'reddediyorum', 'onaylamıyorum', 'odbijeno'],
	...['όχι', 'απορρίπτω', 'απορρίπτεται', 'нет', 'отклонено', 'отклоняю', 'не согласен', 'не согласна', 'ні', 'відхилено', 'відхиляю'],
	...['いいえ', '却下', '却下します', '否認', '否', '不同意', '拒绝', '拒絕', '不批准', '驳回', '아니요', '아니오', '거절', '반려', '거부'],
	...['لا', 'مرفوض', 'أرفض', 'לא', 'נדחה', 'từ chối', 'ditolak'],
]);

/** After an approving word, these add a condition or take it back, so a person has to read the email. */
export const DOUBT = new Set([
	...[
		'no',
		'not',
		"don't",
		"can't",
		"won't",
		"isn't",
		'never',
		'but',
		'if',
		'unless',
		'except',
		'only',
		'until',
		'however',
		'wait',
		'once',
	],
	...['hold', 'stop', 'later', 'tomorrow', 'check', 'review', 'discuss', 'first', 'pending', 'maybe', 'perhaps'],
	...[
		'später',
		'morgen',
		'prüfe',
		'prüfen',
		'warte',
		'warten',
		'stopp',
		'erstmal',
		'vielleicht',
		'demain',
		'attendez',
		'attends',
		'mañana',
	],
	...['luego', 'espera', 'espere', 'domani', 'dopo', 'aspetta', 'aspetti', 'amanhã', 'depois', 'wacht', 'завтра', 'позже'],
	...['reject', 'rejected', 'decline', 'declined', 'cannot', 'cant', 'dont', 'provided', 'otherwise', 'though', 'although', 'instead'],
	...['nicht', 'kein', 'keine', 'keinen', 'nein', 'aber', 'wenn', 'falls', 'nur', 'sofern', 'außer', 'erst', 'sobald', 'jedoch', 'doch'],
	...['ne', 'pas', 'mais', 'si', 'sauf', 'seulement', 'non', 'sous', 'pero', 'salvo', 'sólo', 'solo', 'excepto', 'cuando', 'siempre'],
	...['ma', 'se', 'però', 'solamente', 'tranne', 'purché', 'mas', 'não', 'nao', 'só', 'somente', 'exceto', 'desde'],
	...[
		'niet',
		'geen',
		'maar',
		'als',
		'mits',
		'tenzij',
		'alleen',
		'inte',
		'ikke',
		'men',
		'om',
		'hvis',
		'endast',
		'kun',
		'bare',
		'ej',
		'utan',
	],
	...['mutta', 'jos', 'ei', 'vain', 'ale', 'jeśli', 'jeżeli', 'nie', 'tylko', 'pokud', 'jen', 'ak', 'len', 'nem', 'de', 'ha', 'csak'],
	...[
		'nu',
		'dar',
		'dacă',
		'doar',
		'ama',
		'fakat',
		'ancak',
		'eğer',
		'değil',
		'αλλά',
		'αν',
		'μόνο',
		'δεν',
		'но',
		'если',
		'не',
		'только',
		'якщо',
	],
	...['але', 'тільки', 'لكن', 'إذا', 'אבל', 'אם', 'רק', 'nhưng', 'nếu', 'tapi', 'jika', 'ali', 'ako', 'samo', 'če', 'toda'],
]);

/** The same in languages without spaces between words. */
export const DOUBT_WITHIN = [
	'但',
	'不',
	'如果',
	'只',
	'除非',
	'ただ',
	'しかし',
	'もし',
	'ない',
	'が、',
	'다만',
	'하지만',
	'단,',
	'만약',
	'않',
];

/** Words that do not answer the question. */
export const COURTESY = new Set([
	...['please', 'thanks', 'thank you', 'many thanks', 'bitte', 'danke', 'vielen dank', 'merci', 'gracias', 'por favor', 'grazie', 'prego'],
	...['obrigado', 'obrigada', 'dank je', 'bedankt', 'tack', 'takk', 'tak', 'kiitos', 'dziękuję', 'děkuji', 'köszönöm', 'mulțumesc'],
	...[
		'teşekkürler',
		'спасибо',
		'дякую',
		'ευχαριστώ',
		'ありがとうございます',
		'谢谢',
		'謝謝',
		'감사합니다',
		'شكرا',
		'תודה',
		'from me',
		'by me',
	],
]);

/** How a greeting begins. */
export const GREETINGS = new Set([
	...['hi', 'hello', 'hey', 'dear', 'hallo', 'guten', 'liebe', 'lieber', 'moin', 'servus', 'bonjour', 'salut', 'hola', 'buenos', 'buenas'],
	...['ciao', 'buongiorno', 'olá', 'oi', 'bom', 'boa', 'beste', 'hej', 'hei', 'moi', 'cześć', 'dzień', 'ahoj', 'dobrý', 'szia', 'bună'],
	...['merhaba', 'γεια', 'привет', 'здравствуйте', 'добрый', 'вітаю', 'good', 'greetings', 'cher', 'chère', 'estimado', 'estimada', 'caro'],
]);
