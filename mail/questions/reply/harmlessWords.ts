import { IN_FAVOUR, table } from './replyWords';

/** Words that do not answer the question: thanks, closings and smileys. */
export const COURTESY = table(
	'please, thanks, thank you, many thanks, bitte, danke, vielen dank, merci, gracias, por favor, grazie, prego, obrigado',
	'obrigada, dank je',
	'bedankt, tack, takk, tak, kiitos, dziękuję, děkuji, köszönöm, mulțumesc, teşekkürler, спасибо, дякую, ευχαριστώ, ありがとうございます, 谢谢',
	'謝謝, 감사합니다, شكرا, תודה, from me, by me, sir, madam, boss, for me, für mich, pour moi, per me, para mí, para mim, voor mij',
	'from my side, from our side, von meiner seite, meinerseits, de mon côté',
	'de mi parte, da parte mia, van mijn kant',
	' thx, thanx, ty, pls, thanks a lot, thank you very much, danke schön, danke dir, besten dank',
	"merci beaucoup, s'il vous plaît, s'il te plaît, svp, muchas gracias, mille grazie, grazie mille, muito obrigado",
	'muito obrigada, dank u',
	'best, regards, best regards, kind regards, kindest regards, warm regards, with best regards, with kind regards, thanks and regards',
	'herzlichen dank, respectfully, take care, have a great week, pozdrawiam serdecznie, viele grüße aus, liebe grüße aus, grüße aus',
	'best wishes, cheers, sincerely, yours sincerely, yours, br, kr, rgds, mit freundlichen grüßen, mit freundlichem gruß',
	'mit besten grüßen',
	'freundliche grüße, viele grüße, beste grüße, liebe grüße, schöne grüße, herzliche grüße, grüße, gruß, danke und gruß, lg, vg, mfg',
	'cordialement, bien cordialement, bien à vous, salutations, cdlt, saludos, un saludo, saludos cordiales, atentamente',
	'cordialmente, saluti',
	'un saluto, cordiali saluti, distinti saluti, atenciosamente, abraço, abraços, cumprimentos, melhores cumprimentos, groet',
	'groeten, mvg',
	'met vriendelijke groet, met vriendelijke groeten, vriendelijke groet, vriendelijke groeten, hälsningar, vänliga hälsningar',
	'mvh, hilsen',
	'venlig hilsen, vennlig hilsen, med vänlig hälsning, med vänliga hälsningar, med venlig hilsen, med vennlig hilsen',
	'terveisin, ystävällisin terveisin, pozdrawiam, z poważaniem, s pozdravem, s pozdravom, üdvözlettel, cu stimă, saygılarımla',
	'с уважением, з повагою, με εκτίμηση, よろしくお願いします, よろしくお願いいたします, お世話になっております, お疲れ様です, 以上, 此致, 敬礼',
	'مع التحية, בברכה, trân trọng, salam',
	'😊, 🙂, 😀, 😃, 😄, 😁, 🙏, 👋, ❤',
);

/** Further words that do not answer, but may mean more one by one: "Approved for the day". */
export const WISHES = table(
	'thanks again, thank you again, many thanks again, thanks all, thanks team, thanks everyone, thank you all, thank you team',
	'thank you everyone, keep me posted, keep me informed, keep me updated',
	'please keep me posted, please keep me informed, please keep me updated, keep us posted, keep us informed',
	'have a nice day, have a great day, have a good day, have a nice weekend, have a great weekend, have a good weekend, have a good one',
	'let me know if you need anything, let me know if you need anything else, let me know if you have any questions',
	'bei fragen gerne melden',
	'enjoy your weekend, enjoy your day, talk soon, hope you are well, hope this helps, schönen tag, schönen tag noch',
	'einen schönen tag noch',
	'schönes wochenende, ein schönes wochenende, schönen abend, schönen feierabend, bonne journée, bonne soirée',
	'bonne fin de journée, bon week-end, buon lavoro',
	'buona giornata, buon weekend, que tenga un buen día, buen día, buen fin de semana, bom dia, bom trabalho',
	'bom fim de semana, boa tarde',
	'fijne dag, prettige dag, fijn weekend, goed weekend, ha en bra dag, trevlig helg, god helg, ha en god dag, god weekend, viel erfolg',
);

