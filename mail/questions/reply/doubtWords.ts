import { table } from './replyWords';

/** Words that turn a verb into its opposite, also on a button: "Do not renew". */
export const NEGATING = table(
	"no, not, never, don't, can't, won't, isn't, doesn't, cannot, cant, dont, nicht, kein, keine, keinen, nein, nie, pas, non, não, nao",
	'niet, geen, nooit, inte, ikke, değil, δεν, не, нет, ні, لا, לא',
);

/** Words that take a part of a sentence back. After "No", such a part gives the reason, and agrees to nothing. */
export const NEGATIONS = new Set([
	...NEGATING,
	...table('without, too, wrong, expensive, zu, ohne, ne, trop, sans, nem, sem, nada, sin, demasiado, troppo, senza, te, ej, ei, nu'),
]);

/** Verbs that refuse. A button with such a label does not approve what the email asks for. */
export const REFUSING = table(
	'reject, rejected, rejecting, decline, declined, refuse, refused, deny, denied, disapprove, disapproved, disagree, disagreed, cancel',
	'cancelled, canceled, cancelling, delete, deleted, remove, removed, stop, stopped, abort, block, withdraw, withdrawn, revoke, revoked',
	'retract, undo, oppose, object, hold, pause, postpone, stopp, stoppen, ablehnen, ablehne, lehne, abgelehnt, verweigern, verweigere',
	'stornieren, storniere, storno',
	'abbrechen, abbruch, löschen, widerrufen, widerrufe, widerruf, zurückziehen, refuser, refuse, refusez, rejeter, rejette, annuler',
	'annule, annulez, supprimer, désaccord, rechazar, rechace, rechaza, denegar, anular, anule, anula, cancelar, cancele',
	'cancela, eliminar',
	'desacuerdo, rifiutare, rifiuta, respingere, annullare, annulla, annullate, eliminare, disaccordo, recusar, recuse, rejeitar, rejeite',
	'apagar, excluir, discordo, weigeren, weiger, afwijzen, afkeuren, annuleren, annuleer, verwijderen, oneens, avslå, avvisa',
	'avböj, avbryt',
	'avvis, afvis, annuller, hylkää, peruuta, odrzuć, anuluj, zamítnout, zrušit, zamietnuť, zrušiť, elutasít, mégsem, respinge, anulează',
	'reddet, iptal, ακύρωση, απόρριψη, отклонить, отмена, отмените, отменить, відхилити, скасувати, إلغاء, رفض, בטל, דחה, hủy',
	'tolak, batal',
);

/** The days of the week in all languages. Some are also family names, such as "Freitag" and "Domingo". */
export const WEEKDAYS = table(
	'monday, tuesday, wednesday, thursday, friday, saturday, sunday',
	'montag, dienstag, mittwoch, donnerstag, freitag, samstag, sonntag',
	'lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche',
	'lunes, martes, miércoles, jueves, viernes, sábado, domingo',
	'lunedì, martedì, mercoledì, giovedì, venerdì, sabato, domenica',
	'maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag',
);

/**
 * After an approving word, these add a condition or take it back, so a person has to read the email. Several words with blanks between them
 * count together.
 */
