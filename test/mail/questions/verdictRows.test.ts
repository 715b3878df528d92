import { describe, expect, it } from 'vitest';

import { CLOSINGS } from '../../../mail/item/newText/words';
import { ACCEPTING, ACTING, HARMLESS } from '../../../mail/questions/harmlessWords';
import { ALSO_NAMES, DOUBT, NEGATIONS, REFUSING } from '../../../mail/questions/doubtWords';
import { AGAINST } from '../../../mail/questions/replyWords';
import { readVerdict, type Labels } from '../../../mail/questions/verdict';

const verdict = (text: string, approve = 'Approve', decline = 'Decline'): unknown => {
	const found = readVerdict(text, { approve, decline });
	return 'approved' in found ? found.approved : 'unclear';
};

describe('a plain approval by email', () => {
	it.each([
		'Yes, please',
		'Yes, I approve',
		'Yes I approve',
		'Yes, please go ahead',
		'Yes, go ahead with it.',
		'Yes, fine by me',
		'Yes - looks good to me',
		'Yes, you can order it.',
		'Yes, that works for me. Thanks!',
		'Yes, of course',
		'Approved by me',
		'Approved from my side.',
		'Approved, please pay the invoice',
		'Approved, thanks for preparing this!',
		'Approved. Thanks for preparing this!',
		'Approved. I have read the contract.',
		'Approved (thanks, Bob)',
		'Approved, Ada Lovelace, Head of Finance',
		'Approved. Please proceed with the payment of invoice 4711.',
		'Approved\n\nSent from my iPhone',
		'Approved.\n\nThanks and regards,\nAda Lovelace\nHead of Procurement',
		'Approved, thank you Grace',
		'I approve this.',
		'APPROVED, PLEASE PROCEED',
		'Go ahead with the order',
		'Ja, bitte bestellen',
		'Ja, gerne. Danke\n\nVon meinem iPhone gesendet',
		'Genehmigt, bitte bezahlen',
		'Genehmigt, passt alles so',
		'Genehmigt von mir',
		'Freigegeben. Bitte die Rechnung überweisen.',
		'Einverstanden, bitte machen',
		"Oui, c'est bon",
		"Oui, c'est bon pour moi, merci beaucoup",
		'Approuvé, vous pouvez payer la facture',
		'Approuvé.\n\nEnvoyé de mon iPhone',
		'Aprobado, adelante',
		'Sí, de acuerdo',
		'Aprobado, puede pagar la factura. Gracias',
		'Approvato, procedete pure',
		'Sì, va bene',
		'Approvato.\n\nCordiali saluti\nMario Rossi',
		'Aprovado, pode pagar',
		'Sim, tudo certo. Obrigado!',
		'Akkoord, prima',
		'Goedgekeurd, je kunt bestellen',
		'Goedgekeurd.\n\nMet vriendelijke groet,\nJan de Vries',
		'Godkänt.\n\nMed vänliga hälsningar\nOla',
		'Godkendt, tak',
		'Hyväksytty, kiitos',
		'Zatwierdzam, dziękuję',
		'Souhlasím, děkuji',
		'Да, спасибо',
		'はい、承認します。ありがとうございます',
		'同意，谢谢',
		...['Hi Bob, approved.', 'Hallo Bob, genehmigt.', 'Good morning, approved', 'Bob,\napproved.', 'Team,\napproved', 'Approved, Maria'],
		...[
			'Yes, please send it.',
			'Yes, do it.',
			'Approved as requested.',
			'Approved, thanks again!',
			'Approved. Thanks again for your help.',
		],
		...['Approved, as discussed.', 'Approved, thanks team', 'Approved. Keep me posted.', 'Granted', 'Granted, thanks'],
		...['Yes, I can confirm this.', 'Yes, I can approve it', 'Yes, approved. Thanks for the reminder.', 'Approved. I know the contract.'],
		...['Herr Meier,\ngenehmigt.', 'Sehr geehrter Herr Meier,\n\ngenehmigt.', 'Thanks, approved.', 'Great, approved!', 'Thanks!\nApproved'],
		...[
			'Yes Bob, go ahead.',
			'Yes, Bob',
			'Approved. Thanks, JD',
			'Approved\nJD',
			'I hereby approve.',
			"Je suis d'accord",
			'Approved. Have a nice weekend!',
		],
	])('stays one: %j', (text) => {
		expect(verdict(text)).toBe(true);
	});

	it.each([
		'Aprobado.\n\nSaludos,\nMaría García\nJefa de Compras',
		'Approuvé.\n\nCordialement,\nJean Dupont\nDirecteur de projet',
		'Yes.\n\nJan de Vries',
		'Approved.\n\nCharles de Gaulle',
		'Approved.\n\nLudwig van der Berg',
		'Genehmigt.\n\nAda Lovelace\nada@firma.de',
		'Genehmigt\n\nMfG Ada\nwww.firma.de',
		'Genehmigt.\n\nAda Lovelace\nfirma.de | https://firma.de/?a=1',
		'Approved.\n\nOm Prakash',
		'Approved.\n\nHa Nguyen',
		'Approved.\n\nAlex Ali',
		'Approved.\n\nMa Long',
		'Approved.\n\nRegards\nMa Long | Senior Buyer',
		'Approved, Alex Ali',
		'Approved.\n\nAda Lovelace\nThis message is confidential. If you are not the intended recipient, you must not read it.',
		'Genehmigt.\n\nAda\n\nDiese E-Mail enthält vertrauliche Informationen.\nWenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte.',
		...[...CLOSINGS].map((closing) => `Approved.\n\n${closing},\nAnna Smith`),
		...['Respectfully', 'Herzlichen Dank', 'Viele Grüße aus Berlin', 'Take care'].map((closing) => `Approved.\n\n${closing}\nAnna Smith`),
		...[
			'ANNA SMITH\nHEAD OF SALES',
			'*Anna Smith*\n*Head of Sales*',
			'[cid:image001.png@01D]\n\nAnna Smith',
			'anna smith',
			'The Example Team',
		].map((name) => `Yes, approved.\n\nKind regards\n${name}`),
		...['Team Einkauf', 'Anna and Bob', 'Dipl.-Kfm. Hans Meier'].map((name) => `Genehmigt.\n\nViele Grüße\n${name}`),
		'Approved.\n\nKind regards,\nJohn Smith\nExample Limited',
		...['Petra Freitag', 'Anna Sonntag', 'Placido Domingo'].map((name) => `Genehmigt.\n\nViele Grüße\n${name}`),
		...['Approved.\n\nCara', 'Approved.\n\nCaro', 'Approvato.\nSalvo', 'Approved.\n\nJane Doe\nChange Manager', 'Approved\n\nthanks\nada'],
		'Genehmigt.\n\ni. A. Petra Müller\nLeiterin der zentralen Beschaffung\nMusterstraße 5, 80331 München\nTel.: +49 89 123456',
		'Approuvé.\n\nJean Dupont\nExemple SAS au capital de 10 000 €',
		'Approved.\n\nBob\n+1 555 123456\nRegistered in England and Wales under company no. 1234567',
		'Approved.\n\nBob\n\nPlease consider the environment before printing this email.',
		'同意\n\n王伟',
		...[
			'Thank you for handling this.',
			'Let me know if you need anything else.',
			'Please place the order. Thanks, J',
			'Regards, J. Smith',
		].map((more) => `Approved. ${more}`),
		...[
			'Approved\n\n/Erik',
			'Approved\n\nJohn Smith (he/him)\nSales',
			'Genehmigt.\n\nMfG\nP. Braun',
			'Approved\n\nRon Price',
			'同意。\n\n发自我的iPhone',
			'Genehmigt.\n\nSchöne Grüße\nUlrike Morgen',
			'Approved\n\nTom Carter\nExample Pvt. Limited\nPart of the Example Group',
			'Dear Mr. Smith, approved.',
			'Hi Bob,\nThanks for sending this. Approved.',
			'Approved\n\nGet Outlook for iOS',
			...['+44 20 7946 0123', '(555) 123-4567', '0171/2345678', '06 12 34 56 78', '555-123-4567'].map(
				(phone) => `Approved\n\nAnna Smith | ${phone}`,
			),
			'Approved\n\nAnna Smith\nRoom: 312\nExt: 4432\nTel: 0171 2345678',
		],
		'Approved, no objections',
		'Approved. No objections from my side.',
		'Approved, no problem',
		'Genehmigt, kein Problem',
		'Genehmigt, keine Einwände',
		'Approuvé, pas de problème',
		'Aprobado, sin problema',
		'Yes 👍',
		'Approved ✅',
		'👍 Approved',
		'👍👍',
		'👍🏽 👍🏽',
		'Yes 😊',
		'👍\n\nGrace',
	])('may have a signature, or emojis at both ends: %j', (text) => {
		expect(verdict(text)).toBe(true);
		expect(verdict(text, 'Yes', 'No')).toBe(true);
	});
});