/** Words with which people go on if they agree. */
export const AGREEING = table(
	'fine, good, great, perfect, fine by me, fine with me, do it, please do, let us do it, good to go, all fine',
	"let's do it, sounds good, looks good, looks good to me, lgtm, all good, excellent, awesome, wonderful",
	'sure, sounds great, absolutely, of course, certainly, definitely, natürlich, klar, selbstverständlich, bien sûr, claro',
	'certo, certamente',
	'proceed, procedete, procedi, procedi pure, jawohl, mach ruhig, 请继续, 请执行, 请付款, 请下单, 没问题, お願いします, よろしく, 進めてください, 진행해 주세요, 부탁드립니다',
	'by all means, feel free, all set, send it out, todo bien, correct, right, korrekt, richtig, correcto, corretto',
	'passt, passt so, das passt, machen, mach das, gerne, gern, perfekt, gut, sehr gut, alles gut, super, parfait, très bien',
	'perfecto, muy bien, perfetto, bene, benissimo, ottimo, perfeito, ótimo, prima, mooi, uitstekend, bra, adelante, allez-y, vas-y',
	'👌, 👏, 🎉, 💪, ✔, ☑, 🙌, 🚀, 🤝, 💯',
);

/** "No problem", "keine Einwände" and "don't mind" agree, so they count as one word. */
export const NO_OBJECTION =
	/(?:don't mind|not at all|why not|(?:don't|do not) have any|nichts (?:einzuwenden|dagegen)|niets tegen|nothing against|(?:no|kein|keine|keinen|sin|ningún|ninguna|nessun|nessuna|nenhum|nenhuma|sem|geen|pas de|pas d'|aucun|aucune) ?(?:further |other |more |weiteren |autres? )?(?:objections?|problems?|issues?|concerns?|worries|questions?|comments?|einw[aä]nde?|bedenken|thema|probleme?|fragen|problemas?|objeción|objeciones|obiezion[ei]|objeção|objeções|bezwaar|bezwaren|probleem|problemen|problèmes?|soucis?))(?![\p{L}\p{N}'-])/u;

/** Verbs that accept. A button with such a label does not decline what the email asks for. */
export const ACCEPTING = table(
	'accept, approve, agree, confirm, allow, keep, annehmen, akzeptieren, behalten, freigeben, genehmigen, zustimmen, bestätigen, accepter',
	'approuver, valider, confirmer, garder, aceptar, aprobar, confirmar, mantener, autorizar, accettare, approvare, confermare, mantenere',
	'tenere, aceitar, aprovar, manter, accepteren, goedkeuren, behouden, bevestigen, godkänn, godkänna, godkend, godkjenn, behåll, behold',
	'hyväksy, zatwierdź, akceptuj, schválit, schváliť, jóváhagyás, aprobă, onayla, έγκριση, одобрить, утвердить, принять, затвердити',
);

/** Verbs of doing what the email asks for. */
export const ACTING = table(
	'passer, pago, paiement, pagamento, betaling, compra, place, arrange, issue, initiate, finalize, complete, handle, works',
	'accepting, approving, go, ahead, proceed, continue',
	'pay, order, buy, purchase, book, ship, send, release, publish',
	'deploy, start',
	'do, process, submit, transfer, execute, genehmige, gebe, frei, stimme, bestätige, bestellen, bestell, bezahlen, bezahl, zahlen',
	'überweisen, mach, macht, ausführen, durchführen, weitermachen, umsetzen, buchen, kaufen, beauftragen, veranlassen, versenden',
	"abschicken, starten, loslegen, geht, accepte, approuve, j'approuve, j'accepte, valide, confirme, procéder, procédez, payer, payez",
	'commander, commandez, régler, réglez, lancer, lancez, effectuer, envoyer, envoyez, faites-le, acepto, autorizo, confirmo, proceder',
	'procede, proceda, pagar, paga, pague, comprar, pedir, accetto, procedere, procedi, procedete, pagare, pagate, ordinare, ordina',
	'ordinate, acquistare, prosseguir, prossiga, avançar, avance, encomendar, accepteer, ga, doorgaan, bestel, betalen, betaal, kopen',
	'boeken, boek, uitvoeren, doen, doe',
);