export const DOUBT = new Set([
	...REFUSING,
	...WEEKDAYS,
	...table(
		'mitad, mezzo, metà, metade, halbe, halben, halber, halbieren, halbiert, moitié, halved, lowering, reducing, reduction',
		'discount, changing',
		'kürzung, kürzungen, gekürzt, reduzieren, reduziert, senkung, erhöhen, частично, половина, половину, yarın, yarısı',
		'kısmen, połowa, częściowo',
		'část, částečně, hälften, halva, halvdelen, puolet, helft, بعد, غدا, חצי, מחר, مؤقتا',
	),
	...table(
		"no, not, don't, can't, won't, isn't, doesn't, never, but, if, unless, except, excepting, only, until, till, however",
		'wait, waiting',
		'once, when, whenever, after, before, hold, later, tomorrow, check, review, discuss, first, pending, maybe, perhaps, cannot',
		'cant, dont',
		'provided, providing, otherwise, though, although, instead, rather, assuming, condition, conditions, conditional, conditionally',
		'contingent, subject, depending, depends, excluding, excluded, minus, without, less, half, part, partial, partially, partly',
		'max, maximum',
		'limit, limited, must, ask, wrong, error, mistake, mistaken, mistakenly, oops, sorry, unfortunately, regret, disregard',
		'ignore, forget',
		'correction, actually, question, questions, concern, concerns, doubt, doubts, unsure, unclear, expensive, costly, forwarded',
		'forwarding',
		'decide, decides, decided, change, changes, changed, amend, amended, adjust, adjusted, reduce, reduced, revise, revised, modify',
		'modified, postpone, postponed, delay, pause, temporarily, provisionally, tentatively, option, variant, for now, up to',
		'at most, in principle',
		'as long, so long as, apart from, other than, reservation, reservations, my mind, as soon, for may, in may, by may',
		'from may, in case, given that, following, upon',
		'requires, requiring, required, awaiting, has to, have to, caveat, proviso, sign off, sign-off, signs, replaces',
		'dependent, accident, accidentally, typo',
		'scrap, take that back',
		'take it back, lower, lowered, next, almost, draft, void, skip, tentative, theoretically, protest, tba, eod, eow, wip, asap, soon',
	),
	...table(
		'kidding, joking, joke, probably, likely, possibly, guess, think, should, need, needs, split, revert, tbc, tbd, for approval',
		'wahrscheinlich, vermutlich, scherz, glaube, vorher, zuvor, braucht, benötigt, sollte, soll, nach freigabe, nach rücksprache',
		'voraussetzung, abhängig, falle, bedingt, auflage, auflagen, anpassen, kürzen, senken, nach prüfung, nach genehmigung',
		'probablement, finalement, blague, probablemente, finalmente, broma, probabilmente, scherzo',
		'provavelmente, waarschijnlijk',
	),
	...table(
		'später, morgen, prüfe, prüfen, geprüft, warte, warten, erstmal, vielleicht, nicht, kein, keine, keinen, nein, aber',
		'wenn, falls, nur',
		'sofern, außer, erst, sobald, jedoch, doch, vorbehaltlich, vorbehalt, bedingung, bedingungen, solange, vorausgesetzt',
		'ohne, maximal',
		'höchstens, abzüglich, nachdem, bevor, ausnahme, ausgenommen, ausgeschlossen, exklusive, ansonsten, sonst, muss',
		'ignorieren, ignoriere',
		'ignoriert, vergessen, vergiss, irrtum, irrtümlich, fehler, versehen, versehentlich, falsch, korrektur, teuer, frage',
		'fragen, bedenken',
		'entscheidet, entscheiden, entscheide, ändern, ändere, änderung, änderungen, angepasst, vorerst, vorläufig, grundsätzlich, prinzip',
		'prinzipiell, teilweise, hälfte, anzahlung, teilbetrag, bis auf, bis zu, soweit, leider, stattdessen, teil, teile, variante',
	),
	...table(
		'demain, attendez, attends, attendre, ne, pas, mais, si, sauf, seulement, non, sous, réserve, réserves, condition',
		'conditions, hors',
		'hormis, excepté, après, avant, quand, lorsque, sinon, pourvu, tant que, maximum, erreur, ignorer, ignorez, faux, cher',
		'trop, décide',
		"décider, provisoirement, pour l'instant, en principe, modifier, modification, modifications, changer, corriger, moins",
		'partiellement',
		"sans, dès, plutôt, jusqu'à, uniquement, à l'exception, malheureusement",
	),
	...table(
		'caso, patto, mañana, luego, espera, espere, pero, salvo, sólo, solo, excepto, cuando, siempre, condición, condiciones',
		'excluyendo, excluido, hasta',
		'máximo, menos, error, equivocado, equivoqué, ignorar, ignora, caro, cara, pregunta, decidir, provisional, por ahora',
		'cambiar, cambio, cambios, después, antes, mientras, corrección, sujeto, sujeta, sin, parcialmente, únicamente, desde que',
		'domani, dopo, aspetta, aspetti, ma, se, però, solamente, tranne, purché, condizione, condizioni, escluso, esclusa',
		'esclusi, escluse',
		'fino, massimo, errore, sbagliato, ignorare, ignorate, costoso, domanda, decidere, per ora, in linea di, principio',
		'modificare, modifiche',
		'modifica, quando, finché, prima di, prima che, prima del, eccetto, meno, senza, correzione, parzialmente, soggetto',
		'amanhã, depois, mas, não, nao, só, somente, exceto, condição, condições, excluindo, excluído, até, erro, errado, pergunta',
		'em princípio, alterar, alteração, alterações, mudar, enquanto, após, sem, sujeito, correção, apenas, ignore, decide',
	),
	...table(
		'voorbehoud, wacht, niet, geen, maar, als, mits, tenzij, alleen, voorwaarde, voorwaarden, behalve, maximaal, hoogstens',
		'fout, vergissing, negeren',
		'negeer, duur, vraag, vragen, beslist, beslissen, voorlopig, in principe, wijzigen, wijziging, wijzigingen, wanneer, zodra, nadat',
		'jk, nte, foc, cod, exw, iff, usd, tbc, tbd',
		'voordat, zolang, anders, zonder, exclusief, uitgezonderd, correctie, eerst, gedeeltelijk',
		'förutsättning, forudsætning, forutsetning, inte, ikke, men, om, hvis, endast, kun, bare, ej, utan, utom, förutsatt',
		'villkor, forutsatt, forudsat, betingelse, undtagen, unntatt',
		'undantag, fel, feil, fejl, dyrt, fråga, spørsmål, spørgsmål, högst, maks, mutta, jos, ei, vain, edellyttäen, paitsi, virhe, ehto',
	),
	...table(
		'ale, jeśli, jeżeli, nie, tylko, warunkiem, warunek, oprócz, błąd, drogo, pokud, jen, ak, len, podmínkou, podmienkou, kromě, okrem',
		'chyba, drahé, nem, de, ha, csak, feltéve, feltétel, kivéve, hiba, nu, dar, dacă, doar, condiția, condiție, excepția, greșeală',
		'ama, fakat, ancak, eğer, değil, şartıyla, koşuluyla, hariç, yanlış, αλλά, αν, μόνο, δεν, εκτός, προϋπόθεση, λάθος',
		'но, если, не, только, завтра, позже, условии, условием, кроме, ошибка, ошибся, дорого, вопрос, якщо, але, тільки',
		'умови, умовою, крім',
		'помилка, لكن, إذا, بشرط, אבל, אם, רק, בתנאי, nhưng, nếu, tapi, jika, kecuali, syarat, ali, ako, samo, osim, uvjetom',
		'če, toda, razen',
		'delbetalning, plazo, plazos, teilmenge, teillieferung, teilzahlung, ratenzahlung, raten',
		'skonto, rabatt, vorkasse, acompte, anticipo, acconto, zaliczka, unverbindlich, zähneknirschend',
		'à confirmer, à valider, à approuver, a confirmar, por confirmar, por aprobar, por autorizar, por aprovar, para aprovar',
		'da confermare, da approvare, da autorizzare, advance payment, payment in advance',
		'frei haus, credit note, pro rata, monthly, weekly, quarterly, yearly, annually, net, disagrees, deposit, instalment, instalments',
		'installment, installments, vier-augen, vier-augen-prinzip, vieraugenprinzip',
		'🤔, ❓, ⏳, ✋, 🛑, ⛔, 🚫, 🤷, 😕, 😡',
	),
]);

