import { table } from './replyWords';

/** Whole answers of several words, or of one that means little within a sentence: "Das passt nicht". Courtesy may stand around them. */
const GRANTING = table(
	'ok to pay, okay to pay, ok for payment',
	'okay for payment, ok to proceed, ok to go, ok to order, lgtm, good to go, fine by me, fine with me',
	'please proceed, please go ahead, fully approved, approval granted, approval given, you have my approval, this is approved',
	'it is approved, invoice approved, request approved, this is fine by me, approved from my side, approved on my side, on my side approved',
	'no objection from my side, no objections from my side, no objections from me, i have no objections',
	'happy to approve, i am happy to approve, glad to approve, i am glad to approve',
	'passt, passt so, passt für mich, ist freigegeben, ist genehmigt, zur zahlung freigegeben, geht klar, geht in ordnung, freigabe erteilt',
	'genehmigung erteilt, genehmige ich, genehmige ich hiermit, hiermit freigegeben, von meiner seite freigegeben',
	'von mir freigegeben, von meiner seite genehmigt',
	"je valide, c'est validé, c'est approuvé, c'est bon pour moi, bon pour accord, bon pour paiement, ok pour paiement, facture validée",
	'ok pour moi',
	'visto bueno, doy mi visto bueno, doy el visto bueno, conforme, queda aprobado, queda aprobada, queda autorizado',
	'nulla osta, per me va bene, per me ok, per me è ok, is goed, ja hoor, wyrażam zgodę',
);

/** "Rechnung ist freigegeben", "Ich gebe die Rechnung frei". */
const GRANTING_OBJECT = new RegExp(
	'^(?:(?:(?:die|diese|der|dieser|das) )?(?:rechnung|bestellung|antrag|angebot|urlaub|zahlung|auftrag)' +
		' ist (?:hiermit )?(?:freigegeben|genehmigt)' +
		'|(?:hiermit )?(?:ich gebe|gebe ich) (?:hiermit )?(?:(?:das|es|die|diese|den|diesen)' +
		'(?: rechnung| zahlung| bestellung| antrag| auftrag)? )?(?:hiermit )?frei)$',
	'u',
);

/** What an answer may name without being about a part of it. */
const OBJECT =
	/ (?:this(?: invoice| request| order| payment| offer| quote)?|the (?:invoice|request|order|payment)|it|that|das|das so|die rechnung|diese rechnung|den antrag|la facture|cette facture|le paiement|la commande|el pago|la factura|esta factura|il pagamento|la fattura|o pagamento|a fatura|de factuur|tej faktury|faktury|płatności|fakturan)$/u;

const REFUSING_WHOLE = table(
	'no way, but no, but no thanks, but no thank you, no go, please reject, please decline, do not pay, do not proceed, do not approve',
	"don't pay, please do not pay, please don't pay, i reject, i decline, i do not approve, i don't approve, i do not agree, i don't agree",
	'not approving, we reject, we decline, we do not approve',
	'lehne ich ab, das lehne ich ab, ich lehne ab, bitte ablehnen, nicht bezahlen, bitte nicht bezahlen, aber nein, genehmige ich nicht',
	'ich genehmige nicht, ich stimme nicht zu, nicht zugestimmt',
	"non validé, non validée, je ne valide pas, je n'approuve pas, je ne suis pas d'accord, ne pas payer, je refuse, mais non",
	'no apruebo, no lo apruebo, no autorizo, no lo autorizo, no aprobado, no estoy de acuerdo, pero no, non approvo, non autorizzo',
	"non sono d'accordo, não aprovo, não autorizo, não concordo, ik ga niet akkoord, ik ben niet akkoord, ik keur niet goed",
	'nie akceptuję, nie wyrażam zgody, niestety nie, nie zatwierdzam, nie zgadzam się, brak zgody',
	'inte godkänt, inte godkänd, jag godkänner inte, godkänns inte, godkänns ej, godkännes ej, jeg godkjenner ikke, jeg godkender ikke',
);

/** "I cannot approve this" may go on with "Bob has to". */
const UNABLE = table(
	"i cannot approve, i can't approve, i can not approve, we cannot approve, we can't approve, cannot approve, can't approve",
	'i cannot accept, i cannot agree, ich kann nicht freigeben, ich kann nicht genehmigen',
	'kann ich nicht freigeben, kann ich nicht genehmigen',
	'das kann ich nicht freigeben, das kann ich nicht genehmigen, ich kann nicht zustimmen',
	'je ne peux pas valider, je ne peux pas approuver, no puedo aprobar, no puedo autorizar, non posso approvare, não posso aprovar',
);

const withoutObject = (words: string): string => words.replace(OBJECT, '');

/** "Ich kann das leider nicht freigeben". */
const NAMED_WITHIN = /^(ich kann) (?:das|dies|es|die rechnung|den antrag|diese rechnung)(?: so| leider)? /u;

/** Whether somebody only says that they cannot approve. Nothing else may follow, because it may say who can. */
export const isUnable = (words: string): boolean => UNABLE.has(withoutObject(words)) || UNABLE.has(words.replace(NAMED_WITHIN, '$1 '));

/** Whether these words approve or refuse as a whole. */
export function meaningOfPhrase(words: string): boolean | undefined {
	if (REFUSING_WHOLE.has(words) || REFUSING_WHOLE.has(withoutObject(words)) || isUnable(words)) return false;
	return GRANTING.has(words) || GRANTING_OBJECT.test(words) ? true : undefined;
}

/** "Conforme" alone agrees; "conforme à la commande" does not. */
export const needsNothingElse = (words: string): boolean => !words.includes(' ') && GRANTING.has(words);

/** Words before an answer that say nothing themselves. */
export const PREFACE =
	/^(?:alles klar|all ok|all okay|todo ok|tutto ok|tout est ok|(?:(?:i am |i'm )?(?:very |so )?sorry|(?:my )?apologies|entschuldigung|entschuldige|entschuldigt|désolée?|toutes mes excuses|perdón|scusate|scusa|desculpe|ursäkta|przepraszam) (?:for|about|für|pour|por|per|pelo|pela|för|za) (?:(?:the|my|this|die|das|meine|den|le|la|ma|el|il|o|a|det|sena?) ){0,2}(?:very )?(?:late|delay|delayed|slow|späte|verspätete|verzögerung|verspätung|retard|réponse tardive|tardanza|retraso|demora|ritardo|atraso|sena|svaret|opóźnienie)(?: (?:reply|response|answer|antwort|rückmeldung|respuesta|svaret))?)$/u;