/** Words that change nothing in the sentence of an approval. */
const NEUTRAL = table(
	"i, i'm, we, you, it, it's, this, that, that's, the, a, an, is, are, am, can, may, all, everything, for, to, with, from, by",
	'me, my, us',
	'our, side, end, and, so, now, both, very, really, totally, absolutely, of, course, certainly, definitely, sure, surely',
	'fully, happily',
	'happy, glad, pleased, pleasure, hereby, approval, request, invoice, bill, payment, offer, quote, quotation, contract',
	'proposal, document',
	'looks, sounds, nice, correct, ready, well, job, work, lot, much, your, quick',
	'patience, advance, info, vorbereitung, bearbeitung, mühe, arbeit',
	"i'd, let's, kind, warm, means, have, has, had, been, was, read, nice",
	'enjoy, keep, know, let, them, him, her, their, his, done, as, well, agreed',
	'ich, wir, du, es, das, dies, diese, diesen, dieser, dieses, die, der, den, dem, ein, eine, einen, ist, sind, so, für, von, mir, uns',
	'meiner, unserer, seite, sicht, aus, alles, sehr, toll, klasse, ihnen, ihr, dir, euch, sie, und, auch, damit, dafür, natürlich',
	'selbstverständlich, klar, richtig, korrekt, okay, weiter, zu, los, hiermit, kannst, kann, können, könnt, in, mit, rechnung',
	'bestellung, antrag',
	'auftrag, angebot, urlaub, vertrag, zahlung, bin, freundlichen',
	"je, nous, vous, tu, c'est, ça, cela, ce, cette, le, la, les, un, une, est, bon, bien, très, tout, en, ordre, de, ma, mon, notre",
	'côté, pour, moi, beaucoup, à, et, pouvez, peux, peut, y, aller, facture, commande, devis, demande, sûr, absolument, volontiers, avec',
	'plaisir, me, va, marche, suis',
	'yo, usted, lo, el, los, las, es, está, esto, esta, este, todo, muy, correcto, conforme, claro, por, supuesto, factura, pedido, puedes',
	'puede, pueden, con, mi, parte, estoy, acuerdo, y, vale',
	'io, noi, lei, il, i, gli, è, questo, questa, tutto, pure, fattura, ordine, puoi, può, potete, sono, da, mia, per, e, certo',
	'certamente',
	'piacere, avanti',
	'eu, nós, você, o, os, as, isso, isto, tudo, bem, certo, pode, podem, seguir, fatura, encomenda, estou, do, minha, mim',
	'para, muito, com',
	'ik, wij, we, je, jij, u, het, dit, dat, een, is, goed, top, mee, graag, door, verder, kunt, mag, van, mij, voor, mijn, kant, wel',
	'alvast, en, factuur, bestelling, offerte, hoor, zeker, natuurlijk, heel, eens',
);

const wordsIn = (phrases: ReadonlySet<string>): string[] => [...phrases].flatMap((phrase) => phrase.split(' '));

/** The sentence of an approval may have only these words, names aside. */
export const HARMLESS = new Set([...NEUTRAL, ...ACCEPTING, ...ACTING, ...wordsIn(COURTESY), ...wordsIn(AGREEING), ...wordsIn(IN_FAVOUR)]);