describe('a plain refusal by email', () => {
	it.each([
		'No, thanks',
		...[
			'Hi Bob, no.',
			'Sorry, no.',
			'Leider abgelehnt.',
			'No, I do not approve.',
			'Nein, ich bin nicht einverstanden.',
			'No, thank you for the offer.',
			'Nein.\n\nVielen Dank und viele Grüße\nPetra',
			'No, it is 20 EUR too much.',
		],
		...[
			'Nein, das kann so nicht bezahlt werden.',
			'No, it cannot be paid.',
			'Nie, może być taniej',
			'Nej, det går inte',
			'Nee, dit kan niet',
		],
		'No, too expensive',
		'No, this is not good',
		'No, not this year.',
		'No. We have no budget.',
		'No, the good one is too expensive',
		'No, please ask Bob for a better offer.',
		"No, that doesn't look good",
		'Declined, please cancel the order',
		'Declined. The price is wrong.',
		'Rejected, see my comments',
		'Not approved.\n\nRegards\nAda',
		'Nope.',
		'Decline',
		'No.\n\nMaria da Silva',
		'No\n\nSent from my iPhone',
		'Nein, das ist nicht in Ordnung',
		'Nein, das ist zu teuer.',
		'Nein, das ist nicht gut',
		'Nein, danke',
		'Abgelehnt, Budget überschritten',
		'Non, trop cher',
		'Non, merci',
		'Refusé.\n\nCordialement',
		'No, es demasiado caro',
		'Rechazado, gracias',
		'No, troppo caro',
		'Não, muito caro',
		'Nee, te duur',
		'Afgewezen.',
		'Nej, för dyrt',
		'Nie, za drogo',
		'Нет, дорого',
		'いいえ、高すぎます',
		'👎👎',
		'❌ No',
	])('stays one: %j', (text) => {
		expect(verdict(text)).toBe(false);
	});

	it.each([
		'No, looks good to me',
		'No, all good',
		'No, fine by me.',
		'No, sounds good',
		'No, that works',
		'No, no objections',
		'No, everything looks good from the finance side',
		'Nope, good to go',
		'No, pay it.',
		'No. Please go ahead.',
		'No 👍',
		'Nein, passt so',
		'Nein, alles gut',
		'Nein, kein Problem',
		'Nein, keine Einwände',
		'Nein, freigeben',
		'Non, parfait',
		'No, perfecto',
		'No, va bene',
		'Nee, prima',
		...['No, none', 'Nein, keine', 'Non, aucune', 'No, nothing from me', 'No, not at all', 'No, no further questions'],
		...['No, I have no objections.', 'No, there are no objections.', 'Nein, ich habe keine Einwände.'],
		...['Nein, ich habe nichts einzuwenden.', 'Nein, das ist so korrekt', "Non, je n'ai pas d'objection.", 'No, by all means'],
		...[
			'No, just pay',
			'No - it can be paid.',
			'No. Not a problem for me.',
			'Nein, das kann so bezahlt werden.',
			'Nein, von meiner Seite aus kann es losgehen.',
			'Nein, mir recht',
		],
		...[
			'Non, rien à signaler',
			'Nee, doe maar',
			'Nie, wszystko w porządku',
			'Nie, może być',
			'Nej, inga problem',
			'Nej, inga invändningar',
		],
		...['Nej, det går bra', 'Nej, det är lugnt', 'Nie, nie mam uwag', 'Nein, von mir aus', 'Nein, alles in Ordnung', 'Non, tout va bien'],
		...['No, está bien así', 'No, tutto ok', 'Não, pode pagar', 'Nei, det går bra', 'Nej, det er fint'],
		...['No, feel free to ship it.', "No, I don't mind", 'Nope, all set', 'Nope, send it out', 'No, todo bien'],
	])('is left open if it goes on agreeing: %j', (text) => {
		expect(verdict(text)).toBe('unclear');
	});
});

