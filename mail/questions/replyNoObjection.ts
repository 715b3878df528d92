import { plain } from './replyText';

/** After "No", this answers whether there are objections. */
const NOTHING =
	/^(?:i have |i've |there (?:is|are) |ich habe |von mir |gar |je n'ai |absolutely |absolut )?(?:none|nothing|not really|nichts|keine|habe ich nicht|von mir nicht|aucune?|rien|ningun[ao]|nada|nessun[ao]|niente|nenhuma?|helemaal niet|gar nicht|niets|geen)(?: at all| from me| from my side| von mir| meinerseits| du tout)?$/;

/** "Not a problem", "rien à signaler", "nie mam uwag". */
const WITHOUT_OBJECTION = new RegExp(
	'not (?:a|any) (?:problem|issue|objection)' +
		'|rien à (?:signaler|redire|dire|ajouter)|rien contre' +
		'|nada que (?:objetar|añadir)|niente da (?:dire|obiettare)|nada a (?:opor|acrescentar)' +
		'|nie mam (?:uwag|zastrzeżeń|pytań|nic przeciwko)|(?:brak|bez) (?:uwag|zastrzeżeń|problemu)|nie ma (?:problemu|sprawy)' +
		'|(?:ing(?:a|en|et)|ikke noe|ikke noget|ikke noen) (?:problem|problemer|invändningar' +
		'|invändning|indvendinger|innvendinger|frågor|synpunkter|fara|fare)',
	'u',
);

export const hasNoObjection = (part: string): boolean => NOTHING.test(plain(part)) || WITHOUT_OBJECTION.test(plain(part));

/** "It can be paid", "mir recht", "doe maar", "det går bra". */
const GOING_AHEAD = new RegExp(
	'(?:^|[^\\p{L}])(?:' +
		'just (?:pay|do|go|order|book|send|approve|proceed|buy)' +
		'|(?:can|may) be (?:paid|ordered|booked|sent|released|approved|done|processed)' +
		'|(?:kann|können|darf|dürfen) .{0,30}(?:werden|losgehen|weitergehen|raus)' +
		'|mir recht|von mir aus|meinetwegen|alles (?:ok|okay|in ordnung|klar|bestens)' +
		"|geht klar|geht in ordnung|c'est bon|tout va bien|vous pouvez" +
		'|está bien|puede (?:pagar|proceder|seguir)|tutto (?:ok|bene|a posto)|si può' +
		'|pode (?:pagar|seguir|avançar)|(?:doe|ga|betaal|bestel) maar|(?:mag|kan) .{0,20}worden' +
		'|wszystko (?:w porządku|ok|dobrze|gra)|w porządku|może być$|można (?:płacić|zapłacić|zamawiać)' +
		'|(?:det|allt) (?:går|är|er) (?:bra|fint|lugnt|ok|okej|greit|i orden)|kör på' +
		')(?![\\p{L}])',
	'u',
);

/** Whether a part without a negation lets the matter go ahead. */
export const letsGoAhead = (part: string): boolean => GOING_AHEAD.test(plain(part));