/** Of the words here and of harmless ones, those that are also part of names, such as "Om Prakash", "Ma Long" and "Maria da Silva". */
export const ALSO_NAMES = table(
	'caro, cara, salvo, de, da, di, ha, om, ma, se, nu, ali, ale, len, ak, men, mas, dar, ama, si, als, jos, jen, toda, solo, ako, ja, max',
	'nay, nah, veto, straks, vent, halt, asla, deels, sike, fake, nul, delvis, reserva, egal',
	'van, von, der, den, la, le, el, may, bill, doe, best, good, frei, gut, klar, kind, bon, doe, best, good, frei, gut, klar, kind, bon',
);

/** Numbers in words. */
export const NUMBERS = table(
	'one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, twenty, fifty, hundred, thousand, hundert, tausend',
	'vierhundert, fünfhundert, zwei, drei, vier, fünf, deux, trois, quatre, cinq, dos, tres, cuatro, cinco, due, tre, quattro',
	'dois, duas, twee, drie, cent, cien, mil, cento',
);

/**
 * One word below an approval may say that it is none: "Nevermind", "Verschoben", "保留". Phones write its first letter in upper case, as that
 * of a name.
 */
export const STANDINGS = table(
	'cancellation, rejection, refusal, denial, negative, nah, nay, nevermind, nvm, whatever, terminated, termination, dismissed',
	'suspension, suspended, withdrawal, deferral, deferred, delayed, postponement, postponed, reversal, reversed, returned',
	'objection, veto, vetoed, dispute, disputed, overruled, halted, blocked, restricted, capped, prepaid, prepayment, prorated',
	'rescinded, rescind, nullified, invalidated, superseded, voided, forged, fraud, fraudulent, spam, phishing, scam, fake, hacked',
	'wrongly, accidental, erroneous, nonsense, rubbish, bullshit, sarcastic, notwithstanding, sometimes, someday, elsewhere',
	'someone, nobody, neither, nowhere, overpriced, incomplete, unsigned, unbudgeted, unapproved, unpaid, unresolved, unconfirmed',
	'undecided, reserved, sike',
	'stornierung, storniert, ablehnung, absage, abgesagt, abgebrochen, kündigung, gekündigt, einspruch, widerspruch, rücksprache',
	'rückruf, nachverhandlung, vertagung, vertagt, aufschub, aufgeschoben, verschiebung, verschoben, terminverschiebung',
	'zurückgestellt, zurückgezogen, zurückgewiesen, zurückweisung, gestoppt, gestrichen, verworfen, verweigerung, verweigert',
	'nichtgenehmigung, testlauf, barzahlung, selbstabholung, vorauszahlung, ansichtssache, rückfrage, rückfragen, nachfrage',
	'nachbesserung, einschränkung, einschränkungen, eingeschränkt, zwischenfreigabe, notlösung, härtefall, obergrenze',
	'budgetgrenze, quatsch, blödsinn, unsinn, rückzug, fehlanzeige, fehlalarm, pustekuchen, denkste, nö, niemals, keinesfalls',
	'keineswegs, mitnichten, gesperrt, beanstandung, teilgenehmigung, teilfreigabe, teilablehnung, einzelfall, befristung',
	'befristet, zeitweise, anteilig, hälftig, limitiert, gedeckelt, unvollständig, unklar, ungültig, hinfällig, überholt',
	'ausgesetzt, ausstehend, unterbrochen, egal, halt, notfall, rückgabe, vergesst',
	'refus, rejet, annulation, annulé, annulée, jamais, négatif, surtout, reporté, reportée, ajournement, ajourné, ajournée',
	'attente, opposition, contestation, désistement, suspendu, suspendue, provisoire, partiel, partielle, litige, rétractation',
	'résiliation, nul, nulle, retiré, retirée, bloqué, bloquée, différé, différée, impossible, conditionnel, conditionnelle',
	'conditionné, conditionnée',
	'anulación, cancelación, negativo, nunca, jamás, tampoco, parcial, suspendido, suspendida, aplazado, aplazada, pendiente',
	'devolución, reclamación, cancelado, cancelada, anulado, anulada, negado, negada, imposible, condicionado, condicionada',
	'pospuesto, pospuesta, recusa, suspenso, suspensa, adiado, adiada, pendente, provisório, provisória, reserva, provisionalmente',
	'retirado',
	'annullamento, annullato, annullata, negato, negata, parziale, provvisorio, provvisoria, sospeso, sospesa, rinviato, rinviata',
	'rimborso, nessuno, nessuna, impossibile, ritirato, riserva, annulering, geannuleerd, afwijzing, weigering, geweigerd, nooit',
	'nimmer, deels, uitstel, uitgesteld, bezwaar, ingetrokken, onvolledig, opgeschort, rimandato, condizionato, condizionata',
	'straks, voorwaardelijk',
	'avslaget, aldrig, afslag, afslået, aldri, avbrutet, avbrutt, inställt, inställd, uppskjutet, utsatt, udsat, udskudt',
	'annullerad, annulleret, annullert, delvis, preliminärt, foreløbig, villkorligt, betinget, nekad, nektet, nægtet, återkallat',
	'tilbagekaldt, trukket, hylätään, peruttu, peruutettu, ehdollinen, ehdollisesti, osittain, myöhemmin, lykätty, koskaan, senare',
	'imorgon, uppskjuten, annullerat, avvisat, nekat, villkorad, vänta, indraget, senere, aflyst, delvist, vent, avlyst',
	'kansellert, avslått, foreløpig, huomenna, evätty, alustavasti, keskeytetty, odota',
	'odmowa, odmawiam, odrzucono, anulowano, anulowane, wstrzymane, wstrzymano, warunkowo, nigdy, odroczone, wycofane, wycofuję',
	'zawieszone, zrušeno, zrušené, odloženo, odložené, podmínečně, podmienečne, nikdy, později, neskôr, törölve, visszavonva',
	'feltételesen, később, elhalasztva, függőben, anulat, anulată, amânat, amânată, condiționat, niciodată, suspendat',
	'parțial, asla, i̇ptal, şartlı, koşullu, ertelendi, kısmi, beklemede, później, jutro, odroczono, przełożone, odwołane',
	'wstępnie, zítra, odmítnuto, podmíněně, předběžně, pozastaveno, staženo, zajtra, zamietnuté, odmietnuté, predbežne, čiastočne',
	'pozastavené, stiahnuté, holnap, lemondva, ideiglenesen, részben, felfüggesztve, târziu, mâine, refuzat, provizoriu, retras',
	'sonra, geçici, durduruldu',
	'ακυρώθηκε, ποτέ, αναβάλλεται, αναβλήθηκε, αργότερα, отказ, отказано, отказать, отменено, отменяется, отозвано, условно',
	'никогда, отложено, приостановлено, аннулировано, позднее, потом, відмова, відмовлено, скасовано, ніколи, умовно, відкладено',
	'пізніше, частково, отхвърлено, никога, nikad, nikada, odgođeno, otkazano, uvjetno, nikoli, preklicano, zavrnjeno, pogojno',
	'hoãn, không, ditunda, bersyarat, dibatalkan, nanti, αύριο, ακυρώνεται, απορρίφθηκε, προσωρινά, μερικώς, перенесено',
	'предварительно, временно, попередньо, тимчасово, призупинено, відкликано, после, утре, спряно, оттеглено, kasnije, sutra',
	'djelomično, privremeno, povučeno, kasneje, jutri, preloženo, delno, začasno, umaknjeno, chưa, đừng, tidak, jangan, besok',
	'sebagian, sementara',
	'作废, 作廢, 撤回, 缓办, 緩辦, 退回, 保留, 保留中, 推迟, 推遲, 延期, 存疑, 另议, 再议, 复议, 否决, 否決, 补充材料, 待定, 未定, 要確認, 要相談, 差戻, 未承認, 보류, 보류중, 재검토, 연기, 유보',
	'미정, 불가, 철회, 재고, 조건부, 부결, 미승인, 반대, مشروط, ملغى, ملغي, أبدا, مؤجل, لاحقا, معلق, מבוטל, אסור, מותנה, לעולם, מושהה, בוטל, 中止, 仮承認',
	'一部, 後日, 部分, 没有, 退货, 일부, 안됨, 안돼, 절대, 중단, جزئيا, كلا, חלקית, בהמשך',
);