describe('an approval by email with a condition', () => {
	it.each([
		...[', subject to legal sign-off', ', as long as legal agrees', ', assuming legal agrees', ', after legal has signed'],
		...[', conditional on budget', ', when the budget is there', ', up to 500 EUR', ', max 500 EUR', ', max. 500 EUR', ', Max. 500 EUR'],
		...[
			' - excluding travel',
			', minus the hotel',
			', apart from item 3',
			', with changes',
			', in principle',
			'. For now.',
			'. In principle.',
		],
		...[
			' (with changes)',
			': items 1 and 2',
			', 500',
			'; subject to legal',
			'\nsubject to legal',
			' subject to legal',
			', If Legal Agrees',
		],
		...['. After legal has signed.', '. Actually, cancel that.', '. Please disregard my earlier approval.', '. Correction: I refuse.'],
		...[', SUBJECT TO LEGAL', ', Conditional', ', Option B', '. 🤔', ' 👎', ' 😂', '... if legal agrees', ". 'cancel'", '. -cancel'],
		...[
			'\n\nRegards\nAda\n\nPS: only if legal agrees',
			'\n\nAda Lovelace\nPS: only if legal agrees',
			'\n\nThis is confidential if legal agrees',
			'\nThis message is confidential to the recipient. Do not pay.',
			'\nConfidential: intended recipient must not pay this',
		],
		...['. As soon as legal agrees.', '. In case legal agrees.', '. Given that legal agrees.', '. Requires legal approval.', '. Typo.'],
		...[
			'. Legal has to sign off too.',
			'. With the caveat that legal signs.',
			'. Following legal approval.',
			'. For 500 EUR.',
			'\n500 EUR',
		],
		...['. Please make it 400 EUR.', '. Please lower the amount to 400.', '. 500 EUR.', '. That was sent by accident.', '. Scrap that.'],
		...['. I take that back.', ' - Tentative', ' (Draft)', ' - Void', ', Next Month', ', Lower Amount', ' - Two Units', ', Skip'],
		...[
			', JK',
			', COD',
			' (COD)',
			' - COD',
			', NTE',
			'\nJK',
			'.\nSave half of the print budget.',
			'.\nPlease think about the paper quality again.',
		],
		...['.\nPlease save the print run for later.', '.\nBitte prüfen Sie vor dem Drucken nochmals die Texte.'],
		...[', Theoretically', ', Under Protest', '. Monday', '\nMonday', '. Void.', '\n\nAda Lovelace\nTotal: 400 EUR'],
		...['\n\nAda\nMaria from legal then also signs this', '\n\nThanks\nNext Monday', ' - Grace', ' (Grace)'],
		...['.\n\nSaluti\nMario\n\nMa solo domani', '. Decline', '. Vendors: no', ', no', ', no good'],
		...['\nTotal: 300', '\nMax: 500', '\n\nSeats: 3\n\nRegards\nAnna Smith', '\n\nHotel - 300', '\n\nTravel: 300\nHotel: 200'],
		...['\n\nVon: 14.12.\nBis: 16.12.', '\n\nSumme: 300,-', '\nSkonto: 2%', '\nAcompte : 300', '\nHotel - 01.12.2026', '\nHotel | 150 000'],
		...[
			'\n\nAnna Smith\nSeats: 3',
			', Anna\nTotal: 300',
			'\n\nAnna\nBis: 16.12.',
			'\n\nAnna\n14.12. - 16.12.',
			'\n\nAnna\nTotal amount: 300',
			'\nVendor: Dell',
			'\nStart - 01/2027',
			'\nPO: 4711',
		],
	])('is left open: "Approved%s"', (more) => {
		expect(verdict(`Approved${more}`)).toBe('unclear');
		expect(verdict(`I approve${more}`)).toBe('unclear');
		expect(verdict(`Yes${more}`)).toBe('unclear');
		expect(verdict(`OK${more}`)).toBe('unclear');
	});

	it.each([
		...['Yes, I disagree', 'Yes, this is wrong', 'Yes, refuse it', 'Yes, please cancel it', 'Yes, too expensive'],
		...['Yes, change the amount to 300', 'I approve. Correction: I refuse.', 'Yes. Please ignore this, I was wrong.'],
		...['Yes, I have a question', 'Yes, forwarded to Bob, he decides', 'Yes, Bob has to approve this', 'Yes, Bob approves'],
		...['Approved. I think.', 'Approved. Just kidding', 'Yes, let me do it', 'Yes, I am on it', 'Approved, Offer B', 'Yes, Monday'],
		...['Approved vendors list', 'Approved Vendors', 'Yes we can if legal agrees', 'OK thanks for the order', 'OK, by Monday'],
		...['Genehmigt, vorbehaltlich der Prüfung', 'Genehmigt, unter der Bedingung dass Peter zustimmt', 'Genehmigt, bis auf Position 3'],
		...['Genehmigt, solange das Budget reicht', 'Genehmigt, vorausgesetzt Peter stimmt zu', 'Genehmigt, ohne Reisekosten'],
		...[
			'Genehmigt, maximal 500 EUR',
			'Genehmigt, Maximal fünfhundert',
			'Genehmigt, abzüglich Hotel',
			'Genehmigt, nachdem Peter zugestimmt hat',
		],
		...['Genehmigt, mit Ausnahme von Position 3', 'Genehmigt, ansonsten melden', 'Genehmigt. Vorbehaltlich der Prüfung.'],
		...['Genehmigt. Solange das Budget reicht.', 'Ja, bitte stornieren', 'Genehmigt, Anzahlung'],
		...['Approuvé, à condition que Paul signe', 'Approuvé, hors frais', 'Approuvé, après validation', 'Approuvé. Après validation.'],
		...['Oui, refuser', 'Oui. Payez si le budget suffit.', 'Approuvé à condition que Paul signe'],
		...['Aprobado, excluyendo el hotel', 'Aprobado, hasta 500 EUR', 'Aprobado. Hasta quinientos.'],
		...['Approvato, a condizione che Paolo firmi', 'Approvato, esclusi i viaggi', 'Approvato. Procedete se il budget basta.'],
		...['Aprovado, sob condição', 'Aprovado. Pague desde que haja orçamento.'],
		...['Akkoord, op voorwaarde dat Jan tekent', 'Akkoord, behalve punt 3', 'Goedgekeurd. Behalve punt 3.'],
		...['Genehmigt. Bitte auf 400 kürzen.', 'Genehmigt. Bitte den Betrag anpassen.', 'Genehmigt. Abhängig vom Chef.'],
		...['Genehmigt. Unter der Voraussetzung, dass der Betriebsrat zustimmt.', 'Genehmigt. Im Falle der Zustimmung.'],
		...['Goedgekeurd. Onder voorbehoud van financiering.', 'Godkänt. Under förutsättning att budgeten räcker.'],
		...['Godkendt. Under forudsætning af accept.', 'Godkjent. Under forutsetning av aksept.', '同意。修改金额后再发。'],
		...['Approvato. A patto che il prezzo scenda.', 'Aprobado. En caso de que el presupuesto alcance.', 'Hi Bob, this is not\napproved'],
		...[
			'同意\n\n先付一半',
			'승인\n\n절반만',
			'Approved, Quarterly',
			'Approved: Plan Bravo',
			'Approved. Terms Apply',
			'Approved\n\nBob\n400',
			'Approved for May',
			'Approved, June',
			'Approved. Best Price',
			'Approved\nBob Agrees',
			'Approvato\nSalvo Conferma',
			'Aprobado, La Mitad',
			'Approved\n\nBob\nMaria signs too',
		],
		...[
			'Approved\n\nSent by mail to legal',
			'Approved\n\nAnna Miller\nwill sign as well',
			'Approuvé\n\nPaul\nà valider par Luc',
			'Approved\n\nBob\nPS: make it two',
			'Approved. Send it to Bob for approval.',
		],
		...['Thanks, ok', 'Great, no', 'Hi Bob, approved if legal agrees', 'Yes Monday, go ahead', 'Approved\nAb Freitag'],
		...[
			'Yes can you please send the contract again',
			'Yes can I have the invoice please',
			'Yes, is this correct',
			'Yes is the contract ready',
			'Yes please help',
		],
		...[
			'Ok. Please send me the contract.',
			'OK, please send me an update',
			'OK, please keep me informed',
			'Approved. Please send me a correct invoice.',
			'Approved. Please send an updated quote.',
		],
		...[
			'Approved as per the updated quotation.',
			'Yes, we are preparing it',
			'Yes, I am asking the team',
			'Ja, bitte die Rechnung zu mir',
			'Yes please send me the contract',
		],
		...[
			'Go ahead and send me the quote',
			'Yes, can you help me',
			'Yes. Can you keep it please',
			'Yes, please update the invoice.',
			'Approved. Please pay it again.',
		],
		...[
			'Yes I am sending you an updated invoice',
			'Yes, we have requested a quote',
			'Yes I was asking for this',
			'Approved, asking for an update',
			'Yes, is it our invoice',
		],
		...[
			'Yeah right',
			'Granted, it looks nice',
			'Agreed with the team.',
			'Ja, bitte den Vertrag mir versenden',
			'Oui, vous pouvez me envoyer la facture',
		],
		...['Ja, ist das so richtig', 'Approved. Please pay the correct invoice.', 'Approved, can we book it', 'OK, please send'],
		...['Yes, I know.', 'Yes, I was informed.', 'Yes, thanks for the reminder.', 'Yes, keep me posted', 'Yes, I can do it.'],
		...['Yes I have it', 'Yes, that was my request.', 'Yes, done.', 'Oui, je peux', "Oui, c'est moi"],
		...["Oui, c'est notre commande", 'Yes, this is our invoice', 'Yes, this is ready.', 'Yes, this was agreed.', 'Yes, it has been done'],
		...['Yes, that was approved', 'Yes, it was me.', 'Yes, please send the invoice', 'Yes, a very good quote'],
		...['Ja, ich kann', 'Ja, das kann ich machen', 'Sí, es nuestro pedido', 'Yes for the contract', 'Yes, my request'],
		...[
			'Freigegeben, Teilzahlung',
			'Freigegeben\nTeilzahlung',
			'Genehmigt, Ratenzahlung',
			'Genehmigt, Anzahlung',
			'Freigegeben, Skonto',
			'Genehmigt, Rabatt',
		],
		...[
			'Genehmigt, Vorkasse',
			'Validé, Acompte',
			'Aprobado, Anticipo',
			'Approvato, Acconto',
			'Akceptuję, Zaliczka',
			'Genehmigt\nUnverbindlich',
		],
		...[
			'Genehmigt\nZähneknirschend',
			'Genehmigt, Frei Haus',
			'Approved, Credit Note',
			'Approved\nCredit Note',
			'Approved, Pro Rata',
			'Approved, Monthly',
		],
		...[
			'Approved, Weekly',
			'Approved\nYearly',
			'Approved, Net Sixty',
			'Approved\nNet Sixty',
			'Approved, Bob Disagrees',
			'Approved, Deposit',
		],
		...[
			'Approved, Instalments',
			'Approved\nInstallments',
			'Genehmigt, Vier-Augen-Prinzip',
			'Bestätigt, Eingang',
			'Approved, Basic Package',
			'Approved, Silver Package',
		],
		...['Approved, May', 'Approved, April', 'Approved, Sarcasm'],
		...['Godkänt, förutsatt att Ola skriver på', 'Igen. De csak holnap.', 'Igen. De holnap.', '同意，附条件', '承認します。ただし来週'],
	])('is left open in its language: %j', (text) => {
		expect(verdict(text)).toBe('unclear');
	});
});

