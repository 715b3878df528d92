/** Words and phrases from lines that separate them by commas. */
export const table = (...lines: string[]): ReadonlySet<string> => new Set(lines.flatMap((line) => line.split(', ')));

/**
 * The words with which people answer a question by email, in the languages of the buttons, all in lower case. A word that means something
 * else in another of these languages is left out: "tak" means yes in Polish and thanks in Danish, "ne" means no in Czech and yes in Greek,
 * "ya" means yes in Indonesian and already in Spanish.
 */
export const IN_FAVOUR = new Set([
	...['yes', 'yep', 'yeah', 'ok', 'okay', 'approved', 'approve', 'i approve', 'agreed', 'i agree', 'accepted', 'i accept', 'go ahead'],
	...['confirmed', 'i confirm', 'granted', 'i hereby approve', 'i hereby confirm', 'hereby approved', '👍', '✅', '+1'],
	...['ja', 'genehmigt', 'freigegeben', 'einverstanden', 'zugestimmt', 'ich stimme zu', 'ich genehmige', 'bestätigt', 'in ordnung'],
	...['hiermit genehmigt', 'hiermit genehmige ich', 'ich genehmige hiermit', 'ich bin einverstanden', 'hiermit freigegeben'],
	...[
		'oui',
		'approuvé',
		'approuvée',
		"j'approuve",
		"d'accord",
		'accepté',
		'acceptée',
		'validé',
		'validée',
		"c'est d'accord",
		"je suis d'accord",
	],
	...[
		'sí',
		'si',
		'aprobado',
		'aprobada',
		'apruebo',
		'de acuerdo',
		'aceptado',
		'aceptada',
		'autorizado',
		'autorizada',
		'lo apruebo',
		'autorizo',
		'estoy de acuerdo',
	],
	...[
		'sì',
		'approvato',
		'approvata',
		'approvo',
		"d'accordo",
		'accettato',
		'confermo',
		'va bene',
		'autorizzato',
		'autorizzo',
		"sono d'accordo",
	],
	...['sim', 'aprovado', 'aprovada', 'aprovo', 'de acordo', 'concordo', 'aceito', 'aceite'],
	...['akkoord', 'ga akkoord', 'goedgekeurd', 'ik ga akkoord', 'ik ben akkoord', 'mee eens'],
	...['godkänt', 'godkänd', 'jag godkänner', 'godkännes', 'godkänns', 'godkendt', 'jeg godkender', 'godkjent', 'jeg godkjenner'],
	...['kyllä', 'joo', 'hyväksytty', 'hyväksyn'],
	...['zatwierdzam', 'zatwierdzone', 'zgoda', 'zgadzam się', 'akceptuję', 'zaakceptowano', 'zaakceptowane'],
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

/** Sentences that may only say that somebody has read the email. "Granted, it looks nice" goes on with a but. */
const NOTING = table('granted, passt, passt so, passt für mich, is goed, geht klar, geht in ordnung, ja hoor');

/** Sentences that people also write when they have only read the email. */
const LIKING = table("lgtm, good to go, fine by me, fine with me, conforme, c'est bon pour moi, per me va bene, per me ok, ok pour moi");

/** Sentences that are plain answers as the text of the button, and may go on with thanks for something. */
export const SENTENCES = new Set([...NOTING, ...LIKING]);

/** Of these, the words that may only say that somebody has read the email. */
export const ACKNOWLEDGING = new Set([
	...['ok', 'okay', 'yeah', 'yep', '👍', 'ja', 'in ordnung', "d'accord", 'si', 'sí', 'sì', 'va bene', 'joo', 'da', 'rendben', 'да', 'так'],
	...NOTING,
]);

/** Further words that people also write when they have only read the email. */
export const ASSENTING = new Set([
	...['yes', 'oui', 'sim', 'kyllä', 'ano', 'áno', 'igen', 'evet', 'ναι', 'نعم', 'כן', 'akkoord', 'mee eens'],
	...LIKING,
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
	...['non', 'refusé', 'refusée', 'je refuse', 'rejeté', 'rejetée', "pas d'accord", "je ne suis pas d'accord", 'non approuvé'],
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

/** How a greeting begins. */
export const GREETINGS = new Set([
	...['hi', 'hello', 'hey', 'dear', 'hallo', 'guten', 'liebe', 'lieber', 'moin', 'servus', 'bonjour', 'salut', 'hola', 'buenos', 'buenas'],
	...['ciao', 'buongiorno', 'olá', 'oi', 'bom', 'boa', 'beste', 'hej', 'hei', 'moi', 'cześć', 'dzień', 'ahoj', 'dobrý', 'szia', 'bună'],
	...['merhaba', 'γεια', 'привет', 'здравствуйте', 'добрый', 'вітаю', 'good', 'greetings', 'cher', 'chère', 'estimado', 'estimada', 'caro'],
	...['sehr', 'geehrte', 'geehrter', 'bonsoir', 'buonasera', 'goedemorgen', 'goedemiddag', 'goedendag', 'hallå', 'terve'],
]);