/** Words that are neither harmless nor doubt, and no names with a capital letter either: "Next Month", "Two Units". */
export const NOT_NAMES = new Set([
	...NUMBERS,
	...table(
		'january, february, march, july, september, october, november, december, januar, februar, märz, juli, oktober, dezember, lol',
		'fyi, rest, folgt, plan, permitting, terms, apply, applies, blue, red, green, black, white, signs, signing, proposal',
		'model, modell, farbe, größe, size',
		'color, colour, unit, units, item, items, piece, pieces, amount, days, week, month, months, quarter, year, years, today, tonight',
		'phase, stage, version, offer, quote, budget, trial, test, demo, quietly, verbally, then, there, what, where, these, those, some',
		'most, any, none, nothing, also, plus, see, as, at, on, in, under, over, above, below, per, via, by, because, while, since',
		'whether, given, based, against, between, within, hopefully, ideally, nearly, barely, roughly, informally, verbal, oral',
		'informal, preliminary, expired, closed, invalid, outdated, obsolete, duplicate, urgent, old, new, ab, am, bis, nach, vor, bei',
		'beim, zum, zur, unter, über, gegen, laut, gemäß, nächste, nächsten, nächster, kommenden, nächstes, woche, monat, jahr, quartal',
		'stück, betrag, preis, heute, mündlich, entwurf, op, vanaf, volgende, semaine, mois, montant, semana, mes, monto, importe',
		'settimana, mese, importo, valor, bedrag, brouillon, borrador, bozza, rascunho, concept, utkast, udkast, price, day, weeks',
		'comment, comments, minor, remark, remarks, eingang, haus, note, rata, package, paket, sarcasm, sarkasmus, ironie, netto, brutto',
		'agrees, approves, decides, pays, knows, confirms, wants, stimmt, zahlt',
	),
	...STANDINGS,
]);