describe('the label of the other button', () => {
	it.each<[text: string, approve: string, decline: string]>([
		['No, keep it', 'Keep', 'Delete'],
		['Yes, delete it', 'Keep', 'Delete'],
		['Approved - delete', 'Keep', 'Delete'],
		['Approved.\n\nPlease DELETE.', 'Keep', 'Delete'],
		['Nein, freigeben', 'Freigeben', 'Ablehnen'],
		['Genehmigt. Ablehnen', 'Freigeben', 'Ablehnen'],
		['Yes, hold back', 'Ship it', 'Hold back'],
		['No, ship it', 'Ship it', 'Hold back'],
		["Yes, don't ship", 'Ship', "Don't ship"],
		['Yes, plan B', 'Plan A', 'Plan B'],
		['Yes', 'Reject', 'Accept'],
		['No', 'Reject', 'Accept'],
		['Rejected', 'Reject', 'Accept'],
		['Yes', 'Cancel order', 'Keep order'],
		['No', 'Cancel order', 'Keep order'],
		['Yes', 'Delete', 'Keep'],
		['Ja', 'Ablehnen', 'Freigeben'],
		['👍', 'Nein', 'Ja'],
		...['Yes', 'No', 'Ja', 'Nein'].flatMap((text): Array<[string, string, string]> => [
			[text, 'Do not renew', 'Renew'],
			[text, "Don't send", 'Send'],
			[text, 'Nicht verlängern', 'Verlängern'],
			[text, 'Not now', 'Now'],
			[text, 'I object', 'No objection'],
		]),
		['❌ Freigeben', '✅ Freigeben', '❌ Ablehnen'],
		['Nein. Freigeben', '✅ Freigeben', '❌ Ablehnen'],
		['Go', '✅ Go', '❌ Go'],
		['Approved\nPlan Bravo', 'Plan Alpha', 'Plan Bravo'],
	])('leaves %j open for %s and %s', (text, approve, decline) => {
		expect(verdict(text, approve, decline)).toBe('unclear');
	});

	it.each<[text: string, approve: string, decline: string, approved: boolean]>([
		['Reject', 'Reject', 'Accept', true],
		['Accept, thanks', 'Reject', 'Accept', false],
		['Delete it', 'Delete', 'Keep', true],
		['Keep', 'Delete', 'Keep', false],
		['Keep it, please', 'Keep', 'Delete', true],
		['Yes, keep it', 'Keep', 'Delete', true],
		['No, delete it', 'Keep', 'Delete', false],
		['No', 'Freigeben', 'Nicht freigeben', false],
		['Nicht freigeben', 'Freigeben', 'Nicht freigeben', false],
		["No, don't ship", 'Ship', "Don't ship", false],
		['Yes, no problem', 'Yes', 'No', true],
		['✅ Approve', '✅ Approve', '❌ Decline', true],
		['Decline', '✅ Approve', '❌ Decline', false],
		['Freigeben', '✅ Freigeben', '❌ Ablehnen', true],
		['✅ Freigeben', '✅ Freigeben', '❌ Ablehnen', true],
		['Ablehnen', '✅ Freigeben', '❌ Ablehnen', false],
		['Order it', '🛒 Order it', 'Wait', true],
		['🛒 Order it', '🛒 Order it', 'Wait', true],
		['👍', '👍', '👎', true],
		['Renew', 'Do not renew', 'Renew', false],
	])('lets %j count for %s and %s', (text, approve, decline, approved) => {
		expect(verdict(text, approve, decline)).toBe(approved);
	});
});

describe('the words of replies', () => {
	it('that are harmless neither doubt nor refuse, unless they are parts of names', () => {
		const contrary = [AGAINST, DOUBT, REFUSING].flatMap((words) => [...words]);
		expect(contrary.filter((word) => HARMLESS.has(word) && !ALSO_NAMES.has(word))).toEqual([]);
	});

	it('are in lower case and have no blanks at their ends', () => {
		for (const word of [...HARMLESS, ...DOUBT, ...NEGATIONS, ...ACTING, ...ACCEPTING]) expect(word).toBe(word.trim().toLowerCase());
	});

	it('are read in time in proportion to the length of the reply', () => {
		const labels: Labels = { approve: 'Approve', decline: 'Decline' };
		for (const piece of ['yes ', 'Ada ', 'de ', '👍', "'-", '@.', 'no ', 'pas d', '\n', '. ', 'This \n', 'max. ']) {
			const before = process.cpuUsage();
			readVerdict(`Yes, ${piece.repeat(2_000)}`.slice(0, 2_000).trim(), labels);
			expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
		}
	});
});
