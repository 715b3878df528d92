import { table } from './replyWords';
import { plain, wordsOf } from './replyText';

/** After "No", this answers whether there are objections. */
const NOTHING =
	/^(?:i have |i've |there (?:is|are) |ich habe |von mir |gar |je n'ai |absolutely |absolut )?(?:none|nothing|not really|nichts|keine|habe ich nicht|von mir nicht|aucune?|rien|ningun[ao]|nada|nessun[ao]|niente|nenhuma?|helemaal niet|gar nicht|niets|geen)(?: at all| from me| from my side| von mir| meinerseits| du tout)?$/;

/** "Not a problem", "rien à signaler", "nie mam uwag". */
const WITHOUT_OBJECTION = new RegExp(
	"^(?:(?:it|this|that)(?: is|'s) )?not (?:a|any) (?:problem|issue|objection)s?" +
		'(?: at all)?(?: (?:for|from|with) (?:me|us|my side|our side))?$' +
		'|rien à (?:signaler|redire|dire|ajouter)|rien contre' +
		'|nada que (?:objetar|añadir)|niente da (?:dire|obiettare)|nada a (?:opor|acrescentar)' +
		'|nie mam (?:uwag|zastrzeżeń|pytań|nic przeciwko)|(?:brak|bez) (?:uwag|zastrzeżeń|problemu)|nie ma (?:problemu|sprawy)' +
		'|(?:ing(?:a|en|et)|ikke noe|ikke noget|ikke noen) (?:problem|problemer|invändningar' +
		'|invändning|indvendinger|innvendinger|frågor|synpunkter|fara|fare)',
	'u',
);

/**
 * Whether a part after a "no" says that nothing stands against it.
 * @param isBare whether the "no" may answer a question of objections, which "rejected" does not
 */
export const hasNoObjection = (part: string, isBare: boolean): boolean =>
	NOTHING.test(plain(part)) || (isBare && WITHOUT_OBJECTION.test(plain(part)));

/** A mere "no". */
export const BARE = table('no, nope, nein, non, não, nao, nee, neen, nie, nej, nei');

/** At the end of a part: "It can be paid", "mir recht", "doe maar", "det går bra". */
const GOING_AHEAD = new RegExp(
	'(?:^|[^\\p{L}])(?:' +
		'just (?:pay|do|go|order|book|send|approve|proceed|buy)' +
		'|(?:can|may) be (?:paid|ordered|booked|sent|released|approved|done|processed)' +
		'|(?:kann|können|darf|dürfen) (?:.{0,25} )?(?:losgehen|weitergehen|raus|(?:bezahlt|gezahlt|überwiesen|bestellt|gebucht|freigegeben' +
		'|genehmigt|verschickt|versendet|gesendet|ausgeführt|durchgeführt|umgesetzt|gemacht|beauftragt|gekauft|veröffentlicht) werden)' +
		'|mir recht|von mir aus|meinetwegen|alles (?:ok|okay|in ordnung|klar|bestens)' +
		"|geht klar|geht in ordnung|c'est bon|tout va bien" +
		'|vous pouvez (?:payer|commander|valider|procéder|y aller|envoyer|régler|lancer|continuer)(?: \\p{L}+){0,2}' +
		'|está bien|puede (?:pagar|proceder|seguir)|tutto (?:ok|bene|a posto)|si può (?:fare|pagare|procedere|ordinare)' +
		'|pode (?:pagar|seguir|avançar)|(?:doe|ga|betaal|bestel) maar' +
		'|(?:mag|kan) (?:.{0,20} )?(?:betaald|besteld|geboekt|goedgekeurd|verstuurd|verzonden|uitgevoerd) worden' +
		'|wszystko (?:w porządku|ok|dobrze|gra)|w porządku|może być|można (?:płacić|zapłacić|zamawiać)' +
		'|(?:det|allt) (?:går|är|er) (?:bra|fint|lugnt|ok|okej|greit|i orden)|kör på' +
		')(?: (?:it|this|that|them|(?:the|this) (?:invoice|order|request|payment)|ahead|as (?:it )?is|now|please|so' +
		'|(?:for|from|with) (?:me|us)' +
		'|from my side|jetzt|bitte|gern|gerne|für mich|von mir|meinerseits|pour moi|para mí|per me|así|ahora|la factura|adesso|pure|agora' +
		'|hoor|voor mij|wat mij betreft|för mig|for meg|for mig|för min del|dla mnie)){0,3}$',
	'u',
);

/** What has to come first, or that it comes later. */
const LATER = table(
	'after, afterwards, once, when, if, until, till, unless, only, later, next, tomorrow, again, then, first, before, soon, without',
	'erst, nach, nachdem, wenn, falls, sobald, sofern, später, dann, danach, nächste, nächsten, nächster, nächstes, morgen, nur, wieder, ab',
	'bald, ohne, après, quand, lorsque, plus, demain, ensuite, prochaine, prochain, después, cuando, luego, mañana, próxima, próximo, sólo',
	'solo, dopo, quando, domani, poi, prossima, prossimo, depois, amanhã, só, daarna, na, volgende, later, morgen, pas, als, zodra, mits',
	'efter, när, når, sedan, senere, senare, imorgon, hvis, om, etter, nästa, neste, næste, po, później, potem, jutro, jeśli, dopiero, gdy',
	'monday, tuesday, wednesday, thursday, friday, montag, dienstag, mittwoch, donnerstag, freitag',
);

/** Whether a part without a negation lets the matter go ahead. */
export const letsGoAhead = (part: string): boolean => GOING_AHEAD.test(plain(part)) && !wordsOf(part).some((word) => LATER.has(word));