/** Of these, those that are also family names, such as "Doris Day". */
export const FAMILY_NAMES = table('price, day, weeks, black, white, green, young, rest');

/** Of these, those that count at the beginning of a part only: "but" in Hungarian and "yes" in Romanian is "of" in Spanish and Italian. */
export const FIRST_ONLY = table('de, da');

/** Words of doubt in languages without spaces between words. */
export const DOUBT_WITHIN = [
	...['但', '不', '如果', '只', '除非', '条件', '條件', '取消', '除外', 'ただ', 'しかし', 'もし', 'ない', 'が、', '取り消', 'キャンセル'],
	...[
		'明天',
		'下周',
		'下週',
		'之后',
		'之後',
		'以后',
		'以後',
		'修改',
		'来週',
		'来月',
		'明日',
		'の後',
		'다음',
		'절반',
		'내일',
		'나중',
		'수정',
	],
	...['다만', '하지만', '단,', '만약', '않', '조건', '취소', '제외'],
];

/** After these words, somebody has only received the email or has yet to decide. */
export const PONDERING = table(
	'think, thinking, decide, deciding, consider, considering, look, looking, see, checking, minute, minutes, moment, second',
	'got, received, posted, reminder, read, reading, seen, noted',
	'back, soon, asap, ask, let, überlege, überlegen, überleg, schaue, schau, schauen, anschauen',
	'ansehen, sehe, melde',
	'bekommen, erhalten, gelesen, gesehen, angekommen, denke, entscheide, sekunde, minuten, gleich, bald, frage, regarde',
	'regarder, reçu, lu',
	'réfléchis, réfléchir, bientôt, vais, momento, minuto, miro, mirar, voy, recibido, leído, pienso, pensar, guardo, vedo',
	'ricevuto, letto',
	'penso, recebi, recebido, vou, verei, bekijk, bekijken, kijk, ontvangen, gelezen, denk, посмотрю, подумаю, получил, получила, минуту',
	'подивлюся',
);

/** With these words too, unless they thank or stand in "as discussed". */
export const KNOWING = table(
	'informed, updated, discussed, requested, planned, known, know, was, were, been, did, done, war, gewesen, erledigt',
);
