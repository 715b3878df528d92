import { plain, wordsOf } from './replyText';

/** A question without its mark, as in "Can you do it". "Do it" is a request to go ahead. */
const INVERTED = new RegExp(
	'^(?:(?:and|so|also|please|und|bitte) )?(?:' +
		'(?:can|may|could|is|are|am|has|have|had|was|were|will|would) (?:you|we|i|it|this|that|these|they|he|she|the|our|my|your|there)' +
		'|(?:do|does|did) (?:you|we|i|they|he|she|the|our|my)' +
		'|(?:ist|sind) (?:das|die|der|es|dies|diese|dieser|dieses|sie|ein|eine)' +
		'|(?:hat|haben|habt|hast) (?:das|die|der|es|sie|wir|ihr|du)' +
		")(?![\\p{L}'-])",
	'u',
);

/** "Send me the contract": whoever asks for something to read has not decided. */
const TO_ME = new RegExp(
	'\\b(?:send|help|ship|submit|forward|transfer|issue|release|copy)\\b.{0,120} (?:me|us)\\b' +
		'|\\b(?:pay|book|order|buy|get|give|show|tell) (?:me|us)\\b' +
		'|\\b(?:zu|an) (?:mir|mich|uns)\\b' +
		'|\\b(?:mir|mich|uns)\\b.{0,120} (?:versenden|abschicken|schicken|senden|zusenden|überweisen)\\b' +
		'|\\b(?:versenden|abschicken|schicken|senden|zusenden|überweisen)\\b.{0,120} (?:mir|mich|uns)\\b' +
		"|(?:^| )(?:me|nous|m'|moi)(?: |(?<=')).{0,120}\\benvoyer\\b|\\b(?:envoyer|envoyez)\\b.{0,120} (?:moi|nous)\\b",
	'u',
);

/** "Send the correct invoice": this one is wrong. */
const ANOTHER = /\b(?:send|submit|issue|order|pay|book|ship|publish|release|use|buy)\b.{0,120} (?:again|correct|right|updated|new)\b/u;

/** "Agreed with them" tells of others, "Freigegeben mit Vertrag" of a condition, and "Happy now" of anger. */
const OF_OTHER = new RegExp(
	'^with (?:him|her|them|you)\\b|^happy now$|^(?:and )?you$' +
		'|^(?:with|mit|avec|con|com|met) (?:(?:an?|the|our|my|dem|der|einem|einer|le|la|un|une|el|il|o|um|een|de|het) )?' +
		'(?:contract|invoice|bill|offer|quote|quotation|document|proposal|approval|vertrag|rechnung|angebot|antrag|bestellung' +
		'|facture|commande|devis|factura|pedido|fattura|ordine|fatura|factuur|bestelling|offerte)(?![\\p{L}])',
	'u',
);

/** "Correct the invoice", "Bin it", "Have him approve it", "Pay the invoice in advance". */
const OTHERWISE = new RegExp(
	"^(?:(?:and|but|please) )?(?:correct|bin|end) (?:it|this|that|the|our|my|your)(?![\\p{L}'-])" +
		'|\\b(?:have|let) (?:him|her|them)(?: \\p{L}+)? (?:approve|confirm|agree|accept)' +
		'|\\bconfirm (?:(?:it|this|that) )?with\\b(?! (?:great )?(?:pleasure|thanks))|\\blet (?:it|this|that) go$|^(?:kind|sort) of$' +
		'|^(?:(?:pay|paid)(?: \\p{L}+){0,3} )?in advance(?: please)?$',
	'u',
);

/** Whether a part of a reply asks for something else than to go ahead. Then even "approved" leaves the question open. */
export function asksMore(part: string): boolean {
	const words = plain(part);
	return [INVERTED, TO_ME, ANOTHER, OF_OTHER, OTHERWISE].some((pattern) => pattern.test(words));
}

/** "Yes, I can do it", "Oui, c'est notre commande": such words answer what the person is or has, or does later. */
const STATEMENT = new RegExp(
	"^(?:i (?:can|know|have|had|was|did|could|do)|i've|i'm on" +
		"|(?:it|this|that)(?: is|'s) (?:a|an|the|our|my|me|mine|ready|us)|(?:a|an|our|my)" +
		'|for (?:the|this|that|our|my)' +
		'|(?:das |es )?(?:ich (?:kann|weiß|habe|war)|kann ich|weiß ich|habe ich)' +
		'|(?:das|es) (?:ist|sind) (?:ein|eine|mein|meine|unser|unsere|der|die|das|von)' +
		'|für (?:die|den|das|diese|dieses)' +
		"|je (?:peux|sais|l'ai)|c'est (?:moi|nous|notre|nos|ma|mon|mes|un|une|le|la)" +
		'|(?:lo )?(?:puedo|sé)|es (?:el|la|mi|un|una|nuestr[oa])|(?:lo )?(?:posso|so)|è (?:il|la|un|una|mi[oa]|nostr[oa])' +
		'|eu (?:posso|sei)|ik (?:kan|weet|heb)|het is (?:de|een|mijn|onze)' +
		"|we (?:have|had|know|did)|(?:we can|we do|i am|i'm|it is|it's|this is|that is|that's)(?: (?:it|this|that|do it|do this|do that))?$" +
		'|(?:it|this|that) is (?:from|by|with)' +
		")(?![\\p{L}'-])",
	'u',
);

/** "I can confirm that" approves nevertheless. */
const DECIDES =
	/\b(?:approve|approved|confirm|agree|accept|no objections?|genehmigen?|freigeben|zustimmen|bestätigen|approuver|valider|confirmer|accepter)\b/u;

/** A request for a document or for help, or to leave something as it is. */
const ASKING = ['send', 'keep', 'help', 'update'];

/**
 * Whether a part of a reply says no more than that the person knows of the matter, or wants to see something.
 * @param own the words of the button that approves
 */
export function acknowledges(part: string, own: ReadonlySet<string>): boolean {
	const words = plain(part);
	if (STATEMENT.test(words) && !DECIDES.test(words)) return true;
	return (
		(!own.has('keep') && wordsOf(part).includes('keep')) ||
		(!own.has('send') && /\bsend (?:the|a|an|our|my|your|this invoice)\b/.test(words))
	);
}

/** Whether a request asks for more than to go ahead. @param own the words of the button that approves */
export const asksForMore = (words: readonly string[], own: ReadonlySet<string>): boolean =>
	ASKING.some((word) => words.includes(word) && !own.has(word));
